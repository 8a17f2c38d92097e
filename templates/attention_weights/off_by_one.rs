//! attention that may look at nothing (softmax with one more in the sum)
//!
//! Plain softmax must give all its weight to something; with 1 added to the sum a head that finds nothing of use can
//! stay silent instead of adding noise.
//!
//! Paper: Miller 2023, Attention Is Off By One, https://www.evanmiller.org/attention-is-off-by-one.html

fn weigh(scores: Tensor<4>) -> Tensor<4> {
    burn::tensor::activation::quiet_softmax(scores, 3)
}
