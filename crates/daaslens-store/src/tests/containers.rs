//! Archives as they come: cut off, joined, damaged, with names and methods of all kinds.

use daaslens_testkit::{
    Bundle, LongNames, RawMember, RawZip, Sizes, deflate64_run, gzip, tar, tar_member,
};

use proptest::prelude::*;

use super::{limits, list};
use crate::Limits;

fn roomy() -> Limits {
    Limits {
        depth: 3,
        members: 50,
        ratio: 200,
        nested: 1 << 20,
        held: 1 << 21,
        total: 1 << 24,
        ..limits()
    }
}

fn zip(members: &[RawMember]) -> Vec<u8> {
    let mut zip = RawZip::default();
    for member in members {
        zip.add(member);
    }
    zip.finish()
}

/// Text that packs neither well nor badly.
fn text(lines: u32) -> Vec<u8> {
    let line = |n: u32| format!("GET /page/{:08x} 200\n", n.wrapping_mul(2_654_435_761));
    (0..lines).map(line).collect::<String>().into_bytes()
}

const CUT: &str = "it was cut off, its end is missing:";

#[test]
fn a_streamed_dump_that_was_cut_off_gives_its_whole_members_and_a_part_of_the_last() {
    for sizes in [Sizes::Behind, Sizes::BehindUnmarked, Sizes::Before] {
        for packed in [RawMember::deflated, RawMember::stored] {
            let (a, b, c) = (text(40), text(60), text(80));
            let mut whole = RawZip::default();
            whole.add(&packed("LogFiles/a.log", &a).with_sizes(sizes));
            whole.add(&packed("LogFiles/empty.log", b""));
            let behind_b = whole.add(&packed("LogFiles/b.log", &b).with_sizes(sizes));
            let behind_c = whole.add(&packed("LogFiles/c.log", &c).with_sizes(sizes));
            let end = whole.bytes.len();
            let cut = list("d.zip", &whole.bytes[..usize::midpoint(behind_b, end)], roomy());
            assert_eq!(cut.len(), 5, "{cut:#?}");
            assert_eq!(
                cut[0],
                format!(
                    "d.zip: {CUT} 3 whole members and 1 torn one were found by their own headers; what came after \
                     them is not in the file"
                )
            );
            assert_eq!(cut[1], format!("d.zip!/LogFiles/a.log: {}", a.len()));
            assert_eq!(cut[2], format!("d.zip!/LogFiles/b.log: {}", b.len()));
            let part =
                cut[3].strip_prefix("d.zip!/LogFiles/c.log: the archive ends inside it").unwrap();
            let part: usize = part.rsplit(' ').next().unwrap().parse().unwrap();
            assert!(part > c.len() / 4 && part < c.len(), "{}", cut[3]);
            assert_eq!(cut[4], "d.zip!/LogFiles/empty.log: 0");
            // Cut off between two members, nothing is torn.
            let between = list("d.zip", &whole.bytes[..behind_b], roomy());
            assert!(
                between[0].contains("3 members were found by their own headers"),
                "{between:?}"
            );
            // All members, and no list.
            let all = list("d.zip", &whole.bytes[..behind_c], roomy());
            assert_eq!(all[3], format!("d.zip!/LogFiles/c.log: {}", c.len()));
            // Cut off inside the first header, there is nothing.
            let nothing = list("d.zip", &whole.bytes[..20], roomy());
            assert!(nothing[0].starts_with("d.zip: it is no whole zip archive"), "{nothing:?}");
        }
    }
}

#[test]
fn a_damaged_list_is_not_needed() {
    let mut bytes = zip(&[RawMember::deflated("a.log", &text(40)), RawMember::stored("b", b"b")]);
    let list_at = bytes.windows(4).position(|mark| mark == b"PK\x01\x02").unwrap();
    bytes[list_at + 20..].fill(0xee);
    assert_eq!(
        list("d.zip", &bytes, roomy()),
        [
            "d.zip: the list of its members is damaged: 2 members were found by their own headers",
            "d.zip!/a.log: 920",
            "d.zip!/b: 1"
        ]
    );
}

