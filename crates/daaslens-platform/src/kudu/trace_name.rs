//! The names of traces, which say nearly everything.
//!
//! ```text
//! 2014-11-17T04-59-21_d10e51_366_GET_api-deployments_200_3s.xml      time, instance, number, method, path, status, length
//! 2014-11-17T04-59-21_d10e51_001_Startup_GET_api-deployments_0s.xml  the request with which the process began
//! 2014-11-17T04-59-21_d10e51_013_Shutdown_0s.xml                     its end
//! 2014-11-17T04-59-21_d10e51_003_Background_POST_api-zipdeploy_13s.xml
//! 2014-11-17T04-59-21_d10e51_003_GET_dump_pending.xml                it still ran, or its process died
//! 2014-11-17T04-59-21_d10e51_004_Starting-LocalZipFetch_202_0s.xml   any other step, by its title
//! ```
//!
//! What is no letter, digit, `.` or `_` in a path became `-`, so that the path can be shown but not be taken back.

use daaslens_core::Time;

use crate::document::{is_prefix, kept};
use crate::stamp;

/// What a trace is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TraceKind {
    /// A request to Kudu.
    Request,
    /// The first request to a new process of Kudu.
    Startup,
    /// The end of a process of Kudu.
    Shutdown,
    /// Work that went on after its request was answered, such as a deployment.
    Background,
    /// Anything else.
    #[default]
    Other,
}

/// What the name of a trace says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceName {
    /// When it began, to the second.
    pub time: Time,
    /// The first six hex digits of the instance.
    pub prefix: String,
    /// Its number within the process, modulo 1000.
    pub number: u32,
    /// What it is of.
    pub kind: TraceKind,
    /// The method of the request.
    pub method: Option<String>,
    /// The path of the request, or the title of the step, as a file name.
    pub path: Option<String>,
    /// The status that was answered.
    pub status: Option<u16>,
    /// How long it took, in whole seconds.
    pub seconds: Option<u64>,
    /// Whether it was not at its end.
    pub is_pending: bool,
}

impl TraceName {
    /// Reads the last part of a path. `None` where it is no such name.
    pub fn read(path: &str) -> Option<Self> {
        let name = path.rsplit(['/', '\\']).next()?;
        let (stem, extension) = name.rsplit_once('.')?;
        if !extension.eq_ignore_ascii_case("xml") {
            return None;
        }
        let (time, rest) = stem.split_once('_')?;
        let (prefix, rest) = rest.split_once('_')?;
        let (number, rest) = rest.split_once('_')?;
        if !is_prefix(prefix) || number.len() != 3 {
            return None;
        }
        let mut read = Self {
            time: stamp::file_name(&time.to_ascii_uppercase())?,
            prefix: prefix.to_ascii_lowercase(),
            number: stamp::number(number)?,
            ..Self::default()
        };
        let rest = read.strip_end(rest);
        let (first, below) = rest.split_once('_').unwrap_or((rest, ""));
        let rest = match first.to_ascii_lowercase().as_str() {
            "startup" => {
                read.kind = TraceKind::Startup;
                below
            }
            "background" => {
                read.kind = TraceKind::Background;
                below
            }
            "shutdown" => {
                read.kind = TraceKind::Shutdown;
                return Some(read);
            }
            _ => rest,
        };
        let (method, path) = rest.split_once('_').unwrap_or((rest, ""));
        if is_method(method) {
            if read.kind == TraceKind::Other {
                read.kind = TraceKind::Request;
            }
            read.method = Some(method.to_ascii_uppercase());
            read.path = Some(path).filter(|path| !path.is_empty()).map(kept);
        } else {
            read.path = Some(rest).filter(|rest| !rest.is_empty()).map(kept);
        }
        if matches!(read.kind, TraceKind::Startup)
            && let Some(status) = read.status.take()
        {
            // These have no status; it is the end of a path.
            let path = read.path.unwrap_or_default();
            read.path = Some(format!("{path}_{status}"));
        }
        Some(read)
    }

    /// Takes `_pending`, or `_<seconds>s` and `_<status>`, from the end.
    fn strip_end<'n>(&mut self, rest: &'n str) -> &'n str {
        let Some((before, last)) = rest.rsplit_once('_') else { return rest };
        if last.eq_ignore_ascii_case("pending") {
            self.is_pending = true;
            return before;
        }
        let seconds = last.strip_suffix(['s', 'S']).filter(|digits| !digits.is_empty());
        let Some(seconds) = seconds.and_then(stamp::number) else { return rest };
        self.seconds = Some(u64::from(seconds));
        let Some((path, last)) = before.rsplit_once('_') else { return before };
        match stamp::number(last).and_then(|status| u16::try_from(status).ok()) {
            Some(status) if last.len() == 3 && (100..600).contains(&status) => {
                self.status = Some(status);
                path
            }
            _ => before,
        }
    }
}

/// Methods are written in capitals; where a copy of the file lost its case, the known ones are still known.
fn is_method(word: &str) -> bool {
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    known.iter().any(|method| method.eq_ignore_ascii_case(word))
        || (3..=10).contains(&word.len()) && word.bytes().all(|c| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str) -> String {
        let Some(read) = TraceName::read(name) else { return "none".into() };
        format!(
            "{} {} {} {:?} {} {} {:?} {:?} {}",
            read.time,
            read.prefix,
            read.number,
            read.kind,
            read.method.as_deref().unwrap_or("-"),
            read.path.as_deref().unwrap_or("-"),
            read.status,
            read.seconds,
            read.is_pending
        )
    }

    #[test]
    fn all_forms() {
        for (name, expected) in [
            (
                "366_GET_api-deployments_200_3s",
                "366 Request GET api-deployments Some(200) Some(3) false",
            ),
            (
                "001_Startup_GET_api-deployments_0s",
                "1 Startup GET api-deployments None Some(0) false",
            ),
            ("001_Startup_HEAD__0s", "1 Startup HEAD - None Some(0) false"),
            ("001_Startup_GET_page_404_0s", "1 Startup GET page_404 None Some(0) false"),
            ("013_Shutdown_0s", "13 Shutdown - - None Some(0) false"),
            (
                "003_Background_POST_api-zipdeploy_13s",
                "3 Background POST api-zipdeploy None Some(13) false",
            ),
            ("003_GET_dump_pending", "3 Request GET dump None None true"),
            (
                "004_Starting-LocalZipFetch_202_0s",
                "4 Other - Starting-LocalZipFetch Some(202) Some(0) false",
            ),
            (
                "005_GET_vfs-my_file_1.txt_404_0s",
                "5 Request GET vfs-my_file_1.txt Some(404) Some(0) false",
            ),
            ("006_GET__401_0s", "6 Request GET - Some(401) Some(0) false"),
            ("007_UnexpectedException", "7 Other - UnexpectedException None None false"),
        ] {
            let name = format!("LogFiles/kudu/trace/2014-11-17T04-59-21_d10e51_{name}.xml");
            assert_eq!(said(&name), format!("2014-11-17T04:59:21Z d10e51 {expected}"), "{name}");
            assert_ne!(said(&name.to_ascii_lowercase()), "none", "{name}");
        }
    }

    #[test]
    fn no_trace() {
        for name in [
            "a.xml",
            "2014-11-17T04-59-21_d10e51_366.xml",
            "2014-11-17T04-59-21_d10e5_001_Shutdown_0s.xml",
        ] {
            assert_eq!(said(name), "none", "{name}");
        }
    }
}
