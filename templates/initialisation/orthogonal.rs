//! orthogonal initial weights
//!
//! Rows (or columns, whichever are fewer) of a matrix start at right angles to each other, so that no direction of the
//! input is lost and none is amplified.
//!
//! Paper: Saxe, McClelland, Ganguli 2013, Exact solutions to the nonlinear dynamics of learning in deep linear neural networks, arXiv 1312.6120

fn initialise(part: Part, [inputs, outputs]: [usize; 2], random: &mut Random) -> Vec<f32> {
    /// Length of the rows or columns at right angles.
    const GAIN: f32 = 0.7;
    if part == Part::Embedding {
        return (0..inputs * outputs).map(|_| INIT_STD * random.normal()).collect();
    }
    let (few, long) = (inputs.min(outputs), inputs.max(outputs));
    let mut basis: Vec<Vec<f32>> = Vec::new();
    for _ in 0..few {
        let mut row: Vec<f32> = (0..long).map(|_| random.normal()).collect();
        for other in &basis {
            let along: f32 = row.iter().zip(other).map(|(a, b)| a * b).sum();
            row.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
        }
        let length = row.iter().map(|a| a * a).sum::<f32>().sqrt();
        basis.push(row.into_iter().map(|a| a / length).collect());
    }
    let mut weights = Vec::new();
    for row in 0..inputs {
        for column in 0..outputs {
            let (vector, number) = if inputs <= outputs { (row, column) } else { (column, row) };
            weights.push(GAIN * basis[vector][number]);
        }
    }
    weights
}
