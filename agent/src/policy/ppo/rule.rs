//! The rule that PPO starts from: a weight for each feature of a candidate.
//!
//! The first three features carry it, upper confidence bounds early and expected improvement late; the
//! others start with no weight and are there to be learned.

/// Name and first weight of each feature of a candidate.
pub(super) const FEATURES: [(&str, f32); 20] = [
    // The surrogate's mean above its best, and its standard deviation, fading with progress.
    ("early-gain", 5.0),
    ("early-doubt", 10.0),
    // Logarithm of expected improvement below the pool's highest, in units of 4, growing with it.
    ("late-improvement", 12.0),
    ("late-gain", 0.0),
    ("late-doubt", 0.0),
    // Shares of the edits of each kind.
    ("knob", 0.0),
    ("choice", 0.0),
    ("expression", 0.0),
    // Edits beyond the first, of as many as there may be.
    ("more-edits", 0.0),
    // Mean reward of trials with this site, with its neighbours, with this very value.
    ("site-reward", 0.0),
    ("near-reward", 0.0),
    ("value-reward", 0.0),
    ("site-tries", 0.0),
    ("site-failures", 0.0),
    ("value-untried", 0.0),
    // Rungs on a ladder, of its length: upwards is positive; and without sign.
    ("direction", 0.0),
    ("size", 0.0),
    ("parent-rank", 0.0),
    ("repeat", 0.0),
    ("progress", 0.0),
];
