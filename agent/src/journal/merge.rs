//! The commit message of a merge: the whole change from the previous best, and why to believe in it.

use std::fmt::Write;

use super::message::Metric;
use super::prose::{list, message, one_line, paragraph, title};
use super::trailers::{edit_words, line, word};
use crate::study::{Edit, ProgramId, TrialNumber, figure, figures, p_text, percent};

/// Width of a column of the table of evidence.
const COLUMN: usize = 14;

/// Previous best and candidate, trained on the same fresh seed. Values as in a study: lower is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pair {
    pub(crate) seed: u64,
    pub(crate) before: f64,
    pub(crate) after: f64,
}

/// Everything that the message of a merge is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MergeNote<'a> {
    pub(crate) study: &'a str,
    /// The trial that is merged.
    pub(crate) trial: TrialNumber,
    pub(crate) program: &'a ProgramId,
    pub(crate) metric: &'a Metric,
    /// From the previous best to this program, including edits of the previous best that were undone.
    pub(crate) changes: &'a [Edit],
    /// Why each change may help; one paragraph each.
    pub(crate) ideas: &'a [String],
    /// The evidence; at least one.
    pub(crate) pairs: &'a [Pair],
    /// `None` if noise cannot be measured.
    pub(crate) p_value: Option<f64>,
    /// The largest p value that would have merged.
    pub(crate) level: f64,
    pub(crate) budget: &'a str,
    pub(crate) frozen: &'a str,
}

impl MergeNote<'_> {
    pub(crate) fn message(&self) -> String {
        let subject = format!("merge trial {}: {}, {}", self.trial, title(self.changes), self.gain());
        let mut paragraphs =
            vec![paragraph("Changes from the previous best program to this one:"), list(self.changes)];
        paragraphs.extend(self.ideas.iter().map(|idea| paragraph(idea)));
        paragraphs.extend([paragraph(&self.how_sure()), self.table()]);
        message(&subject, &paragraphs, &self.trailers())
    }

    /// Means of the pairs, before and after, as the program prints them.
    fn means(&self) -> (f64, f64) {
        let mean = |value: fn(&Pair) -> f64| {
            let values = self.pairs.iter().map(value);
            let mean = values.sum::<f64>() / self.pairs.len() as f64;
            self.metric.as_printed(mean)
        };
        (mean(|pair| pair.before), mean(|pair| pair.after))
    }

    /// `val_bpb 2.412 -> 2.331 (-3.4 %, 4 seeds, p = 0.004)`.
    fn gain(&self) -> String {
        let (before, after) = self.means();
        let seeds = match self.pairs.len() {
            1 => "1 seed".to_owned(),
            seeds => format!("{seeds} seeds"),
        };
        let parts = [percent(before, after), Some(seeds), self.p_value.map(p_text)];
        let (before, after) = figures(before, after);
        let sure = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        format!("{} {before} -> {after} ({sure})", one_line(&self.metric.name))
    }

    fn how_sure(&self) -> String {
        let how = format!(
            "Both were trained on fresh seeds with a budget of {}; the result that the trial was picked for is not \
             counted.",
            self.budget
        );
        let doubt = match self.p_value {
            Some(p) => format!(
                "If they were equally good, a gain this large would be seen with {}, however often one looks. The \
                 level to meet was {}, after the candidates before it.",
                p_text(p),
                p_text(self.level)
            ),
            None => "Repeats of a program do not differ here, so noise cannot be measured: one comparison decided."
                .to_owned(),
        };
        format!("{how} {doubt}")
    }

    fn table(&self) -> String {
        let heads = ["previous best", "this program", "difference"].map(|head| format!(" {head:>COLUMN$}"));
        let mut table = format!("  {:<20}{}", "seed", heads.concat());
        for pair in self.pairs {
            let (before, after) = (self.metric.as_printed(pair.before), self.metric.as_printed(pair.after));
            let row = [figure(before), figure(after), figure(after - before)];
            let row = row.map(|value| format!(" {value:>COLUMN$}")).concat();
            let _ = write!(table, "\n  {:<20}{row}", pair.seed);
        }
        table
    }

    fn trailers(&self) -> String {
        let mut text = String::new();
        self.write_trailers(&mut text).expect("a String takes all that is written");
        text
    }

    fn write_trailers(&self, f: &mut String) -> std::fmt::Result {
        let (before, after) = self.means();
        line(f, "Study", word(self.study))?;
        line(f, "Trial", self.trial)?;
        self.changes.iter().try_for_each(|edit| line(f, "Edit", edit_words(edit)))?;
        line(f, "Program", self.program)?;
        line(f, "Metric", format_args!("{} {after}", word(&self.metric.name)))?;
        line(f, "Previous-Metric", format_args!("{} {before}", word(&self.metric.name)))?;
        for pair in self.pairs {
            let (before, after) = (self.metric.as_printed(pair.before), self.metric.as_printed(pair.after));
            line(f, "Pair", format_args!("seed={} before={before} after={after}", pair.seed))?;
        }
        if let Some(p) = self.p_value {
            line(f, "P-Value", p)?;
            line(f, "Level", self.level)?;
        }
        line(f, "Budget", word(self.budget))?;
        writeln!(f, "Frozen: {}", word(self.frozen))
    }
}

