//! What is read of what programs print: outputs whole, as they come over the pipes.

use proptest::prelude::*;

use super::{Pattern, Told, Value};
use crate::evaluator::{Metric, MetricSource};
use crate::runner::{Line, Stream};
use crate::testing::cases;

/// The pattern that most users write.
const LOSS: &str = r"val_loss: ([0-9.]+)";

/// What a run's output must be taken for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Means {
    Number(f64),
    NotFinite,
    Unreadable,
    Missing,
}
use Means::{Missing, NotFinite, Number, Unreadable};

fn metric(pattern: &str) -> Metric {
    let progress = Pattern::new(r"epoch (?<step>\d+)/(?<steps>\d+).*val_loss: (?<value>\S+)").unwrap();
    let source = MetricSource::Pattern { result: Pattern::new(pattern).unwrap(), progress: Some(progress) };
    Metric { name: "val_loss".to_owned(), maximise: false, source }
}

fn hear(metric: &Metric, outputs: &[(Stream, &[u8])]) -> Told {
    let mut told = Told::default();
    for (from, bytes) in outputs {
        for line in Line::all(*from, bytes) {
            told.hear(&line, metric);
        }
    }
    told
}

fn means(told: &Told) -> Means {
    match &told.metric {
        Value::Number(value) if value.is_finite() => Number(*value),
        Value::Number(_) => NotFinite,
        Value::Unreadable(_) => Unreadable,
        Value::Missing => Missing,
    }
}

