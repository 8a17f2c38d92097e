//! Tells the points of a disc from those of the ring around it, with burn-train's own training loop and logs.

use std::env;

use burn::data::dataloader::DataLoaderBuilder;
use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::InMemDataset;
use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::AdamConfig;
use burn::tensor::activation::tanh;
use burn::tensor::{Device, Int, Tensor, TensorData};
use burn::train::metric::{AccuracyMetric, LossMetric};
use burn::train::{ClassificationOutput, InferenceStep, Learner, SupervisedTraining, TrainOutput, TrainStep};

/// Step size of Adam.
const LEARNING_RATE: f64 = 0.01;

/// Units of the hidden layer.
const HIDDEN: usize = 16;

/// Points in a batch; the last batch of an epoch is a smaller one.
const BATCH: usize = 16;

/// A point of the plane, and whether it lies on the ring.
#[derive(Clone, Debug)]
struct Point {
    place: [f32; 2],
    on_ring: bool,
}

/// Every second point on the ring; another `turn` gives other points.
fn points(count: usize, turn: f32) -> InMemDataset<Point> {
    let point = |i: usize| {
        let on_ring = i % 2 == 1;
        let wobble = (i as f32 * 12.9898 + turn).sin().abs();
        let radius = if on_ring { 1.6 + 0.8 * wobble } else { 1.4 * wobble };
        let angle = (i as f32 + turn) * 2.399_963;
        Point { place: [radius * angle.cos(), radius * angle.sin()], on_ring }
    };
    InMemDataset::new((0..count).map(point).collect())
}

#[derive(Clone, Debug)]
struct Batch {
    places: Tensor<2>,
    classes: Tensor<1, Int>,
}

struct Stack;

impl Batcher<Point, Batch> for Stack {
    fn batch(&self, points: Vec<Point>, device: &Device) -> Batch {
        let count = points.len();
        let places: Vec<f32> = points.iter().flat_map(|point| point.place).collect();
        let classes: Vec<i64> = points.iter().map(|point| i64::from(point.on_ring)).collect();
        Batch {
            places: Tensor::from_data(TensorData::new(places, [count, 2]), device),
            classes: Tensor::from_data(TensorData::new(classes, [count]), device),
        }
    }
}

/// Two inputs, a hidden layer, two classes.
#[derive(Module, Debug)]
struct Network {
    first: Linear,
    last: Linear,
}

impl Network {
    fn new(device: &Device) -> Self {
        Self {
            first: LinearConfig::new(2, HIDDEN).init(device),
            last: LinearConfig::new(HIDDEN, 2).init(device),
        }
    }

    fn classify(&self, batch: Batch) -> ClassificationOutput {
        let output = self.last.forward(tanh(self.first.forward(batch.places)));
        let loss = CrossEntropyLossConfig::new().init(&output.device());
        let loss = loss.forward(output.clone(), batch.classes.clone());
        ClassificationOutput::new(loss, output, batch.classes)
    }
}

impl TrainStep for Network {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> TrainOutput<ClassificationOutput> {
        let item = self.classify(batch);
        TrainOutput::new(self, item.loss.backward(), item)
    }
}

impl InferenceStep for Network {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> ClassificationOutput {
        self.classify(batch)
    }
}

fn main() {
    let (mut artifacts, mut epochs, mut seed) = (String::from("/tmp/burn-train-fixture"), 3, 1);
    let mut arguments = env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_else(|| panic!("{name} needs a value"));
        match name.as_str() {
            "--artifacts" => artifacts = value,
            "--epochs" => epochs = value.parse().expect("--epochs takes a number"),
            "--seed" => seed = value.parse().expect("--seed takes a number"),
            _ => panic!("{name} is not an option"),
        }
    }

    let device = Device::flex();
    device.seed(seed);
    let training = DataLoaderBuilder::new(Stack).batch_size(BATCH).shuffle(seed).build(points(200, 0.0));
    let validation = DataLoaderBuilder::new(Stack).batch_size(BATCH).build(points(100, 0.5));
    let learner = Learner::new(Network::new(&device.autodiff()), AdamConfig::new().init(), LEARNING_RATE);

    // What an earlier run has left there stays, as burn-train leaves it.
    SupervisedTraining::new(&artifacts, training, validation)
        .metrics((AccuracyMetric::new(), LossMetric::new()))
        .num_epochs(epochs)
        .summary()
        .launch(learner);
}