#[test]
fn a_damaged_member_costs_itself() {
    let mut whole = RawZip::default();
    let one = whole.add(&RawMember::deflated("1.log", &text(400)).with_sizes(Sizes::Behind));
    whole.add(&RawMember::deflated("2.log", &text(40)).with_sizes(Sizes::Behind));
    let mut bytes = whole.bytes;
    bytes[one / 2..one / 2 + 100].fill(0xff);
    let found = list("d.zip", &bytes, roomy());
    assert!(found[0].contains("1 whole member and 1 torn one were found"), "{found:?}");
    assert!(found[1].starts_with("d.zip!/1.log: it is damaged after "), "{found:?}");
    assert_eq!(found[2], "d.zip!/2.log: 920");
    // Where only the checksum is wrong, all of it is there, and is said to be damaged.
    let mut bytes = zip(&[RawMember::deflated("1.log", &text(40))]);
    let list_at = bytes.windows(4).position(|mark| mark == b"PK\x01\x02").unwrap();
    bytes[list_at + 16] ^= 1;
    assert_eq!(
        list("d.zip", &bytes, roomy()),
        ["d.zip!/1.log: its checksum does not match: it is damaged after 920"]
    );
}

#[test]
fn what_stands_before_and_behind_an_archive_is_passed_over_and_joined_archives_are_all_read() {
    let one = zip(&[RawMember::deflated("a", b"one"), RawMember::stored("b", b"b")]);
    let two = zip(&[RawMember::deflated("a", b"second"), RawMember::stored("c", b"ccc")]);
    let junk = b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\n\r\n".as_slice();
    let alone = ["d.zip!/a: 3", "d.zip!/b: 1"];
    assert_eq!(list("d.zip", &[junk, &one].concat(), roomy()), alone);
    assert_eq!(list("d.zip", &[one.as_slice(), junk].concat(), roomy()), alone);
    assert_eq!(list("d.zip", &[one.as_slice(), &vec![0; 100_000]].concat(), roomy())[1..], alone);
    assert_eq!(
        list("d.zip", &[one.as_slice(), &two].concat(), roomy()),
        [
            "d.zip: its list does not name all that is in it: 2 members were found by their own headers",
            "d.zip!/a: 6",
            "d.zip!/a (2): 3",
            "d.zip!/b: 1",
            "d.zip!/c: 3"
        ]
    );
}

#[test]
fn a_name_that_stands_twice_is_two_members() {
    let bytes = zip(&[RawMember::stored("a.log", b"one"), RawMember::stored("a.log", b"second")]);
    assert_eq!(list("d.zip", &bytes, roomy()), ["d.zip!/a.log: 6", "d.zip!/a.log (2): 3"]);
}

#[test]
fn names_are_read_in_their_encoding_and_never_followed() {
    // `Grüße` in code page 437, in UTF-8 with its flag, and in a field of its own beside a name that is not.
    let dos = RawMember::stored(b"Gr\x81\xe1e.log", b"1");
    let utf8 = RawMember { flags: 0x800, ..RawMember::stored("Grüße2.log", b"2") };
    let mut crc = flate2::Crc::new();
    crc.update(b"Gr__e3.log");
    let mut extra = b"\x75\x70".to_vec();
    extra.extend((5 + "Grüße3.log".len() as u16).to_le_bytes());
    extra.push(1);
    extra.extend(crc.sum().to_le_bytes());
    extra.extend("Grüße3.log".as_bytes());
    let field = RawMember { extra, ..RawMember::stored("Gr__e3.log", b"3") };
    let members = [
        dos,
        utf8,
        field,
        RawMember::stored(r"LogFiles\http\x.log", b"4"),
        RawMember::stored("/abs.log", b"5"),
        RawMember::stored(r"C:\drive.log", b"6"),
        RawMember::stored("../../up.log", b"7"),
        RawMember::stored("nl\n\u{1b}[31m.log", b"8"),
        RawMember::stored("LogFiles/", b""),
    ];
    let names = [
        "d.zip!/../../up.log: 1",
        "d.zip!/C:/drive.log: 1",
        "d.zip!/Grüße.log: 1",
        "d.zip!/Grüße2.log: 1",
        "d.zip!/Grüße3.log: 1",
        "d.zip!/LogFiles/http/x.log: 1",
        "d.zip!/abs.log: 1",
    ];
    let found = list("d.zip", &zip(&members), roomy());
    assert_eq!(found[..7], names);
    assert!(
        found.len() == 8 && !found[7].contains('\u{1b}') && !found[7].contains('\n'),
        "{found:?}"
    );
    // The same by the headers alone; a name with control characters is taken for no header.
    let mut cut = RawZip::default();
    for member in members {
        cut.add(&member);
    }
    assert_eq!(list("d.zip", &cut.bytes, roomy())[1..], names);
}

