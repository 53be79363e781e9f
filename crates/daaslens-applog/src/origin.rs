//! What the name of a file says: who wrote it, when it began, which process on which instance.

use daaslens_core::Time;

/// Who wrote a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Writer {
    /// iisnode: what a Node process printed.
    Iisnode,
    /// The ASP.NET Core Module: what the process printed.
    Stdout,
    /// `HttpPlatformHandler`: what the process printed.
    HttpPlatform,
    /// .NET Framework's trace: `<instance>-<pid>-<ticks>.txt`.
    Trace,
    /// ASP.NET Core's file logger: `diagnostics-20260119.txt`.
    FileLogger,
    /// The trace listener about itself: `<instance>-<pid>-logging-errors.txt`.
    LoggingErrors,
    /// The host of Azure Functions, or a function in it.
    Functions,
    /// A web job.
    WebJob,
    /// An application in a container.
    Container,
    /// The platform about a container.
    ContainerPlatform,
    /// Anybody.
    #[default]
    Unknown,
}

impl Writer {
    /// The word in a report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Iisnode => "iisnode",
            Self::Stdout => "stdout",
            Self::HttpPlatform => "HttpPlatformHandler",
            Self::Trace => "trace",
            Self::FileLogger => "file logger",
            Self::LoggingErrors => "trace listener",
            Self::Functions => "Functions",
            Self::WebJob => "web job",
            Self::Container => "container",
            Self::ContainerPlatform => "container platform",
            Self::Unknown => "application",
        }
    }

    /// Whether each file is what one process printed, so that its end is the end of the process.
    pub const fn is_per_process(self) -> bool {
        matches!(self, Self::Iisnode | Self::Stdout | Self::HttpPlatform)
    }
}

/// What the name of a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileName {
    /// Who wrote it.
    pub writer: Writer,
    /// When it was begun: the start of the process, or of the day.
    pub start: Option<Time>,
    /// Whether [`FileName::start`] is a day alone.
    pub only_day: bool,
    /// The process.
    pub pid: Option<u32>,
    /// The six-hex prefix of the instance.
    pub instance: Option<String>,
    /// The machine.
    pub machine: Option<String>,
    /// Whether it is stderr.
    pub is_stderr: bool,
    /// The web job or function.
    pub job: Option<String>,
}

/// Reads the name of a file off its path (with `/`, in any case).
pub fn file_name(path: &str) -> FileName {
    let parts: Vec<&str> = path.split('/').collect();
    let name = parts.last().copied().unwrap_or_default().to_ascii_lowercase();
    let folders: Vec<String> =
        parts.iter().rev().skip(1).map(|part| part.to_ascii_lowercase()).collect();
    let stem = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".log")).unwrap_or(&name);
    of_process(stem)
        .or_else(|| diagnostics(stem))
        .or_else(|| stdout(stem))
        .or_else(|| container(stem))
        .or_else(|| jstack(stem))
        .or_else(|| job(&folders, &parts))
        .or_else(|| functions(stem, &folders, &parts))
        .unwrap_or_default()
}

/// `14b7dc-2908-stderr-1755298989113`, `79e06d-6972-638297684447218361`, `1b7cc5-1040-logging-errors`.
fn of_process(stem: &str) -> Option<FileName> {
    let mut words = stem.splitn(3, '-');
    let (instance, pid, rest) = (words.next()?, words.next()?, words.next()?);
    let is_instance = instance.len() == 6 && instance.bytes().all(|b| b.is_ascii_hexdigit());
    let pid: u32 = pid.parse().ok().filter(|_| is_instance)?;
    let mut found =
        FileName { instance: Some(instance.to_owned()), pid: Some(pid), ..FileName::default() };
    if rest == "logging-errors" {
        found.writer = Writer::LoggingErrors;
    } else if let Some((stream, ms)) = rest.split_once('-')
        && let ("stdout" | "stderr", Ok(ms)) = (stream, ms.parse::<i64>())
    {
        found.writer = Writer::Iisnode;
        found.is_stderr = stream == "stderr";
        found.start = (1_000_000_000_000..10_000_000_000_000).contains(&ms).then_some(Time(ms));
    } else {
        // .NET counts tenths of microseconds since the year 1.
        let ticks: i64 = rest.parse().ok().filter(|_| rest.len() == 18)?;
        found.writer = Writer::Trace;
        found.start = Some(Time((ticks - 621_355_968_000_000_000) / 10_000));
    }
    Some(found)
}

