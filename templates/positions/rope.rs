//! RoPE instead of learned positions
//!
//! Turns pairs of numbers in queries and keys by an angle that grows with the position, so that a score depends on
//! the distance between two bytes and not on where they stand. What is learned at one place holds at all places, and
//! no position table has to be learned first.
//!
//! Paper: Su et al. 2021, RoFormer: Enhanced Transformer with Rotary Position Embedding, arXiv 2104.09864
//! Not for: heads of odd width.

/// Turns bytes into vectors; positions come in with the queries and keys.
#[derive(Module, Debug)]
pub(crate) struct Embed {
    tokens: Param<Tensor<2>>,
}

impl Embed {
    fn new(random: &mut Random, device: &Device) -> Self {
        Embed { tokens: weights(Part::Embedding, [VOCABULARY, WIDTH], random, device) }
    }

    fn forward(&self, bytes: Tensor<2, Int>) -> Tensor<3> {
        embedding(self.tokens.val(), bytes) // [batch, time, width]
    }
}

fn rotate_queries_keys(queries: Tensor<4>, keys: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
    /// The slowest pair of a head turns once in about 2 pi times this many bytes.
    const SLOWEST: f32 = 1000.0;
    let [_, _, time, width] = queries.dims();
    let device = queries.device();
    let half = width / 2;
    let pairs = Tensor::<1, Int>::arange(0..half as i64, &device).float();
    let speeds = (pairs * (-SLOWEST.ln() / half as f32)).exp().reshape([1, 1, 1, half]);
    let positions = Tensor::<1, Int>::arange(0..time as i64, &device).float().reshape([1, 1, time, 1]);
    let angles = positions * speeds; // [1, 1, time, half]
    let (sin, cos) = (angles.clone().sin(), angles.cos());
    let rotate = |x: Tensor<4>| {
        let (a, b) = (x.clone().narrow(3, 0, half), x.narrow(3, half, half));
        let turned = a.clone() * cos.clone() - b.clone() * sin.clone();
        Tensor::cat(vec![turned, a * sin.clone() + b * cos.clone()], 3)
    };
    (rotate(queries), rotate(keys))
}
