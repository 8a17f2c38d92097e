//! Trains a small GPT on bytes for a fixed budget and says how well it predicts unseen text.
//!
//! FROZEN. The acts of a run, in order; each is a call. The loop is here and not in `train.rs`, so that what is
//! searched over never holds the clock.

mod recipe;

mod model;
mod train;

mod agreement;
mod clock;
mod data;
mod device;
mod evaluation;
mod options;
mod random;
mod report;
mod tables;

use std::process::ExitCode;

use burn::module::Module;
use burn::tensor::Tensor;

use crate::clock::{Budget, Clock};
use crate::data::{Batches, Text};
use crate::device::Chosen;
use crate::evaluation::{Fault, Judge, PROGRESS_BYTES, RESULT_BYTES};
use crate::options::{HELP, Options};
use crate::random::Random;
use crate::recipe::{BATCH, CONTEXT};
use crate::report::{Report, Result as Score};
use crate::train::Trainer;

/// Steps before the clock starts, on a copy that is thrown away: they fill caches and compile kernels.
const WARM_UP_STEPS: usize = 3;

/// Steps after which the losses are read at the latest: reading waits for the device, which has nothing to do meanwhile.
const STEPS_UNREAD: usize = 8;

/// Training loss, in nats per byte, above which a run has diverged: four times that of knowing nothing.
const DIVERGED_LOSS: f64 = 4.0 * 5.545;

/// Streams of the seed.
const WEIGHTS: u64 = 0;
const TRAINING: u64 = 1;
const WARM_UP: u64 = 2;

/// Why a run has no result.
enum Failure {
    /// Asked for in a way that makes no sense.
    Usage(String),
    /// The model breaks a rule of the evaluation.
    Invalid(Fault),
    /// The loss is no number, or far above that of knowing nothing.
    Diverged(String),
    /// The device does not compute what the processor does.
    Disagrees(String),
}

fn main() -> ExitCode {
    let report = Report::new();
    let (code, kind, message) = match run(&report) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => (2, "usage", message),
        Err(Failure::Invalid(fault)) => (3, "invalid", fault.to_string()),
        Err(Failure::Diverged(message)) => (4, "diverged", message),
        Err(Failure::Disagrees(message)) => (5, "disagrees", message),
    };
    report.error(kind, &message);
    ExitCode::from(code)
}

fn run(report: &Report) -> Result<(), Failure> {
    let options =
        Options::read(std::env::args().skip(1), |name| std::env::var(name).ok()).map_err(Failure::Usage)?;
    if options.help {
        println!("{HELP}");
        return Ok(());
    }
    let text = options.data.as_deref().map_or_else(|| Ok(Text::shakespeare()), Text::read);
    let text = text.map_err(Failure::Usage)?;
    let Chosen { device, name } = device::choose(options.device.as_deref()).map_err(Failure::Usage)?;
    if let Some(steps) = options.agree {
        let agreement = agreement::compare(&text.train, options.seed, &device, steps);
        report.agreement(&agreement, &name, steps);
        return if agreement.holds() { Ok(()) } else { Err(Failure::Disagrees(agreement.to_string())) };
    }

    let mut run = Run::prepare(&options, &text, &device);
    let params = run.trainer.model().num_params();
    run.warm_up(options.seed)?;
    report.start(params, &name, options.budget);
    let clock = run.train(options.budget, report)?;
    let val_bpb = run.score(&text.validation)?;
    let test_bpb = options.test.then(|| run.score(&text.test)).transpose()?;
    let device_memory = device.memory_pool_usage().map(|usage| usage.bytes_reserved);
    report.result(&Score { val_bpb, test_bpb, params, device_memory, device: name }, &clock);
    if options.tables || report.terminal {
        report.tables(&tables::bits_per_byte(&text.train, &text.validation));
    }
    Ok(())
}

/// What a run works with.
struct Run<'a> {
    text: &'a Text,
    device: burn::tensor::Device,
    trainer: Trainer,
    batches: Batches<'a>,
}

impl<'a> Run<'a> {
    fn prepare(options: &Options, text: &'a Text, device: &burn::tensor::Device) -> Self {
        Run {
            text,
            device: device.clone(),
            trainer: Trainer::new(&mut Random::new(options.seed, WEIGHTS), device),
            batches: Batches::new(&text.train, Random::new(options.seed, TRAINING)),
        }
    }

    /// A few steps on a copy, and a first look at whether the model keeps the rules: a cheat costs no budget.
    fn warm_up(&self, seed: u64) -> Result<(), Failure> {
        let mut copy = self.trainer.clone();
        let mut batches = Batches::new(&self.text.train, Random::new(seed, WARM_UP));
        for _ in 0..WARM_UP_STEPS {
            copy.step(batches.next(BATCH, CONTEXT, &self.device.clone().autodiff()), 0.0);
        }
        let model = copy.model();
        let judge = Judge::new(&self.text.validation, PROGRESS_BYTES, &self.device);
        judge.check(&|bytes| model.forward(bytes)).map_err(failure)
    }

