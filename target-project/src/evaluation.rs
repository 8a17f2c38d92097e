//! The judge: bits per byte on text that was not trained on, after checks that a score can be trusted.
//!
//! FROZEN and suspicious: a search finds every hole. It computes its own log-softmax, in f64, from raw logits, and
//! refuses a model that sees the future, that mixes windows of a batch, or whose logits are no numbers. It
//! deliberately knows a model only as a function from bytes to logits.

use std::fmt;

use burn::tensor::{Device, Int, Tensor};

use crate::data::{VOCABULARY, tokens};
use crate::recipe::CONTEXT;

/// Bytes in a judged window. No program sees more of the text at once; one with a shorter CONTEXT is given the
/// same window in pieces, so that all programs are scored on the same bytes.
pub(crate) const MOST_CONTEXT: usize = 256;

/// Bytes that the progress of a run is measured on: few, because it is measured often.
pub(crate) const PROGRESS_BYTES: usize = 8 * 1024;

/// Bytes that the result of a run is measured on.
pub(crate) const RESULT_BYTES: usize = 64 * 1024;

/// Bytes given to the model at once.
const BYTES_AT_ONCE: usize = 4096;

/// How much a log-probability may differ, in nats, where only rounding is allowed to make a difference. (Batches
/// of another size are added up in another order.)
const ROUNDING: f64 = 1e-3;

const _: () = assert!(CONTEXT <= MOST_CONTEXT && MOST_CONTEXT % CONTEXT == 0);

/// A model as the judge sees it: from bytes [batch, time] to logits [batch, time, vocabulary].
pub(crate) type Logits<'a> = &'a dyn Fn(Tensor<2, Int>) -> Tensor<3>;

/// Why a model has no score.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    /// A later byte changed what the model says about an earlier one.
    LooksAhead { changed: usize, moved: usize },
    /// A window got other logits beside other windows than alone.
    MixesWindows,
    /// Logits are infinite or no numbers.
    NotFinite,
    /// Logits have another shape than [batch, time, vocabulary].
    WrongShape(Vec<usize>),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::LooksAhead { changed, moved } => {
                write!(
                    f,
                    "the model looks ahead: changing byte {changed} changed its prediction at byte {moved}"
                )
            }
            Fault::MixesWindows => {
                write!(f, "a window is predicted otherwise beside other windows than alone")
            }
            Fault::NotFinite => write!(f, "logits are infinite or not numbers"),
            Fault::WrongShape(shape) => write!(f, "logits have the shape {shape:?}"),
        }
    }
}

/// Scores models on a fixed selection of windows of one text.
pub(crate) struct Judge<'a> {
    /// Windows of CONTEXT + 1 bytes; the last byte of one is the first of the next.
    windows: Vec<&'a [u8]>,
    device: Device,
}

impl<'a> Judge<'a> {
    /// A judge that scores about `bytes` bytes, spread evenly over the text.
    pub(crate) fn new(text: &'a [u8], bytes: usize, device: &Device) -> Self {
        let most = (text.len() - 1) / MOST_CONTEXT;
        let count = (bytes / MOST_CONTEXT).clamp(1, most);
        let starts = (0..count).map(|window| window * most / count * MOST_CONTEXT);
        let pieces = starts.flat_map(|start| (start..start + MOST_CONTEXT).step_by(CONTEXT));
        Judge {
            windows: pieces.map(|start| &text[start..=start + CONTEXT]).collect(),
            device: device.clone(),
        }
    }

    /// The mean of -log2 p(next byte) over the judge's windows.
    pub(crate) fn bits_per_byte(&self, logits: Logits) -> Result<f64, Fault> {
        let mut nats = 0.0;
        for windows in self.windows.chunks(BYTES_AT_ONCE.div_ceil(CONTEXT)) {
            let rows = self.log_probabilities(logits, windows)?;
            let targets = windows.iter().flat_map(|window| &window[1..]);
            nats -= rows.iter().zip(targets).map(|(row, &target)| row[usize::from(target)]).sum::<f64>();
        }
        Ok(nats / (self.windows.len() * CONTEXT) as f64 / std::f64::consts::LN_2)
    }

    /// Refuses a model whose score would mean nothing.
    pub(crate) fn check(&self, logits: Logits) -> Result<(), Fault> {
        let windows = &self.windows[..self.windows.len().min(4)];
        let honest = self.log_probabilities(logits, windows)?;
        self.check_causality(logits, windows, &honest)?;
        let alone = self.log_probabilities(logits, &windows[windows.len() - 1..])?;
        let beside = &honest[honest.len() - alone.len()..];
        if first_difference(&alone, beside).is_some() { Err(Fault::MixesWindows) } else { Ok(()) }
    }

    /// Changes single bytes, early, in the middle and last, and looks whether anything before them moves.
    fn check_causality(&self, logits: Logits, windows: &[&[u8]], honest: &[Row]) -> Result<(), Fault> {
        for changed in [1, CONTEXT / 2, CONTEXT - 1] {
            let mut windows: Vec<Vec<u8>> = windows.iter().map(|window| window.to_vec()).collect();
            for window in &mut windows {
                window[changed] = window[changed].wrapping_add(1);
            }
            let windows: Vec<&[u8]> = windows.iter().map(Vec::as_slice).collect();
            let tampered = self.log_probabilities(logits, &windows)?;
            for (honest, tampered) in honest.chunks(CONTEXT).zip(tampered.chunks(CONTEXT)) {
                if let Some(moved) = first_difference(&honest[..changed], &tampered[..changed]) {
                    return Err(Fault::LooksAhead { changed, moved });
                }
            }
        }
        Ok(())
    }

