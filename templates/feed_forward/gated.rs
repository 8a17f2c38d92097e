//! gated feed-forward (SwiGLU, GEGLU: by its activation) instead of the plain one
//!
//! One linear map decides how much of another one passes, so a unit can be a product of two features. Hidden units are
//! two thirds as many, which makes the layer as large as the plain one.
//!
//! Paper: Shazeer 2020, GLU Variants Improve Transformer, arXiv 2002.05202

/// The feed-forward layer: works on each position by itself, with hidden units that are gated.
#[derive(Module, Debug)]
pub(crate) struct Mlp {
    gate: Linear,
    up: Linear,
    down: Linear,
}

impl Mlp {
    fn new(random: &mut Random, device: &Device) -> Self {
        let hidden = (MLP_WIDTH * 2 / 3).next_multiple_of(8);
        Mlp {
            gate: linear(Part::Inner, WIDTH, hidden, random, device),
            up: linear(Part::Inner, WIDTH, hidden, random, device),
            down: linear(Part::IntoResidual, hidden, WIDTH, random, device),
        }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let hidden = activation(self.gate.forward(x.clone())) * self.up.forward(x); // [batch, time, hidden]
        self.down.forward(hidden) // [batch, time, width]
    }
}
