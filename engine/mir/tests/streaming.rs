//! A module gives the same result however it is cut into chunks.

mod common;

use common::{Checked, Failure, Lines, Random};
use microwasm::ModuleInfo;
use microwasm::wasm::{Limits, ModuleTranslator, WasmError};

type Outcome = Result<(ModuleInfo, Vec<Vec<String>>), Failure>;

fn stream<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let mut translator = ModuleTranslator::new(Limits::default());
    let mut consumer = Checked::<Lines>::default();
    for chunk in chunks {
        translator.push(chunk, &mut consumer)?;
    }
    let info = translator.finish(&mut consumer)?;
    Ok((
        info,
        consumer
            .functions
            .into_iter()
            .map(|lines| lines.0)
            .collect(),
    ))
}

#[test]
fn every_chunk_size() {
    let wasm = common::assemble(common::EVERYTHING);
    let whole = common::translate(&wasm);
    assert!(whole.is_ok(), "{whole:?}");
    for size in 1..=wasm.len() {
        assert_eq!(stream(wasm.chunks(size)), whole, "chunks of {size} bytes");
    }
}

#[test]
fn every_pair_of_chunks() {
    let wasm = common::assemble(common::EVERYTHING);
    let whole = common::translate(&wasm);
    for cut in 0..=wasm.len() {
        let (head, tail) = wasm.split_at(cut);
        assert_eq!(stream([head, &[], tail].into_iter()), whole, "cut at {cut}");
    }
}

#[test]
fn errors_too() {
    let wasm = common::assemble(common::EVERYTHING);
    let mut random = Random(7);
    for _ in 0..2_000 {
        let mut wasm = wasm.clone();
        let position = random.below(wasm.len());
        wasm[position] ^= 1 << random.below(8);
        let whole = common::translate(&wasm);
        let size = 1 + random.below(wasm.len());
        assert_eq!(
            stream(wasm.chunks(size)),
            whole,
            "byte {position} changed, chunks of {size}"
        );
    }
}

#[test]
fn a_refused_module_stays_refused() {
    let mut translator = ModuleTranslator::new(Limits::default());
    let mut consumer = Checked::<Lines>::default();
    let first = translator.push(b"\0asm\x02\0\0\0", &mut consumer);
    assert!(
        matches!(first, Err(Failure::Wasm(WasmError::Malformed { .. }))),
        "{first:?}"
    );
    let refused = Err(Failure::Wasm(WasmError::Refused));
    assert_eq!(translator.push(b"\0", &mut consumer), refused);
    assert_eq!(translator.finish(&mut consumer).map(|_| ()), refused);
}

#[test]
fn detached_bodies_translate_later() {
    use microwasm::wasm::{
        Consumer, DetachedBodies, DetachedBody, FunctionBody, Scratch, translate,
    };

    #[derive(Default)]
    struct Keep(DetachedBodies);
    impl Consumer for Keep {
        type Error = WasmError;
        fn function(&mut self, body: FunctionBody<'_>) -> Result<(), WasmError> {
            self.0.push(body);
            Ok(())
        }
    }

    let wasm = common::assemble(common::EVERYTHING);
    let (_, at_once) = common::translate(&wasm).expect("valid");
    let mut keep = Keep::default();
    let info = translate(&wasm, Limits::default(), &mut keep).expect("valid");
    let later: Vec<Vec<String>> = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let mut scratch = Scratch::default();
            let translate = |body: DetachedBody| {
                let mut lines = Lines::default();
                body.translate(&info, &mut scratch, &mut lines)
                    .expect("valid");
                lines.0
            };
            keep.0.drain().map(translate).collect()
        });
        thread.join().expect("translating does not panic")
    });
    assert_eq!(later, at_once);
}