    /// Log-probabilities of all bytes at each position of the windows, window after window.
    fn log_probabilities(&self, logits: Logits, windows: &[&[u8]]) -> Result<Vec<Row>, Fault> {
        let inputs = tokens(windows.iter().map(|window| &window[..CONTEXT]), &self.device);
        let logits = logits(inputs);
        if logits.dims() != [windows.len(), CONTEXT, VOCABULARY] {
            return Err(Fault::WrongShape(logits.dims().to_vec()));
        }
        let logits: Vec<f32> = logits.into_data().iter().collect();
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(Fault::NotFinite);
        }
        Ok(logits.chunks(VOCABULARY).map(log_softmax).collect())
    }
}

/// Log-probabilities of all bytes at one position, in nats.
type Row = Vec<f64>;

fn log_softmax(logits: &[f32]) -> Row {
    let most = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - most).exp()).sum();
    logits.iter().map(|&logit| f64::from(logit) - most - sum.ln()).collect()
}

/// The first position where two predictions differ by more than rounding.
fn first_difference(one: &[Row], other: &[Row]) -> Option<usize> {
    let differ = |(a, b): (&f64, &f64)| (a - b).abs() > ROUNDING * (1.0 + a.abs());
    one.iter().zip(other).position(|(one, other)| one.iter().zip(other).any(differ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Text;

    fn one_hot(bytes: Tensor<2, Int>) -> Tensor<3> {
        bytes.one_hot::<3>(VOCABULARY).float()
    }

    fn judge(text: &[u8]) -> Judge<'_> {
        Judge::new(text, 1024, &Device::flex())
    }

    #[test]
    fn log_softmax_agrees_with_a_naive_twin() {
        let logits = [0.5f32, -2.0, 3.25, 0.0];
        let sum: f64 = logits.iter().map(|&x| f64::from(x).exp()).sum();
        for (ours, &logit) in log_softmax(&logits).iter().zip(&logits) {
            assert!((ours - (f64::from(logit).exp() / sum).ln()).abs() < 1e-12);
        }
        assert!(log_softmax(&[1e30, 0.0])[1].is_finite());
    }

    #[test]
    fn a_model_that_knows_nothing_scores_eight_bits() {
        let text = Text::shakespeare().validation;
        let know_nothing = |bytes: Tensor<2, Int>| one_hot(bytes) * 0.0;
        judge(&text).check(&know_nothing).expect("it is honest");
        let bits = judge(&text).bits_per_byte(&know_nothing).expect("it has a score");
        assert!((bits - 8.0).abs() < 1e-9, "{bits}");
    }

    #[test]
    fn a_model_that_looks_ahead_is_refused() {
        let text = Text::shakespeare().validation;
        let look_ahead = |bytes: Tensor<2, Int>| one_hot(bytes.roll(&[-1], &[1])) * 9.0;
        let fault = judge(&text).check(&look_ahead).expect_err("it sees the next byte");
        assert!(matches!(fault, Fault::LooksAhead { .. }), "{fault}");
    }

    #[test]
    fn a_glance_at_the_last_byte_alone_is_refused_too() {
        let text = Text::shakespeare().validation;
        let glance = |bytes: Tensor<2, Int>| {
            let last = one_hot(bytes.clone().narrow(1, CONTEXT - 1, 1)) * 0.05;
            one_hot(bytes) + last
        };
        assert!(matches!(judge(&text).check(&glance), Err(Fault::LooksAhead { .. })));
    }

    #[test]
    fn a_model_that_mixes_the_windows_of_a_batch_is_refused() {
        let text = Text::shakespeare().validation;
        let mix = |bytes: Tensor<2, Int>| one_hot(bytes.clone()) + one_hot(bytes).mean_dim(0);
        assert_eq!(judge(&text).check(&mix), Err(Fault::MixesWindows));
    }

    #[test]
    fn logits_that_are_no_numbers_or_have_another_shape_are_refused() {
        let text = Text::shakespeare().validation;
        let nan = |bytes: Tensor<2, Int>| one_hot(bytes) * f32::NAN;
        assert_eq!(judge(&text).bits_per_byte(&nan), Err(Fault::NotFinite));
        let narrow = |bytes: Tensor<2, Int>| one_hot(bytes).narrow(2, 0, 8);
        assert!(matches!(judge(&text).bits_per_byte(&narrow), Err(Fault::WrongShape(_))));
    }

    #[test]
    fn windows_are_spread_over_the_whole_text_and_cover_the_same_bytes_for_any_context() {
        let text: Vec<u8> = (0..40 * MOST_CONTEXT + 1).map(|i| (i / MOST_CONTEXT) as u8).collect();
        let judge = Judge::new(&text, 4 * MOST_CONTEXT, &Device::flex());
        let firsts: Vec<u8> = judge.windows.iter().map(|window| window[0]).collect();
        let pieces = MOST_CONTEXT / CONTEXT;
        assert_eq!(firsts, [0u8, 10, 20, 30].map(|first| vec![first; pieces]).concat());
    }
}