/// `diagnostics-20260119`, `diagnostics-20260119.1`.
fn diagnostics(stem: &str) -> Option<FileName> {
    let start = compact(stem.strip_prefix("diagnostics-")?.split('.').next()?)?;
    let writer = Writer::FileLogger;
    Some(FileName { writer, start: Some(start), only_day: true, ..FileName::default() })
}

/// `stdout_20260119032306_4200`, or the older `stdout_4200_2017112717490`, whose date has no zeros in front and can be
/// read in more than one way; `httpplatformstdout_4200_…`.
fn stdout(stem: &str) -> Option<FileName> {
    let (writer, rest) = if let Some(rest) = stem.strip_prefix("httpplatform") {
        (Writer::HttpPlatform, rest)
    } else {
        (Writer::Stdout, stem.strip_prefix("stdout").or_else(|| stem.strip_prefix("stderr"))?)
    };
    let numbers: Vec<&str> =
        rest.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let mut found = FileName { writer, ..FileName::default() };
    if let [date, pid] = *numbers
        && date.len() == 14
    {
        (found.start, found.pid) = (compact(date), pid.parse().ok());
    } else if let [pid, ..] = *numbers
        && pid.len() < 8
    {
        found.pid = pid.parse().ok();
    }
    Some(found)
}

/// `2023_06_19_lw0sdlwk0001ab_default_docker`, `2023_06_19_10-30-0-91_docker.1`.
fn container(stem: &str) -> Option<FileName> {
    let date: String = stem.get(..10)?.split('_').collect();
    let start = compact(&date).filter(|_| date.len() == 8)?;
    let (machine, kind) = stem.get(11..)?.split_once('_')?;
    let kind = kind.split('.').next().unwrap_or(kind);
    let writer = match kind {
        "docker" | "platform" => Writer::ContainerPlatform,
        "app" | "console" => Writer::Container,
        _ if kind.ends_with("docker") => Writer::Container,
        _ => return None,
    };
    let machine = Some(machine.to_owned());
    Some(FileName { writer, start: Some(start), only_day: true, machine, ..FileName::default() })
}

/// `RD0003FF8A1B2C_4200_jstack`: DaaS names the machine and the process.
fn jstack(stem: &str) -> Option<FileName> {
    let (machine, pid) = stem.strip_suffix("_jstack")?.rsplit_once('_')?;
    let pid = Some(pid.parse().ok()?);
    Some(FileName { pid, machine: Some(machine.to_owned()), ..FileName::default() })
}

/// `jobs/continuous/<name>/job_log`, `jobs/triggered/<name>/202601190323061234/output_log`.
fn job(folders: &[String], parts: &[&str]) -> Option<FileName> {
    let at = folders.iter().position(|part| part == "continuous" || part == "triggered")?;
    if folders.get(at + 1).is_none_or(|part| part != "jobs") {
        return None;
    }
    let job = parts.get(parts.len().checked_sub(1 + at)?).map(|name| (*name).to_owned());
    let start =
        folders.first().filter(|run| at > 1 && run.len() == 18).and_then(|run| compact(run));
    Some(FileName { writer: Writer::WebJob, job, start, ..FileName::default() })
}

