//! The frame of a plot (SVG): its size, axes, grid and labels.

use std::fmt::Write;

pub(crate) const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 380.0;
pub(crate) const MARGIN: f64 = 56.0;

/// A plot over trials, with an axis from `low` to `high`; values outside are drawn at its edge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// Number of the last trial.
    pub(crate) last: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Frame {
    pub(crate) fn x(self, trial: f64) -> f64 {
        MARGIN + trial / self.last * (WIDTH - 2.0 * MARGIN)
    }

    pub(crate) fn y(self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        HEIGHT - MARGIN - share * (HEIGHT - 2.0 * MARGIN)
    }

    /// Horizontal lines at five values, each with its label.
    pub(crate) fn grid(self, label: impl Fn(f64) -> String) -> String {
        let mut svg = String::new();
        for step in 0..=4 {
            let value = self.low + (self.high - self.low) * f64::from(step) / 4.0;
            let _ = writeln!(
                svg,
                "<line x1=\"{MARGIN}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - MARGIN,
                MARGIN - 6.0,
                self.y(value) + 4.0,
                label(value),
                y = self.y(value)
            );
        }
        svg
    }

    /// Numbers of trials along the axis.
    pub(crate) fn marks(self, trials: &[usize]) -> String {
        let mark = |&trials: &usize| {
            let (x, y) = (self.x(trials as f64), HEIGHT - MARGIN);
            format!("<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{trials}</text>\n", y + 16.0)
        };
        trials.iter().map(mark).collect()
    }

    /// The labels of the axes and the title of the plot.
    pub(crate) fn captions(self, title: &str) -> String {
        format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">trial</text>\
             <text x=\"{MARGIN}\" y=\"24\">{}</text>\n",
            WIDTH / 2.0,
            HEIGHT - 14.0,
            escaped(title)
        )
    }
}

/// A whole image of several plots, one below the other.
pub(crate) fn image(plots: &[String]) -> String {
    let height = HEIGHT * plots.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (index, plot) in plots.iter().enumerate() {
        let _ = writeln!(svg, "<g transform=\"translate(0 {})\">\n{plot}</g>", HEIGHT * index as f64);
    }
    svg.push_str("</svg>");
    svg
}

/// A text, escaped for SVG.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
