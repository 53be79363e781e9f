//! Everything the crate says about each thread dump, and that nothing of a process's secrets is kept.

use std::fmt::Write as _;

use daaslens_applog::threads::{MAX_FRAMES, MAX_THREADS, Threads, read};
use daaslens_core::Time;
use proptest::prelude::*;

fn describe(threads: &Threads) -> String {
    let mut out = String::new();
    for dump in &threads.dumps {
        let time = dump.time.map_or_else(|| "-".to_owned(), Time::rfc3339);
        let _ = writeln!(
            out,
            "{} at line {}, byte {}: {time} pid {:?} {} {}",
            dump.writer.word(),
            dump.line,
            dump.byte,
            dump.pid,
            dump.runtime,
            dump.trigger
        );
        for (name, value) in &dump.figures {
            let _ = writeln!(out, "  {name} {value}");
        }
        for line in dump.exception.lines() {
            let _ = writeln!(out, "  ! {line}");
        }
        for thread in &dump.threads {
            let _ = write!(out, "  {} {:?} {}", thread.name, thread.os_id, thread.state.word());
            if thread.is_background {
                out.push_str(" background");
            }
            let _ = writeln!(out, " (line {})", thread.line);
            for frame in &thread.frames {
                let _ = writeln!(out, "    {frame}");
            }
            if let Some(lock) = &thread.waits_for {
                let what = if thread.waits_to_be_woken { "to be woken on" } else { "for" };
                let _ = writeln!(out, "    waits {what} {} {}", lock.id, lock.class);
            }
            for lock in &thread.holds {
                let _ = writeln!(out, "    holds {} {}", lock.id, lock.class);
            }
        }
        for deadlock in &dump.deadlocks {
            let how = if deadlock.is_stated { "stated" } else { "told from the locks" };
            let _ = writeln!(out, "  deadlock, {how} (line {})", deadlock.line);
            for thread in &deadlock.threads {
                let first = thread.frames.first().map_or("", String::as_str);
                let (id, class) = (&thread.waits_for.id, &thread.waits_for.class);
                let _ = writeln!(out, "    {} in {first} waits for {id} {class}", thread.name);
            }
        }
    }
    for (line, byte, what) in &threads.faults {
        let _ = writeln!(out, "line {line}, byte {byte}: {what}");
    }
    out
}

macro_rules! fixtures {
    ($($test:ident $file:literal)*) => {
        $(
            #[test]
            fn $test() {
                let text = include_bytes!(concat!("../../../../fixtures/threads/", $file));
                let found = describe(&read(text));
                assert!(!found.contains("S3CRET"), "{found}");
                insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                    insta::assert_snapshot!(concat!("threads_", $file), found);
                });
            }
        )*

        const FIXTURES: &[&[u8]] =
            &[$(include_bytes!(concat!("../../../../fixtures/threads/", $file))),*];
    };
}

fixtures! {
    jdk8_deadlock "0001_jdk8_deadlock.log"
    jdk21_two_dumps "0002_jdk21_two_dumps.log"
    jcmd_file "0003_jcmd_file.txt"
    jcmd_file_json "0004_jcmd_file.json"
    node_report "0005_node_report.json"
    daas_stacks "0006_daas_stacks.json"
    dotnet_stack "0007_dotnet_stack.txt"
    clrstack "0008_clrstack.txt"
    deadlock_cut_off "0009_deadlock_cut_off.log"
    torn "0010_torn.json"
}

/// No bytes make it panic, and what is kept stays within a few times the input.
fn check(bytes: &[u8]) {
    let threads = read(bytes);
    for dump in &threads.dumps {
        assert!(dump.threads.len() <= MAX_THREADS);
        assert!(dump.threads.iter().all(|thread| thread.frames.len() <= MAX_FRAMES));
    }
    assert_eq!(describe(&threads), describe(&read(bytes)));
}

proptest! {
    #[test]
    fn damaged_dumps(
        which in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let text = which.get(FIXTURES);
        let mut text = text[from.index(text.len())..].to_vec();
        let at = at.index(text.len());
        text[at] = byte;
        check(&text);
    }

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }
}
