//! `record`: measures programs of a repository's own space into a table of results, on which searches can be replayed.
//!
//! The survey's log next to the table is the truth; the table is written anew from it after each run, so that neither
//! is ever half-written. A program has a row once it has run, with an empty cell for a run that has no result.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;

use super::product::{Axis, Combination, Product};
use super::programs::{Premises, Subject, Survey, Terms};
use crate::device;
use crate::evaluator::{File, Tree, slots_directory};
use crate::journal::{Folder, Lock};
use crate::project::{Options, Project, Typed, UserError, fit, tree, usable};
use crate::repo::Repo;
use crate::runs::{Interrupt, Interruption, devices};
use crate::study::{Measurement, Sources, survey_seed};

/// Measures the product of the axes, each program on this many seeds. Must be called within the runtime.
pub(crate) fn open_table(
    repo: &Path,
    table: &Path,
    axes: &[Axis],
    seeds: usize,
    typed: &Typed,
) -> Result<Table> {
    let repo = Repo::open(repo).map_err(UserError::from_error)?;
    let notes = usable(&repo)?;
    std::fs::create_dir_all(repo.journal_dir())?;
    // Slots belong to a repository, and one run at a time fills them.
    let lock = Lock::take(&repo.journal_dir()).map_err(UserError::locked)?;
    let head = repo.main_head()?;
    let project = fit(&repo, head)?;
    let product = Product::new(&project, axes)?;
    let folder = beside(table)?;
    let (adapters, devices) = devices()?;
    let options = Options::decide(typed, &project.config, None, devices)?;
    let premises = Premises {
        project: &project,
        options: &options,
        adapters: &adapters,
        slots: slots_directory(repo.root()),
        interrupt: Interrupt::listen(options.time),
    };
    let survey = Survey::open(&folder, terms(&project, &options, &product), premises)?;
    notes.iter().chain(&project.notes).for_each(|note| survey.warn(note));
    let base = tree(&repo, head)?;
    let subject = |combination: &Combination| Subject {
        title: combination.title.clone(),
        program: combination.program.clone(),
        tree: with_sources(&base, &combination.sources),
    };
    Ok(Table {
        subjects: product.programs.iter().map(subject).collect(),
        path: table.to_owned(),
        seeds: (0..seeds).map(|nth| survey_seed(options.seed, nth)).collect(),
        product,
        survey,
        options,
        _lock: lock,
    })
}

/// A table being measured.
#[derive(Debug)]
pub(crate) struct Table {
    path: PathBuf,
    product: Product,
    subjects: Vec<Subject>,
    seeds: Vec<u64>,
    options: Options,
    survey: Survey,
    _lock: Lock,
}

impl Table {
    /// Prints what is about to happen.
    pub(crate) fn introduce(&self) {
        self.options.warning().into_iter().for_each(|warning| self.survey.warn(&warning));
        let (left_out, why) = &self.product.left_out;
        let left_out = match left_out {
            0 => String::new(),
            count => {
                let all = count + self.subjects.len();
                format!("; {count} of {all} combinations left out ({why})")
            }
        };
        self.survey.line(&format!(
            "{} programs on {} seeds, {} per run, on {}{left_out}\n",
            self.subjects.len(),
            self.seeds.len(),
            self.options.budget,
            device::list(&self.options.devices),
        ));
    }

    /// Measures what has not been measured; `Some` if the user stopped it first.
    pub(crate) async fn fill(&mut self) -> Result<Option<Interruption>> {
        let Self { path, product, subjects, seeds, options, survey, .. } = self;
        let mut shuffled: Vec<usize> = (0..subjects.len()).collect();
        // The untouched program first, which shows whether anything can be built here.
        shuffled.sort_by_key(|&subject| {
            let program = &subjects[subject].program;
            let key = format!("{} {program}", options.seed);
            (!survey.is_untouched(program), *blake3::hash(key.as_bytes()).as_bytes())
        });
        let runs: Vec<(usize, u64)> =
            seeds.iter().flat_map(|&seed| shuffled.iter().map(move |&subject| (subject, seed))).collect();
        let write = |survey: &Survey| write(path, &text(product, seeds, options.metric.maximise, survey));
        write(survey)?;
        survey.run(subjects, &runs, write).await
    }
}

