//! layers that start silent: zero weights where they write to the residual stream
//!
//! Every block starts as the identity and the logits start even, so that the first steps learn which bytes are common
//! and layers join in as they find something to say.
//!
//! Paper: Zhang, Dauphin, Ma 2019, Fixup Initialization: Residual Learning Without Normalization, arXiv 1901.09321

fn initialise(part: Part, [inputs, outputs]: [usize; 2], random: &mut Random) -> Vec<f32> {
    /// Deviation of a layer's output for input of deviation 1.
    const GAIN: f32 = 0.7;
    let std = match part {
        Part::Embedding => INIT_STD,
        Part::Inner => GAIN / (inputs as f32).sqrt(),
        Part::IntoResidual | Part::Head => 0.0,
    };
    (0..inputs * outputs).map(|_| std * random.normal()).collect()
}
