//! The default search: a surrogate estimates what candidates may be worth, PPO learns how to choose.
//!
//! A study opens with a few programs far from each other. After that, each choice is a draw from
//! the softmax over a pool, and every draw but a repeat is a step that PPO learns from once its
//! trial has ended. The candidates come from `pool`, `features` describes them, `agent` scores them.

use std::collections::{HashMap, HashSet};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::agent::{ARGS, Agent};
use super::draw::Draw;
use super::features::{self, Outlook, Reader, STUDY_FEATURES, Tallies};
use super::part::Part;
use super::pool::{self, Candidate, Composer, Parent, TOPS};
use super::rollout::Step;
use super::rule::FEATURES;
use crate::policy::edits::{
    Batch, EDIT_COUNTS, Near, changes, neighbours, random_moves_among, random_moves_of, weighted_index,
};
use crate::policy::rows::{Encoding, Row, StudyRows, trimmed};
use crate::policy::surrogate::{self, Point, Posterior, Prediction, Surrogate, prior_distance};
use crate::policy::{
    Change, Earlier, Method, Notebook, Observation, Policy, Program, SiteView, Space, Update, Verdict,
};
use crate::study::{Choice, Outcome, ProgramId, Proposal, TrialNumber, Values};

/// Programs of the opening, including the baseline.
const OPENING: usize = 8;
/// Number of them that are the best of earlier studies, if there are any.
const EARLIER_BEST: usize = 3;
/// Random edits of which the farthest is taken there.
const OPENING_DRAWS: usize = 60;
/// New runs between two fits of the surrogate; in a long study a share of its runs, for it changes slowly.
const FIT_EVERY: usize = 4;
const FIT_SHARE: usize = 64;
/// Candidates that may turn out not to exist, for each proposal.
const ATTEMPTS: usize = 50;
/// Largest bonus for values that no trial set before.
const NOVELTY: f32 = 0.1;
/// Trials that the critic sees the mean of.
const RECENT: usize = 8;

/// A choice whose trial has not ended.
#[derive(Debug, Serialize, Deserialize)]
struct Pending {
    program: ProgramId,
    step: Step,
}

/// The default search.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Proposer {
    rng: ChaCha8Rng,
    encoding: Encoding,
    #[serde(skip)]
    rows: StudyRows,
    surrogate: Surrogate,
    /// Runs at the last fit.
    fitted_runs: usize,
    agent: Agent,
    tallies: Tallies,
    pending: Vec<Pending>,
    /// The newest steps, as many as an update learns from.
    steps: Vec<Step>,
    steps_since_update: usize,
    /// Whether the last trials failed, and their rewards.
    recent: Vec<(bool, f32)>,
    /// Sites of possible parents, asked for once.
    #[serde(skip)]
    sites: HashMap<ProgramId, Vec<SiteView>>,
    /// For benches.
    #[serde(skip)]
    without: Vec<Part>,
}