#[test]
fn what_is_encrypted_or_packed_unusually_is_named() {
    let members = [
        RawMember { flags: 1, ..RawMember::stored("LogFiles/a.log", b"xxxxxxxxxxxxyyy") },
        RawMember { flags: 1, method: 99, ..RawMember::stored("b.log", b"zzz") },
        RawMember { method: 12, ..RawMember::stored("c.log", b"BZh9") },
        RawMember::stored("d.log", b"d"),
    ];
    let named = [
        "d.zip!/LogFiles/a.log: it is encrypted",
        "d.zip!/b.log: it is encrypted (AES)",
        "d.zip!/c.log: it is packed by a method that is not read (12)",
        "d.zip!/d.log: 1",
    ];
    assert_eq!(list("d.zip", &zip(&members), roomy()), named);
    let mut cut = RawZip::default();
    for member in members {
        cut.add(&member);
    }
    assert_eq!(list("d.zip", &cut.bytes, roomy())[1..], named);
}

#[test]
fn deflate64_is_read_with_and_without_a_list() {
    let mut crc = flate2::Crc::new();
    crc.update(&[b'a'; 900]);
    let packed = deflate64_run(b'a', 900);
    for sizes in [Sizes::Before, Sizes::Behind] {
        let mut raw = RawZip::default();
        raw.add(&RawMember { method: 9, sizes, ..RawMember::stored("big.dmp.log", &packed) });
        raw.add(&RawMember::deflated("next.log", b"next").with_sizes(Sizes::Behind));
        let found = list("d.zip", &raw.bytes, roomy());
        // The builder takes the checksum of what it is given, which is packed already.
        let told = "d.zip!/big.dmp.log: its checksum does not match: it is damaged after 900";
        assert_eq!(found[1..], [told, "d.zip!/next.log: 4"]);
        let mut bytes = raw.finish();
        let list_at = bytes.windows(4).position(|mark| mark == b"PK\x01\x02").unwrap();
        bytes[list_at + 16..list_at + 20].copy_from_slice(&crc.sum().to_le_bytes());
        bytes[list_at + 24..list_at + 28].copy_from_slice(&900_u32.to_le_bytes());
        assert_eq!(
            list("d.zip", &bytes, roomy()),
            ["d.zip!/big.dmp.log: 900", "d.zip!/next.log: 4"]
        );
    }
}

#[test]
fn sizes_of_64_bits_are_read() {
    use std::io::Write as _;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let large = zip::write::SimpleFileOptions::default().large_file(true);
    writer.start_file("a.log", large).unwrap();
    writer.write_all(&text(40)).unwrap();
    writer.start_file("b.log", large).unwrap();
    writer.write_all(b"b").unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    let found = ["d.zip!/a.log: 920", "d.zip!/b.log: 1"];
    assert_eq!(list("d.zip", &bytes, roomy()), found);
    let list_at = bytes.windows(4).position(|mark| mark == b"PK\x01\x02").unwrap();
    assert_eq!(list("d.zip", &bytes[..list_at], roomy())[1..], found);
}

#[test]
fn a_zip_that_was_cut_off_inside_a_zip_is_read_as_far_as_it_goes() {
    let mut dump = RawZip::default();
    for (name, lines) in [("LogFiles/a.log", 40), ("LogFiles/b.log", 400)] {
        dump.add(&RawMember::deflated(name, &text(lines)).with_sizes(Sizes::Behind));
    }
    let dump = dump.finish();
    // The dump was zipped once more, streamed, and the outer archive is what was cut off.
    for packed in [RawMember::deflated, RawMember::stored] {
        let mut outer = RawZip::default();
        outer.add(&packed("dump.zip", &dump).with_sizes(Sizes::Behind));
        let found = list("o.zip", &outer.bytes[..outer.bytes.len() / 2], roomy());
        assert_eq!(found.len(), 4, "{found:#?}");
        assert!(found[0].starts_with("o.zip: it was cut off"), "{found:#?}");
        assert!(found[1].starts_with("o.zip!/dump.zip: it was cut off"), "{found:#?}");
        assert_eq!(found[2], "o.zip!/dump.zip!/LogFiles/a.log: 920");
        assert!(
            found[3].starts_with("o.zip!/dump.zip!/LogFiles/b.log: the archive ends inside it")
        );
    }
}

fn bundle() -> Bundle {
    let mut bundle = Bundle::default();
    bundle.add("LogFiles/a.log", text(40));
    bundle.add(format!("LogFiles/{}/b.log", "x".repeat(120)), text(60));
    bundle.add("empty.log", "");
    bundle
}

