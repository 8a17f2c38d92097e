//! `autoresearch` improves a Rust training crate by trying edits on it, and keeps the record in git.
//!
//! ARCHITECTURE.md at the root of the repository shows how the modules fit together.

pub mod cli;

mod batch;
mod bench;
mod campaign;
mod config;
mod device;
mod evaluator;
mod journal;
mod policy;
mod project;
mod repo;
mod report;
mod rewrite;
mod runner;
mod runs;
mod study;
mod survey;
#[cfg(test)]
mod testing;
