//! `foreign --seed N --epochs N [--logs DIR]` prints an accuracy for each epoch; with `--logs` it also
//! writes a loss as burn-train does: `DIR/valid/epoch-N/Loss.log`, a line for each batch.

use std::fs;

/// The accuracy is highest at 0.1.
const RATE: f64 = 0.05;

fn main() -> std::io::Result<()> {
    let seed: f64 = argument("--seed").map_or(0.0, |text| text.parse().expect("a seed is a number"));
    let epochs: u32 = argument("--epochs").map_or(4, |text| text.parse().expect("epochs are a number"));
    let best = 0.9 - (RATE - 0.1).abs() + (seed % 7.0) * 1e-3;
    for epoch in 1..=epochs {
        let accuracy = best * (1.0 - (-2.0 * f64::from(epoch)).exp());
        println!("[{epoch}/{epochs}] validation accuracy: {:.3} %", accuracy * 100.0);
        if let Some(directory) = argument("--logs") {
            let directory = format!("{directory}/valid/epoch-{epoch}");
            fs::create_dir_all(&directory)?;
            fs::write(format!("{directory}/Loss.log"), format!("{},32\n{},16\n", 1.0 - accuracy, 1.3 - accuracy))?;
        }
    }
    println!("done: {:.3} % correct", best * 100.0);
    Ok(())
}

fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|word| word != name).nth(1)
}
