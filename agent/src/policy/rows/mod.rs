//! Programs as rows of small numbers, for the methods that compare programs.

mod column;
mod earlier_runs;
mod encoding;
mod row;
mod study_rows;

pub(crate) use column::{Code, Column};
pub(crate) use encoding::Encoding;
pub(crate) use row::{Row, at, changed, trimmed};
pub(crate) use study_rows::StudyRows;
