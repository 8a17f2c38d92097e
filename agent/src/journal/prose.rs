//! Text for commit messages: subjects of one line, wrapped paragraphs, names for branches. Knows nothing of trials.

use crate::study::Edit;

/// Width of a body's lines, the same as in git's own tools.
const WIDTH: usize = 72;

/// Length of a title: with "trial 123: " before and an outcome after it, the subject can still be scanned.
const TITLE: usize = 50;

/// Length of the part of a branch's name that says what a trial is about.
const SLUG: usize = 40;

/// What edits do, in one phrase: all of them if that is short, else the first and how many more.
pub(super) fn title(edits: &[Edit]) -> String {
    let summaries: Vec<String> = edits.iter().map(|edit| one_line(&edit.summary)).collect();
    let all = summaries.join(", ");
    match summaries.as_slice() {
        [first, _, ..] if all.chars().count() > TITLE => format!("{first} and {} more", summaries.len() - 1),
        _ => all,
    }
}

/// The list of edits, one per line.
pub(super) fn list(edits: &[Edit]) -> String {
    let line = |edit: &Edit| {
        let (site, from, to) = (one_line(&edit.site), one_line(&edit.from), one_line(&edit.to));
        format!("- {} ({site}: {from} -> {to})", one_line(&edit.summary))
    };
    edits.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A text without line ends and other control characters.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// A text as one wrapped paragraph.
pub(super) fn paragraph(text: &str) -> String {
    let mut wrapped = String::new();
    let mut column = 0;
    for word in one_line(text).split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            wrapped.push('\n');
            column = 0;
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        // Git treats a line that starts with three hyphens as the end of the message.
        if column == 0 && word.starts_with("---") {
            wrapped.push(' ');
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

/// A message of a subject, paragraphs (empty ones left out) and trailers.
pub(super) fn message(subject: &str, paragraphs: &[String], trailers: &str) -> String {
    let mut parts = vec![one_line(subject)];
    parts.extend(paragraphs.iter().filter(|text| !text.is_empty()).cloned());
    parts.push(trailers.to_owned());
    parts.join("\n\n")
}

/// A title as part of a branch's name: lower-case letters, digits and hyphens.
pub(super) fn slug(title: &str) -> String {
    let mut slug = String::new();
    for word in title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let room = SLUG.saturating_sub(slug.len() + usize::from(!slug.is_empty()));
        if word.len() > room && !slug.is_empty() {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.extend(word.chars().take(room).map(|c| c.to_ascii_lowercase()));
    }
    if slug.is_empty() { "edit".to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(summary: &str) -> Edit {
        Edit {
            site: "recipe::RATE".to_owned(),
            from: "1e-3".to_owned(),
            to: "2e-3".to_owned(),
            template: None,
            summary: summary.to_owned(),
        }
    }

    #[test]
    fn a_title_names_all_edits_or_the_first_and_how_many_more() {
        let (short, long) = (edit("RATE 1e-3 -> 2e-3"), edit("RoPE instead of learned positions"));
        assert_eq!(title(std::slice::from_ref(&short)), "RATE 1e-3 -> 2e-3");
        assert_eq!(title(&[short.clone(), short.clone()]), "RATE 1e-3 -> 2e-3, RATE 1e-3 -> 2e-3");
        assert_eq!(
            title(&[long.clone(), short.clone(), long]),
            "RoPE instead of learned positions and 2 more"
        );
        assert_eq!(list(&[short]), "- RATE 1e-3 -> 2e-3 (recipe::RATE: 1e-3 -> 2e-3)");
    }

    #[test]
    fn a_branch_is_named_by_words_of_the_title() {
        assert_eq!(slug("RoPE instead of learned positions"), "rope-instead-of-learned-positions");
        assert_eq!(slug("LEARNING_RATE 1e-3 -> 2e-3"), "learning-rate-1e-3-2e-3");
        assert_eq!(slug("größer …"), "gr-er");
        assert_eq!(slug("…"), "edit");
    }

    #[test]
    fn paragraphs_are_wrapped_and_cannot_end_a_message() {
        let text = "word ".repeat(30);
        let wrapped = paragraph(&text);
        assert!(wrapped.lines().all(|line| line.len() <= WIDTH) && wrapped.lines().count() == 3);
        assert_eq!(one_line(&wrapped), text.trim());
        assert_eq!(paragraph("--- a diff\0\n---"), " --- a diff ---");
    }

    proptest! {
        #[test]
        fn any_title_gives_a_name_that_git_accepts(title in any::<String>()) {
            let name = format!("refs/heads/trial/night/1-{}", slug(&title));
            prop_assert!(git2::Reference::is_valid_name(&name));
            prop_assert!(slug(&title).len() <= SLUG);
        }
    }
}
