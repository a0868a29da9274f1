//! What concerns the whole process: faults that are not ours, mappings, system calls, forks.

mod common;

use std::os::unix::process::ExitStatusExt;

use common::{child, engine, engines, instance, is_address_sanitized, is_child, module, trap_code};
use microwasm_runtime::*;

const LOAD: &str = r#"(module (memory (export "m") 1)
    (func (export "load") (param i32) (result i32) local.get 0 i32.load))"#;

/// Reads behind the end of a memory, in host code.
fn fault_in_host_code(store: &Store<()>, instance: Instance) {
    let memory = instance.get_memory(store, "m").unwrap();
    // SAFETY: none; the fault is the test.
    unsafe { memory.data(store).as_ptr().add(WASM_PAGE).read_volatile() };
}

fn assert_traps(store: &mut Store<()>, instance: Instance) {
    let load = instance
        .get_typed_func::<i32, i32>(&*store, "load")
        .unwrap();
    assert_eq!(trap_code(load.call(store, -1)), TrapCode::MemoryOutOfBounds);
}

#[test]
fn a_fault_in_host_code_kills_the_process() {
    const NAME: &str = "a_fault_in_host_code_kills_the_process";
    if is_child(NAME) {
        let (mut store, instance) = instance(&engine(), LOAD);
        assert_traps(&mut store, instance);
        fault_in_host_code(&store, instance);
        return;
    }
    let output = child(NAME);
    if is_address_sanitized() {
        let report = String::from_utf8_lossy(&output.stderr);
        assert!(report.contains("AddressSanitizer: SEGV"), "{report}");
        return;
    }
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV), "{output:?}");
}

/// A handler like that of a fuzzer: says that it was here, and ends the process.
extern "C" fn leave(_: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: called as a handler, with what happened.
    unsafe { libc::_exit(if (*info).si_addr().is_null() { 41 } else { 42 }) }
}

type Handler = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);

fn install(handler: Handler, flags: i32) -> libc::sigaction {
    // SAFETY: a valid action; the old one is written.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | flags;
        let mut old = std::mem::zeroed();
        assert_eq!(libc::sigaction(libc::SIGSEGV, &action, &mut old), 0);
        old
    }
}

#[test]
fn a_fault_in_host_code_goes_to_the_earlier_handler() {
    const NAME: &str = "a_fault_in_host_code_goes_to_the_earlier_handler";
    if is_child(NAME) {
        install(leave, libc::SA_NODEFER);
        let (mut store, instance) = instance(&engine(), LOAD);
        assert_traps(&mut store, instance);
        fault_in_host_code(&store, instance);
        return;
    }
    assert_eq!(child(NAME).status.code(), Some(42));
}

#[test]
fn a_signal_that_was_sent_is_passed_on() {
    const NAME: &str = "a_signal_that_was_sent_is_passed_on";
    if is_child(NAME) {
        // SAFETY: the default action.
        unsafe { libc::signal(libc::SIGSEGV, libc::SIG_DFL) };
        let (mut store, instance) = instance(&engine(), LOAD);
        assert_traps(&mut store, instance);
        // SAFETY: ends the process.
        unsafe { libc::raise(libc::SIGSEGV) };
        return;
    }
    assert_eq!(child(NAME).status.signal(), Some(libc::SIGSEGV));
}

static EARLIER: std::sync::OnceLock<usize> = std::sync::OnceLock::new();

/// A handler that was installed over ours, and calls ours.
extern "C" fn over(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let earlier = *EARLIER.get().expect("set before the handler is installed");
    // SAFETY: our handler has this type.
    let earlier: Handler = unsafe { std::mem::transmute(earlier) };
    earlier(signal, info, context);
}

#[test]
fn handlers_that_call_each_other_come_to_an_end() {
    const NAME: &str = "handlers_that_call_each_other_come_to_an_end";
    if is_child(NAME) {
        install(leave, 0);
        let (mut store, instance) = instance(&engine(), LOAD);
        assert_traps(&mut store, instance);
        // SAFETY: only asks.
        let ours = unsafe {
            let mut old: libc::sigaction = std::mem::zeroed();
            libc::sigaction(libc::SIGSEGV, std::ptr::null(), &mut old);
            old.sa_sigaction
        };
        EARLIER.set(ours).unwrap();
        install(over, 0);
        assert_traps(&mut store, instance);
        // Takes the front again, so that there is a circle.
        let (mut again, second) = common::instance(&engine(), LOAD);
        assert_traps(&mut again, second);
        assert_traps(&mut store, instance);
        fault_in_host_code(&store, instance);
        return;
    }
    assert_eq!(child(NAME).status.code(), Some(42));
}

#[test]
fn nothing_is_writable_and_executable() {
    let engine = engine();
    let module = module(&engine, LOAD);
    let code = module.code();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut views = 0;
    let mut ours = None;
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (range, permissions) = (fields.next().unwrap(), fields.next().unwrap());
        assert!(
            !permissions.starts_with("rwx") && !permissions.contains("wx"),
            "{line}"
        );
        let (start, end) = range.split_once('-').unwrap();
        let parse = |hex: &str| usize::from_str_radix(hex, 16).unwrap();
        if (parse(start)..parse(end)).contains(&code.address) {
            ours = Some(permissions.to_owned());
        }
        views += usize::from(line.contains("microwasm-code"));
    }
    assert_eq!(ours.as_deref(), Some("r-xs"));
    assert_eq!(views % 2, 0, "two views of each chunk");
}

