//! Hostile and broken input: it costs itself, is named with a reason, and stops nothing.

use std::io::Write as _;

use daaslens_testkit::{
    Bundle, BundleFile, LongNames, RawMember, RawZip, Sizes, ZipMethod, ZipOptions, hostile,
    scenario, tar,
};
use serde_json::Value;
use zip::write::SimpleFileOptions;

use super::json::assert_shape;
use super::support::{Place, source, what_became};

const LOG: &[u8] =
    b"#Fields: date time cs-method cs-uri-stem sc-status\n2026-03-11 02:14:01 GET /a 200\n2026-03-11 02:14:02 GET /b 200\n";

/// The same for another day, so that it is no copy.
fn log(day: u32) -> Vec<u8> {
    String::from_utf8_lossy(LOG).replace("03-11", &format!("03-{day:02}")).into_bytes()
}

/// A good log under `good.log`, which every run must read whatever lies beside it.
fn place() -> Place {
    let place = Place::new();
    place.write("in/good.log", &log(1));
    place
}

/// Analyses, and gives what is said of the source that ends in `path`.
fn check(place: &Place, path: &str) -> String {
    let findings = place.findings(["in"]);
    assert_shape(&findings);
    let good = source(&findings, "in/good.log");
    assert_eq!(
        (&good["records"], &good["status"]),
        (&2.into(), &"read".into()),
        "{:#?}",
        what_became(&findings)
    );
    said(source(&findings, path))
}

fn said(source: &Value) -> String {
    let reason = source["reason"].as_str().unwrap_or("no reason");
    format!("{}: {reason}", source["status"].as_str().unwrap())
}

fn zip_of(files: &[(&str, &[u8])], method: ZipMethod) -> Vec<u8> {
    let mut bundle = Bundle::default();
    for (path, bytes) in files {
        bundle.add(*path, *bytes);
    }
    bundle.to_zip(&ZipOptions { method, ..ZipOptions::default() }).unwrap()
}

/// Where the local header and the entry in the list of a member begin.
fn headers(zip: &[u8]) -> (Vec<usize>, Vec<usize>) {
    let find = |magic: &[u8]| {
        (0..zip.len()).filter(|&at| zip[at..].starts_with(magic)).collect::<Vec<usize>>()
    };
    (find(b"PK\x03\x04"), find(b"PK\x01\x02"))
}

#[test]
fn archives_in_archives_are_opened_to_a_depth() {
    let place = place();
    for depth in 2..=5 {
        let mut zip = zip_of(&[("deep.log", &log(depth))], ZipMethod::Deflate);
        for _ in 1..depth {
            zip = zip_of(&[("in.zip", &zip)], ZipMethod::Deflate);
        }
        place.write(format!("in/depth{depth}.zip"), &zip);
    }
    let findings = place.findings(["in"]);
    for readable in
        ["in/depth2.zip!/in.zip!/deep.log", "in/depth4.zip!/in.zip!/in.zip!/in.zip!/deep.log"]
    {
        assert_eq!(source(&findings, readable)["records"], 2);
    }
    assert_eq!(
        check(&place, "in/depth5.zip!/in.zip!/in.zip!/in.zip!/in.zip"),
        "unreadable: archives are nested deeper than is allowed"
    );
}

#[test]
fn a_bomb_stops_at_its_ratio_and_what_came_before_counts() {
    let place = place();
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("bomb.log", SimpleFileOptions::default()).unwrap();
    writer.write_all(LOG).unwrap();
    let nuls = vec![0; 1 << 20];
    for _ in 0..300 {
        writer.write_all(&nuls).unwrap();
    }
    let zip = writer.finish().unwrap().into_inner();
    assert!(zip.len() < 1 << 20, "{}", zip.len());
    place.write("in/bomb.zip", &zip);
    assert_eq!(
        check(&place, "bomb.zip!/bomb.log"),
        "partial: the rest could not be read: it inflates to more than the allowed multiple of its packed size"
    );
}

#[test]
fn members_that_share_their_bytes_are_not_read() {
    let place = place();
    let mut zip = zip_of(&[("a.log", LOG), ("b.log", LOG)], ZipMethod::Stored);
    let (_, entries) = headers(&zip);
    // The second entry of the list points at the first member.
    zip[entries[1] + 42..entries[1] + 46].fill(0);
    place.write("in/overlap.zip", &zip);
    assert_eq!(
        check(&place, "in/overlap.zip"),
        "unreadable: its members overlap, as those of a decompression bomb do"
    );
}

