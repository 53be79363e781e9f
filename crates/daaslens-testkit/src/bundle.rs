//! A bundle in memory, and the folders and zips that it becomes.

use std::io::{self, Cursor, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// One file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleFile {
    /// The path, with `/`.
    pub path: String,
    /// The content.
    pub bytes: Vec<u8>,
}

/// A tree of files in memory, in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    files: Vec<BundleFile>,
}

/// How the members of a zip are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZipMethod {
    /// As they are.
    Stored,
    /// Deflated, as nearly all zips are.
    #[default]
    Deflate,
}

/// The kinds of zips that occur.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ZipOptions {
    /// How members are packed.
    pub method: ZipMethod,
    /// Whether sizes stand behind the data (data descriptors), as in the dump that Kudu streams: its local
    /// headers say 0 bytes.
    pub streamed: bool,
    /// Whether names have `\` between their parts, as old .NET wrote them.
    pub backslashes: bool,
    /// Whether folders have entries of their own, as in a Kudu dump.
    pub folders: bool,
    /// Whether the zip lies in another zip under this name, as when somebody zips a download once more.
    pub nested: Option<String>,
}

impl Bundle {
    /// Adds a file.
    pub fn add(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> &mut Self {
        self.files.push(BundleFile { path: path.into(), bytes: bytes.into() });
        self
    }

    /// The files.
    pub fn files(&self) -> &[BundleFile] {
        &self.files
    }

    /// The files, to be damaged.
    pub fn files_mut(&mut self) -> &mut Vec<BundleFile> {
        &mut self.files
    }

    /// The content of one file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.iter().find(|file| file.path == path).map(|file| file.bytes.as_slice())
    }

    /// The same tree under `folder`.
    #[must_use]
    pub fn under(mut self, folder: &str) -> Self {
        for file in &mut self.files {
            file.path = format!("{folder}/{}", file.path);
        }
        self
    }

    /// The bytes of all files.
    pub fn total_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes.len() as u64).sum()
    }

    /// The bundle as a zip. The same bundle and options give the same bytes: members stand in the order in
    /// which they were added and carry the zero date of DOS.
    pub fn to_zip(&self, options: &ZipOptions) -> io::Result<Vec<u8>> {
        let zip = if options.streamed {
            let mut writer = ZipWriter::new_stream(Vec::new());
            self.write_members(&mut writer, options)?;
            writer.finish()?.into_inner()
        } else {
            let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
            self.write_members(&mut writer, options)?;
            writer.finish()?.into_inner()
        };
        match &options.nested {
            None => Ok(zip),
            Some(name) => {
                let mut outer = Self::default();
                outer.add(name.clone(), zip);
                outer.to_zip(&ZipOptions { method: options.method, ..ZipOptions::default() })
            }
        }
    }

    fn write_members<W: Write + io::Seek>(
        &self,
        writer: &mut ZipWriter<W>,
        options: &ZipOptions,
    ) -> io::Result<()> {
        let method = match options.method {
            ZipMethod::Stored => CompressionMethod::Stored,
            ZipMethod::Deflate => CompressionMethod::Deflated,
        };
        let member = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o644);
        let name = |path: &str| {
            if options.backslashes { path.replace('/', "\\") } else { path.to_owned() }
        };
        let mut folders: Vec<&str> = Vec::new();
        for file in &self.files {
            if options.folders {
                for (end, _) in file.path.match_indices('/') {
                    let folder = &file.path[..=end];
                    if !folders.contains(&folder) {
                        folders.push(folder);
                        writer.start_file(
                            name(folder),
                            member.compression_method(CompressionMethod::Stored),
                        )?;
                    }
                }
            }
            writer.start_file(name(&file.path), member)?;
            writer.write_all(&file.bytes)?;
        }
        Ok(())
    }

    /// Writes the tree under `folder`, which is created.
    #[expect(
        clippy::disallowed_methods,
        reason = "made to write folders, on behalf of tests, tools and the demo"
    )]
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        for file in &self.files {
            let mut path = folder.to_path_buf();
            path.extend(file.path.split('/').filter(|part| !part.is_empty() && *part != ".."));
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, &file.bytes)?;
        }
        Ok(())
    }
}

