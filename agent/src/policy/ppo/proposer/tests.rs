//! Tests of the default search as a whole, on grids.

use super::*;
use crate::policy::toy::Grid;

const GRID: Grid = Grid { categories: 4, ladders: 6, width: 6 };

#[test]
fn a_study_opens_with_edits_of_the_baseline_that_are_far_from_each_other() {
    let notebook = GRID.notebook();
    let proposals = Proposer::new(1).ask(&notebook, &GRID, OPENING - 1);
    assert_eq!(proposals.len(), OPENING - 1);
    assert!(proposals.iter().all(|proposal| proposal.parent == 0 && proposal.choice.features.is_empty()));
    // One random edit changes 1.85 sites on average.
    let edits: usize = proposals.iter().map(|proposal| proposal.edits.len()).sum();
    assert!(edits >= 18, "{edits}");
}

#[test]
fn if_there_are_many_sites_a_study_opens_with_many_edits_at_once() {
    let grid = Grid { categories: 12, ladders: 18, width: 4 };
    let proposals = Proposer::new(1).ask(&grid.notebook(), &grid, OPENING - 1);
    let edits: Vec<usize> = proposals.iter().map(|proposal| proposal.edits.len()).collect();
    assert!(edits.iter().all(|edits| (4..=15).contains(edits)), "{edits:?}");
    assert!(edits.iter().sum::<usize>() >= 70, "{edits:?}");
}

#[test]
fn the_opening_continues_until_there_is_a_result() {
    let mut proposer = Proposer::new(1);
    let baseline = GRID.baseline();
    let mut notebook = Notebook::new(0, Grid::id(&baseline), baseline);
    assert_eq!(proposer.best(&notebook), notebook.programs()[0].program.id);
    for trial in 1..30 {
        let proposals = proposer.ask(&notebook, &GRID, 1);
        assert_eq!((proposals.len(), proposals[0].parent), (1, 0));
        notebook.begin(trial, &proposals[0]);
        if trial == 3 {
            notebook.end(trial, Outcome::Crashed, None, None);
            proposer.tell(&notebook, trial);
        }
    }
    assert_eq!(notebook.programs().len(), 30, "none is tried twice");
    notebook.end(0, Outcome::Better, Some(1.0), None);
    assert!(!proposer.ask(&notebook, &GRID, 1)[0].choice.features.is_empty());
}

#[test]
fn a_choice_says_why_it_was_made() {
    let mut proposer = Proposer::new(2);
    let notebook = GRID.study(&mut proposer, 20, 1);
    let choice = &notebook.trials()[19].choice;
    let names: Vec<&str> = choice.features.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, FEATURES.map(|(name, _)| name));
    assert!(choice.log_prob < 0.0 && choice.pool > 300 && choice.rank >= 1, "{choice:?}");
    assert_eq!(choice.method, "ppo");
}

#[test]
fn every_eighth_step_that_is_told_triggers_an_update() {
    let (mut proposer, mut notebook) = (Proposer::new(3), GRID.notebook());
    let mut updates = Vec::new();
    let mut steps = 0;
    while notebook.trials().len() < 60 {
        let trial = notebook.trials().len() as TrialNumber;
        let proposals = proposer.ask(&notebook, &GRID, 1);
        steps += usize::from(!proposals[0].is_repeat() && !proposals[0].choice.features.is_empty());
        notebook.begin(trial, &proposals[0]);
        notebook.end(trial, Outcome::Worse, Some(Grid::result(&proposals[0].values)), None);
        updates.extend(proposer.tell(&notebook, trial));
    }
    assert_eq!(updates.len(), steps / ARGS.update_every);
    assert!(updates.iter().zip(1..).all(|(update, version)| update.version == version));
    assert!(updates.iter().all(|update| update.entropy > 0.0 && update.value_loss.is_finite()));
}

#[test]
fn results_may_come_late_and_in_any_order() {
    let (mut proposer, mut notebook) = (Proposer::new(4), GRID.notebook());
    let mut waiting: Vec<(TrialNumber, Proposal)> = Vec::new();
    for trial in 1..80 {
        let proposal = proposer.ask(&notebook, &GRID, 1).remove(0);
        notebook.begin(trial, &proposal);
        waiting.push((trial, proposal));
        if waiting.len() > 6 {
            let (late, proposal) = waiting.swap_remove(trial as usize % 6);
            notebook.end(late, Outcome::Worse, Some(Grid::result(&proposal.values)), None);
            proposer.tell(&notebook, late);
        }
    }
    let repeats = notebook.trials().iter().filter(|trial| trial.repeat).count();
    assert_eq!(notebook.programs().len() + repeats, 80);
    assert!(proposer.pending.len() <= 7);
}

#[test]
fn what_failed_is_learned_from_and_never_a_parent() {
    let (mut proposer, mut notebook) = (Proposer::new(5), GRID.notebook());
    let mut failures = [0; 2];
    for trial in 1..120 {
        let proposal = proposer.ask(&notebook, &GRID, 1).remove(0);
        let parent = notebook.trial(proposal.parent).expect("a trial of the notebook").program;
        assert!(notebook.programs()[parent].mean().is_some());
        notebook.begin(trial, &proposal);
        // Whatever has cat1 = 5 crashes; some of the rest is pruned, some cancelled.
        match trial % 11 {
            _ if proposal.values["cat1"] == "5" => {
                failures[usize::from(trial >= 60)] += 1;
                notebook.end(trial, Outcome::Crashed, None, None);
            }
            0 => notebook.end(trial, Outcome::Pruned, None, Some(Grid::result(&proposal.values))),
            1 => notebook.end(trial, Outcome::Cancelled, None, None),
            _ => notebook.end(trial, Outcome::Worse, Some(Grid::result(&proposal.values)), None),
        }
        proposer.tell(&notebook, trial);
    }
    assert!(failures[1] * 2 < failures[0].max(2), "{failures:?}");
    let best = proposer.best(&notebook);
    let best = notebook.programs().iter().find(|tried| tried.program.id == best).expect("it was tried");
    let mean = best.mean().expect("only what completed is returned");
    assert!(mean < Grid::result(&GRID.baseline()) / 2.0, "{mean}");
}

#[test]
fn a_program_that_keeps_failing_its_repeats_is_not_returned() {
    let (proposer, mut notebook) = (Proposer::new(6), GRID.notebook());
    // Looks best at first sight; three confirmations say otherwise.
    let lucky: [Change; 1] = [("ord1".to_owned(), "0".to_owned())];
    let steady: [Change; 1] = [("ord1".to_owned(), "4".to_owned())];
    let baseline = notebook.programs()[0].program.clone();
    for (trial, changes, results) in [(1, lucky, [1.0, 9.0, 9.5, 9.2]), (2, steady, [5.0, 5.1, 4.9, 5.0])] {
        let derived = GRID.derive(&baseline, &changes).expect("it applies");
        let proposal = Proposal {
            parent: 0,
            edits: derived.edits,
            program: derived.id.clone(),
            values: derived.values,
            choice: Choice::default(),
        };
        notebook.begin(trial, &proposal);
        notebook.end(trial, Outcome::Better, Some(results[0]), None);
        results[1..].iter().for_each(|&result| notebook.confirm(&derived.id, result));
    }
    assert_eq!(proposer.best(&notebook), notebook.programs()[2].program.id);
}
