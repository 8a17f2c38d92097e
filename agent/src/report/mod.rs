//! Draws a study for people: live lines, the summary, the table of trials, the progress plot.
//! It reads the study's state and changes nothing.

mod describe;
mod frame;
mod live;
mod plot;
mod summary;
mod table;

pub(crate) use describe::idea_of;
pub(crate) use frame::{Frame, MARGIN, WIDTH, escaped, image};
pub(crate) use live::Live;
pub(crate) use plot::progress_plot;
pub(crate) use summary::summary;
pub(crate) use table::{show, table};
