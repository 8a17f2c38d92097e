//! initial weights scaled by the number of inputs
//!
//! A sum of n terms grows like the square root of n, so each weight starts smaller by that much: numbers keep their
//! size through every layer, at any width, where one fixed deviation starts narrow models too quiet.
//!
//! Paper: He et al. 2015, Delving Deep into Rectifiers, arXiv 1502.01852

fn initialise(part: Part, [inputs, outputs]: [usize; 2], random: &mut Random) -> Vec<f32> {
    /// Deviation of a layer's output for input of deviation 1.
    const GAIN: f32 = 0.7;
    let std = if part == Part::Embedding { INIT_STD } else { GAIN / (inputs as f32).sqrt() };
    (0..inputs * outputs).map(|_| std * random.normal()).collect()
}
