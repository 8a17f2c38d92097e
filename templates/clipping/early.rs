//! gradients clipped to a length that grows with the budget spent
//!
//! The first gradients are the longest and say the least; a bound that is tight at first and loosens works like a
//! warm-up of the learning rate that only the wild steps feel.
//!
//! Paper: Pascanu, Mikolov, Bengio 2012, On the difficulty of training Recurrent Neural Networks, arXiv 1211.5063

fn clip(gradients: GradientsParams, model: &Gpt, share: f64) -> GradientsParams {
    use burn::module::{ModuleVisitor, Param};
    /// Greatest length of the gradient of all parameters together at the start.
    const TIGHT: f32 = 0.25;
    /// How many times longer it may be at the end.
    const LOOSENING: f32 = 8.0;
    struct Squares<'a>(&'a GradientsParams, Vec<Tensor<1>>);
    impl ModuleVisitor for Squares<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = self.0.get::<D>(param.id) {
                self.1.push(gradient.square().sum());
            }
        }
    }
    struct Shorten(GradientsParams, Tensor<1>);
    impl ModuleVisitor for Shorten {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = self.0.remove::<D>(param.id) {
                self.0.register(param.id, gradient * self.1.clone().unsqueeze());
            }
        }
    }
    let mut squares = Squares(&gradients, Vec::new());
    model.visit(&mut squares);
    let length = Tensor::cat(squares.1, 0).sum().sqrt() + 1e-6; // [1]
    let longest = TIGHT * (1.0 + (LOOSENING - 1.0) * share as f32);
    let mut shorten = Shorten(gradients, (length.recip() * longest).clamp_max(1.0));
    model.visit(&mut shorten);
    shorten.0
}