#[test]
fn tar_archives_are_read_packed_or_not() {
    let long = format!("/LogFiles/{}/b.log: 1380", "x".repeat(120));
    for names in [LongNames::Gnu, LongNames::Pax] {
        let tar = tar(&bundle(), names);
        let packed = gzip(&tar).unwrap();
        for (name, bytes) in [("d.tar", &tar), ("d.tgz", &packed), ("d.tar.gz", &packed)] {
            let expected = [
                format!("{name}!/LogFiles/a.log: 920"),
                format!("{name}!{long}"),
                format!("{name}!/empty.log: 0"),
            ];
            assert_eq!(list(name, bytes, roomy()), expected, "{names:?}");
        }
        // Cut off inside the second member, and behind it.
        let found = list("d.tar", &tar[..3500], roomy());
        assert_eq!(found[0], "d.tar: it was cut off inside its last member");
        assert_eq!(found[1], "d.tar!/LogFiles/a.log: 920");
        assert!(found[2].contains("b.log: the archive ends inside it after "), "{found:?}");
        let found = list("d.tar", &tar[..tar.len() - 1024], roomy());
        assert!(found[0].contains("it has no end mark"), "{found:?}");
        assert_eq!(found.len(), 4);
        let found = list("d.tgz", &packed[..packed.len() / 2], roomy());
        assert!(found[0].starts_with("d.tgz: it was cut off inside its last member"), "{found:?}");
        assert!(found[1].starts_with("d.tgz!/LogFiles/a.log: "), "{found:?}");
    }
}

#[test]
fn members_of_a_tar_archive_that_are_no_files_are_named() {
    let mut tar = Vec::new();
    tar_member(&mut tar, "folder/", b'5', b"");
    tar_member(&mut tar, "link", b'2', b"");
    tar_member(&mut tar, "device", b'3', b"");
    tar_member(&mut tar, "pax_global_header", b'g', b"30 comment=1234567890abcdef12\n");
    tar_member(&mut tar, "PaxHeaders/x", b'x', b"22 GNU.sparse.major=1\n");
    tar_member(&mut tar, "holes", b'0', b"xyz");
    tar_member(&mut tar, "a.log", b'0', b"abc");
    tar.extend([0; 1024]);
    assert_eq!(
        list("d.tar", &tar, roomy()),
        [
            "d.tar!/a.log: 3",
            "d.tar!/device: it is no regular file",
            "d.tar!/holes: it is a sparse file, which is not read",
            "d.tar!/link: it is a link, and links are not followed",
        ]
    );
    // A block in the middle is no header.
    tar[512 * 7] ^= 1;
    let found = list("d.tar", &tar, roomy());
    assert!(found[0].ends_with("it is damaged there, and what follows is not read"), "{found:?}");
}

#[test]
fn archives_lie_in_archives_of_the_other_kind() {
    let inner = zip(&[RawMember::deflated("a.log", b"aaa")]);
    let packed = gzip(b"one").unwrap();
    let mut both = Bundle::default();
    both.add("in.zip", inner).add("x.log.gz", [packed.clone(), gzip(b"two").unwrap()].concat());
    let tar = tar(&both, LongNames::Gnu);
    let outer = zip(&[RawMember::deflated("d.tar.gz", &gzip(&tar).unwrap())]);
    assert_eq!(
        list("o.zip", &outer, roomy()),
        ["o.zip!/d.tar.gz!/in.zip!/a.log: 3", "o.zip!/d.tar.gz!/x.log.gz: 6"]
    );
    let too_deep = zip(&[RawMember::stored("o.zip", &outer)]);
    assert_eq!(
        list("p.zip", &too_deep, roomy()),
        [
            "p.zip!/o.zip!/d.tar.gz!/in.zip: archives are nested deeper than is allowed",
            "p.zip!/o.zip!/d.tar.gz!/x.log.gz: 6"
        ]
    );
    // Packed twice, as a browser does that asks for packed replies.
    assert_eq!(list("x.log.gz", &gzip(&packed).unwrap(), roomy()), ["x.log.gz: 3"]);
}

