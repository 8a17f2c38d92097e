//! The searches that PPO is measured against: random, greedy, evolution and TPE.

mod evolution;
mod greedy;
mod parzen;
mod random;
mod tpe;

pub(crate) use evolution::Evolution;
pub(crate) use greedy::Greedy;
pub(crate) use random::Random;
pub(crate) use tpe::Tpe;