impl Proposer {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let agent = Agent::new(&FEATURES.map(|(_, start)| start), STUDY_FEATURES, &mut rng);
        Self {
            rng,
            encoding: Encoding::default(),
            rows: StudyRows::default(),
            surrogate: Surrogate::default(),
            fitted_runs: 0,
            agent,
            tallies: Tallies::default(),
            pending: Vec::new(),
            steps: Vec::new(),
            steps_since_update: 0,
            recent: Vec::new(),
            sites: HashMap::new(),
            without: Vec::new(),
        }
    }

    /// The search without some of its parts.
    pub(crate) fn without(parts: &[Part], seed: u64) -> Self {
        let mut proposer = Self { without: parts.to_vec(), ..Self::new(seed) };
        if parts.contains(&Part::Scores) {
            proposer.agent = Agent::new(&[0.0; FEATURES.len()], STUDY_FEATURES, &mut proposer.rng);
        }
        proposer
    }

    fn has(&self, part: Part) -> bool {
        !self.without.contains(&part)
    }

    /// The most edits of one candidate, if there are many sites.
    fn longest(&self, sites: &[SiteView], near: Option<&Near>) -> Option<usize> {
        pool::longest(sites.len(), near).filter(|_| self.has(Part::LongEdits))
    }

    /// Edits of the baseline, each far from all programs before it, until there are `programs` programs.
    fn open(&mut self, batch: &mut Batch<'_>, programs: usize) {
        let baseline = &batch.notebook.programs()[0].program;
        let sites = batch.space.sites(baseline);
        let near = neighbours(batch.space, &sites);
        self.encoding.learn(&sites);
        self.open_as_earlier(batch, baseline, &sites);
        let mut there = self.rows.own().to_vec();
        for _ in self.rows.own().len()..programs {
            if batch.is_full() {
                return;
            }
            let mut draws: Vec<_> = (0..OPENING_DRAWS)
                .map(|_| {
                    let moves = if let Some(longest) = self.longest(&sites, near.as_ref()) {
                        let edits = self.rng.random_range(longest / 2..=longest + longest / 2);
                        random_moves_of(&mut self.rng, &sites, edits)
                    } else {
                        random_moves_among(&mut self.rng, &sites, near.as_ref())
                    };
                    let changes = changes(&sites, &moves);
                    let mut values = baseline.values.clone();
                    values.extend(changes.iter().cloned());
                    let row = self.encoding.row(&values);
                    let distances =
                        there.iter().map(|other| prior_distance(self.encoding.columns(), &row, other));
                    (distances.fold(f64::INFINITY, f64::min), changes)
                })
                .collect();
            draws.sort_by(|a, b| b.0.total_cmp(&a.0));
            let choice = self.choice();
            if draws.iter().any(|(_, changes)| batch.take(baseline, changes, choice.clone()))
                && let Some(taken) = batch.last()
            {
                there.push(self.encoding.row(&taken.values));
            }
        }
    }

    /// The best programs of earlier studies, one from each in turn, if they can be built here.
    fn open_as_earlier(&mut self, batch: &mut Batch<'_>, baseline: &Program, sites: &[SiteView]) {
        let best: Vec<Vec<&Values>> = batch.notebook.earlier().iter().map(Earlier::best).collect();
        let turns = (0..EARLIER_BEST).flat_map(|turn| best.iter().filter_map(move |best| best.get(turn)));
        for values in turns {
            if batch.is_full() || batch.notebook.programs().len() + batch.proposals().len() > EARLIER_BEST {
                return;
            }
            let change = |site: &SiteView| {
                let value = values.get(&site.name).filter(|value| **value != site.value)?;
                Some((site.name.clone(), value.clone()))
            };
            let changes: Vec<Change> = sites.iter().filter_map(change).collect();
            batch.take(baseline, &changes, self.choice());
        }
    }

    fn choice(&self) -> Choice {
        Choice { method: Method::Ppo.to_string(), version: self.agent.version, ..Choice::default() }
    }

    /// Draws from a pool until the batch is full.
    fn choose(&mut self, batch: &mut Batch<'_>) {
        let notebook = batch.notebook;
        let (runs, seen) = surrogate::runs(notebook, &self.rows);
        if notebook.runs().len() >= self.fitted_runs + FIT_EVERY.max(self.fitted_runs / FIT_SHARE) {
            self.surrogate.fit(self.encoding.columns(), &runs);
            self.fitted_runs = notebook.runs().len();
        }
        let mut posterior = Posterior::new(&self.surrogate, self.encoding.columns(), runs.clone());
        let order = ranking(notebook, &posterior, &seen);
        let Some(&best) = order.first() else { return };
        let known = self.encoding.size();
        let taken: Vec<Row> =
            batch.proposals().iter().map(|taken| self.encoding.row(&taken.values)).collect();
        let in_batch: HashSet<Row> = taken.iter().cloned().map(trimmed).collect();
        let is_seen = |program: usize| notebook.programs()[program].is_seen();
        let tried =
            |rows: &StudyRows, row: &Row| in_batch.contains(row) || rows.find(row).is_some_and(is_seen);
        let parents = self.parents(batch, &order, &seen, &tried);
        if self.encoding.size() > known {
            // The parents' sites have widened ladders, and with them distances.
            posterior = Posterior::new(&self.surrogate, self.encoding.columns(), runs);
        }

        let mut bases: Vec<Row> = parents.iter().map(|parent| parent.row.clone()).collect();
        bases.extend(taken);
        bases.extend(under_way(notebook).map(|program| self.rows.own()[program].clone()));
        let rows = &self.rows;
        let points_of = |candidates: &[Candidate]| -> Vec<Point> {
            candidates.iter().map(|candidate| candidate.point(&parents)).collect()
        };
        let tried = |row: &Row| tried(rows, row);
        let singles = pool::singles(&parents, &tried, &mut self.rng);
        let composer = self.longest(&parents[0].sites, parents[0].near.as_ref()).map(|longest| {
            let parent = |single: &Candidate| posterior.fitted[parents[single.parent].known];
            let means = posterior.means(&bases, &points_of(&singles)).into_iter();
            let gains: Vec<f64> = means.zip(&singles).map(|(mean, single)| mean - parent(single)).collect();
            Composer::new(&singles, &gains, longest)
        });
        let candidates = pool::candidates(&parents, singles, composer.as_ref(), &tried, &mut self.rng);
        let mut points = points_of(&candidates);
        let waiting =
            (parents.len()..bases.len()).map(|base| Point { base, changes: Vec::new(), known: None });
        points.extend(waiting);
        let mut prediction = posterior.predict(&bases, &points);
        (candidates.len()..points.len()).for_each(|point| prediction.observe(point));
        self.draw_all(batch, &parents, &candidates, &mut prediction, posterior.fitted[best]);
    }

    /// The best programs as parents, and more of them as long as all their edits were tried.
    fn parents(
        &mut self,
        batch: &Batch<'_>,
        order: &[usize],
        seen: &[usize],
        tried: &dyn Fn(&StudyRows, &Row) -> bool,
    ) -> Vec<Parent> {
        let mut sites = HashMap::new();
        let mut parents: Vec<Parent> = Vec::new();
        for &known in order {
            let has_new = |parent: &Parent| parent.has_new(&|row| tried(&self.rows, row));
            if parents.len() >= TOPS && parents.iter().any(has_new) {
                break;
            }
            let program = &batch.notebook.programs()[seen[known]].program;
            let row = self.rows.own()[seen[known]].clone();
            let cached = self.sites.remove(&program.id);
            let views = cached.unwrap_or_else(|| batch.space.sites(program));
            let near = neighbours(batch.space, &views);
            parents.push(Parent::new(program, row, known, &views, near, &mut self.encoding));
            sites.insert(program.id.clone(), views);
        }
        self.sites = sites;
        parents
    }

    fn draw_all(
        &mut self,
        batch: &mut Batch<'_>,
        parents: &[Parent],
        candidates: &[Candidate],
        prediction: &mut Prediction<'_>,
        best: f64,
    ) {
        let is_masked = |candidate: &Candidate| candidate.moves.is_empty() && !self.has(Part::Repeats);
        let mut masked: Vec<bool> = candidates.iter().map(is_masked).collect();
        let longest = self.longest(&parents[0].sites, parents[0].near.as_ref()).unwrap_or(EDIT_COUNTS.len());
        let mut attempts = ATTEMPTS;
        while !batch.is_full() && attempts > 0 && masked.contains(&false) {
            let progress = features::progress(batch.notebook.runs().len());
            let reader = Reader::new(self.encoding.columns(), &self.tallies, parents, progress, longest);
            let outlooks: Vec<Outlook> = prediction.mean[..candidates.len()]
                .iter()
                .zip(&prediction.variance)
                .map(|(mean, variance)| Outlook::new(mean - best, *variance))
                .collect();
            let draw = Draw::new(reader.pool(candidates, &outlooks, &masked), &masked, &self.agent);
            // A draw that does not exist is masked, and the draw is repeated from the same scores.
            let mut weights = draw.shares.clone();
            while attempts > 0 && weights.iter().any(|&weight| weight > 0.0) {
                let drawn = weighted_index(&weights, &mut self.rng);
                (weights[drawn], masked[drawn]) = (0.0, true);
                if self.take(batch, parents, &candidates[drawn], &draw, drawn, &outlooks) {
                    prediction.observe(drawn);
                    attempts = ATTEMPTS;
                    break;
                }
                attempts -= 1;
            }
        }
    }

    fn take(
        &mut self,
        batch: &mut Batch<'_>,
        parents: &[Parent],
        candidate: &Candidate,
        draw: &Draw,
        drawn: usize,
        outlooks: &[Outlook],
    ) -> bool {
        let parent = &parents[candidate.parent].program;
        let choice = draw.choice(drawn, self.choice());
        if candidate.moves.is_empty() {
            batch.repeat(parent, choice);
            return true;
        }
        if !batch.take(parent, &candidate.changes(parents), choice) {
            return false;
        }
        let Some(taken) = batch.last() else { return false };
        self.encoding.row(&taken.values);
        let study = self.study(batch.notebook, outlooks);
        let value = self.agent.get_value(&study);
        let (pool, action, logprob) = draw.kept(drawn);
        let step = Step { study, pool, action, logprob, value, reward: 0.0 };
        self.pending.push(Pending { program: taken.program.clone(), step });
        true
    }

    /// Features of the study for the critic.
    fn study(&self, notebook: &Notebook, outlooks: &[Outlook]) -> Vec<f32> {
        let share = 1.0 / self.recent.len().max(1) as f32;
        let failures = self.recent.iter().filter(|(failed, _)| *failed).count() as f32;
        let n = outlooks.len().max(1) as f64;
        vec![
            features::progress(notebook.runs().len()) as f32,
            self.recent.iter().map(|(_, reward)| reward).sum::<f32>() * share,
            failures * share,
            (notebook.trials().len() as f32).ln_1p() / 8.0,
            (outlooks.iter().map(|outlook| outlook.gain).sum::<f64>() / n) as f32,
            (outlooks.iter().map(|outlook| outlook.sd).sum::<f64>() / n) as f32,
        ]
    }

    /// Rank among all runs so far, in [-1, 1], and a little more for what is new; fixed from now on.
    fn reward(&mut self, notebook: &Notebook, trial: &Observation) -> (bool, f32) {
        let verdict = notebook.verdict(trial);
        let failed = matches!(verdict, None | Some(Verdict::Failed));
        let rank = verdict.map_or(-1.0, |verdict| notebook.rank(verdict));
        let places: Vec<_> = trial
            .changes
            .iter()
            .map(|(site, to)| {
                let column = self.encoding.column(site);
                (column, self.encoding.code(column, to))
            })
            .collect();
        let novelty: f32 = places.iter().map(|&(column, code)| self.tallies.novelty(column, code)).sum();
        let bonus = if failed { 0.0 } else { NOVELTY * novelty / places.len().max(1) as f32 };
        let reward = (rank as f32 + bonus).clamp(-1.0, 1.0);
        for (column, code) in places {
            self.tallies.add(column, code, reward, failed);
        }
        (failed, reward)
    }

    fn learn(&mut self, mut step: Step, reward: f32) -> Option<Update> {
        if !self.has(Part::Learning) {
            return None;
        }
        step.reward = reward;
        self.steps.push(step);
        if self.steps.len() > ARGS.num_steps {
            self.steps.remove(0);
        }
        self.steps_since_update += 1;
        if self.steps_since_update < ARGS.update_every {
            return None;
        }
        self.steps_since_update = 0;
        let next_value = self.steps.last().map_or(0.0, |step| self.agent.get_value(&step.study));
        Some(self.agent.update(&ARGS, &self.steps, next_value))
    }
}

