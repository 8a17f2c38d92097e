//! SiLU instead of GELU
//!
//! A smooth bend like GELU, cheaper to compute; with a gated feed-forward it makes SwiGLU.
//!
//! Paper: Ramachandran, Zoph, Le 2017, Searching for Activation Functions, arXiv 1710.05941

fn activation(x: Tensor<3>) -> Tensor<3> {
    burn::tensor::activation::silu(x)
}
