//! Tables that are read back as they were written, and files that are none.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use crate::policy::{Program, Space};

const SMALL: &str = "# minimize\nparam:a:cat,param:b:ord,value:0,value:1\nx,10,1,2\nx,9,3,\ny,10,,\n";

fn table(text: &str) -> Table {
    parse("table", text).expect("a table")
}

/// What the error says.
fn refusal(text: &str) -> String {
    let (line, wrong, expected) = parse("table", text).expect_err("no table");
    CsvError { file: "t.csv".into(), line, wrong, expected }.to_string()
}

/// Values of the sites, as any program of the table has them.
fn ladders(table: &Table) -> Vec<Vec<String>> {
    let values = table.rows().next().expect("a row").0.clone();
    let program = Program { id: id(&values), trial: 0, values };
    table.sites(&program).into_iter().map(|site| site.values).collect()
}

#[test]
fn a_small_table_is_read() {
    for text in
        [SMALL.to_owned(), SMALL.replace('\n', "\r\n"), format!("\u{feff}{}", SMALL.replace("\ny", "\n\ny"))]
    {
        let table = table(&text);
        assert_eq!(table.len(), 3);
        assert_eq!(ladders(&table), [vec!["x", "y"], vec!["9", "10"]]);
    }
}

#[test]
fn ladders_are_in_the_order_of_numbers_or_as_met() {
    let ladder = |values: &[&str]| {
        let rows = values.iter().enumerate().map(|(row, value)| format!("{value},{row},{row}\n"));
        let text = format!("# minimize\nparam:a:ord,param:b:cat,value:0\n{}", rows.collect::<String>());
        ladders(&table(&text))[0].join(" ")
    };
    assert_eq!(ladder(&["1e-3", "+3", "-2", "0.5", "1_0"]), "-2 1e-3 0.5 +3 1_0");
    assert_eq!(ladder(&["2", "inf", "1"]), "2 inf 1");
    assert_eq!(ladder(&["small", "large", "medium"]), "small large medium");
}

#[test]
fn names_and_values_may_hold_anything_that_quotes_can() {
    let table = table("# maximize\n\"param:a,\"\"b:c\nd:cat\",value:0\n\"x,\ny\",1\n\"\",2\n\"\"\"\",3\n");
    let values: Vec<&str> = table.rows().map(|(values, _)| values["a,\"b:c\nd"].as_str()).collect();
    assert_eq!(values, ["x,\ny", "", "\""]);
}

#[test]
fn what_is_not_a_table_is_refused_with_its_line() {
    for (text, words) in [
        ("", "t.csv, line 1: begins with \"\"; expected `# minimize` or `# maximize`"),
        ("param:a:cat,value:0\nx,1\ny,2\n", "line 1: begins with \"param:a:cat,value:0\""),
        ("# minimize\n", "line 2: has no header; expected a header of"),
        ("# minimize\na,b\n1,2\n", "line 2: the column \"a\" is neither"),
        ("# minimize\nparam:a:number,value:0\n", "the column \"param:a:number\" is neither"),
        ("# minimize\nvalue:0\n1\n", "there is no column of a parameter"),
        ("# minimize\nparam:a:cat\nx\n", "there is no column of a value"),
        ("# minimize\nparam:a:cat,value:0,param:b:cat\n", "the parameter \"b\" comes after a value"),
        ("# minimize\nparam:a:cat,param:a:ord,value:0\n", "the parameter \"a\" appears twice"),
        ("# minimize\nparam:a:cat,value:0\n", "line 2: is the last line; expected rows"),
        ("# minimize\nparam:a:cat,value:0\n\nx,1\nx\n", "line 5: has 1 cells; expected 2 cells"),
        ("# minimize\nparam:a:cat,value:0\nx,1,2\n", "line 3: has 3 cells"),
        (
            "# minimize\nparam:a:cat,value:0\nx,fast\n",
            "line 3: the result \"fast\"; expected a finite number",
        ),
        ("# minimize\nparam:a:cat,value:0\nx,NaN\n", "the result \"NaN\""),
        ("# minimize\nparam:a:cat,value:0\nx,1\ny,-inf\n", "line 4: the result \"-inf\""),
        (
            "# minimize\nparam:a:cat,value:0\n\"x\ny\",1\nz,2\n\"x\ny\",3\n",
            "line 6: has the same parameters as line 3",
        ),
        ("# minimize\nparam:a:cat,value:0\nx,1\n\"y,2\nz,3\n", "line 4: opens a quotation that never ends"),
        ("# minimize\nparam:a:cat,value:0\nx,\ny,\n", "no better than the median one"),
        ("# minimize\nparam:a:cat,value:0\nx,1\ny,1\nz,1\n", "t.csv: there is nothing to search for"),
        ("# minimize\nparam:a:cat,value:0\nx,1e308\ny,-1e308\n", "nothing to search for"),
    ] {
        let said = refusal(text);
        assert!(said.contains(words), "{text:?}: {said}");
    }
    let many: String = (0..=MOST_VALUES).map(|row| format!("{row},{row}\n")).collect();
    let said = refusal(&format!("# minimize\nparam:a:cat,value:0\n{many}"));
    assert!(said.contains("has 1001 values; expected at most 1000"), "{said}");
}

