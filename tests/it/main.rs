//! Tests over real repositories, processes and git.

mod bad_input;
mod believing;
mod bench;
mod checkout;
mod cli;
mod compare;
mod device;
mod doctor;
mod earlier;
mod foreign;
mod git_user;
mod journals;
mod layers;
mod pack;
mod programs;
mod record;
mod repositories;
mod resume;
mod snapshots;
mod study;
mod supervision;
mod support;
mod target;
mod tidy;
mod uses;
mod workspaces;