/// `Functions/Host/2019-04-01T19-32-15Z-f763aeb07f`, `Functions/Function/<name>/…`.
fn functions(stem: &str, folders: &[String], parts: &[&str]) -> Option<FileName> {
    folders.iter().position(|part| part == "functions")?;
    let mut found = FileName { writer: Writer::Functions, ..FileName::default() };
    if folders.get(1).is_some_and(|part| part == "function") {
        found.job = parts.get(parts.len().checked_sub(2)?).map(|name| (*name).to_owned());
    }
    let (date, id) = (stem.get(..20), stem.get(21..));
    if let Some(date) = date {
        let digits: String = date.chars().filter(char::is_ascii_digit).collect();
        found.start = compact(&digits).filter(|_| date.ends_with('z'));
    }
    if found.start.is_some() {
        let is_hex = |id: &&str| id.len() >= 6 && id.bytes().all(|b| b.is_ascii_hexdigit());
        found.instance = id.filter(is_hex).and_then(|id| Some(id.get(..6)?.to_owned()));
    }
    Some(found)
}

/// `20260119`, `20260119032306`, and whatever digits follow.
fn compact(digits: &str) -> Option<Time> {
    let number = |range: std::ops::Range<usize>| -> Option<u32> {
        digits.get(range).filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
    };
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let (hour, minute, second) = if digits.len() >= 14 {
        (number(8..10)?, number(10..12)?, number(12..14)?)
    } else {
        (0, 0, 0)
    };
    Time::from_civil(year as i32, month, day, hour, minute, second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_who_when_and_where() {
        for (path, expected) in [
            (
                "LogFiles/Application/14b7dc-2908-stderr-1755298989113.txt",
                "iisnode 2025-08-15T23:03:09.113Z 2908 14b7dc stderr",
            ),
            (
                "LogFiles/Application/79e06d-6972-638297684447218361.txt",
                "trace 2023-09-08T11:14:04.721Z 6972 79e06d",
            ),
            ("LogFiles/Application/1b7cc5-1040-logging-errors.txt", "trace listener - 1040 1b7cc5"),
            (
                "LogFiles/Application/diagnostics-20251202.1.txt",
                "file logger 2025-12-02T00:00:00Z - - day",
            ),
            ("LogFiles/stdout_20260119032306_4200.log", "stdout 2026-01-19T03:23:06Z 4200 -"),
            ("logs/stdout_4200_2017112717490.log", "stdout - 4200 -"),
            ("LogFiles/httpPlatformStdout_1234_2017.log", "HttpPlatformHandler - 1234 -"),
            (
                "2023_06_19_lw0sdlwk0001ab_default_docker.log",
                "container 2023-06-19T00:00:00Z - - day lw0sdlwk0001ab",
            ),
            (
                "2023_06_19_10-30-0-91_docker.1.log",
                "container platform 2023-06-19T00:00:00Z - - day 10-30-0-91",
            ),
            ("data/jobs/continuous/Mailer/job_log.txt", "web job - - - Mailer"),
            (
                "data/jobs/triggered/Nightly/202601190323061234/output_log.txt",
                "web job 2026-01-19T03:23:06Z - - Nightly",
            ),
            (
                "LogFiles/Application/Functions/Host/2019-04-01T19-32-15Z-f763aeb07f.log",
                "Functions 2019-04-01T19:32:15Z - f763ae",
            ),
            (
                "LogFiles/Application/Functions/Function/Timer/2019-04-01T19-35-01Z-f763aeb07f.log",
                "Functions 2019-04-01T19:35:01Z - f763ae Timer",
            ),
            ("RD0003FF8A1B2C_4200_jstack.log", "application - 4200 - rd0003ff8a1b2c"),
            ("notes/app.log", "application - - -"),
            ("", "application - - -"),
        ] {
            let name = file_name(path);
            let mut shown = format!(
                "{} {} {} {}",
                name.writer.word(),
                name.start.map_or_else(|| "-".to_owned(), Time::rfc3339),
                name.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string()),
                name.instance.as_deref().unwrap_or("-")
            );
            for (is, word) in [(name.is_stderr, "stderr"), (name.only_day, "day")] {
                if is {
                    shown = format!("{shown} {word}");
                }
            }
            for word in [name.machine, name.job].into_iter().flatten() {
                shown = format!("{shown} {word}");
            }
            assert_eq!(shown, expected, "{path}");
        }
    }
}