impl Policy for Proposer {
    fn ask(&mut self, notebook: &Notebook, space: &dyn Space, n: usize) -> Vec<Proposal> {
        let mut batch = Batch::new(notebook, space, n);
        self.rows.read(notebook, &mut self.encoding);
        // Choices whose trials never started.
        self.pending.retain(|pending| notebook.is_tried(&pending.program));
        // Before any result there is nothing to base a choice on, so the opening continues.
        let is_blind = notebook.best().mean().is_none();
        let opening = if is_blind { self.rows.own().len() + n } else { OPENING };
        if self.rows.own().len() < opening {
            self.open(&mut batch, opening);
        }
        if !batch.is_full() {
            self.choose(&mut batch);
        }
        batch.into_proposals()
    }

    fn tell(&mut self, notebook: &Notebook, trial: TrialNumber) -> Option<Update> {
        let trial = notebook.trial(trial)?;
        if trial.repeat || trial.outcome.is_none_or(|outcome| outcome == Outcome::Cancelled) {
            return None;
        }
        let (failed, reward) = self.reward(notebook, trial);
        self.recent.push((failed, reward));
        if self.recent.len() > RECENT {
            self.recent.remove(0);
        }
        let program = &notebook.programs()[trial.program].program.id;
        let place = self.pending.iter().position(|pending| pending.program == *program)?;
        let Pending { step, .. } = self.pending.remove(place);
        self.learn(step, reward)
    }

