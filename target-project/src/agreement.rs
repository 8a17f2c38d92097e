//! Whether a device computes what the processor does: one program, from the same weights, on the same batches, on both.
//!
//! FROZEN. Devices add numbers up in another order, so they never agree to the last bit, and training lets what
//! differs grow: gradients are compared at identical weights, losses over a few steps only.

use std::fmt;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor};

use crate::data::{Batch, Batches};
use crate::model::Gpt;
use crate::random::Random;
use crate::recipe::{BATCH, CONTEXT};
use crate::train::Trainer;

/// Most that gradients at the same weights may differ by: |a - b| / |a|, for the parameter that is worst.
pub(crate) const GRADIENT_TOLERANCE: f64 = 1e-3;

/// Most that the training losses of one step may differ by, in nats per byte.
pub(crate) const LOSS_TOLERANCE: f64 = 2e-3;

/// A parameter's gradient counts as at least this share of the whole one, per number: some are zero but for rounding
/// (a bias of the keys moves no attention weight), and rounding is all that differs there.
const LEAST_SHARE: f64 = 1e-2;

/// How far two devices are apart.
#[derive(Debug)]
pub(crate) struct Agreement {
    /// Of the gradients at the initial weights, which are the same bits on both.
    pub(crate) first: Distance,
    /// The largest difference of two losses, in nats per byte, over all steps.
    pub(crate) losses: f64,
    /// Of the gradients at the weights that the processor ends with, copied to the device.
    pub(crate) last: Distance,
}

/// How far the gradients of two devices are apart.
#[derive(Debug)]
pub(crate) struct Distance {
    /// |a - b| / |a| of the worst parameter.
    pub(crate) value: f64,
    /// The name of that parameter.
    pub(crate) worst: String,
}

impl Agreement {
    pub(crate) fn holds(&self) -> bool {
        // Written so that no number at all is no agreement.
        self.first.value <= GRADIENT_TOLERANCE
            && self.last.value <= GRADIENT_TOLERANCE
            && self.losses <= LOSS_TOLERANCE
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Agreement { first, losses, last } = self;
        write!(
            f,
            "gradients differ by {:.2e} at first ({}) and {:.2e} at last ({}), at most {GRADIENT_TOLERANCE:.0e} is \
             rounding; losses by {losses:.2e} nats, at most {LOSS_TOLERANCE:.0e}",
            first.value, first.worst, last.value, last.worst
        )
    }
}

/// Trains `steps` steps on the processor and on `device`.
pub(crate) fn compare(text: &[u8], seed: u64, device: &Device, steps: u64) -> Agreement {
    let devices = [Device::flex(), device.clone()];
    let mut sides = devices.map(|device| Side::new(text, seed, device));
    let first = distance(sides.each_mut().map(Side::gradients));
    let mut losses = 0f64;
    for step in 0..steps {
        let [one, other] = sides.each_mut().map(|side| side.step(step as f64 / steps as f64));
        let difference = (one - other).abs();
        losses = if difference.is_nan() { f64::INFINITY } else { losses.max(difference) };
    }
    let trained = sides[0].trainer.model();
    let last = distance(sides.each_mut().map(|side| side.gradients_of(trained.clone())));
    Agreement { first, losses, last }
}

/// The program on one of the devices.
struct Side<'a> {
    trainer: Trainer,
    batches: Batches<'a>,
    device: Device,
}

impl<'a> Side<'a> {
    fn new(text: &'a [u8], seed: u64, device: Device) -> Self {
        let trainer = Trainer::new(&mut Random::new(seed, crate::WEIGHTS), &device);
        let batches = Batches::new(text, Random::new(seed, crate::TRAINING));
        Side { trainer, batches, device: device.autodiff() }
    }

    fn batch(&mut self) -> Batch {
        self.batches.next(BATCH, CONTEXT, &self.device)
    }

    fn step(&mut self, share: f64) -> f64 {
        let batch = self.batch();
        self.trainer.step(batch, share).into_scalar::<f32>().into()
    }

    fn gradients(&mut self) -> Gradients {
        self.gradients_of(self.trainer.model())
    }

