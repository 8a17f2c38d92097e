//! Prints a made-up learning curve that depends on the recipe and, a little, on the seed. Frozen.

mod mishap;
mod recipe;

use std::process::exit;
use std::thread::sleep;
use std::time::{Duration, Instant};

const POINTS: u32 = 16;
const TOKENS_PER_STEP: u64 = 1024;
/// Standard deviation of the noise that the seed makes.
const NOISE: f64 = 0.005;
/// What a driver or what stands above it says at the end, by a panic or before an abort.
const WORDS: &str = "";
const ABORTS: bool = false;

fn main() {
    let program = option_env!("AUTORESEARCH_PROGRAM").unwrap_or("unknown");
    let seed: u64 = variable("AUTORESEARCH_SEED", "0").parse().expect("a seed is a number");
    let (seconds, steps) = budget(&variable("AUTORESEARCH_BUDGET", "160steps"));
    let start = Instant::now();
    let mut value = f64::NAN;
    for point in 1..=POINTS {
        sleep(Duration::from_secs_f64(seconds / f64::from(POINTS)));
        let share = f64::from(point) / f64::from(POINTS);
        go_wrong(share);
        value = if mishap::MISHAP == 1 { f64::NAN } else { loss(share) + NOISE * noise(seed, point) };
        let step = steps * u64::from(point) / u64::from(POINTS);
        println!(
            "progress share={share} step={step} tokens={} seconds={:.3} train_loss={:.4} val_bpb={value:.6}",
            step * TOKENS_PER_STEP,
            start.elapsed().as_secs_f64(),
            value * 0.69
        );
    }
    if mishap::MISHAP == 7 {
        return;
    }
    let program = if mishap::MISHAP == 8 { "0123456789abcdef" } else { program };
    println!(
        "result program={program} val_bpb={:.6} seconds={:.3} tokens={} steps={steps} params={} memory=0 device=none",
        value + 0.01,
        start.elapsed().as_secs_f64(),
        steps * TOKENS_PER_STEP,
        12 * recipe::DEPTH * recipe::WIDTH * recipe::WIDTH,
    );
}

fn variable(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// Seconds to sleep in all, and steps to claim.
fn budget(text: &str) -> (f64, u64) {
    if let Some(steps) = text.strip_suffix("steps") {
        return (0.0, steps.parse().expect("steps are a number"));
    }
    let seconds = text.strip_suffix("cpu-s").or(text.strip_suffix('s')).expect("a budget has a unit");
    (seconds.parse().expect("seconds are a number"), 1000)
}

/// A bowl around the best recipe, approached along an exponential.
fn loss(share: f64) -> f64 {
    let rate = (recipe::LEARNING_RATE / 4e-3).ln();
    let width = (recipe::WIDTH as f64 / 128.0).log2();
    let depth = recipe::DEPTH as f64 - 4.0;
    let decay = if recipe::schedule(1.0) < 0.5 { -0.05 } else { 0.0 };
    let end = 2.0 + 0.1 * rate * rate + 0.05 * width * width + 0.02 * depth * depth + decay;
    end + (5.0 - end) * (-4.0 * share).exp()
}

/// A number around zero, the same for the same seed and point (splitmix64, three times).
fn noise(seed: u64, point: u32) -> f64 {
    let mut state = seed.wrapping_mul(1000).wrapping_add(u64::from(point));
    let mut uniform = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 11) as f64 / (1u64 << 53) as f64
    };
    // The sum of three uniform numbers, scaled to a variance of one.
    (uniform() + uniform() + uniform() - 1.5) * 2.0
}

fn go_wrong(share: f64) {
    match mishap::MISHAP {
        2 => panic!("index out of bounds: the len is 4 but the index is 7"),
        3 => forever(),
        4 => eat(),
        5 => {
            println!("error kind=invalid message=the model is not causal: byte 3 moves the logits before it");
            exit(3)
        }
        6 => {
            println!("error kind=diverged message=loss 913.0 is above the bound of 20");
            exit(4)
        }
        10.. if ABORTS => {
            eprintln!("{WORDS}");
            std::process::abort()
        }
        10.. => panic!("{WORDS}"),
        9 if share >= 0.5 => {
            // SAFETY: none needed for SIG_IGN; std has no signals, and this crate no dependencies.
            unsafe extern "C" {
                fn signal(number: i32, handler: usize) -> usize;
            }
            unsafe { signal(15, 1) };
            forever()
        }
        _ => {}
    }
}

fn forever() -> ! {
    loop {
        sleep(Duration::from_secs(1));
    }
}

/// Touches ever more memory, up to 4 GiB so that a test without a limit does no harm.
fn eat() -> ! {
    let mut eaten = Vec::new();
    for _ in 0..64 {
        eaten.push(vec![1u8; 64 << 20]);
        sleep(Duration::from_millis(20));
    }
    forever()
}
