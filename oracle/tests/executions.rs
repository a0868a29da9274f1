//! `microwasm executions` measures every target, and says so in both forms.

use std::process::{Command, Output};

use microwasm_oracle::targets::Target;
use serde_json::Value;

fn executions(args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_microwasm"))
        .arg("executions")
        .args(args)
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    output
}

#[test]
fn every_target_has_a_row() {
    let output = executions(&["--inputs", "50"]);
    let text = String::from_utf8(output.stdout).expect("text");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    for (name, _) in Target::ALL {
        let row = rows.iter().find(|row| row.first() == Some(&name));
        let row = row.unwrap_or_else(|| panic!("no {name} in {text}"));
        assert_eq!(row[1], "50", "{row:?}");
    }
    assert_eq!(
        cfg!(feature = "peers"),
        text.contains("cranelift"),
        "{text}"
    );
}

#[test]
fn figures_make_sense() {
    let output = executions(&["--inputs", "40", "--target", "spill", "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let rows = json["targets"].as_array().expect("a list");
    assert_eq!(rows.len(), 1, "{json}");
    let row = &rows[0];
    assert_eq!(row["target"], "spill");
    assert_eq!(row["inputs"], 40);
    assert_eq!(row["executed_percent"], 100.0, "no input of it is refused");
    assert_eq!(row["findings"], 0);
    let number = |name: &str| {
        row[name]
            .as_f64()
            .unwrap_or_else(|| panic!("{name}: {row}"))
    };
    assert!(number("median_micros") > 0.0, "{row}");
    assert!(number("median_micros") <= number("p90_micros"), "{row}");
    let per_second = 1e6 / number("mean_micros");
    assert!(
        (number("per_second") / per_second - 1.0).abs() < 1e-6,
        "{row}"
    );
    assert_eq!(
        json["comparison"],
        Value::Null,
        "it is about another target"
    );
}

#[cfg(feature = "peers")]
#[test]
fn all_engines_get_the_same_cases() {
    let output = executions(&["--inputs", "60", "--target", "differential", "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let comparison = &json["comparison"];
    let discarded = comparison["discarded"].as_u64().expect("a number");
    let sides = comparison["sides"].as_array().expect("a list");
    assert_eq!(sides.len(), 3, "{comparison}");
    for side in sides {
        assert_eq!(side["inputs"].as_u64(), Some(60 - discarded), "{side}");
        assert_eq!(side["findings"], 0, "{side}");
        let ratio = |name: &str| side[name].as_f64().expect("a number");
        // Generation is the same on all sides, and draws them together.
        let (without, with) = (ratio("ratio") - 1.0, ratio("ratio_with_generation") - 1.0);
        assert!(with.abs() <= without.abs(), "{side}");
    }
    assert_eq!(sides[0]["ratio"], 1.0);
}
