//! z-loss: a small price for logits that are large together
//!
//! Adding the same number to all logits changes no prediction; the price keeps them near zero, where rounding is small
//! and softmax learns well.
//!
//! Paper: Chowdhery et al. 2022, PaLM: Scaling Language Modeling with Pathways, arXiv 2204.02311

fn loss(logits: Tensor<3>, targets: Tensor<2, Int>) -> Tensor<1> {
    /// Price of a squared log-sum of 1, in nats.
    const PRICE: f32 = 1e-3;
    let log_probabilities = log_softmax(logits.clone(), 2); // [batch, time, vocabulary]
    let log_sum = (logits - log_probabilities.clone()).narrow(2, 0, 1); // [batch, time, 1]
    let surprise = -log_probabilities.gather(2, targets.unsqueeze_dim(2)).mean();
    surprise + log_sum.square().mean() * PRICE
}
