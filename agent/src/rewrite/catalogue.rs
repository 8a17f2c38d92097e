//! All templates: those that come with the program, and the user's own.
//!
//! Every file in `templates/` is in the catalogue; they are not listed anywhere else.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::Pattern;
use super::template::{Template, TemplateError};

/// The templates that come with the program, as pairs of path and text in the order of paths. `build.rs` lists them.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// Templates by their path: `positions/rope`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    pub(super) templates: BTreeMap<String, Template>,
}

impl Catalogue {
    /// The templates that come with the program.
    pub(crate) fn embedded() -> Self {
        Self::default().with_user(EMBEDDED).expect("a test reads every embedded template")
    }

    /// Adds a user's templates, as pairs of path and text. One with the path of another replaces it.
    pub(crate) fn with_user<P: AsRef<str>, T: AsRef<str>>(
        mut self,
        files: &[(P, T)],
    ) -> Result<Self, TemplateError> {
        for (path, text) in files {
            let template = Template::read(path.as_ref(), text.as_ref())?;
            self.templates.insert(template.path.clone(), template);
        }
        Ok(self)
    }

    /// Templates by folder, both in the order of their names.
    pub(super) fn folders(&self) -> BTreeMap<&str, Vec<&Template>> {
        let mut folders = BTreeMap::<_, Vec<_>>::new();
        for template in self.templates.values() {
            folders.entry(template.folder.as_str()).or_default().push(template);
        }
        folders
    }

    /// The keys of all places that templates fill.
    pub(super) fn keys(&self) -> BTreeSet<String> {
        let places = self.templates.values().flat_map(|template| &template.places);
        places.map(|place| place.key.clone()).collect()
    }

