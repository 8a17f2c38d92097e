//! Shows a study to people: live lines, the summary, the table of trials, the progress plot; and several studies side
//! by side. It reads their states and changes nothing.

mod best;
mod comparison;
mod debug_log;
mod describe;
mod frame;
mod live;
mod plot;
mod summary;
mod table;

pub(crate) use best::best;
pub(crate) use comparison::{Comparison, Contender, Returned};
pub(crate) use debug_log::{keep_in, start as start_debug_log};
pub(crate) use describe::title;
pub(crate) use frame::{Frame, MARGIN, WIDTH, escaped, image};
pub(crate) use live::Live;
pub(crate) use plot::progress_plot;
pub(crate) use summary::summary;
pub(crate) use table::{show, table};
