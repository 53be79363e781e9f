//! Which run times a process has, by its modules.

use crate::modules::Module;

/// A run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// Which.
    pub kind: RuntimeKind,
    /// Its version, where its module or path tells.
    pub version: Option<String>,
    /// The module that tells.
    pub module: String,
}

/// Which run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuntimeKind {
    /// .NET Framework 4.
    NetFramework,
    /// .NET Framework 2 or 3.5.
    NetFramework2,
    /// .NET, formerly .NET Core.
    Net,
    /// Classic ASP.
    ClassicAsp,
    /// PHP.
    Php,
    /// Node.js.
    Node,
    /// Java.
    Java,
    /// Python.
    Python,
}

impl RuntimeKind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NetFramework => ".NET Framework 4",
            Self::NetFramework2 => ".NET Framework 2",
            Self::Net => ".NET",
            Self::ClassicAsp => "classic ASP",
            Self::Php => "PHP",
            Self::Node => "Node.js",
            Self::Java => "Java",
            Self::Python => "Python",
        }
    }

    /// Whether its code is managed by the common language run time.
    pub const fn is_dotnet(self) -> bool {
        matches!(self, Self::NetFramework | Self::NetFramework2 | Self::Net)
    }
}

impl std::fmt::Display for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind.name())?;
        self.version.as_ref().map_or(Ok(()), |version| write!(f, " ({} {version})", self.module))
    }
}

/// The run times, each once. None of them: native code alone, or a program that carries its run time in itself.
pub(crate) fn runtimes(modules: &[Module]) -> Vec<Runtime> {
    let mut found: Vec<Runtime> = Vec::new();
    for module in modules {
        let stem = module.stem();
        let digits = |prefix: &str| {
            stem.strip_prefix(prefix)
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_digit()))
        };
        let kind = match stem.as_str() {
            "clr" => RuntimeKind::NetFramework,
            "mscorwks" => RuntimeKind::NetFramework2,
            "coreclr" => RuntimeKind::Net,
            "asp" => RuntimeKind::ClassicAsp,
            "node" | "libnode" => RuntimeKind::Node,
            "jvm" => RuntimeKind::Java,
            "php-cgi" | "php7ts" | "php8ts" => RuntimeKind::Php,
            _ if digits("php") => RuntimeKind::Php,
            _ if digits("python") => RuntimeKind::Python,
            _ => continue,
        };
        let runtime = Runtime { kind, version: version(module, kind), module: module.name.clone() };
        match found.iter_mut().find(|known| known.kind == kind) {
            Some(known) if known.version.is_none() => *known = runtime,
            Some(_) => {}
            None => found.push(runtime),
        }
    }
    found.sort_by_key(|runtime| runtime.kind);
    found
}

/// The folder of `coreclr.dll` is named after the version that people know; its own is a number of a build.
fn version(module: &Module, kind: RuntimeKind) -> Option<String> {
    let folder = || {
        let path = module.path.to_ascii_lowercase().replace('/', "\\");
        let (_, rest) = path.split_once("\\microsoft.netcore.app\\")?;
        let folder = rest.split('\\').next()?;
        folder.starts_with(|c: char| c.is_ascii_digit()).then(|| folder.to_owned())
    };
    let folder = if kind == RuntimeKind::Net { folder() } else { None };
    folder.or_else(|| module.version_text())
}