    /// The pairs of all expression templates, those of a folder together.
    pub(super) fn patterns(&self) -> Vec<Pattern> {
        let pairs = self.folders().into_values().flatten().flat_map(|template| {
            template.pairs.iter().map(|pair| Pattern {
                folder: template.folder.clone(),
                template: template.name.clone(),
                pair: pair.clone(),
            })
        });
        pairs.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::study::{Edit, Sources};

    use super::super::Rewriter;
    use super::super::site::ORIGINAL;
    use super::super::testing::edit;
    use super::*;

    /// The files of the default target that a search may change.
    const MUTABLE: [&str; 4] = ["src/recipe.rs", "src/recipe/small.rs", "src/model.rs", "src/train.rs"];

    fn target_project() -> Sources {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target-project");
        let files = MUTABLE.iter().map(|path| {
            let text = std::fs::read_to_string(root.join(path)).expect("a file of the target project");
            ((*path).to_owned(), text)
        });
        Sources(files.collect())
    }

    fn slot_templates(catalogue: &Catalogue) -> impl Iterator<Item = &Template> {
        catalogue.templates.values().filter(|template| template.pairs.is_empty())
    }

    #[test]
    fn every_template_says_what_it_is_why_and_who_found_it() {
        let catalogue = Catalogue::embedded();
        let mut titles = BTreeSet::new();
        for template in catalogue.templates.values() {
            let path = &template.path;
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(path.chars().all(|c| is_plain(c) || c == '/'), "{path}: name it in snake_case");
            assert_ne!(template.name, ORIGINAL, "{path}: the name is reserved for the baseline");
            let title = template.doc.lines().next().expect("a documentation");
            assert!(
                !title.ends_with('.') && title.len() <= 80,
                "{path}: `{title}` is not a phrase for a subject"
            );
            assert!(titles.insert(title), "{path}: `{title}` is the title of another template");
            assert!(template.doc.lines().count() > 3, "{path}: say why it may help");
            let paper = template.doc.lines().find_map(|line| line.strip_prefix("Paper: "));
            assert!(paper.is_some_and(|paper| !paper.is_empty()), "{path}: a line `Paper: ...` is missing");
        }
    }

    #[test]
    fn every_template_can_be_applied_to_the_target_project_and_taken_back() {
        let catalogue = Catalogue::embedded();
        let baseline = target_project();
        let rewriter = Rewriter::new(&catalogue, &baseline).expect("the catalogue fits the target");
        for template in slot_templates(&catalogue) {
            let there = rewriter.apply(&baseline, &[edit(&template.folder, &template.name)]);
            let there = there.unwrap_or_else(|error| panic!("{}: {error}", template.path));
            assert_ne!(there, baseline, "{}", template.path);
            assert_eq!(rewriter.values(&there).expect("values")[&template.folder], template.name);
            let back = rewriter.apply(&there, &[edit(&template.folder, ORIGINAL)]).expect("the way back");
            assert_eq!(back, baseline, "{}", template.path);
        }
    }

    #[test]
    fn templates_of_all_folders_can_be_applied_together_in_any_order() {
        let catalogue = Catalogue::embedded();
        let baseline = target_project();
        let rewriter = Rewriter::new(&catalogue, &baseline).expect("the catalogue fits the target");
        let last = slot_templates(&catalogue).map(|template| (&template.folder, &template.name));
        let last: BTreeMap<&String, &String> = last.collect();
        let mut edits: Vec<Edit> = last.into_iter().map(|(folder, name)| edit(folder, name)).collect();
        let forward = rewriter.apply(&baseline, &edits).expect("all together");
        edits.reverse();
        assert_eq!(rewriter.apply(&baseline, &edits).expect("the other way"), forward);
        let back: Vec<Edit> = edits.iter().map(|there| edit(&there.site, ORIGINAL)).collect();
        assert_eq!(rewriter.apply(&forward, &back).expect("the way back"), baseline);
    }

    #[test]
    fn a_study_can_start_from_a_program_that_another_has_improved() {
        let catalogue = Catalogue::embedded();
        let baseline = target_project();
        let rewriter = Rewriter::new(&catalogue, &baseline).expect("the catalogue fits the target");
        for template in slot_templates(&catalogue) {
            let improved =
                rewriter.apply(&baseline, &[edit(&template.folder, &template.name)]).expect("an edit");
            let next = Rewriter::new(&catalogue, &improved).unwrap_or_else(|error| panic!("{error}"));
            let sites = next.sites(&improved).expect("sites");
            let choice = sites.iter().find(|site| site.name == template.folder);
            let is_offered = choice.is_some_and(|site| site.values.contains(&template.name));
            assert!(!is_offered, "{}", template.path);
        }
    }

    #[test]
    fn a_file_that_is_not_a_template_is_refused_with_what_to_do() {
        let refused = |path: &str, text: &str| {
            Catalogue::default().with_user(&[(path, text)]).expect_err("refused").to_string()
        };
        assert!(refused("rope.rs", "//! RoPE\nfn f() {}").contains("move it"));
        assert!(refused("a/b.rs", "fn f() {}").contains("its first line must be"));
        assert!(refused("a/b.rs", "//! b\nconst X: u8 = 1;").contains("it has no function"));
        assert!(refused("a/b.rs", "//! b\nfn f( {}").starts_with("template a/b.rs:2:"));
        assert!(
            refused("a/b.rs", "//! b\nfn before(x: u8) -> u8 { f(x) }").contains("`before` has no `after`")
        );
        let pair =
            |after: &str| refused("a/b.rs", &format!("//! b\nfn before(x: u8) -> u8 {{ f(x) }}\n{after}"));
        assert!(
            pair("fn after(y: u8) -> u8 { y + 1 }").contains("`y` of `after` is not a parameter of `before`")
        );
        assert!(pair("fn after(x: u8) -> u8 { x }").contains("matches everything"));
        assert!(pair("fn after(x: u8) -> u8 { g(); x + 1 }").contains("one expression and nothing else"));
    }

    #[test]
    fn a_users_template_replaces_the_one_of_the_same_path() {
        let files =
            [("a/b.rs", "//! one\nfn f() {}"), (".autoresearch/templates/a/b.rs", "//! two\nfn f() {}")];
        let catalogue = Catalogue::default().with_user(&files).expect("templates");
        let docs: Vec<&str> = catalogue.templates.values().map(|template| template.doc.as_str()).collect();
        assert_eq!(docs, ["two"]);
    }
}
