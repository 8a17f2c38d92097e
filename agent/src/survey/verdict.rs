//! The end of a comparison: the returned programs, the untouched one and the preset are measured on the same fresh
//! seeds, and the table is drawn.

use std::ops::ControlFlow;

use anyhow::Result;

use super::contest::{Contest, Entrant};
use super::programs::{Premises, Subject, Survey};
use super::table::{with_sources, write};
use crate::campaign::{End, Surroundings};
use crate::device;
use crate::evaluator::slots_directory;
use crate::project::{Options, Project, Typed, tree};
use crate::repo::Repo;
use crate::report::{Comparison, Contender, Returned};
use crate::runs::Interrupt;
use crate::study::{Measurement, Study, survey_seed};

/// Seed of the seeds on which programs are checked, far from those of the studies.
const CHECK: u64 = 1_000_000;

impl Contest {
    /// Measures the programs, of which the first is the untouched one, and writes the table.
    pub(crate) async fn check(
        &self,
        shared: &Surroundings,
        main: &Repo,
        project: &Project,
        entrants: &[Entrant],
    ) -> Result<ControlFlow<End, Comparison>> {
        let typed = Typed { budget: Some(self.budget.clone()), slots: self.slots, ..Typed::default() };
        let options = Options::decide(&typed, &project.config, None, shared.devices.clone())?;
        let terms = vec![
            ("budget".to_owned(), self.budget.clone()),
            ("device".to_owned(), device::list(&options.devices)),
            ("program".to_owned(), entrants[0].program.to_string()),
        ];
        let premises = Premises {
            project,
            options: &options,
            adapters: &shared.adapters,
            slots: shared.slots.clone().unwrap_or_else(|| slots_directory(main.root())),
            interrupt: shared.interrupt.clone().unwrap_or_else(|| Interrupt::listen(None)),
        };
        let mut survey = Survey::open(&self.folder.join("check"), terms, premises)?;
        survey.add_arguments(&project.config.run.test_args);
        let base = tree(main, main.main_head()?)?;
        let subject = |entrant: &Entrant| Subject {
            title: entrant.title.clone(),
            program: entrant.program.clone(),
            tree: with_sources(&base, &entrant.sources),
        };
        let subjects: Vec<Subject> = entrants.iter().map(subject).collect();
        let seeds: Vec<u64> = (0..self.check_seeds as usize).map(|nth| survey_seed(CHECK, nth)).collect();
        survey.line(&format!("\nthe returned programs, on {} fresh seeds", seeds.len()));
        if let Some(end) = survey.run(&subjects, &interleaved(&subjects, &seeds), |_| Ok(())).await? {
            return Ok(ControlFlow::Break(end.into()));
        }
        let comparison = self.comparison(&options, entrants, seeds, &survey);
        write(&self.folder.join("compare.md"), &comparison.to_markdown())?;
        write(&self.folder.join("compare.json"), &(serde_json::to_string_pretty(&comparison)? + "\n"))?;
        Ok(ControlFlow::Continue(comparison))
    }

    fn comparison(
        &self,
        options: &Options,
        entrants: &[Entrant],
        seeds: Vec<u64>,
        survey: &Survey,
    ) -> Comparison {
        let returned = |entrant: &Entrant| returned(entrant, &seeds, survey);
        let given = entrants.iter().filter(|entrant| entrant.search.is_none());
        let mut contenders: Vec<Contender> =
            given.map(|entrant| Contender::fixed(&entrant.title, returned(entrant))).collect();
        for method in &self.methods {
            let of_it =
                |entrant: &&Entrant| entrant.search.as_ref().is_some_and(|(other, _)| other == method);
            let studies: Vec<&Study> = entrants
                .iter()
                .filter(of_it)
                .filter_map(|entrant| Some(&entrant.search.as_ref()?.1))
                .collect();
            let returned = entrants.iter().filter(of_it).map(returned).collect();
            contenders.push(Contender::of_studies(&method.to_string(), &studies, returned, self.trials));
        }
        Comparison {
            metric: options.metric.name.clone(),
            test_metric: options.metric.test_name(),
            budget: self.budget.clone(),
            device: device::list(&options.devices),
            trials: self.trials,
            repeats: self.repeats,
            check_seeds: seeds,
            contenders,
        }
    }
}

/// The results of a program on each seed.
fn returned(entrant: &Entrant, seeds: &[u64], survey: &Survey) -> Returned {
    let on_each = |value: fn(&Measurement) -> Option<f64>| {
        let runs = seeds.iter().map(|seed| survey.measurement(&entrant.program, *seed));
        runs.map(|run| Some(survey.as_printed(value(run?)?))).collect()
    };
    Returned {
        trial: entrant.trial,
        subject: entrant.subject.clone(),
        values: on_each(|run| run.metric),
        test: on_each(|run| run.test),
    }
}

/// Each seed with each program, which take turns in being first; a program that was returned several times runs once.
fn interleaved(subjects: &[Subject], seeds: &[u64]) -> Vec<(usize, u64)> {
    let is_first = |at: &usize| !subjects[..*at].iter().any(|other| other.program == subjects[*at].program);
    let distinct: Vec<usize> = (0..subjects.len()).filter(is_first).collect();
    let on = |(nth, seed): (usize, &u64)| -> Vec<(usize, u64)> {
        (0..distinct.len()).map(|at| (distinct[(at + nth) % distinct.len()], *seed)).collect()
    };
    seeds.iter().enumerate().flat_map(on).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluator::Tree;
    use crate::study::{ProgramId, Sources};

    #[test]
    fn programs_take_turns_in_being_first_and_none_runs_twice_on_a_seed() {
        let subject = |name: &str| Subject {
            title: name.to_owned(),
            program: ProgramId::new(name, &Sources::default()),
            tree: Tree::new(),
        };
        let subjects = [subject("a"), subject("b"), subject("a")];
        assert_eq!(interleaved(&subjects, &[7, 8]), [(0, 7), (1, 7), (1, 8), (0, 8)]);
    }
}
