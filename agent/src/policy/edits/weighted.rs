//! Draws one of several things by weight.

use rand::{Rng, RngExt};

/// Draws an index by weight; at least one weight is positive.
pub(crate) fn weighted_index(weights: &[f64], rng: &mut impl Rng) -> usize {
    let mut left = rng.random::<f64>() * weights.iter().sum::<f64>();
    let mut last = 0;
    for (index, &weight) in weights.iter().enumerate() {
        if weight > 0.0 {
            last = index;
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn draws_follow_their_weights() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut counts = [0; 4];
        (0..4000).for_each(|_| counts[weighted_index(&[0.0, 3.0, 0.0, 1.0], &mut rng)] += 1);
        assert!(counts[0] + counts[2] == 0 && (2900..3100).contains(&counts[1]), "{counts:?}");
    }
}