#[test]
fn gzip_files_are_unpacked_and_tables_named_after_their_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("it can be written");
        read(&path)
    };
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(SMALL.as_bytes()).expect("memory");
    let packed = packed.finish().expect("memory");
    for (name, bytes) in [
        ("real.csv.gz", &packed[..]),
        ("real.csv", SMALL.as_bytes()),
        ("real", SMALL.as_bytes()),
        ("real.csv", &packed),
    ] {
        assert_eq!(file(name, bytes).expect("a table").name, "real");
    }
    let refused = |name: &str, bytes: &[u8], words: &str| {
        let said = file(name, bytes).expect_err("no table").to_string();
        assert!(said.contains(words) && said.contains(name), "{said}");
    };
    refused("a.csv.gz", SMALL.as_bytes(), "is not gzip, as its name says");
    refused("b.csv.gz", &packed[..packed.len() / 2], "cannot be unpacked");
    refused("c.csv", &[b'#', 0xff, 0xfe], "is not text");
    let said = read(&folder.path().join("absent.csv")).expect_err("no file").to_string();
    assert!(said.contains("absent.csv: cannot be read: No such file"), "{said}");
}

/// Rows by parameters; each with two seeds, either of which may be missing.
fn rows() -> impl Strategy<Value = BTreeMap<(String, i32), (Option<f64>, Option<f64>)>> {
    let result = || prop::option::weighted(0.8, -1e6..1e6_f64);
    prop::collection::btree_map(("[a-c\",\n é]{0,3}", -5..5), (result(), result()), 3..20)
}

proptest! {
    #[test]
    fn what_was_written_is_read(rows in rows(), maximize: bool) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let cell = |result: &Option<f64>| result.map_or(String::new(), |result| result.to_string());
        let mut text = format!("# {}\nparam:word:cat,param:rung:ord,value:0,value:1\n", if maximize { "maximize" } else { "minimize" });
        for ((word, rung), (first, second)) in &rows {
            text += &format!("{},{rung},{},{}\n", quoted(word), cell(first), cell(second));
        }
        let Ok(table) = parse("table", &text) else {
            // If too many crash, half of the rest may be the best.
            prop_assume!(false);
            return Ok(());
        };
        prop_assert_eq!(table.len(), rows.len());
        let sign = if maximize { -1.0 } else { 1.0 };
        for (((word, rung), (first, second)), (values, results)) in rows.iter().zip(table.rows()) {
            prop_assert_eq!((&values["word"], &values["rung"]), (word, &rung.to_string()));
            let expected: Vec<f64> = [first, second].into_iter().flatten().map(|result| sign * result).collect();
            prop_assert_eq!(results, &expected);
        }
    }
}