    /// The loop: a step, a look at the clock, and now and then a point of the learning curve.
    fn train(&mut self, budget: Budget, report: &Report) -> Result<Clock, Failure> {
        let judge = Judge::new(&self.text.validation, PROGRESS_BYTES, &self.device);
        let device = self.device.clone().autodiff();
        let mut unread = Vec::new();
        let mut losses = Vec::new();
        let mut clock = Clock::start(budget);
        loop {
            unread.push(self.trainer.step(self.batches.next(BATCH, CONTEXT, &device), clock.share()));
            clock.count_step(BATCH * CONTEXT);
            let is_over = clock.share() >= 1.0;
            let due = clock.due();
            if unread.len() < STEPS_UNREAD && due.is_none() && !is_over {
                continue;
            }
            losses.extend(read(std::mem::take(&mut unread)));
            clock.pause();
            refuse_divergence(&losses, clock.steps())?;
            if let Some(share) = due {
                let model = self.trainer.model();
                let val_bpb = judge.bits_per_byte(&|bytes| model.forward(bytes)).map_err(failure)?;
                report.progress(share, &clock, losses.iter().sum::<f64>() / losses.len() as f64, val_bpb);
                losses.clear();
            }
            if is_over {
                return Ok(clock);
            }
            clock.resume();
        }
    }

    /// Bits per byte of the trained model on a held-out part, once it has passed the judge's checks.
    fn score(&self, part: &[u8]) -> Result<f64, Failure> {
        let model = self.trainer.model();
        let judge = Judge::new(part, RESULT_BYTES, &self.device);
        judge.check(&|bytes| model.forward(bytes)).map_err(failure)?;
        judge.bits_per_byte(&|bytes| model.forward(bytes)).map_err(failure)
    }
}

/// The values of losses, for which it waits. [steps]
fn read(losses: Vec<Tensor<1>>) -> impl Iterator<Item = f64> {
    Tensor::cat(losses, 0).into_data().iter::<f64>().collect::<Vec<_>>().into_iter()
}

/// The last of `losses` is that of `step`.
fn refuse_divergence(losses: &[f64], step: u64) -> Result<(), Failure> {
    let Some(first) = losses.iter().position(|loss| !(loss.is_finite() && *loss < DIVERGED_LOSS)) else {
        return Ok(());
    };
    let step = step - (losses.len() - 1 - first) as u64;
    Err(Failure::Diverged(format!("the training loss is {} at step {step}", losses[first])))
}

/// Logits that are no numbers break no rule: training has blown up, if only on the copy that warms up.
fn failure(fault: Fault) -> Failure {
    match fault {
        Fault::NotFinite => Failure::Diverged(fault.to_string()),
        other => Failure::Invalid(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(seed: u64) -> Vec<u32> {
        let text = Text::shakespeare();
        let device = burn::tensor::Device::flex();
        let options = Options { seed, ..Options::read(std::iter::empty(), |_| None).expect("defaults") };
        let mut run = Run::prepare(&options, &text, &device);
        let mut step = || {
            let batch = run.batches.next(BATCH, CONTEXT, &device.clone().autodiff());
            run.trainer.step(batch, 0.0).into_scalar::<f32>().to_bits()
        };
        (0..8).map(|_| step()).collect()
    }

    #[test]
    fn eight_steps_with_the_same_seed_are_bit_identical_and_another_seed_differs() {
        assert_eq!(losses(1), losses(1));
        assert_ne!(losses(1), losses(2));
    }

    #[test]
    fn a_few_steps_make_a_model_better_and_it_keeps_the_rules() {
        let text = Text::shakespeare();
        let options = Options::read(std::iter::empty(), |_| None).expect("defaults");
        let mut run = Run::prepare(&options, &text, &burn::tensor::Device::flex());
        assert!(run.warm_up(options.seed).is_ok());
        let untrained = run.score(&text.validation).ok().expect("it keeps the rules");
        let clock =
            run.train(Budget::Steps(20), &Report { terminal: false }).ok().expect("it does not diverge");
        assert_eq!(clock.steps(), 20);
        assert!(run.score(&text.validation).ok().expect("it keeps the rules") < untrained - 1.0);
    }

    #[test]
    fn a_loss_that_is_no_number_or_far_too_large_ends_the_run() {
        assert!(refuse_divergence(&[5.5, 5.4], 2).is_ok());
        for loss in [f64::NAN, f64::INFINITY, 1e3] {
            let Err(Failure::Diverged(message)) = refuse_divergence(&[5.5, loss, 5.4], 10) else { panic!() };
            assert!(message.ends_with("at step 9"), "{message}");
        }
    }
}
