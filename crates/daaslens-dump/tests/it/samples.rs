//! Real dumps, where there are any: every file below the folder `dumps` of the one that `DAASLENS_SAMPLES` names is read,
//! whole and cut off. Run with `--nocapture` to see what is told.

use std::path::PathBuf;

use crate::describe;

#[test]
fn samples_are_read_whole_and_cut() {
    let Some(root) = std::env::var_os("DAASLENS_SAMPLES") else { return };
    let folder = PathBuf::from(root).join("dumps");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        match daaslens_dump::read(&bytes.as_slice()) {
            Ok(dump) => println!("== {name}\n{}", describe(&dump)),
            Err(fault) => println!("== {name}\nfault: {fault}"),
        }
        for percent in [10, 25, 50, 90] {
            let cut = &bytes[..bytes.len() * percent / 100];
            match daaslens_dump::read(&cut) {
                Ok(dump) => println!(
                    "  cut to {percent} %: exception {}, {} modules, {} threads, {} frames; {}",
                    dump.exception
                        .as_ref()
                        .map_or_else(|| "-".to_owned(), |e| format!("{:#x}", e.code)),
                    dump.modules.len(),
                    dump.threads.len(),
                    dump.threads.iter().map(|thread| thread.frames.len()).sum::<usize>(),
                    dump.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
                ),
                Err(fault) => println!("  cut to {percent} %: {fault}"),
            }
        }
    }
}
