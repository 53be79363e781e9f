//! The same input gives the same bytes, however it was read.

use daaslens_testkit::{Bundle, LongNames, ZipMethod, ZipOptions, gzip, scenario, tar};

use super::support::{BUNDLE, Place};

/// The page and the document.
fn run(place: &Place, input: &str, args: &[&str]) -> (Vec<u8>, String) {
    let run = place.run([&[input, "-q", "-o", "r.html", "--json", "-"], args].concat());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{input} {args:?}");
    (place.read("r.html"), String::from_utf8(run.stdout).unwrap())
}

#[test]
fn threads_and_pieces_never_change_the_result() {
    let place = Place::with(BUNDLE);
    scenario::first_look(1).bundle.write_to(&place.path("tree")).unwrap();
    // A zip is inflated front to back, a folder is read by position: both ways of cutting.
    for input in ["two-instances-503.zip", "tree"] {
        let first = run(&place, input, &["--threads", "1"]);
        for threads in ["1", "2", "4"] {
            for pieces in [&[][..], &["--chunk-size", "1000"], &["--chunk-size", "100000"]] {
                let args = [&["--threads", threads], pieces].concat();
                assert!(run(&place, input, &args) == first, "{input} {args:?}");
            }
        }
        assert!(run(&place, input, &["--no-mmap"]) == first, "{input} --no-mmap");
    }
}

#[test]
fn a_second_run_on_another_day_and_in_another_folder_gives_the_same_bytes() {
    let (here, there) = (Place::with(BUNDLE), Place::with(BUNDLE));
    let first = run(&here, "two-instances-503.zip", &[]);
    let whole = there.path("two-instances-503.zip");
    assert!(
        run(&there, whole.to_str().unwrap(), &[]) == first,
        "the folder around the input shows"
    );
}

#[test]
fn tree_zip_zip_in_zip_and_tar_hold_the_same() {
    let place = Place::new();
    let bundle = scenario::first_look(1).bundle;
    bundle.write_to(&place.path("bundle")).unwrap();
    let shapes = [
        ("plain.zip", ZipOptions::default()),
        ("stored.zip", ZipOptions { method: ZipMethod::Stored, ..ZipOptions::default() }),
        ("streamed.zip", ZipOptions { streamed: true, folders: true, ..ZipOptions::default() }),
        ("backslashes.zip", ZipOptions { backslashes: true, ..ZipOptions::default() }),
        ("nested.zip", ZipOptions { nested: Some("bundle.zip".into()), ..ZipOptions::default() }),
        (
            "nested-stored.zip",
            ZipOptions {
                method: ZipMethod::Stored,
                nested: Some("bundle.zip".into()),
                ..ZipOptions::default()
            },
        ),
    ];
    let of_tree =
        run(&place, "bundle", &[]).1.replace("\"bundle/", "\"IN/").replace("\"bundle\"", "\"IN\"");
    let mut files: Vec<(&str, Vec<u8>)> = shapes
        .into_iter()
        .map(|(name, options)| (name, bundle.to_zip(&options).unwrap()))
        .collect();
    let mut backwards = Bundle::default();
    for file in bundle.files().iter().rev() {
        backwards.add(file.path.clone(), file.bytes.clone());
    }
    files.push(("backwards.zip", backwards.to_zip(&ZipOptions::default()).unwrap()));
    let tar = tar(&bundle, LongNames::Gnu);
    files.push(("bundle.tar.gz", gzip(&tar).unwrap()));
    files.push(("bundle.tgz", gzip(&tar).unwrap()));
    files.push(("bundle.tar", tar));
    for (name, bytes) in files {
        place.write(name, &bytes);
        let json = run(&place, name, &[]).1;
        let json = json
            .replace(&format!("\"{name}!/bundle.zip!/"), "\"IN/")
            .replace(&format!("\"{name}!/"), "\"IN/")
            .replace(&format!("\"{name}\""), "\"IN\"");
        similar_asserted(&json, &of_tree, name);
    }
}

/// Says the first line that differs.
fn similar_asserted(left: &str, right: &str, what: &str) {
    for (number, (left, right)) in left.lines().zip(right.lines()).enumerate() {
        assert_eq!(left, right, "{what}: line {} of the document", number + 1);
    }
    assert_eq!(left.lines().count(), right.lines().count(), "{what}");
}

#[test]
fn the_order_of_the_paths_shows_in_the_list_of_inputs_only() {
    let place = Place::new();
    for file in
        scenario::first_look(1).bundle.files().iter().filter(|file| file.path.contains("RawLogs"))
    {
        place.write(file.path.rsplit('/').next().unwrap(), &file.bytes);
    }
    let mut names = place.names();
    assert!(names.len() >= 2, "{names:?}");
    let first = place.findings(&names);
    names.reverse();
    let mut second = place.findings(&names);
    second["inputs"].as_array_mut().unwrap().reverse();
    assert_eq!(first, second);
}
