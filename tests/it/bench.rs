//! Benches: methods compared on small tables of results, from the command line to what is printed and plotted.

use std::fs;

use serde_json::Value;

use super::support::User;

/// A bowl over six by six programs with two seeds each; `noise` makes the tables differ.
fn bowl(noise: u64) -> String {
    let mut text = "# maximize\nparam:kind:cat,param:rate:ord,value:0,value:1\n".to_owned();
    for (kind, rate) in (0..6_u64).flat_map(|kind| (0..6).map(move |rate| (kind, rate))) {
        let height = 40 - (kind * kind + (rate - 3.min(rate)) * 2 + 3 - rate.min(3));
        text += &format!(
            "k{kind},{rate}e-3,{},{}\n",
            height + (kind * rate + noise) % 3,
            height + rate * noise % 2
        );
    }
    text
}

/// A user with two tables side by side.
fn user() -> User {
    let user = User::new();
    user.write("one.csv", &bowl(1));
    user.write("two.csv", &bowl(4));
    user
}

const SHORT: [&str; 7] = ["bench", "search", "--trials", "30", "--repeats", "4", "--table"];

fn words<'a>(begin: &[&'a str], end: &[&'a str]) -> Vec<&'a str> {
    [begin, end].concat()
}

#[test]
fn methods_are_compared_on_each_table_and_over_all_of_them() {
    let user = user();
    let methods =
        ["one.csv", "two.csv", "--method", "random,tpe", "--method", "greedy", "--plot", "curves.svg"];
    let text = user.autoresearch(&words(&SHORT, &methods)).well();
    for word in [
        "one: 36 programs; 4 searches of 30 trials, 4 at a time",
        "two: 36 programs",
        "regret x 1000 of the program returned",
        "of the program with the best single result",
        "CPU s / search",
        "difference from tpe",
        "geometric mean over 2 tables",
        "greedy, observed",
    ] {
        assert!(text.contains(word), "{word:?} is not in:\n{text}");
    }
    assert!(!text.contains("NaN") && !text.contains("evolution"), "{text}");
    let svg = user.read("curves.svg");
    assert_eq!((svg.matches("<polyline").count(), svg.matches("</g>").count()), (6, 2), "{svg}");
}

#[test]
fn json_is_an_object_for_each_table_method_and_checkpoint_and_nothing_else() {
    let user = user();
    let end = ["two.csv", "--method", "random", "evolution", "--batch", "3", "--json"];
    let said = || user.autoresearch(&words(&SHORT, &end)).well();
    let lines: Vec<Value> = said().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let cells: Vec<(&str, u64)> = lines
        .iter()
        .map(|line| (line["method"].as_str().unwrap(), line["trials"].as_u64().unwrap()))
        .collect();
    assert_eq!(cells, [("random", 25), ("random", 30), ("evolution", 25), ("evolution", 30)]);
    for line in &lines {
        assert_eq!((&line["table"], &line["batch"], &line["repeats"]), (&"two".into(), &3.into(), &4.into()));
        for key in ["mean", "stderr", "observed_mean", "observed_stderr"] {
            let value = line[key].as_f64().unwrap();
            assert!((0.0..2.0).contains(&value), "{line}");
        }
        assert_eq!(line.as_object().unwrap().len(), 9, "{line}");
    }
    assert_eq!(said(), said(), "the same searches give the same");
}

#[test]
fn the_worth_of_learning_is_measured_by_leaving_it_out() {
    let user = user();
    let end = ["one.csv", "--method", "ppo,ppo-without-learning", "--against", "ppo"];
    let text = user.autoresearch(&words(&SHORT, &end)).well();
    assert!(
        text.contains("difference from ppo,") && text.contains("ppo-without-learning, observed"),
        "{text}"
    );
}

#[test]
fn the_method_that_others_are_compared_with_is_run() {
    let user = user();
    let end = ["one.csv", "--method", "greedy", "--against", "random", "--json"];
    let text = user.autoresearch(&words(&SHORT, &end)).well();
    assert_eq!(text.matches("\"random\"").count(), 2, "{text}");
}

#[test]
fn a_file_that_is_not_a_table_is_named_before_anything_is_run() {
    let user = user();
    user.write("no.csv", "kind,rate\n1,2\n");
    for (table, word) in
        [("no.csv", "no.csv, line 1: begins with"), ("absent.csv", "absent.csv: cannot be read")]
    {
        let said = user.autoresearch(&words(&SHORT, &["one.csv", table]));
        assert_eq!((said.code, said.out.as_str()), (Some(3), ""), "{}", said.err);
        assert!(said.err.starts_with("error: ") && said.err.contains(word), "{}", said.err);
        assert!(said.err.contains("; expected "), "{}", said.err);
    }
    assert_eq!(fs::read_dir(user.path()).unwrap().count(), 4, "something was made");
}

#[test]
fn wrong_usage_of_a_bench_has_its_own_exit_code() {
    let user = user();
    for end in [
        &[][..],
        &["one.csv", "--method", "magic"],
        &["one.csv", "--method", "tpe-without-learning"],
        &["one.csv", "--repeats", "1"],
        &["one.csv", "--batch", "0"],
        &["one.csv", "--trials", "0"],
    ] {
        let words = match end {
            [] => vec!["bench", "search"],
            end => words(&["bench", "search", "--table"], end),
        };
        let said = user.autoresearch(&words);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{words:?}: {}", said.err);
    }
}

/// Two studies of twelve runs; better ones are better from the start.
fn curves() -> String {
    let mut text = "# minimize\nstudy,run,share,value\n".to_owned();
    for (study, run, point) in
        (0..2).flat_map(|study| (0..12).flat_map(move |run| (1..=8).map(move |point| (study, run, point))))
    {
        let value = 10 * ((run * 5 + study) % 12) + 40 / point + (run + point) % 3;
        text += &format!("s{study},r{run},{},{value}\n", f64::from(point) / 8.0);
    }
    text
}

#[test]
fn stop_rules_are_replayed_on_recorded_curves() {
    let user = User::new();
    user.write("curves.csv", &curves());
    let words = ["bench", "stopping", "--curves", "curves.csv"];
    let text = user.autoresearch(&words).well();
    for word in ["studies: 2, runs: 24", "winners stopped", "paper-sprt", "none               0   1.00", " *"]
    {
        assert!(text.contains(word), "{word:?} is not in:\n{text}");
    }
    assert!(!text.contains("NaN"), "{text}");
    let lines = user.autoresearch(&[&words[..], &["--rule", "naive,ours", "--json"]].concat()).well();
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() > 5 && rows[0]["rule"] == "naive" && rows[1]["rule"] == "ours", "{lines}");
    for row in rows {
        let [throughput, stopped, low, high] =
            ["throughput", "winners_stopped", "low", "high"].map(|key| row[key].as_f64().unwrap());
        assert!(throughput >= 1.0 && low <= stopped && stopped <= high && high <= 1.0, "{row}");
        assert!(row["best_found"].is_f64() && row["setting"].is_f64(), "{row}");
    }
}