/// `bytes` as a gzip member, with no name and no time in its header.
pub fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

impl BundleFile {
    /// Packs the file with gzip and renames it to `….gz`.
    pub fn gzip(&mut self) -> io::Result<()> {
        self.bytes = gzip(&self.bytes)?;
        self.path.push_str(".gz");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Read;

    fn bundle() -> Bundle {
        let mut bundle = Bundle::default();
        bundle
            .add("LogFiles/a.txt", "alpha ".repeat(100))
            .add("LogFiles/http/b.txt", "b")
            .add("c", "");
        bundle
    }

    fn members(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        (0..archive.len())
            .map(|index| {
                let mut member = archive.by_index(index).unwrap();
                let name = member.name().unwrap().into_owned();
                let mut bytes = Vec::new();
                member.read_to_end(&mut bytes).unwrap();
                (name, bytes)
            })
            .collect()
    }

    #[test]
    fn every_kind_of_zip_holds_the_same_files() {
        let files: Vec<(String, Vec<u8>)> =
            bundle().files().iter().map(|file| (file.path.clone(), file.bytes.clone())).collect();
        for method in [ZipMethod::Stored, ZipMethod::Deflate] {
            for streamed in [false, true] {
                let options = ZipOptions { method, streamed, ..ZipOptions::default() };
                let zip = bundle().to_zip(&options).unwrap();
                assert_eq!(members(&zip), files, "{options:?}");
                assert_eq!(bundle().to_zip(&options).unwrap(), zip, "{options:?}");
                // Bit 3 of the flags in the first local header: sizes stand behind the data.
                assert_eq!(zip[6] & 8 != 0, streamed, "{options:?}");
                let stored = u16::from_le_bytes([zip[8], zip[9]]) == 0;
                assert_eq!(stored, method == ZipMethod::Stored, "{options:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_goes_into_a_zip_comes_out(
            contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6),
            stored in any::<bool>(),
            streamed in any::<bool>(),
            folders in any::<bool>(),
        ) {
            let mut bundle = Bundle::default();
            for (number, bytes) in contents.iter().enumerate() {
                bundle.add(format!("{}/{number}.bin", number % 2), bytes.clone());
            }
            let method = if stored { ZipMethod::Stored } else { ZipMethod::Deflate };
            let zip = bundle.to_zip(&ZipOptions { method, streamed, folders, ..ZipOptions::default() }).unwrap();
            let files = members(&zip).into_iter().filter(|(name, _)| !name.ends_with('/'));
            prop_assert_eq!(files.map(|(_, bytes)| bytes).collect::<Vec<_>>(), contents);
        }
    }

    #[test]
    fn names_and_nesting() {
        let backslashes =
            bundle().to_zip(&ZipOptions { backslashes: true, ..ZipOptions::default() }).unwrap();
        assert!(
            backslashes
                .windows(15)
                .any(|part| part == br"LogFiles\a.txt".as_slice() || part == br"LogFiles\http\b")
        );
        let folders =
            bundle().to_zip(&ZipOptions { folders: true, ..ZipOptions::default() }).unwrap();
        let names: Vec<String> = members(&folders).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            ["LogFiles/", "LogFiles/a.txt", "LogFiles/http/", "LogFiles/http/b.txt", "c"]
        );
        let nested = bundle()
            .to_zip(&ZipOptions { nested: Some("in.zip".into()), ..ZipOptions::default() })
            .unwrap();
        let outer = members(&nested);
        assert_eq!(outer[0].0, "in.zip");
        assert_eq!(members(&outer[0].1).len(), 3);
    }

    #[test]
    fn gzip_has_no_time_of_its_own() {
        let mut file = BundleFile { path: "a.log".into(), bytes: b"alpha".to_vec() };
        file.gzip().unwrap();
        assert_eq!(file.path, "a.log.gz");
        assert_eq!(file.bytes[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
        let mut text = String::new();
        flate2::read::GzDecoder::new(file.bytes.as_slice()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "alpha");
    }
}
