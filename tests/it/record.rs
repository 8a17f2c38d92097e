//! A table of results: measured on a repository's own programs, whatever interrupts it.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::support::{RECIPE_ONLY, User, said, signal, wait_until};

/// Six combinations, one of which breaks a constraint.
const SITES: [&str; 4] = ["--site", "recipe::WIDTH=96,64", "--site", "recipe::HEADS=4,8,12"];

fn table(user: &User) -> PathBuf {
    user.home().join("table.csv")
}

/// The command with its table, and more words.
fn words<'a>(table: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["record", ".", table][..], more].concat()
}

#[track_caller]
fn record(user: &User, more: &[&str]) -> String {
    let path = table(user);
    user.autoresearch(&words(path.to_str().unwrap(), more)).well()
}

/// Cells of the rows, without the header.
fn rows(user: &User) -> Vec<Vec<String>> {
    let text = fs::read_to_string(table(user)).unwrap();
    text.lines().skip(2).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn all_combinations_that_are_programs_are_measured_and_nothing_else_happens() {
    let user = User::quick(RECIPE_ONLY);
    let (branches, status) = (user.branches(), user.status());
    let out = record(&user, &[&SITES[..], &["--seeds", "2", "--budget", "100steps"]].concat());
    assert!(out.contains("5 programs on 2 seeds, 100steps per run"), "{out}");
    assert!(out.contains("1 of 6 combinations left out") && out.contains("WIDTH % HEADS"), "{out}");
    assert!(out.contains("10/10") && out.contains("is complete"), "{out}");
    let text = fs::read_to_string(table(&user)).unwrap();
    let header = "# minimize\nparam:recipe::WIDTH:ord,param:recipe::HEADS:ord,value:0,value:1\n64,4,";
    assert!(text.starts_with(header), "{text}");
    let rows = rows(&user);
    let programs: Vec<String> = rows.iter().map(|row| row[..2].join(" ")).collect();
    assert_eq!(programs, ["64 4", "64 8", "96 4", "96 8", "96 12"]);
    for row in &rows {
        let [first, second]: [f64; 2] = [row[2].parse().unwrap(), row[3].parse().unwrap()];
        assert!(first != second && (first - second).abs() < 0.1, "another seed, another result: {row:?}");
    }
    assert_eq!((user.branches(), user.status()), (branches, status), "no commits, no edits");

    let before = text;
    let again = record(&user, &[&SITES[..], &["--seeds", "2", "--budget", "100steps"]].concat());
    assert!(again.contains("is complete") && !again.contains("/10 "), "{again}");
    assert_eq!(fs::read_to_string(table(&user)).unwrap(), before);
    record(&user, &[&SITES[..], &["--seeds", "3", "--budget", "100steps"]].concat());
    assert!(rows_begin_with(&user, &before), "a third seed next to the two");
}

/// Whether the rows have the results of an earlier table, and one more each.
fn rows_begin_with(user: &User, earlier: &str) -> bool {
    let rows = rows(user);
    let earlier = earlier.lines().skip(2);
    earlier.zip(&rows).all(|(line, row)| row.len() == 5 && row.join(",").starts_with(&format!("{line},")))
}

#[test]
fn a_program_that_fails_has_a_row_without_values_and_is_not_run_again_in_vain() {
    let settings = "mutable = [\"src/mishap.rs\"]\n[metric]\nname = \"val_bpb\"\ndirection = \"maximize\"\n";
    let user = User::quick(settings);
    let words = ["--site", "mishap::MISHAP=0,2,6", "--budget", "100steps", "--slots", "1", "--seeds", "3"];
    let out = record(&user, &words);
    let text = fs::read_to_string(table(&user)).unwrap();
    assert!(text.starts_with("# maximize\n"), "{text}");
    let rows = rows(&user);
    assert!(rows[0][1].parse::<f64>().unwrap() > 0.0, "as the program printed it");
    assert_eq!((rows[1].join(","), rows[2].join(",")), ("2,,,".into(), "6,,,".into()));
    assert!(out.contains("crashed: panic") && out.contains("diverged: "), "{out}");
    assert_eq!(out.matches("MISHAP 2").count(), 2, "what crashes twice, crashes on any seed: {out}");
    assert_eq!(out.matches("MISHAP 6").count(), 3, "what diverges may not: {out}");
}

#[test]
fn a_table_killed_at_any_moment_loses_nothing() {
    let more = [&SITES[..], &["--budget", "100steps", "--seed", "7", "--slots", "2"]].concat();
    let whole = User::quick(RECIPE_ONLY);
    record(&whole, &more);
    let killed = User::quick(RECIPE_ONLY);
    let path = table(&killed);
    let words = words(path.to_str().unwrap(), &more);
    let mut measured = 0;
    let mut unfinished = 0;
    for moment in [20, 300, 600, 900, 1200, 400] {
        let mut child = killed.start(&words);
        sleep(Duration::from_millis(moment));
        unfinished += u32::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
        killed.nothing_survives();
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(text.is_empty() || text.ends_with('\n'), "{text}");
        let rows = if text.is_empty() { Vec::new() } else { rows(&killed) };
        assert!(rows.iter().all(|row| row.len() == 4), "{text}");
        let now = rows.iter().flat_map(|row| &row[2..]).filter(|cell| !cell.is_empty()).count();
        assert!(now >= measured, "something was lost: {text}");
        measured = now;
    }
    assert!(unfinished >= 3, "the test proves little: only {unfinished} runs were killed");
    record(&killed, &more);
    assert_eq!(fs::read_to_string(&path).unwrap(), fs::read_to_string(table(&whole)).unwrap());
}

#[test]
fn ctrl_c_ends_a_table_cleanly_and_the_first_seed_comes_first() {
    let user = User::quick(RECIPE_ONLY);
    let path = table(&user);
    let more = [&SITES[..], &["--budget", "0.3s", "--seeds", "40"]].concat();
    let child = user.start(&words(path.to_str().unwrap(), &more));
    wait_until("something is measured", || {
        fs::read_to_string(&path).is_ok_and(|text| text.lines().count() > 2)
    });
    signal(&child, Signal::SIGINT);
    let said = said(child);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    assert!(said.out.contains("run the same command to continue"), "{}", said.out);
    assert!(user.processes().is_empty());
    for row in rows(&user) {
        assert!(row[2].parse::<f64>().is_ok() && row[3..].iter().all(String::is_empty), "{row:?}");
    }
}

#[test]
fn what_cannot_be_measured_is_refused_with_the_reason() {
    let user = User::quick(RECIPE_ONLY);
    let path = table(&user);
    let path = path.to_str().unwrap();
    for (sites, code, reasons) in [
        (&["recipe::WIDHT=64"][..], 3, &["no site `recipe::WIDHT`", "`recipe::WIDTH`"][..]),
        (&["recipe::WIDTH=64,90"], 3, &["`recipe::WIDTH` cannot be `90`", "the nearest is `96`"]),
        (&["recipe::WIDTH=64", "recipe::WIDTH=96"], 3, &["recipe::WIDTH was given twice"]),
        (&["recipe::WIDTH"], 2, &["NAME=V1,V2"]),
        (&[], 2, &["--site"]),
    ] {
        let more: Vec<&str> = sites.iter().flat_map(|site| ["--site", site]).collect();
        let said = user.autoresearch(&words(path, &more));
        assert_eq!(said.code, Some(code), "{}", said.err);
        reasons.iter().for_each(|reason| assert!(said.err.contains(reason), "{}", said.err));
    }
    assert!(!table(&user).exists());
    record(&user, &["--site", "recipe::WIDTH=64", "--seeds", "1", "--budget", "100steps"]);
    let other = words(path, &["--site", "recipe::WIDTH=64", "--seeds", "1", "--budget", "200steps"]);
    let said = user.autoresearch(&other);
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.contains("started with budget 100steps, not 200steps"), "{}", said.err);
}