#[test]
fn encrypted_members_and_unknown_methods_are_named() {
    let place = place();
    let mut zip = zip_of(&[("locked.log", LOG), ("open.log", LOG)], ZipMethod::Deflate);
    let (locals, entries) = headers(&zip);
    zip[locals[0] + 6] |= 1;
    zip[entries[0] + 8] |= 1;
    place.write("in/encrypted.zip", &zip);
    assert_eq!(check(&place, "encrypted.zip!/locked.log"), "unreadable: it is encrypted");
    assert_eq!(check(&place, "encrypted.zip!/open.log"), "read: no reason");
    let mut zip = zip_of(&[("odd.log", LOG), ("open.log", &log(2))], ZipMethod::Deflate);
    let (locals, entries) = headers(&zip);
    for at in [locals[0] + 8, entries[0] + 10] {
        zip[at..at + 2].copy_from_slice(&97_u16.to_le_bytes());
    }
    place.write("in/method.zip", &zip);
    let odd = check(&place, "method.zip!/odd.log");
    assert!(odd.starts_with("unreadable: it is packed by a method that is not read"), "{odd}");
    assert_eq!(check(&place, "method.zip!/open.log"), "read: no reason");
}

#[test]
fn archives_that_were_cut_off_are_named() {
    let place = place();
    let zip = zip_of(&[("a.log", &log(3)), ("b.log", LOG)], ZipMethod::Deflate);
    place.write("in/nothing.zip", &zip[..20]);
    let cut = check(&place, "in/nothing.zip");
    assert!(cut.starts_with("unreadable: it is no whole zip archive"), "{cut}");
    let mut bundle = Bundle::default();
    bundle.add("a.log", log(4)).add("b.log", log(5));
    let tar = tar(&bundle, LongNames::Gnu);
    place.write("in/cut.tar", &tar[..1645]);
    assert_eq!(check(&place, "in/cut.tar"), "partial: it was cut off inside its last member");
    assert_eq!(check(&place, "in/cut.tar!/a.log"), "read: no reason");
    assert_eq!(
        check(&place, "in/cut.tar!/b.log"),
        "partial: the rest could not be read: the archive ends inside it"
    );
    // A member whose packed bytes are damaged: the list is fine, the member is not.
    let mut noise = LOG.to_vec();
    for n in 0..4000_u32 {
        noise.extend(
            format!("2026-03-11 02:15:00 GET /{:08x} 200\n", n.wrapping_mul(2_654_435_761)).bytes(),
        );
    }
    let mut zip = zip_of(&[("torn.log", &noise), ("fine.log", &log(2))], ZipMethod::Deflate);
    let middle = headers(&zip).0[1] / 2;
    zip[middle..middle + 200].fill(0xff);
    place.write("in/damaged.zip", &zip);
    let torn = check(&place, "damaged.zip!/torn.log");
    assert!(torn.starts_with("partial: ") || torn.starts_with("unreadable: "), "{torn}");
    assert_eq!(check(&place, "damaged.zip!/fine.log"), "read: no reason");
    // A gzip file that was cut while it was downloaded.
    let mut gz = Bundle::default();
    gz.add("cut.log", noise);
    gz.files_mut()[0].gzip().unwrap();
    let bytes = &gz.files()[0].bytes;
    place.write("in/cut.log.gz", &bytes[..bytes.len() / 2]);
    let cut = check(&place, "in/cut.log.gz");
    assert!(cut.starts_with("partial: the rest could not be read: "), "{cut}");
    let findings = place.findings(["in"]);
    assert!(source(&findings, "in/cut.log.gz")["records"].as_u64().unwrap() > 100);
}

/// Kudu writes its dump while it is downloaded: sizes stand behind the members, and a download that breaks off has no
/// list of them.
#[test]
fn a_dump_that_was_cut_off_gives_every_whole_member_and_says_what_is_missing() {
    let bundle = scenario::first_look(1).bundle;
    let mut zip = RawZip::default();
    let npm = [BundleFile { path: "npm-debug.log".into(), bytes: b"0 info it worked".to_vec() }];
    // Kudu packs the deployments first, then the logs, then what npm left.
    let ends: Vec<(&str, usize)> = bundle
        .files()
        .iter()
        .rev()
        .chain(&npm)
        .map(|file| {
            let member = RawMember::deflated(&file.path, &file.bytes).with_sizes(Sizes::Behind);
            (file.path.as_str(), zip.add(&member))
        })
        .collect();
    let all = zip.finish();
    let cut = all.len() * 60 / 100;
    let place = Place::new();
    place.write("all/dump.zip", &all);
    place.write("cut/dump.zip", &all[..cut]);
    let (of_all, of_cut) = (place.findings(["all/dump.zip"]), place.findings(["cut/dump.zip"]));
    let whole: Vec<&str> =
        ends.iter().filter(|(_, end)| *end <= cut).map(|(path, _)| *path).collect();
    assert!(whole.len() > 2 && whole.len() < ends.len() - 1, "{ends:?}");
    for path in &whole {
        let path = format!("dump.zip!/{path}");
        assert_eq!(source(&of_cut, &path), source(&of_all, &path), "{path}");
    }
    let torn = format!("dump.zip!/{}", ends[whole.len()].0);
    assert_eq!(
        said(source(&of_cut, &torn)),
        "partial: the rest could not be read: the archive ends inside it"
    );
    assert!(
        source(&of_cut, &torn)["records"].as_u64() < source(&of_all, &torn)["records"].as_u64()
    );
    let archive = source(&of_cut, "dump.zip");
    assert_eq!(archive["kind"], "archive");
    assert_eq!(
        said(archive).replace('\u{a0}', " "),
        format!(
            "partial: it was cut off, its end is missing: {} whole members and 1 torn one were found by their own \
             headers; what came after them is not in the file",
            whole.len()
        )
    );
    // Nothing else is there, and what is missing is a finding of its own.
    assert_eq!(of_cut["sources"].as_array().unwrap().len(), whole.len() + 2);
    let findings = of_cut["findings"].to_string();
    assert!(findings.contains("data-quality") && findings.contains("it was cut off"), "{findings}");
}