/// The folder of a table's runs, `TABLE.csv.runs`; a table without one was not recorded here.
fn beside(table: &Path) -> Result<PathBuf, UserError> {
    let folder = PathBuf::from(format!("{}.runs", table.display()));
    if table.file_name().is_none() || table.is_dir() {
        return Err(UserError::new(format!("{} is a folder; name a file for the table", table.display())));
    }
    if table.extension().is_some_and(|extension| extension == "gz") {
        return Err(UserError::new(format!(
            "{} is named like a gzipped file, but a table is written as plain text; leave out the .gz",
            table.display()
        )));
    }
    if table.exists() && !folder.exists() {
        return Err(UserError::new(format!(
            "{} already exists, and its runs are not in {}; give another name",
            table.display(),
            folder.display()
        )));
    }
    Ok(folder)
}

/// What must not change while a table is measured. More seeds may be asked for later.
fn terms(project: &Project, options: &Options, product: &Product) -> Terms {
    let term = |name: &str, value: String| (name.to_owned(), value);
    let mut terms = vec![
        term("budget", options.budget.to_string()),
        term("seed", options.seed.to_string()),
        term("device", device::list(&options.devices)),
        term("program", project.identity(&project.sources).to_string()),
    ];
    terms.extend(product.sites.iter().map(|site| term(&site.name, site.values.join(","))));
    terms
}

/// A tree with other mutable files.
pub(crate) fn with_sources(tree: &Tree, sources: &Sources) -> Tree {
    let mut tree = tree.clone();
    for (path, text) in &sources.0 {
        let file = tree.get(path).cloned();
        let executable = file.as_ref().is_some_and(|file| file.executable);
        let edited = File { bytes: text.as_bytes().into(), executable };
        // Links to a file have its very bytes.
        let links = tree
            .values_mut()
            .filter(|one| file.as_ref().is_some_and(|file| Arc::ptr_eq(&one.bytes, &file.bytes)));
        links.for_each(|link| *link = edited.clone());
        tree.insert(path.clone(), edited);
    }
    tree
}

/// The current table.
fn text(product: &Product, seeds: &[u64], maximise: bool, survey: &Survey) -> String {
    let direction = if maximise { "maximize" } else { "minimize" };
    let params = product.sites.iter().map(|site| {
        let kind = if site.ordered { "ord" } else { "cat" };
        quoted(&format!("param:{}:{kind}", site.name))
    });
    let header: Vec<String> = params.chain((0..seeds.len()).map(|nth| format!("value:{nth}"))).collect();
    let mut lines = vec![format!("# {direction}"), header.join(",")];
    for combination in &product.programs {
        let runs: Vec<_> = seeds.iter().map(|seed| survey.measurement(&combination.program, *seed)).collect();
        if runs.iter().any(Option::is_some) {
            let value = |run: &Option<&Measurement>| run.and_then(|run| survey.printed(run));
            let results =
                runs.iter().map(|run| value(run).map_or_else(String::new, |value| value.to_string()));
            let cells: Vec<String> =
                combination.values.iter().map(|value| quoted(value)).chain(results).collect();
            lines.push(cells.join(","));
        }
    }
    lines.join("\n") + "\n"
}

/// A cell, in quotes if CSV needs them.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// Replaces a file as a whole.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let written = Folder::new(folder.to_owned()).save_blob(&name, text.as_bytes());
    written.map_err(|error| UserError::new(format!("cannot write {}: {error}", path.display())).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_only_if_necessary() {
        assert_eq!(quoted("recipe::WIDTH"), "recipe::WIDTH");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
    }

    #[test]
    fn a_table_that_was_not_recorded_here_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        assert_eq!(beside(&table).unwrap(), folder.path().join("t.csv.runs"));
        std::fs::write(&table, "precious").unwrap();
        assert!(beside(&table).unwrap_err().to_string().contains("give another name"));
        assert!(beside(folder.path()).is_err());
        assert!(
            beside(&folder.path().join("t.csv.gz")).unwrap_err().to_string().contains("leave out the .gz")
        );
    }
}
