//! The modules of the process: what was loaded from where.

use minidump::format as md;
use scroll::{LE, Pread};

use crate::front::{Front, utf16};

/// Modules that are kept. A large .NET Framework site loads some 400.
const MAX_MODULES: usize = 4096;

/// Where a module comes from, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// The site's own folder, `site\wwwroot`.
    Site,
    /// A site extension.
    Extension,
    /// Anything else: an agent, a driver of a database, a tool.
    Elsewhere,
    /// A run time: .NET, PHP, Node, Java, Python, or what hosts them.
    Runtime,
    /// Windows itself, IIS with it.
    Windows,
}

impl Home {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Site => "the site",
            Self::Extension => "a site extension",
            Self::Elsewhere => "elsewhere",
            Self::Runtime => "a run time",
            Self::Windows => "Windows",
        }
    }

    /// Whether neither Windows nor a run time brought it.
    pub const fn is_third_party(self) -> bool {
        matches!(self, Self::Site | Self::Extension | Self::Elsewhere)
    }
}

/// A module that was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// `clr.dll`, as it is written.
    pub name: String,
    /// Its path; may name a user.
    pub path: String,
    /// Its first address.
    pub base: u64,
    /// Bytes of address space.
    pub size: u64,
    /// Its version; system libraries often carry that of Windows.
    pub version: Option<(u16, u16, u16, u16)>,
    /// When it was linked, s since 1970; newer linkers write a hash instead.
    pub stamp: u32,
    /// Where it comes from.
    pub home: Home,
}

impl Module {
    /// Its version as text: `8.0.1124.51707`, but `8.2.29` and `1.4.0 build 2`, since four small numbers with dots would
    /// be taken for an address.
    pub fn version_text(&self) -> Option<String> {
        let (a, b, c, d) = self.version?;
        Some(match [a, b, c, d].iter().all(|part| *part < 256) {
            _ if d == 0 => format!("{a}.{b}.{c}"),
            true => format!("{a}.{b}.{c} build {d}"),
            false => format!("{a}.{b}.{c}.{d}"),
        })
    }

    /// Its name without case and extension.
    pub(crate) fn stem(&self) -> String {
        let lower = self.name.to_ascii_lowercase();
        lower
            .strip_suffix(".dll")
            .or_else(|| lower.strip_suffix(".exe"))
            .unwrap_or(&lower)
            .to_owned()
    }
}

/// A module that was unloaded again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unloaded {
    /// Its name.
    pub name: String,
    /// Its first address.
    pub base: u64,
    /// Bytes of address space.
    pub size: u64,
}

/// The modules in their order, the program itself first, and how many there should be.
pub(crate) fn modules(front: &Front<'_>) -> (Vec<Module>, u64) {
    let (raw, declared) =
        front.list::<md::MINIDUMP_MODULE>(md::MINIDUMP_STREAM_TYPE::ModuleListStream, MAX_MODULES);
    (raw.iter().map(|raw| module(front, raw)).collect(), declared)
}

