//! What a policy sees: the programs that it may propose, and the results of those that were tried.

mod earlier;
mod notebook;
mod space;
mod tried;

pub(crate) use earlier::Earlier;
pub(crate) use notebook::{Notebook, Observation};
pub(crate) use space::{Change, Derived, Listing, Program, SiteView, Space};
pub(crate) use tried::Verdict;