#[test]
fn hostile_texts_under_any_name_are_survived() {
    let place = place();
    let names = [
        "LogFiles/http/RawLogs/a1b2c3-202603110200.log",
        "eventlog.xml",
        "php_errors.log",
        "x.evtx",
        "x.dmp",
        "x.zip",
        "x.gz",
        "deployments/1/status.xml",
        "DaaS/Sessions/Complete/260311_0214000000.json",
        "x.html",
        "W3SVC1/fr000001.xml",
    ];
    for (number, text) in hostile::texts().iter().enumerate() {
        for name in names {
            place.write(format!("in/{number}/{name}"), text);
        }
    }
    let findings = place.findings(["in"]);
    assert_shape(&findings);
    assert_eq!(source(&findings, "in/good.log")["records"], 2);
    let expected = 1 + names.len() * hostile::texts().len();
    assert_eq!(findings["totals"]["sources"], expected);
}

#[test]
fn names_that_lead_outside_are_only_text() {
    let place = place();
    let zip = zip_of(
        &[
            ("../../../etc/evil.log", &log(2)),
            ("/abs.log", &log(3)),
            ("C:\\drive.log", &log(4)),
            ("nl\n\u{1b}[31m.log", &log(5)),
        ],
        ZipMethod::Deflate,
    );
    place.write("in/names.zip", &zip);
    let before = place.names();
    let findings = place.findings(["in"]);
    assert_eq!(source(&findings, "names.zip!/../../../etc/evil.log")["records"], 2);
    let shown = what_became(&findings).join("\n");
    assert!(!shown.contains('\u{1b}') && shown.lines().count() == 5, "{shown}");
    let after: Vec<String> = place.names().into_iter().filter(|name| name != "r.html").collect();
    assert_eq!(after, before, "something was unpacked");
}

#[test]
fn a_path_that_is_gone_is_said_in_the_report() {
    let place = place();
    let findings = place.findings(["in", "gone/away.zip"]);
    let notes = findings["coverage"]["not_checked"].to_string();
    assert!(
        notes.contains("away.zip: it could not be opened") && !notes.contains("gone/"),
        "{notes}"
    );
}

#[cfg(unix)]
#[test]
fn links_are_named_and_not_followed() {
    use std::os::unix::fs::symlink;
    let place = place();
    place.write("in/sub/b.log", LOG);
    symlink("..", place.path("in/sub/loop")).unwrap();
    symlink("nowhere", place.path("in/dangling")).unwrap();
    assert_eq!(
        check(&place, "in/sub/loop"),
        "unreadable: it is a link, and links are not followed"
    );
    assert_eq!(
        check(&place, "in/dangling"),
        "unreadable: it is a link, and links are not followed"
    );
    assert_eq!(check(&place, "in/sub/b.log"), "read: no reason");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = place();
    place.write("in/secret.log", LOG);
    place.write("in/closed/x.log", LOG);
    for (name, mode) in [("in/secret.log", 0o000), ("in/closed", 0o000)] {
        std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    if std::fs::read(place.path("in/secret.log")).is_ok() {
        println!("skipped: whoever runs this may read everything");
    } else {
        assert!(check(&place, "in/secret.log").starts_with("unreadable: it cannot be opened: "));
        assert!(check(&place, "in/closed").starts_with("unreadable: it cannot be listed: "));
    }
    std::fs::set_permissions(place.path("in/closed"), std::fs::Permissions::from_mode(0o755))
        .unwrap();
}