/// One turn of what the steady state consists of.
fn turn(module: &Module) {
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    let load = instance.get_typed_func::<i32, i32>(&store, "load").unwrap();
    assert_eq!(load.call(&mut store, 16).unwrap(), 0);
    assert_eq!(
        trap_code(load.call(&mut store, 65535)),
        TrapCode::MemoryOutOfBounds
    );
    instance
        .get_memory(&store, "m")
        .unwrap()
        .data_mut(&mut store)
        .fill(1);
}

#[test]
fn the_steady_state_makes_no_system_call() {
    const NAME: &str = "the_steady_state_makes_no_system_call";
    if is_child(NAME) {
        let wasm = wat::parse_str(LOAD).unwrap();
        for engine in engines() {
            let module = Module::new(&engine, &wasm).unwrap();
            for _ in 0..100 {
                turn(&module);
                turn(&Module::new(&engine, &wasm).unwrap());
            }
            let before = Engine::pool_stats();
            for _ in 0..100 {
                turn(&module);
                turn(&Module::new(&engine, &wasm).unwrap());
            }
            assert_eq!(Engine::pool_stats(), before);
        }
        let [engine, ..] = engines();
        let module = Module::new(&engine, &wasm).unwrap();
        for _ in 0..100 {
            turn(&module);
            turn(&Module::new(&engine, &wasm).unwrap());
        }
        if !is_address_sanitized() {
            forbid_system_calls();
        }
        for _ in 0..1000 {
            turn(&module);
            turn(&Module::new(&engine, &wasm).unwrap());
        }
        // SAFETY: ends the process with one of the calls that are left.
        unsafe { libc::_exit(43) };
    }
    let output = child(NAME);
    assert_eq!(output.status.code(), Some(43), "{output:?}");
}

/// From here on any system call but leaving, and returning from a handler, kills the process.
fn forbid_system_calls() {
    let allowed = [libc::SYS_exit_group, libc::SYS_rt_sigreturn];
    let statement = |code, k| libc::sock_filter {
        code,
        jt: 0,
        jf: 0,
        k,
    };
    // Load the number of the system call; each comparison that holds allows it.
    let mut program = vec![statement(0x20, 0)];
    for number in allowed {
        program.push(libc::sock_filter {
            code: 0x15,
            jt: 0,
            jf: 1,
            k: number as u32,
        });
        program.push(statement(0x06, libc::SECCOMP_RET_ALLOW));
    }
    program.push(statement(0x06, libc::SECCOMP_RET_KILL_PROCESS));
    let program = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: a valid filter, for this thread.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let mode = libc::SECCOMP_MODE_FILTER;
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, mode, &program), 0);
    }
}

/// Forks, and does `work` in both processes; it is told whether it is in the child, and must find
/// all right in both.
fn in_parent_and_child(work: impl FnOnce(bool) -> bool) {
    // SAFETY: the child only uses this library, of which no lock is held.
    let process = unsafe { libc::fork() };
    let right = work(process == 0);
    if process == 0 {
        // SAFETY: ends the child.
        unsafe { libc::_exit(if right { 0 } else { 1 }) };
    }
    let mut status = -1;
    // SAFETY: waits for our child.
    unsafe { libc::waitpid(process, &mut status, 0) };
    assert_eq!((right, status), (true, 0));
}

#[test]
fn the_child_of_a_fork_has_code_memory_of_its_own() {
    const NAME: &str = "the_child_of_a_fork_has_code_memory_of_its_own";
    if is_child(NAME) {
        let engine = engine();
        let text =
            |value: i32| format!("(module (func (export \"f\") (result i32) i32.const {value}))");
        let get = |value: i32| {
            let (mut store, instance) = instance(&engine, &text(value));
            let func = instance.get_typed_func::<(), i32>(&store, "f").unwrap();
            func.call(&mut store, ()).unwrap()
        };
        let (mut store, before) = instance(&engine, &text(1));
        let before = before.get_typed_func::<(), i32>(&store, "f").unwrap();
        in_parent_and_child(|forked| {
            let base = if forked { 1000 } else { 2000 };
            let mut right = before.call(&mut store, ()).unwrap() == 1;
            for i in 0..2000 {
                right &= get(base + i) == base + i;
            }
            right
        });
        return;
    }
    let output = child(NAME);
    assert!(output.status.success(), "{output:?}");
}

/// The threads that help to compile are not in the child.
#[test]
fn the_child_of_a_fork_has_helpers_of_its_own() {
    const NAME: &str = "the_child_of_a_fork_has_helpers_of_its_own";
    if is_child(NAME) {
        let engine = Engine::new(Config::new().compile_threads(2)).unwrap();
        let body = "local.get 0 i32.load i32.const 3 i32.mul local.set 0 ".repeat(100);
        let func = format!("(func (param i32) {body})");
        let text = format!("(module (memory 1) {})", func.repeat(200));
        let wasm = wat::parse_str(text).unwrap();
        let compile = || Module::new(&engine, &wasm).unwrap().serialize();
        let before = compile();
        in_parent_and_child(|forked| {
            let right = (0..20).all(|_| compile() == before);
            // The one that has forked, and a helper.
            let threads = || std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
            right && (!forked || threads() == 2)
        });
        return;
    }
    let output = child(NAME);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn engines_come_and_go() {
    let wasm = wat::parse_str(LOAD).unwrap();
    for _ in 0..1000 {
        for engine in engines() {
            turn(&Module::new(&engine, &wasm).unwrap());
        }
    }
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    assert!(
        maps.lines().count() < 2000,
        "{} mappings",
        maps.lines().count()
    );
}
