//! The words of both generations.

/// How far a session, or a part of it, came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It was asked for.
    Active,
    /// A machine works on it.
    Started,
    /// The analysis waits.
    AnalysisQueued,
    /// The analysis runs.
    Analyzing,
    /// It is done, well or not.
    Complete,
    /// It was ended because it took too long.
    TimedOut,
    /// Everything is collected, an analysis was not asked for (first generation).
    CollectedLogsOnly,
    /// It was cancelled (first generation).
    Cancelled,
    /// It failed (first generation).
    Error,
    /// This part was not asked for (first generation).
    NotRequested,
    /// The analysis has nothing to work on yet (first generation).
    WaitingForInputs,
    /// It runs (first generation).
    InProgress,
    /// The file does not say, or says something else.
    #[default]
    Unknown,
}

impl Status {
    const ALL: [Self; 12] = [
        Self::Active,
        Self::Started,
        Self::AnalysisQueued,
        Self::Analyzing,
        Self::Complete,
        Self::TimedOut,
        Self::CollectedLogsOnly,
        Self::Cancelled,
        Self::Error,
        Self::NotRequested,
        Self::WaitingForInputs,
        Self::InProgress,
    ];

    /// DaaS's own word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Started => "Started",
            Self::AnalysisQueued => "AnalysisQueued",
            Self::Analyzing => "Analyzing",
            Self::Complete => "Complete",
            Self::TimedOut => "TimedOut",
            Self::CollectedLogsOnly => "CollectedLogsOnly",
            Self::Cancelled => "Cancelled",
            Self::Error => "Error",
            Self::NotRequested => "NotRequested",
            Self::WaitingForInputs => "WaitingForInputs",
            Self::InProgress => "InProgress",
            Self::Unknown => "unknown",
        }
    }

    /// Whether somebody was still at work when the file was written.
    pub const fn is_running(self) -> bool {
        matches!(
            self,
            Self::Active
                | Self::Started
                | Self::AnalysisQueued
                | Self::Analyzing
                | Self::WaitingForInputs
                | Self::InProgress
        )
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word().eq_ignore_ascii_case(word.trim()))
    }
}

/// What a session was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Collect.
    Collect,
    /// Collect, then analyse.
    CollectAndAnalyze,
    /// Collect, end the process, then analyse: what auto-heal does.
    CollectKillAnalyze,
}

impl Mode {
    /// DaaS's own word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Collect => "Collect",
            Self::CollectAndAnalyze => "CollectAndAnalyze",
            Self::CollectKillAnalyze => "CollectKillAnalyze",
        }
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        [Self::Collect, Self::CollectAndAnalyze, Self::CollectKillAnalyze]
            .into_iter()
            .find(|mode| mode.word().eq_ignore_ascii_case(word.trim()))
    }
}

/// A diagnoser, whatever a generation calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Tool {
    /// A memory dump by procdump, which freezes the process while it is written.
    MemoryDump,
    /// A profile of IIS and .NET.
    Profiler,
    /// The same, with the stacks of all threads.
    ProfilerWithThreadStacks,
    /// The same, with sampled stacks.
    ProfilerWithCpuStacks,
    /// Threads of a Java process.
    JavaThreadDump,
    /// The heap of a Java process.
    JavaMemoryDump,
    /// Counts of a Java heap.
    JavaMemoryStatistics,
    /// A recording of a Java process.
    JavaFlightRecorder,
    /// A copy of `eventlog.xml`.
    EventLog,
    /// Copies of the HTTP logs.
    HttpLogs,
    /// A copy of `php_errors.log`.
    PhpErrorLog,
    /// A report on the PHP processes.
    PhpProcessReport,
    /// DaaS's test of itself.
    Mock,
    /// Another one, or none named.
    #[default]
    Other,
}

impl Tool {
    /// A name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MemoryDump => "memory dump",
            Self::Profiler => "profiler",
            Self::ProfilerWithThreadStacks => "profiler with thread stacks",
            Self::ProfilerWithCpuStacks => "profiler with CPU stacks",
            Self::JavaThreadDump => "Java thread dump",
            Self::JavaMemoryDump => "Java memory dump",
            Self::JavaMemoryStatistics => "Java memory statistics",
            Self::JavaFlightRecorder => "Java flight recorder",
            Self::EventLog => "event log",
            Self::HttpLogs => "HTTP logs",
            Self::PhpErrorLog => "PHP error log",
            Self::PhpProcessReport => "PHP process report",
            Self::Mock => "mock",
            Self::Other => "other tool",
        }
    }

    /// Whether it disturbs what it looks at: stops, slows or traces a process, rather than copying files.
    pub const fn is_intrusive(self) -> bool {
        !matches!(self, Self::EventLog | Self::HttpLogs | Self::PhpErrorLog | Self::Mock)
    }

    /// From any of the names that the two generations, their command lines, and the collectors of the first (which name
    /// folders) use. Blanks do not count: file names of cancellations leave them out.
    pub fn read(name: &str) -> Self {
        let mut key: String = name.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        key.make_ascii_lowercase();
        match key.as_str() {
            "memorydump" | "memorydumpcollector" => Self::MemoryDump,
            "profiler" | "clrprofiler" | "clrprofilingcollector" => Self::Profiler,
            "profilerwiththreadstacks"
            | "clrprofilerwiththreadstacks"
            | "clrprofilingcollectorwiththreadstacks" => Self::ProfilerWithThreadStacks,
            "profilerwithcpustacks"
            | "clrprofilercpustacks"
            | "clrprofilerwithcpustacks"
            | "clrprofilingcollectorcpustacks" => Self::ProfilerWithCpuStacks,
            "javathreaddump" | "jstackcollector" => Self::JavaThreadDump,
            "javamemorydump" | "jmapcollector" => Self::JavaMemoryDump,
            "javamemorystatistics" | "jmapstatscollector" => Self::JavaMemoryStatistics,
            "javaflightrecorder" | "jcmdcollector" => Self::JavaFlightRecorder,
            "eventviewerlogs" | "eventviewer" => Self::EventLog,
            "httplogs" | "httplogscollector" => Self::HttpLogs,
            "phperrorlogs" | "phperrorlogcollector" => Self::PhpErrorLog,
            "phpprocessreport" | "phpprocessreports" => Self::PhpProcessReport,
            "mock" => Self::Mock,
            _ => Self::Other,
        }
    }
}
