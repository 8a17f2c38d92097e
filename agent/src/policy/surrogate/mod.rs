//! What untried programs may be worth, by a Gaussian process over the values at all sites.

mod cholesky;
mod gaussian_process;
mod posterior;
mod seen;

#[cfg(test)]
mod naive;

pub(crate) use gaussian_process::{Surrogate, prior_distance};
pub(crate) use posterior::{Point, Posterior, Prediction};
pub(crate) use seen::runs;