#[test]
fn of_a_large_packed_tar_what_may_be_held_is_read_and_the_rest_listed() {
    let limits = Limits { nested: 3000, ..roomy() };
    let found = list("d.tgz", &gzip(&tar(&bundle(), LongNames::Gnu)).unwrap(), limits.clone());
    let behind = "it lies behind the first 3.0 kB of a packed archive, which are held in memory: unpack the archive, \
                  and give the folder";
    assert_eq!(found[0], "d.tgz!/LogFiles/a.log: 920");
    assert!(found[1].ends_with(&format!("/b.log: {behind}")), "{found:?}");
    assert_eq!(found[2], "d.tgz!/empty.log: 0");
    assert_eq!(found.len(), 3);
    // Archives that are held share a limit.
    let noise = text(100);
    let one = zip(&[RawMember::stored("a.log", &noise)]);
    let two = zip(&[RawMember::deflated("1.zip", &one), RawMember::deflated("2.zip", &one)]);
    assert_eq!(
        list("o.zip", &two, limits.clone()),
        ["o.zip!/1.zip!/a.log: 2300", "o.zip!/2.zip!/a.log: 2300"]
    );
    assert_eq!(
        list("o.zip", &two, Limits { held: 3000, ..limits }),
        [
            "o.zip!/1.zip!/a.log: 2300",
            "o.zip!/2.zip: archives inside archives are larger together than may be held in memory"
        ]
    );
}

#[test]
fn a_gzip_file_that_was_renamed_is_known_by_the_name_inside() {
    use std::io::Write as _;
    let mut encoder = flate2::GzBuilder::new()
        .filename("dda7cc-202512040635.log")
        .write(Vec::new(), flate2::Compression::default());
    encoder.write_all(b"").unwrap();
    let bytes = encoder.finish().unwrap();
    assert_eq!(list("download.gz", &bytes, roomy()), ["download.gz!/dda7cc-202512040635.log: 0"]);
    assert_eq!(
        list("dda7cc-202512040635.log.gz", &bytes, roomy()),
        ["dda7cc-202512040635.log.gz: 0"]
    );
    let nuls = gzip(&[0; 900]).unwrap();
    assert_eq!(list("nuls.log.gz", &nuls, roomy()), ["nuls.log.gz: 900"]);
}

#[test]
fn an_archive_without_files_is_listed_as_empty() {
    assert_eq!(list("d.zip", &zip(&[]), roomy()), ["d.zip: 0"]);
    assert_eq!(list("d.zip", &zip(&[RawMember::stored("LogFiles/", b"")]), roomy()), ["d.zip: 0"]);
    let mut tar = Vec::new();
    tar_member(&mut tar, "folder/", b'5', b"");
    tar.extend([0; 1024]);
    assert_eq!(list("d.tar", &tar, roomy()), ["d.tar: 0"]);
}

proptest! {
    /// Wherever a download broke off, every member that is whole by then is read, and nothing is read that is not there.
    #[test]
    fn every_whole_member_of_a_cut_archive_is_read(
        contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..6),
        kinds in prop::collection::vec((any::<bool>(), 0..3_usize), 6),
        cut in 0.0..1.0_f64,
    ) {
        let mut raw = RawZip::default();
        let mut ends = Vec::new();
        for (number, (content, (packed, sizes))) in contents.iter().zip(kinds).enumerate() {
            // A letter in front, so that no content is an archive or UTF-16 by chance.
            let content = [b"x", content.as_slice()].concat();
            let name = format!("{number}.bin");
            let member = if packed { RawMember::deflated(&name, &content) } else { RawMember::stored(&name, &content) };
            let sizes = [Sizes::Before, Sizes::Behind, Sizes::BehindUnmarked][sizes];
            ends.push((raw.add(&member.with_sizes(sizes)), format!("d!/{name}: {}", content.len())));
        }
        let cut = (raw.bytes.len() as f64 * cut) as usize;
        let found = list("d", &raw.bytes[..cut], roomy());
        for (_, whole) in ends.iter().filter(|(end, _)| *end <= cut) {
            prop_assert!(found.contains(whole), "{whole} is not in {found:#?}");
        }
        prop_assert!(found.len() <= ends.len() + 1, "{found:#?}");
    }
}

#[test]
fn what_has_only_the_name_of_an_archive_says_so() {
    assert_eq!(
        list("dump.zip", b"<html><body>503 Service Unavailable</body></html>", roomy()),
        ["dump.zip: it has the name of an archive and is none"]
    );
    assert_eq!(
        list("logs.7z", b"7z\xbc\xaf\x27\x1c\0\x04", roomy()),
        ["logs.7z: it is a 7z archive, which is not read: unpack it, and give the folder"]
    );
    assert_eq!(
        list("LogFiles.jar", &zip(&[RawMember::stored("a", b"a")]), roomy())[0][..14],
        *"LogFiles.jar: "
    );
}