    /// The gradient of the loss of the next batch in each parameter of `model`, which may lie on another device.
    fn gradients_of(&mut self, model: Gpt) -> Gradients {
        let Batch { inputs, targets } = self.batch();
        let model = model.train().fork(&self.device);
        let log_probabilities = log_softmax(model.forward(inputs), 2); // [batch, time, vocabulary]
        let loss = -log_probabilities.gather(2, targets.unsqueeze_dim(2)).mean(); // [1]
        let mut reader = Reader {
            gradients: GradientsParams::from_grads(loss.backward(), &model),
            place: Vec::new(),
            read: Vec::new(),
        };
        model.visit(&mut reader);
        reader.read
    }
}

/// The name of each parameter and its gradient, in the order of the model.
type Gradients = Vec<(String, Vec<f64>)>;

/// Reads the gradient of each parameter of a model.
struct Reader {
    gradients: GradientsParams,
    place: Vec<String>,
    read: Gradients,
}

impl ModuleVisitor for Reader {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // A parameter that the loss does not depend on has none.
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.read.push((self.place.join("."), gradient.into_data().iter::<f64>().collect()));
        }
    }

    fn enter_module(&mut self, name: &str, _: &str) {
        self.place.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.pop();
    }
}

/// The distance of the second from the first, for the parameter where it is largest.
fn distance([one, other]: [Gradients; 2]) -> Distance {
    assert_eq!(one.len(), other.len(), "one program has the same parameters everywhere");
    let square = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>();
    let count: usize = one.iter().map(|(_, values)| values.len()).sum();
    let per_number = one.iter().map(|(_, values)| square(values)).sum::<f64>() / count as f64;
    let distances = one.into_iter().zip(other).map(|((name, a), (_, b))| {
        let difference = square(&a.iter().zip(&b).map(|(a, b)| a - b).collect::<Vec<_>>());
        let least = per_number * a.len() as f64 * LEAST_SHARE * LEAST_SHARE;
        let value = (difference / square(&a).max(least)).sqrt();
        Distance { value: if value.is_nan() { f64::INFINITY } else { value }, worst: name }
    });
    distances.max_by(|a, b| a.value.total_cmp(&b.value)).expect("a model has parameters")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::data::Text;
    use crate::device;

    #[test]
    fn the_processor_agrees_with_itself_to_the_last_bit() {
        let agreement = compare(&Text::shakespeare().train, 1, &Device::flex(), 3);
        assert_eq!(
            (agreement.first.value, agreement.losses, agreement.last.value),
            (0.0, 0.0, 0.0),
            "{agreement:?}"
        );
    }

    #[test]
    fn a_difference_is_found_and_named_and_no_number_is_no_agreement() {
        let gradients = |x: f64| vec![("a".to_owned(), vec![1.0, 1.0]), ("b".to_owned(), vec![2.0, x])];
        let apart = |x| distance([gradients(1.0), gradients(x)]);
        assert_eq!(apart(1.0).value, 0.0);
        let found = apart(1.1);
        assert!(found.worst == "b" && (found.value - 0.1 / 5f64.sqrt()).abs() < 1e-9, "{found:?}");
        assert_eq!(apart(f64::NAN).value, f64::INFINITY);
        let none = || Distance { value: 0.0, worst: String::new() };
        assert!(Agreement { first: none(), losses: 0.0, last: none() }.holds());
        assert!(!Agreement { first: apart(f64::NAN), losses: 0.0, last: none() }.holds());
        assert!(!Agreement { first: none(), losses: f64::NAN, last: none() }.holds());
    }

    #[test]
    fn the_gpu_path_computes_what_the_processor_does() {
        let Ok(chosen) = device::choose(Some("software")) else {
            // Past the test harness, which shows nothing of a test that passes.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: no software Vulkan device here (Debian: mesa-vulkan-drivers)"
            );
            return;
        };
        let agreement = compare(&Text::shakespeare().train, 1, &chosen.device, 50);
        assert!(agreement.holds(), "{agreement:?}");
    }
}