fn module(front: &Front<'_>, raw: &md::MINIDUMP_MODULE) -> Module {
    let path = front.text(u64::from(raw.module_name_rva)).unwrap_or_default();
    let name = base_name(&path);
    let info = &raw.version_info;
    let words =
        |high: u32, low: u32| ((high >> 16) as u16, high as u16, (low >> 16) as u16, low as u16);
    let version = words(info.file_version_hi, info.file_version_lo);
    Module {
        home: home(&path, name),
        name: if name.is_empty() { "(name not in the dump)".to_owned() } else { name.to_owned() },
        base: raw.base_of_image,
        size: u64::from(raw.size_of_image),
        version: Some(version).filter(|version| *version != (0, 0, 0, 0)),
        stamp: raw.time_date_stamp,
        path,
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

/// Where a module comes from. Paths are those of App Service's workers, whose system drive is not always `C:`.
fn home(path: &str, name: &str) -> Home {
    let path = path.to_ascii_lowercase().replace('/', "\\");
    let name = name.to_ascii_lowercase();
    let under = |folder: &str| path.contains(folder);
    if under("\\siteextensions\\") {
        // The platform's own extensions lie under Program Files and hold run times too.
        if under("\\program files") { Home::Runtime } else { Home::Extension }
    } else if under("\\site\\wwwroot\\") || under("\\inetpub\\wwwroot\\") {
        Home::Site
    } else if under("\\windows\\microsoft.net\\")
        || under("\\windows\\assembly\\")
        || under("\\dotnet\\")
        || under("\\microsoft.netcore.app\\")
        || under("\\iis\\asp.net core module\\")
        || under("\\temporary asp.net files\\")
        || (under("\\program files") && is_runtime(&name))
    {
        Home::Runtime
    } else if under("\\windows\\")
        || under("\\winnt\\")
        || under("\\inetsrv\\")
        || under("\\iis\\")
        || under("\\program files\\reference assemblies\\")
    {
        Home::Windows
    } else {
        Home::Elsewhere
    }
}

fn is_runtime(name: &str) -> bool {
    name.starts_with("php") || matches!(name, "node.exe" | "java.exe" | "jvm.dll" | "python.exe")
}

/// The modules that were unloaded.
pub(crate) fn unloaded(front: &Front<'_>) -> Vec<Unloaded> {
    let (raw, _) = front.sized_list::<md::MINIDUMP_UNLOADED_MODULE>(
        md::MINIDUMP_STREAM_TYPE::UnloadedModuleListStream,
        MAX_MODULES,
    );
    raw.iter()
        .map(|raw| Unloaded {
            name: base_name(&front.text(u64::from(raw.module_name_rva)).unwrap_or_default())
                .to_owned(),
            base: raw.base_of_image,
            size: u64::from(raw.size_of_image),
        })
        .collect()
}

/// Finds the module of an address.
#[derive(Debug)]
pub(crate) struct ByAddress(Vec<(u64, u64, usize)>);

impl ByAddress {
    pub(crate) fn new(modules: &[Module]) -> Self {
        let mut ranges: Vec<_> = modules
            .iter()
            .enumerate()
            .map(|(i, module)| (module.base, module.base.saturating_add(module.size), i))
            .collect();
        ranges.sort_unstable();
        Self(ranges)
    }

    /// The module of an address, and the offset in it.
    pub(crate) fn find(&self, address: u64) -> Option<(usize, u64)> {
        let next = self.0.partition_point(|(base, ..)| *base <= address);
        let (base, end, module) = self.0.get(next.checked_sub(1)?)?;
        (address < *end).then_some((*module, address - base))
    }
}

/// The assertion that a program failed, where a tool wrote that down: the expression and its file.
pub(crate) fn assertion(front: &Front<'_>) -> Option<String> {
    let raw: md::MINIDUMP_ASSERTION_INFO =
        front.stream(md::MINIDUMP_STREAM_TYPE::AssertionInfoStream)?.pread_with(0, LE).ok()?;
    let text = |units: &[u16]| {
        let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        utf16(&bytes, 128)
    };
    let kind = match raw._type {
        1 => "invalid parameter",
        2 => "pure virtual call",
        _ => "assertion",
    };
    let function = text(&raw.function);
    Some(if function.is_empty() { kind.to_owned() } else { format!("{kind} in {function}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_where_a_module_comes_from() {
        for (path, expected) in [
            ("D:\\home\\site\\wwwroot\\bin\\native.dll", Home::Site),
            ("C:\\home\\SiteExtensions\\Agent\\profiler.dll", Home::Extension),
            ("D:\\Program Files (x86)\\SiteExtensions\\DaaS\\bin\\x.dll", Home::Runtime),
            ("D:\\Windows\\SYSTEM32\\ntdll.dll", Home::Windows),
            ("D:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\clr.dll", Home::Runtime),
            (
                "C:\\Program Files\\dotnet\\shared\\Microsoft.NETCore.App\\8.0.11\\coreclr.dll",
                Home::Runtime,
            ),
            ("D:\\Program Files (x86)\\PHP\\v8.2\\php8.dll", Home::Runtime),
            ("C:\\Windows\\System32\\inetsrv\\iiscore.dll", Home::Windows),
            ("C:\\Program Files\\AppDynamics\\agent.dll", Home::Elsewhere),
            ("/usr/lib/libc.so.6", Home::Elsewhere),
        ] {
            assert_eq!(home(path, base_name(path)), expected, "{path}");
        }
    }

    #[test]
    fn an_address_is_found_in_its_module_alone() {
        let module = |base, size| Module {
            name: String::new(),
            path: String::new(),
            base,
            size,
            version: None,
            stamp: 0,
            home: Home::Windows,
        };
        let by = ByAddress::new(&[module(0x2000, 0x100), module(0x1000, 0x800)]);
        let found = [0xfff, 0x1000, 0x17ff, 0x1800, 0x2001].map(|address| by.find(address));
        assert_eq!(found, [None, Some((1, 0)), Some((1, 0x7ff)), None, Some((0, 1))]);
    }
}
