//! Tests over real repositories, processes and git.
