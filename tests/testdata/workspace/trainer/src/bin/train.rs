//! The trainer.

fn main() {
    let seed: u64 = std::env::args().nth(1).expect("a seed").parse().expect("a number");
    for epoch in 1..=4 {
        let left = 4.0 / f64::from(epoch) - 1.0;
        println!("epoch {epoch}/4 loss {:.6}", common::loss(trainer::RATE, seed) + left);
    }
}