/// The message of the commit that takes over what somebody else did to main, so that the study continues from there.
pub(crate) fn takeover(study: &str, main: &str, their_subject: &str) -> String {
    let subject = format!("take over {main}: {}", one_line(their_subject));
    let what = paragraph(
        "main was moved by somebody else. This commit has the files of main; the study's own discoveries, the \
         second parent, are proposed again as edits of it.",
    );
    message(&subject, &[what], &format!("Study: {}\n", word(study)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Sources;

    fn edit(site: &str, from: &str, to: &str, summary: &str) -> Edit {
        let [site, from, to, summary] = [site, from, to, summary].map(str::to_owned);
        Edit { site, from, to, template: None, summary }
    }

    fn message_of(changes: &[Edit], pairs: &[Pair], p_value: Option<f64>) -> String {
        let program = ProgramId::new("frozen", &Sources::default());
        let metric = Metric { name: "val_bpb".to_owned(), maximise: false };
        let note = MergeNote {
            study: "night",
            trial: 17,
            program: &program,
            metric: &metric,
            changes,
            ideas: &[],
            pairs,
            p_value,
            level: 0.009,
            budget: "20s",
            frozen: "f00d",
        };
        note.message().replace(program.as_str(), "PROGRAM")
    }

    const PAIRS: [Pair; 2] =
        [Pair { seed: 101, before: 2.410, after: 2.330 }, Pair { seed: 102, before: 2.414, after: 2.332 }];

    #[test]
    fn a_merge_states_the_whole_change_the_gain_and_how_sure_it_is() {
        let changes = [
            edit("positions", "original", "rope", "RoPE instead of learned positions"),
            edit("recipe::RATE", "2e-3", "1e-3", "RATE 2e-3 -> 1e-3"),
        ];
        assert_eq!(
            message_of(&changes, &PAIRS, Some(0.0042)),
            "\
merge trial 17: RoPE instead of learned positions and 1 more, val_bpb 2.412 -> 2.331 (-3.4 %, 2 seeds, p = 0.004)

Changes from the previous best program to this one:

- RoPE instead of learned positions (positions: original -> rope)
- RATE 2e-3 -> 1e-3 (recipe::RATE: 2e-3 -> 1e-3)

Both were trained on fresh seeds with a budget of 20s; the result that
the trial was picked for is not counted. If they were equally good, a
gain this large would be seen with p = 0.004, however often one looks.
The level to meet was p = 0.009, after the candidates before it.

  seed                  previous best   this program     difference
  101                           2.410          2.330       -0.08000
  102                           2.414          2.332       -0.08200

Study: night
Trial: 17
Edit: site=positions from=original to=rope summary=\"RoPE instead of learned positions\"
Edit: site=recipe::RATE from=2e-3 to=1e-3 summary=\"RATE 2e-3 -> 1e-3\"
Program: PROGRAM
Metric: val_bpb 2.331
Previous-Metric: val_bpb 2.412
Pair: seed=101 before=2.41 after=2.33
Pair: seed=102 before=2.414 after=2.332
P-Value: 0.0042
Level: 0.009
Budget: 20s
Frozen: f00d
"
        );
    }

    #[test]
    fn no_p_value_is_stated_if_noise_cannot_be_measured() {
        let changes = [edit("recipe::RATE", "2e-3", "1e-3", "RATE 2e-3 -> 1e-3")];
        let message = message_of(&changes, &PAIRS[..1], None);
        let subject = message.lines().next().unwrap();
        assert_eq!(subject, "merge trial 17: RATE 2e-3 -> 1e-3, val_bpb 2.410 -> 2.330 (-3.3 %, 1 seed)");
        assert!(message.contains("noise cannot be measured"));
        assert!(!message.contains("p = ") && !message.contains("P-Value"));
    }

    #[test]
    fn the_trailers_of_a_merge_are_git_trailers_and_not_those_of_a_trial() {
        let changes = [edit("a b", "\n", ":", "odd\nsite")];
        let message = message_of(&changes, &PAIRS, Some(0.5));
        let found = git2::message_trailers_strs(&message).unwrap();
        let keys: Vec<_> = found.iter().map(|(key, _)| key.to_owned()).collect();
        assert_eq!(keys[..4], ["Study", "Trial", "Edit", "Program"]);
        assert_eq!(keys.len(), 12);
        assert_eq!(super::super::trailers::Trailers::parse(&message), None);
    }

    #[test]
    fn a_takeover_names_what_is_taken_over() {
        let message = takeover("night", "01234567", "Fix the\nloader");
        assert!(message.starts_with("take over 01234567: Fix the loader\n\nmain was moved"));
        assert!(message.ends_with("\n\nStudy: night\n"));
    }
}