    /// The completed program that the surrogate considers best.
    fn best(&self, notebook: &Notebook) -> ProgramId {
        let (mut rows, mut encoding) = (self.rows.clone(), self.encoding.clone());
        rows.read(notebook, &mut encoding);
        let (runs, seen) = surrogate::runs(notebook, &rows);
        let posterior = Posterior::new(&self.surrogate, encoding.columns(), runs);
        let best = ranking(notebook, &posterior, &seen).first().map_or(0, |&program| seen[program]);
        notebook.programs()[best].program.id.clone()
    }
}

/// Programs that completed, by the surrogate's numbering, the best first.
fn ranking(notebook: &Notebook, posterior: &Posterior, seen: &[usize]) -> Vec<usize> {
    let completed = |&program: &usize| notebook.programs()[seen[program]].mean().is_some();
    let mut order: Vec<usize> = (0..seen.len()).filter(completed).collect();
    order.sort_by(|&a, &b| posterior.fitted[b].total_cmp(&posterior.fitted[a]));
    order
}

/// The program of each trial that is pending.
fn under_way(notebook: &Notebook) -> impl Iterator<Item = usize> {
    let programs = notebook.programs().iter().enumerate();
    programs.flat_map(|(index, tried)| std::iter::repeat_n(index, tried.pending))
}

#[cfg(test)]
mod tests;
