//! An e-value of ranks: evidence that one program's results are below another's, however their noise is distributed.
//!
//! If both are equally good, every order of their results is equally likely. If the candidate is better, orders in
//! which its results come first are likelier: under Lehmann's alternatives ("The power of rank tests", 1953), whose
//! likelihood is Cox's partial one, by a known ratio. Its average over some sizes of the effect is 1 on average over
//! all orders. One more run only refines an order, so the ratio is a test martingale in the ranks.

/// Ratios of the two programs' hazards that are averaged over.
const RATIOS: [f64; 6] = [1.5, 2.5, 4.0, 8.0, 20.0, 60.0];

/// The e-value of pairs of (candidate, incumbent) results, lower being better; ties count against the candidate.
pub(super) fn e_value(pairs: &[(f64, f64)]) -> f64 {
    let both = |&(candidate, incumbent): &(f64, f64)| [(candidate, true), (incumbent, false)];
    let mut results: Vec<(f64, bool)> = pairs.iter().flat_map(both).collect();
    results.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let is_candidate: Vec<bool> = results.into_iter().map(|(_, is_candidate)| is_candidate).collect();
    let is_incumbent: Vec<bool> = is_candidate.iter().rev().map(|is_candidate| !is_candidate).collect();
    // A candidate may have more of the lowest results, or fewer of the highest.
    let of_ratio =
        |ratio: f64| 0.5 * (likelihood_ratio(&is_candidate, ratio) + likelihood_ratio(&is_incumbent, ratio));
    RATIOS.into_iter().map(of_ratio).sum::<f64>() / RATIOS.len() as f64
}

/// How much likelier an order is if each marked one has this many times the others' chance of being next.
fn likelihood_ratio(is_marked: &[bool], ratio: f64) -> f64 {
    let marked = is_marked.iter().filter(|is_marked| **is_marked).count();
    let (mut marked, mut others) = (marked as f64, (is_marked.len() - marked) as f64);
    let mut logarithm = 0.0;
    for is_marked in is_marked {
        logarithm += (marked + others).ln() - (ratio * marked + others).ln();
        if *is_marked {
            logarithm += ratio.ln();
            marked -= 1.0;
        } else {
            others -= 1.0;
        }
    }
    logarithm.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs whose results come in the order of the bits: a candidate's where a bit is set.
    fn in_order(bits: u32, pairs: u32) -> Vec<(f64, f64)> {
        let of = |set: bool| (0..2 * pairs).filter(move |bit| (bits >> bit & 1 == 1) == set).map(f64::from);
        of(true).zip(of(false)).collect()
    }

    #[test]
    fn over_all_orders_it_is_one_on_average() {
        for pairs in 1..=5_u32 {
            let orders = (0..1_u32 << (2 * pairs)).filter(|bits| bits.count_ones() == pairs);
            let e_values: Vec<f64> = orders.map(|bits| e_value(&in_order(bits, pairs))).collect();
            let mean = e_values.iter().sum::<f64>() / e_values.len() as f64;
            assert!((mean - 1.0).abs() < 1e-9, "{pairs}: {mean}");
        }
    }

    #[test]
    fn it_is_highest_if_all_of_the_candidates_come_first_and_ignores_by_how_much() {
        let first = e_value(&in_order(0b0000_1111, 4));
        for bits in (0..256_u32).filter(|bits| bits.count_ones() == 4 && *bits != 0b0000_1111) {
            assert!(e_value(&in_order(bits, 4)) < first, "{bits:b}");
        }
        assert!(first > 20.0 && first < 70.0, "at most one in 70 orders is that good: {first}");
        let far: Vec<(f64, f64)> = in_order(0b0000_1111, 4).iter().map(|(a, b)| (a.exp(), b.exp())).collect();
        assert_eq!(e_value(&far), first);
    }

    #[test]
    fn equal_results_are_no_evidence_for_the_candidate() {
        assert!(e_value(&[(1.0, 1.0); 6]) < 1.0);
    }
}