#[test]
fn outputs_of_programs_mean_what_a_person_reads_in_them() {
    let table: [(&str, &[u8], Means); 96] = [
        // One line, numbers as they are printed.
        (LOSS, b"val_loss: 0.48\n", Number(0.48)),
        (LOSS, b"val_loss: 0.48", Number(0.48)),
        (LOSS, b"val_loss: 3\n", Number(3.0)),
        (LOSS, b"val_loss: -0.48\n", Number(-0.48)),
        (LOSS, b"val_loss: +0.48\n", Number(0.48)),
        (LOSS, "val_loss: −0.48\n".as_bytes(), Number(-0.48)),
        (LOSS, b"val_loss: .48\n", Number(0.48)),
        (LOSS, b"val_loss: 4.\n", Number(4.0)),
        (LOSS, b"val_loss: 9.0002e0\n", Number(9.0002)),
        (LOSS, b"val_loss: 1.2600e1\n", Number(12.6)),
        (LOSS, b"val_loss: 1.26E-2\n", Number(0.0126)),
        (LOSS, b"val_loss: 1e-3\n", Number(0.001)),
        (LOSS, b"val_loss: 1.5e+2\n", Number(150.0)),
        (LOSS, b"val_loss: 1_234.5\n", Number(1234.5)),
        (LOSS, b"val_loss: 000.48\n", Number(0.48)),
        (LOSS, b"val_loss: 0.480000000000000000001\n", Number(0.48)),
        // What is behind a number.
        (LOSS, b"val_loss: 0.48, acc: 0.9\n", Number(0.48)),
        (LOSS, b"val_loss: 0.48,acc: 0.9\n", Number(0.48)),
        (LOSS, b"(val_loss: 0.48)\n", Number(0.48)),
        (LOSS, b"[val_loss: 0.48]\n", Number(0.48)),
        (LOSS, b"{val_loss: 0.48}\n", Number(0.48)),
        (LOSS, b"val_loss: 0.48;\n", Number(0.48)),
        (LOSS, b"val_loss: 0.48 | acc: 0.9\n", Number(0.48)),
        (LOSS, b"val_loss: 0.48.\n", Number(0.48)),
        (LOSS, b"val_loss: 0.48!\n", Number(0.48)),
        (LOSS, b"val_loss: 48%\n", Number(48.0)),
        (LOSS, b"val_loss: 48 %\n", Number(48.0)),
        (LOSS, b"val_loss: 0.48 nats\n", Number(0.48)),
        (LOSS, b"val_loss: 0.48nats\n", Number(0.48)),
        (LOSS, "val_loss: 0.48±0.01\n".as_bytes(), Number(0.48)),
        (LOSS, b"val_loss: 0.48 (best 0.47)\n", Number(0.48)),
        (LOSS, b"val_loss: 950ms\n", Number(0.95)),
        (LOSS, b"val_loss: 1.1s\n", Number(1.1)),
        (LOSS, "val_loss: 950µs\n".as_bytes(), Number(950e-6)),
        (LOSS, b"val_loss: 2.5k\n", Number(2500.0)),
        // Not finite.
        (LOSS, b"val_loss: NaN\n", NotFinite),
        (LOSS, b"val_loss: nan\n", NotFinite),
        (LOSS, b"val_loss: -nan\n", NotFinite),
        (LOSS, b"val_loss: inf\n", NotFinite),
        (LOSS, b"val_loss: -inf\n", NotFinite),
        (LOSS, b"val_loss: Infinity\n", NotFinite),
        (LOSS, b"val_loss: 1e999\n", NotFinite),
        (LOSS, b"val_loss: NaN, acc: 0.1\n", NotFinite),
        // It tells the metric, and cannot be read.
        (LOSS, b"val_loss: 0,48\n", Unreadable),
        (LOSS, b"val_loss: 1,234.5\n", Unreadable),
        (LOSS, b"val_loss: 1'234.5\n", Unreadable),
        (LOSS, b"val_loss: 1.2.3\n", Unreadable),
        (LOSS, b"val_loss: 0x1F\n", Unreadable),
        (LOSS, b"val_loss: 1.#QNAN\n", Unreadable),
        (LOSS, b"val_loss: None\n", Unreadable),
        (LOSS, b"val_loss: n/a\n", Unreadable),
        (LOSS, b"val_loss: Some(0.48)\n", Unreadable),
        (LOSS, b"val_loss: error: no data\n", Unreadable),
        // The last line that tells the metric decides.
        (LOSS, b"val_loss: 0.9\nval_loss: 0.48\n", Number(0.48)),
        (LOSS, b"val_loss: 0.01\nval_loss: NaN\n", NotFinite),
        (LOSS, b"val_loss: NaN\nval_loss: 0.48\n", Number(0.48)),
        (LOSS, b"val_loss: 0.9\nval_loss: none\n", Unreadable),
        (LOSS, b"val_loss: none\nval_loss: 0.48\n", Number(0.48)),
        (LOSS, b"val_loss: 0.48\ntrain_loss: 0.1\n", Number(0.48)),
        (LOSS, b"val_loss: 0.48\nsaved the model, all done\n", Number(0.48)),
        (LOSS, b"val_loss: 0.48\nbest val_loss so far\n", Number(0.48)),
        (LOSS, b"val_loss: 0.9 val_loss: 0.48\n", Number(0.48)),
        (LOSS, b"val_loss: 0.9 val_loss: NaN\n", NotFinite),
        (LOSS, b"val_loss: 0.9, val_loss: none\n", Unreadable),
        (LOSS, b"nothing\n", Missing),
        (LOSS, b"", Missing),
        (LOSS, b"VAL_LOSS: 0.48\n", Missing),
        // Ends of lines, and what terminals are sent.
        (LOSS, b"val_loss: 0.9\r\nval_loss: 0.48\r\n", Number(0.48)),
        (LOSS, b"\rval_loss: 1.0212\rval_loss: 0.4799", Number(0.4799)),
        (LOSS, b"\rval_loss: 1.0212\rval_loss: NaN", NotFinite),
        (LOSS, b"\x1b[32mval_loss:\x1b[0m \x1b[1m0.48\x1b[0m\n", Number(0.48)),
        (LOSS, b"val_loss: 0.\x1b[1m48\x1b[0m\n", Number(0.48)),
        (LOSS, b"\x1b[2K\x1b[1Gval_loss: 0.9\x1b[2K\x1b[1Gval_loss: 0.48\n", Number(0.48)),
        (LOSS, b"\x1b]0;title\x07val_loss: 0.48\n", Number(0.48)),
        (LOSS, b"\xff\xfe val_loss: 0.48 \xff\n", Number(0.48)),
        (LOSS, b"val_loss: 0.48\xff\n", Number(0.48)),
        (LOSS, "épreuve → val_loss: 0.48 ✓\n".as_bytes(), Number(0.48)),
        (LOSS, b"\tval_loss: 0.48\t\n", Number(0.48)),
        // Other patterns.
        (r"val_loss.*([0-9.]+)", b"val_loss = 0.4799\n", Number(0.4799)),
        (r"val_loss.*?([0-9.]+)", b"val_loss is -1.5e-3\n", Number(-0.0015)),
        (r"val_loss.*?([0-9.]+)", b"val_loss: 0.9\nval_loss is nan\n", NotFinite),
        (r"val_loss.*?([0-9.]+)", b"val_loss: 0.48\nval_loss improved\n", Number(0.48)),
        (r"val_loss: (.*)", b"val_loss: 0.48 (best)\n", Number(0.48)),
        (r"val_loss: (\S+)", b"val_loss: 0.48,\n", Number(0.48)),
        (r"val_loss: (\S+)", b"val_loss: (0.48)\n", Number(0.48)),
        (r"(?<value>[0-9.]+) nats after (\d+)", b"0.48 nats after 12\n", Number(0.48)),
        (r"(?:val|valid)_loss=([0-9.]+)", b"valid_loss=0.48 val_loss=0.49\n", Number(0.49)),
        (r"\(([0-9.]+), [0-9.]+\)", b"(0.48, 0.9)\n", Number(0.48)),
        (r"\(([0-9.]+),", b"(0.48,0.9)\n", Number(0.48)),
        (r"^([0-9.]+)$", b"start\n0.48\ndone\n", Number(0.48)),
        (r"^([0-9.]+)$", b"0.9\nNaN\n", NotFinite),
        (r"(?i)VAL_LOSS: ([0-9.]+)", b"Val_Loss: 0.48\n", Number(0.48)),
        (r"\| valid \| +loss +\| +([0-9.]+)", b"| valid |  loss  |  0.480  | 3 |\n", Number(0.48)),
        ("\"val_loss\": ?([0-9.]+)", b"{\"epoch\": 3, \"val_loss\": 4.8e-1}\n", Number(0.48)),
        ("\"val_loss\": ?([0-9.]+)", b"{\"val_loss\": 0.9}\n{\"val_loss\": null}\n", Unreadable),
        (r"mse=([0-9]+\.[0-9]+)", b"mse=0.9 mse=1\n", Number(1.0)),
    ];
    for (pattern, output, expected) in table {
        let found = means(&hear(&metric(pattern), &[(Stream::Stdout, output)]));
        let is_same = match (found, expected) {
            (Number(found), Number(expected)) => (found - expected).abs() <= 1e-12 * expected.abs(),
            (found, expected) => found == expected,
        };
        assert!(
            is_same,
            "{pattern}: {:?} means {found:?}, not {expected:?}",
            String::from_utf8_lossy(output)
        );
    }
}

