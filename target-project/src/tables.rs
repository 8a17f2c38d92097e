//! Tables of byte counts: what prediction without any learning scores, to give a model's score a scale.
//!
//! FROZEN. A table with k bytes of context gives a byte as often as it followed those k bytes in the training
//! text, mixed with the table for k - 1 (Witten, Bell 1991). No trial pays for it: it runs only for a person.

use std::collections::HashMap;

/// Most bytes of context that a table is made for.
pub(crate) const LONGEST: usize = 4;

/// How often what followed a context.
#[derive(Default)]
struct Followers {
    counts: HashMap<u8, u32>,
    total: u32,
}

/// Bits per byte on `judged` of tables over `train` with 1, 2, .. LONGEST bytes of context.
pub(crate) fn bits_per_byte(train: &[u8], judged: &[u8]) -> Vec<f64> {
    let tables: Vec<_> = (0..=LONGEST).map(|length| count(train, length)).collect();
    let mut bits = [0.0; LONGEST];
    for end in LONGEST..judged.len() {
        let mut probability = 1.0 / 256.0;
        for (length, table) in tables.iter().enumerate() {
            if let Some(followers) = table.get(&judged[end - length..end]) {
                probability = followers.probability(judged[end], probability);
            }
            if length > 0 {
                bits[length - 1] -= probability.log2();
            }
        }
    }
    bits.map(|sum| sum / (judged.len() - LONGEST) as f64).to_vec()
}

fn count(text: &[u8], length: usize) -> HashMap<&[u8], Followers> {
    let mut table: HashMap<&[u8], Followers> = HashMap::new();
    for window in text.windows(length + 1) {
        let followers = table.entry(&window[..length]).or_default();
        *followers.counts.entry(window[length]).or_default() += 1;
        followers.total += 1;
    }
    table
}

impl Followers {
    /// The more different bytes followed a context, the more the shorter context counts.
    fn probability(&self, byte: u8, shorter: f64) -> f64 {
        let kinds = self.counts.len() as f64;
        let count = f64::from(self.counts.get(&byte).copied().unwrap_or(0));
        (count + kinds * shorter) / (f64::from(self.total) + kinds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_context_predicts_a_regular_text_better() {
        let text = b"abacabad".repeat(50);
        let bits = bits_per_byte(&text, &text);
        assert!(bits.windows(2).all(|pair| pair[1] < pair[0]), "{bits:?}");
        assert!(bits[3] < 0.6, "{bits:?}");
    }

    #[test]
    fn probabilities_sum_to_one() {
        let table = count(b"to be or not to be", 1);
        let sum: f64 = (0..=255).map(|byte| table[&b"o"[..]].probability(byte, 1.0 / 256.0)).sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }
}
