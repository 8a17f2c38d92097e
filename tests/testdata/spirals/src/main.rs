//! Tells two spirals apart.

mod model;

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Int, Tensor, TensorData};

use model::{BATCH, Classifier, STEP_SIZE};

const STEPS: usize = 400;

/// The points of both spirals, `turn` apart so that two sets share none.
fn spirals(count: usize, turn: f32, device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
    let mut points = Vec::with_capacity(2 * count);
    let mut classes = Vec::with_capacity(count);
    for i in 0..count {
        let class = i % 2;
        let angle = (i as f32 + turn) / count as f32 * 9.0;
        let side = if class == 0 { 1.0 } else { -1.0 };
        points.extend([side * angle * angle.cos() / 9.0, side * angle * angle.sin() / 9.0]);
        classes.push(class as i64);
    }
    (
        Tensor::from_data(TensorData::new(points, [count, 2]), device),
        Tensor::from_data(TensorData::new(classes, [count]), device),
    )
}

fn main() {
    let seed = std::env::args().nth(1).map_or(1, |seed| seed.parse().expect("the seed is a number"));
    let device = Device::flex();
    device.seed(seed);
    let training = device.clone().autodiff();
    let (points, classes) = spirals(256, 0.0, &training);
    let (unseen, truth) = spirals(128, 0.5, &device);
    let loss = CrossEntropyLossConfig::new();

    let mut network = Classifier::new(&training);
    let mut optimizer = AdamConfig::new().init();
    for step in 0..STEPS {
        let from = (step * BATCH * 7 + seed as usize) % (256 - BATCH);
        let (x, y) = (points.clone().narrow(0, from, BATCH), classes.clone().narrow(0, from, BATCH));
        let error = loss.init(&training).forward(network.forward(x), y);
        let gradients = GradientsParams::from_grads(error.backward(), &network);
        network = optimizer.step(STEP_SIZE, network, gradients);
        if step % 100 == 99 {
            println!("{} of {STEPS} steps done", step + 1);
        }
    }
    let unseen_loss = loss.init(&device).forward(network.valid().forward(unseen), truth);
    println!("Finished. Loss on unseen points: {:.5}", unseen_loss.into_scalar::<f32>());
}
