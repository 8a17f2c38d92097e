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
    struct Squares<'a>(&'a GradientsParams, f32);
    impl ModuleVisitor for Squares<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = self.0.get::<D>(param.id) {
                self.1 += gradient.square().sum().into_scalar::<f32>();
            }
        }
    }
    struct Shorten(GradientsParams, f32);
    impl ModuleVisitor for Shorten {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = self.0.remove::<D>(param.id) {
                self.0.register(param.id, gradient * self.1);
            }
        }
    }
    let mut squares = Squares(&gradients, 0.0);
    model.visit(&mut squares);
    let factor = LONGEST / (squares.1.sqrt() + 1e-6);
    if factor >= 1.0 {
        return gradients;
    }
    let mut shorten = Shorten(gradients, factor);
    model.visit(&mut shorten);
    shorten.0
}
