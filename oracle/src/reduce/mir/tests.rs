//! Each kind of edit: a text before and after.

use microwasm::FuncIndex;
use microwasm::text::Offsets;

use super::blocks::{Ending, cut, merged, redirected};
use super::ranges::{Keep, range, simplified, without};
use super::slots::forgotten;
use super::*;

/// A module whose last function has this type and body.
fn module(ty: &str, body: &str) -> Editable {
    let text = format!(
        "microwasm 1\ntype 0 [i32] -> [i64]\ntype 1 {ty}\nimport func 0 \"h\" \"f\" type 0\n\
         memory 0 1..\nglobal 0 mut i64 (i64.const 7)\nexport func 1 \"g\"\n\
         func 1 type 1\n{body}\nend\n"
    );
    Editable::read(text.as_bytes()).unwrap()
}

const FUNC: FuncIndex = FuncIndex(1);

/// The operators of the last function, separated by `;`.
fn text(module: &Editable) -> String {
    let wasm = module.encode().expect("valid");
    let text = microwasm::text::print(&wasm, Limits::default(), Offsets::Hide).unwrap();
    let lines = text.lines().skip_while(|line| !line.starts_with("func"));
    let lines = lines.skip(1).take_while(|line| *line != "end");
    lines.map(str::trim).collect::<Vec<_>>().join("; ")
}

fn edited(module: &Editable, body: Option<Body>) -> String {
    let mut module = module.clone();
    module.bodies[0] = body.expect("an edit");
    text(&module)
}

#[test]
fn comes_out_as_it_went_in() {
    let body = "declare .L1 [i32] base 0 callers 1; br .L1; .L1:; call 0; br .return";
    let module = module("[i32] -> [i64]", &body.replace("; ", "\n"));
    assert_eq!(text(&module), body);
}

#[test]
fn replaces_ranges_by_drops_and_constants() {
    let module = module(
        "[i32 i32] -> [i64]",
        "i32.add\ni64.extend_i32_u\ni64.const 9\ni64.add\nbr .return",
    );
    let body = &module.bodies[0];
    let without = |range, keep| without(&module.info, FUNC, body, range, keep);
    assert_eq!(range(body, 2, 100), Some(2..4));
    assert_eq!(
        edited(&module, without(2..4, Keep::All)),
        "i32.add; i64.extend_i32_u; br .return"
    );
    assert_eq!(
        edited(&module, without(0..4, Keep::Untouched)),
        "drop; drop; i64.const 0; br .return"
    );
}

#[test]
fn cuts_blocks_short() {
    let module = module(
        "[i32] -> [i64]",
        "declare .L1 [i32] base 0\nbr .L1\n.L1:\ncall 0\nbr .return",
    );
    let body = &module.bodies[0];
    let cut = |at, ending| cut(&module.info, FUNC, body, at, ending);
    assert_eq!(
        edited(&module, cut(0, Ending::ReturnZeros)),
        "i64.const 0; br .return"
    );
    assert_eq!(edited(&module, cut(0, Ending::Trap)), "unreachable");
    assert!(cut(2, Ending::Trap).is_none(), "a block keeps its label");
}

#[test]
fn branches_go_one_way_only() {
    let module = module(
        "[i32] -> []",
        "declare .L1 [] base 0 callers 1\ndeclare .L2 [] base 0 callers 2\n\
         br_if .L1 .L2\n.L1:\nbr .L2\n.L2:\nbr .return",
    );
    let body = &module.bodies[0];
    assert_eq!(
        edited(&module, redirected(body, 2, 1)),
        "declare .L1 [] base 0 callers 1; drop; br .L1; .L1:; br .return"
    );
    assert!(redirected(body, 4, 0).is_none(), "it goes one way already");
}

#[test]
fn merges_a_block_with_its_only_caller() {
    let module = module(
        "[i32 i32] -> [i64]",
        "declare .L1 [] base 1\nbr .L1\n.L1:\ncall 0\nbr .return",
    );
    let body = &module.bodies[0];
    let merged = merged(&module.info, FUNC, body, Label(1));
    assert_eq!(edited(&module, merged), "drop; call 0; br .return");
}

#[test]
fn takes_a_value_out_of_all_blocks() {
    let module = module(
        "[i32 i32] -> [i64]",
        "i64.const 5\ndeclare .L1 [i64 i32] base 1\npick 1\nbr .L1\n\
         .L1:\npick 2\nswap 1\ndrop\ncall 0\nbr .return",
    );
    let body = &module.bodies[0];
    // The parameters are webs 0 and 1, the constant is one with the first argument.
    let goes = (0..8).filter_map(|web| forgotten(&module.info, FUNC, body, web));
    let bodies: Vec<_> = goes.collect();
    let second = bodies.iter().find(|changed| changed.params == [1]).unwrap();
    let mut without_param = module.clone();
    let body = second.body.clone();
    without_param = without_param.with_body(FUNC, body, &[1]).unwrap();
    assert_eq!(
        text(&without_param),
        "i64.const 5; declare .L1 [i64 i32] base 1; i32.const 0; br .L1; .L1:; pick 2; \
         swap 1; drop; call 0; br .return"
    );
    let constant = bodies
        .iter()
        .filter(|changed| changed.params.is_empty())
        .map(|changed| edited(&module, Some(changed.body.clone())));
    let wanted = "declare .L1 [i32] base 1; pick 0; br .L1; .L1:; pick 1; swap 1; drop; \
                  call 0; br .return";
    let constant: Vec<String> = constant.collect();
    assert!(constant.iter().any(|text| text == wanted), "{constant:#?}");
}

#[test]
fn simplifies_operators() {
    let module = module(
        "[i32] -> [i64]",
        "declare .L1 [] base 0 callers 1\ndrop\nbr .L1\n.L1:\ni32.const 77\n\
         i64.load offset=8\nbr .return",
    );
    let body = &module.bodies[0];
    let edited = |at, choice| edited(&module, simplified(body, at, choice));
    assert!(edited(0, 0).starts_with("declare .L1 [] base 0; "));
    assert!(edited(4, 1).contains("i32.const 1;"));
    assert!(!edited(5, 0).contains("offset"));
}

#[test]
fn takes_declarations_away() {
    let module = module(
        "[i32] -> [i64]",
        "call 0\nglobal.set 0\ni32.const 1\ni64.load 0\nbr .return",
    );
    let without = |kind| module.without(kind, 0).expect("an edit");
    assert!(text(&without(Kind::Func)).starts_with("drop; i64.const 0; global.set 0;"));
    assert_eq!(without(Kind::Func).info.exports[0].item, {
        microwasm::module::ExportItem::Func(FuncIndex(0))
    });
    assert!(text(&without(Kind::Global)).starts_with("call 0; drop;"));
    assert!(text(&without(Kind::Memory)).contains("drop; i64.const 0; br"));
    assert!(module.without(Kind::Type, 0).is_none(), "it is in use");
    for kind in [Kind::Func, Kind::Global, Kind::Memory] {
        assert!(without(kind).weight() < module.weight(), "{kind:?}");
    }
}
