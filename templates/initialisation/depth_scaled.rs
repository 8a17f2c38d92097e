//! smaller initial weights where a layer writes to the residual stream
//!
//! Divides the initial weights of the last map of each layer by the square root of the number of layers, so that the
//! stream does not grow with depth at the start.
//!
//! Paper: Radford et al. 2019, Language Models are Unsupervised Multitask Learners (GPT-2)

fn initialise(part: Part, [inputs, outputs]: [usize; 2], random: &mut Random) -> Vec<f32> {
    let scale = if part == Part::IntoResidual { (2.0 * DEPTH as f32).sqrt().recip() } else { 1.0 };
    (0..inputs * outputs).map(|_| scale * INIT_STD * random.normal()).collect()
}
