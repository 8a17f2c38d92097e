//! The text: three parts that share no play, and random batches from the training part.
//!
//! FROZEN. A token is a byte, so there is no tokenizer to improve (or to cheat with). This file never gives
//! validation or test text to the training loop.

use std::path::Path;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::random::Random;

/// Number of different tokens: a token is a byte.
pub(crate) const VOCABULARY: usize = 256;

/// Fewest bytes that the validation and the test part of a text must have.
const LEAST_PART: usize = 4096;

/// Shares of a user's own text, in tenths, that are for training and for validation; the rest is for the test.
const TRAIN_TENTHS: usize = 8;
const VALIDATION_TENTHS: usize = 1;

/// A text in its three parts.
#[derive(Clone)]
pub(crate) struct Text {
    /// What the model learns from.
    pub(crate) train: Vec<u8>,
    /// What programs are compared on.
    pub(crate) validation: Vec<u8>,
    /// What nobody looks at before a study is over.
    pub(crate) test: Vec<u8>,
}

impl Text {
    /// Shakespeare's plays, whole plays in each part. Compiled in, so that a copied binary is all that a run needs.
    pub(crate) fn shakespeare() -> Self {
        Text {
            train: include_bytes!("../data/train.txt").to_vec(),
            validation: include_bytes!("../data/validation.txt").to_vec(),
            test: include_bytes!("../data/test.txt").to_vec(),
        }
    }

    /// A user's own text, cut by position: 80 % for training, then 10 % validation, then 10 % test.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let bytes =
            std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Self::split(&bytes).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn split(bytes: &[u8]) -> Result<Self, String> {
        let least = LEAST_PART * 10 / VALIDATION_TENTHS;
        if bytes.len() < least {
            return Err(format!("the text is too short: {} bytes, at least {least} are needed", bytes.len()));
        }
        let (train, rest) = bytes.split_at(bytes.len() / 10 * TRAIN_TENTHS);
        let (validation, test) = rest.split_at(bytes.len() / 10 * VALIDATION_TENTHS);
        Ok(Text { train: train.to_vec(), validation: validation.to_vec(), test: test.to_vec() })
    }
}

/// Windows of text and, for each of their bytes, the byte that follows it.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// What the model reads. [batch, time]
    pub(crate) inputs: Tensor<2, Int>,
    /// What it is to predict. [batch, time]
    pub(crate) targets: Tensor<2, Int>,
}

impl Batch {
    /// A batch of windows of `time + 1` bytes each.
    pub(crate) fn new(windows: &[&[u8]], device: &Device) -> Self {
        Batch {
            inputs: tokens(windows.iter().map(|window| &window[..window.len() - 1]), device),
            targets: tokens(windows.iter().map(|window| &window[1..]), device),
        }
    }
}

/// Endless random windows of one text, the same ones for the same seed.
pub(crate) struct Batches<'a> {
    text: &'a [u8],
    random: Random,
}

impl<'a> Batches<'a> {
    pub(crate) fn new(text: &'a [u8], random: Random) -> Self {
        Batches { text, random }
    }

    /// The next `batch` windows of `context` bytes and their next bytes.
    pub(crate) fn next(&mut self, batch: usize, context: usize, device: &Device) -> Batch {
        let starts = (0..batch).map(|_| self.random.below(self.text.len() - context));
        let windows: Vec<&[u8]> = starts.map(|start| &self.text[start..=start + context]).collect();
        Batch::new(&windows, device)
    }
}

/// Rows of bytes as a tensor of token numbers. [rows, bytes in a row]
pub(crate) fn tokens<'a>(rows: impl Iterator<Item = &'a [u8]>, device: &Device) -> Tensor<2, Int> {
    let rows: Vec<&[u8]> = rows.collect();
    let shape = [rows.len(), rows[0].len()];
    let numbers: Vec<i32> = rows.concat().into_iter().map(i32::from).collect();
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_long_passage_of_the_held_out_plays_is_in_the_training_plays() {
        const PASSAGE: usize = 100;
        let text = Text::shakespeare();
        let held_out = text.validation.chunks_exact(PASSAGE).chain(text.test.chunks_exact(PASSAGE));
        let held_out: std::collections::HashSet<&[u8]> = held_out.collect();
        assert!(text.train.windows(PASSAGE).all(|passage| !held_out.contains(passage)));
    }

    #[test]
    fn a_users_text_is_cut_by_position_without_overlap_or_loss() {
        let bytes: Vec<u8> = (0..100_003u32).map(|i| (i % 251) as u8).collect();
        let text = Text::split(&bytes).expect("long enough");
        assert_eq!([text.train.clone(), text.validation.clone(), text.test.clone()].concat(), bytes);
        assert_eq!((text.train.len(), text.validation.len()), (80_000, 10_000));
    }

    #[test]
    fn a_short_text_and_a_missing_file_are_refused_with_a_reason() {
        assert!(Text::split(b"to be").err().expect("too short").contains("too short: 5 bytes"));
        assert!(Text::read(Path::new("/no/such/file")).err().expect("missing").contains("/no/such/file"));
    }

    #[test]
    fn a_target_is_the_byte_after_its_input() {
        let batch = Batch::new(&[b"abcd", b"wxyz"], &Device::flex());
        let values = |tensor: Tensor<2, Int>| tensor.into_data().iter::<i64>().collect::<Vec<_>>();
        assert_eq!(values(batch.inputs), [97, 98, 99, 119, 120, 121]);
        assert_eq!(values(batch.targets), [98, 99, 100, 120, 121, 122]);
    }

    #[test]
    fn the_same_seed_gives_the_same_batches() {
        let text = Text::shakespeare();
        let first = |seed| {
            Batches::new(&text.train, Random::new(seed, 0)).next(2, 8, &Device::flex()).inputs.into_data()
        };
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
    }
}
