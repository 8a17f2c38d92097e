//! gradients clipped to a length, all parameters together
//!
//! One bad batch cannot throw the weights far: where the gradient of the whole model is longer than a bound, it is
//! shortened to it and keeps its direction. (burn's own clipping would do this for each tensor by itself.)
//!
//! Paper: Pascanu, Mikolov, Bengio 2012, On the difficulty of training Recurrent Neural Networks, arXiv 1211.5063

fn clip(gradients: GradientsParams, model: &Gpt, share: f64) -> GradientsParams {
    use burn::module::{ModuleVisitor, Param};
    /// Greatest length of the gradient of all parameters together.
    const LONGEST: f32 = 1.0;
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
    let mut shorten = Shorten(gradients, (length.recip() * LONGEST).clamp_max(1.0));
    model.visit(&mut shorten);
    shorten.0
}