#[test]
fn a_file_without_curves_is_named_with_its_line() {
    let user = User::new();
    user.write("no.csv", "# minimize\nstudy,run,share,value\na,1,0.5,1\na,1,2.0,1\n");
    for (file, word) in [
        ("no.csv", "no.csv, line 4: the share 2; expected a share of the budget"),
        ("absent.csv", "absent.csv: cannot be read"),
        (".", "has no commits yet"),
    ] {
        let said = user.autoresearch(&["bench", "stopping", "--curves", file]);
        assert_eq!((said.code, said.out.as_str()), (Some(3), ""), "{}", said.err);
        assert!(said.err.contains(word), "{}", said.err);
    }
}

#[test]
fn rules_for_merging_are_compared_over_nights() {
    let user = user();
    let nights = ["bench", "merge", "--search", "random", "--repeats", "4", "--evaluations", "40", "--table"];
    let text = user.autoresearch(&words(&nights, &["one.csv", "two.csv"])).well();
    for word in
        ["one: 36 programs; 4 nights of 40 evaluations", "not better, %", "keep-if-2-sigma", "true value"]
    {
        assert!(text.contains(word), "{word:?} is not in:\n{text}");
    }
    let end = ["one.csv", "--rule", "ours,confirm-by-mean", "--rule", "keep-if-lower", "--json"];
    let said = || user.autoresearch(&words(&nights, &end)).well();
    let lines: Vec<Value> = said().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let rules: Vec<&str> = lines.iter().map(|line| line["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["ours", "keep-if-lower", "confirm-by-mean"]);
    for line in &lines {
        for key in ["merges", "false_share", "regret", "proof_trials", "value"] {
            assert!(line[key].is_number(), "{key}: {line}");
        }
    }
    assert_eq!(said(), said(), "the same nights give the same");
}

#[test]
fn a_program_is_compared_with_itself() {
    let user = User::new();
    let runs: Vec<String> =
        (0..60).map(|run| format!("{}", 1.9 + 0.001 * f64::from(run * 37 % 61))).collect();
    let names: Vec<String> = (0..60).map(|run| format!("value:{run}")).collect();
    user.write(
        "same.csv",
        &format!("# minimize\nparam:name:cat,{}\none,{}\n", names.join(","), runs.join(",")),
    );
    let said = user.autoresearch(&["bench", "merge", "--same", "same.csv", "--json"]).well();
    let found: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(found["comparisons"], 500);
    assert!(found["false_share"].as_f64().unwrap() <= 0.01, "{found}");
}
