//! A change of one text: byte ranges of it and their replacements.
//!
//! Every byte outside the ranges stays as it is. It knows nothing of Rust.

use std::ops::Range;

/// Replacements of one text, sorted and disjoint. An insertion is an empty range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TextEdit {
    replacements: Vec<(Range<usize>, String)>,
}

impl TextEdit {
    pub(super) fn new(mut replacements: Vec<(Range<usize>, String)>) -> Self {
        replacements.sort_by_key(|(range, _)| (range.start, range.end));
        let disjoint = replacements.windows(2).all(|pair| pair[0].0.end <= pair[1].0.start);
        assert!(disjoint, "replacements come from distinct, not nested nodes of one file");
        Self { replacements }
    }

    /// The text after the edit. The ranges must be within `text`, on character boundaries.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut result = String::with_capacity(text.len());
        let mut end = 0;
        for (range, replacement) in &self.replacements {
            result.push_str(&text[end..range.start]);
            result.push_str(replacement);
            end = range.end;
        }
        result.push_str(&text[end..]);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The edit that takes the result of `edit` back to `text`.
    fn inverse(edit: &TextEdit, text: &str) -> TextEdit {
        let mut shift = 0_isize;
        let back = edit.replacements.iter().map(|(range, new)| {
            let start = range.start.checked_add_signed(shift).expect("earlier edits end before this one");
            shift += new.len() as isize - range.len() as isize;
            (start..start + new.len(), text[range.clone()].to_owned())
        });
        TextEdit::new(back.collect())
    }

    /// The bytes outside the ranges of an edit.
    fn without(edit: &TextEdit, text: &str) -> String {
        let ranges = edit.replacements.iter().map(|(range, _)| (range.clone(), String::new()));
        TextEdit::new(ranges.collect()).apply(text)
    }

    #[test]
    fn replacements_are_sorted_and_the_rest_stays() {
        let edit =
            TextEdit::new(vec![(8..9, "B".to_owned()), (0..1, "AA".to_owned()), (4..4, "+".to_owned())]);
        assert_eq!(edit.apply("a // é b."), "AA //+ é B.");
    }

    #[test]
    #[should_panic(expected = "distinct")]
    fn overlapping_replacements_are_a_bug() {
        TextEdit::new(vec![(0..3, String::new()), (2..4, String::new())]);
    }

    mod properties {
        use proptest::prelude::*;

        use super::*;
        use crate::testing::cases;

        proptest! {
            #![proptest_config(cases(256))]

            #[test]
            fn an_edit_and_its_inverse_give_the_same_text(
                text in "[ab\n]{0,60}",
                mut cuts in prop::collection::vec(0_usize..60, 0..8),
                new in prop::collection::vec("[xy]{0,5}", 4),
            ) {
                cuts.iter_mut().for_each(|cut| *cut = (*cut).min(text.len()));
                cuts.sort_unstable();
                let ranges = cuts.chunks_exact(2).map(|pair| pair[0]..pair[1]);
                let edit = TextEdit::new(ranges.zip(new).collect());
                let edited = edit.apply(&text);
                let back = inverse(&edit, &text);
                prop_assert_eq!(back.apply(&edited), text.as_str());
                prop_assert_eq!(without(&back, &edited), without(&edit, &text), "bytes outside the ranges stay");
            }
        }
    }
}
