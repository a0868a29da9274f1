//! `docs/microwasm.md` agrees with the code: operators, sections, limits, the example.

mod common;

use common::read;
use microwasm::binary::{self, Section};
use microwasm::wasm::Limits;
use microwasm::{Opcode, text};

const DOCUMENT: &str = include_str!("../../../docs/microwasm.md");

/// The cells of every row of a table.
fn rows(start: &str) -> Vec<Vec<&str>> {
    let (_, table) = DOCUMENT.split_once(start).expect("the table is there");
    let rows = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    rows.filter(|line| !line.starts_with("|---"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn operators() {
    let rows = rows("| code | operator | immediates |");
    assert_eq!(rows.len(), Opcode::ALL.len());
    for (row, opcode) in rows.iter().zip(Opcode::ALL) {
        assert_eq!(row[0], format!("{:#04x}", *opcode as u8), "{row:?}");
        assert_eq!(row[1], format!("`{}`", opcode.name()), "{row:?}");
        assert_eq!(row[2], opcode.immediates().join(" "), "{row:?}");
    }
}

#[test]
fn kinds_of_immediates() {
    let rows = rows("| kind of immediate |");
    for opcode in Opcode::ALL {
        for kind in opcode.immediates() {
            let named =
                |row: &Vec<&str>| row[0].split(", ").any(|name| name == format!("`{kind}`"));
            assert!(rows.iter().any(named), "{kind}");
        }
    }
}

#[test]
fn sections() {
    let ids: Vec<String> = rows("| id | section |")
        .iter()
        .map(|row| row[0].to_owned())
        .collect();
    let expected: Vec<String> = Section::ALL
        .iter()
        .map(|&section| (section as u8).to_string())
        .collect();
    assert_eq!(ids, expected);
}

#[test]
fn limits() {
    let limits = Limits::default();
    let named = [
        ("types", limits.types),
        ("parameters, and results, of a type", limits.params),
        ("imports; functions; globals; exports", limits.functions),
        ("tables; element segments; data segments", limits.tables),
        ("elements of a segment", limits.elems),
        ("bytes of a name", limits.name_length),
        ("bytes of a body", limits.function_size * 16),
        ("parameters and `zeros` of a function", limits.locals),
    ];
    let rows = rows("| | at most |");
    for (name, limit) in named {
        let row = rows.iter().find(|row| row[0] == name);
        let row = row.unwrap_or_else(|| panic!("no limit {name}"));
        let digits: String = row[1].chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits, limit.to_string(), "{name}");
    }
}

#[test]
fn the_example() {
    let (_, part) = DOCUMENT
        .split_once("## A complete example")
        .expect("there is one");
    let mut blocks = part.split("```").skip(1).step_by(2).map(str::trim_start);
    let (text, listing) = (blocks.next().expect("text"), blocks.next().expect("bytes"));
    let found = binary::write(text.as_bytes(), Limits::default()).expect("the example is valid");
    let printed = text::print(&found, Limits::default(), text::Offsets::Hide).expect("valid");
    let uncommented: Vec<&str> = printed
        .lines()
        .map(|line| line.split(" ;; ").next().unwrap_or_default())
        .collect();
    assert_eq!(
        uncommented,
        text.lines().collect::<Vec<_>>(),
        "the text is canonical"
    );
    let bytes = listing.lines().flat_map(|line| {
        let bytes = line.split("  ").next().unwrap_or_default();
        bytes.split(' ').map(|byte| u8::from_str_radix(byte, 16))
    });
    let bytes: Result<Vec<u8>, _> = bytes.collect();
    assert_eq!(bytes.as_deref(), Ok(&found[..]), "{found:02x?}");
    assert!(read(&found).is_ok());
}