#[test]
fn both_streams_are_read_and_stdout_counts_if_both_report_the_metric() {
    let metric = metric(LOSS);
    let (out, err): (&[u8], &[u8]) = (b"val_loss: 0.5\n", b"val_loss: 0.6\n");
    for (outputs, value) in [
        (&[(Stream::Stderr, err)][..], 0.6),
        (&[(Stream::Stdout, out), (Stream::Stderr, err)], 0.5),
        (&[(Stream::Stderr, err), (Stream::Stdout, out)], 0.5),
    ] {
        assert_eq!(means(&hear(&metric, outputs)), Number(value));
    }
}

#[test]
fn a_curve_is_read_as_the_result_is() {
    let metric = metric(LOSS);
    let told = hear(&metric, &[(Stream::Stdout, b"epoch 1/4 val_loss: 9.0e-1\repoch 2/4 val_loss: .8,\r")]);
    let curve: Vec<_> = told.curve.iter().map(|point| (point.share, point.value)).collect();
    assert_eq!(curve, [(0.25, 0.9), (0.5, 0.8)]);
    let told = hear(&metric, &[(Stream::Stdout, b"epoch 1/4 val_loss: 0.9\nepoch 2/4 val_loss: NaN\n")]);
    assert!(told.fault.is_some_and(|(_, why)| why.contains("50 %")));
}

#[test]
fn what_cannot_be_read_is_shown_with_its_line_and_what_is_missing_with_the_pattern() {
    let metric = metric(LOSS);
    let told = hear(&metric, &[(Stream::Stdout, b"epoch 6 val_loss: 0,48\n")]);
    let Value::Unreadable(why) = told.metric else { panic!("{told:?}") };
    assert!(why.contains("epoch 6 val_loss: 0,48"), "{why}");
    let told = hear(&metric, &[(Stream::Stdout, b"loss 0.48\n")]);
    let why = told.why_missing(&metric);
    assert!(why.contains(LOSS) && why.contains("loss 0.48"), "{why}");
    assert!(Told::default().why_missing(&metric).contains("printed nothing"));
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn whatever_is_printed_before_the_last_telling_line_never_changes_the_result(
        before in prop::collection::vec(any::<u8>(), 0..400),
        told in prop::collection::vec("(epoch [0-9]{1,3} )?val_loss: [0-9a-zA-Z.,_+-]{0,12}", 0..4),
        last in prop::sample::select(vec!["0.48", "9.0e-1", "NaN", "none", "0,48", "-1"]),
    ) {
        let metric = metric(LOSS);
        let line = format!("val_loss: {last}\n");
        let alone = means(&hear(&metric, &[(Stream::Stdout, line.as_bytes())]));
        let all = [&before[..], b"\n", told.join("\n").as_bytes(), b"\n", line.as_bytes()].concat();
        prop_assert_eq!(means(&hear(&metric, &[(Stream::Stdout, &all)])), alone);
    }
}
