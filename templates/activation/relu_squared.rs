//! ReLU squared instead of GELU
//!
//! Zero below zero, the square above: cheaper than GELU, and hidden units are sparse and can multiply.
//!
//! Paper: So et al. 2021, Primer: Searching for Efficient Transformers for Language Modeling, arXiv 2109.08668

fn activation(x: Tensor<3>) -> Tensor<3> {
    burn::tensor::activation::relu(x).square()
}
