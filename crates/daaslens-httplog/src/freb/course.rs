//! Where the time of a request went.
//!
//! Every stretch between two events is given to one stage: the innermost one that is open, or none. The sum of all
//! stages is the time that the events cover, whatever the trace leaves out.
//!
//! A module that works asynchronously says `NOTIFICATION_PENDING` at its end and is done with a `NOTIFY_MODULE_COMPLETION`;
//! the ASP.NET Core Module often has a start, a hundred completions, and no end. Such a stage stays open until the
//! request comes to a later stage of the pipeline.

use std::collections::BTreeMap;

use daaslens_core::{Time, TimeRange};

use super::{ErrorStatus, Raw, Stage, Trace};

/// The most stages that are told apart.
const MAX_STAGES: usize = 400;

/// The deepest that stages lie in each other.
const MAX_OPEN: usize = 128;

/// The last stage of the pipeline that has its turn; the numbers above are of things that happen in between.
const LAST_IN_TURN: u32 = 2048;

/// Steps inside modules: the event that begins one, and those that end it.
const STEPS: &[(&str, &[&str])] = &[
    ("GENERAL_READ_ENTITY_START", &["GENERAL_READ_ENTITY_END"]),
    ("GENERAL_FLUSH_RESPONSE_START", &["GENERAL_FLUSH_RESPONSE_END"]),
    ("AUTH_START", &["AUTH_END"]),
    ("URL_REWRITE_START", &["URL_REWRITE_END"]),
    ("ISAPI_START", &["ISAPI_END"]),
    ("CGI_START", &["CGI_END", "CGI_TIMEOUT", "CGI_PREMATURE_TERMINATION"]),
    ("FASTCGI_START", &["FASTCGI_END"]),
    ("ANCM_REQUEST_FORWARD_START", &["ANCM_REQUEST_FORWARD_END", "ANCM_REQUEST_FORWARD_FAIL"]),
    ("ANCM_INPROC_EXECUTE_REQUEST_START", &["ANCM_INPROC_EXECUTE_REQUEST_COMPLETION"]),
    ("AspNetMapHandlerEnter", &["AspNetMapHandlerLeave"]),
    ("AspNetParseEnter", &["AspNetParseLeave"]),
    ("AspNetCompileEnter", &["AspNetCompileLeave"]),
    ("AspNetSessionDataBegin", &["AspNetSessionDataEnd"]),
    ("AspNetPipelineEnter", &["AspNetPipelineLeave"]),
    ("AspNetHttpHandlerEnter", &["AspNetHttpHandlerLeave"]),
    ("AspNetPagePreInitEnter", &["AspNetPagePreInitLeave"]),
    ("AspNetPageInitEnter", &["AspNetPageInitLeave"]),
    ("AspNetPageLoadEnter", &["AspNetPageLoadLeave"]),
    ("AspNetPagePreRenderEnter", &["AspNetPagePreRenderLeave"]),
    ("AspNetPageSaveViewstateEnter", &["AspNetPageSaveViewstateLeave"]),
    ("AspNetPageRenderEnter", &["AspNetPageRenderLeave"]),
];

/// Events behind which, until the next one, a worker or an application starts.
const STARTS: &[&str] =
    &["ANCM_PROC_CREATE", "ANCM_PROC_START", "AspNetStart", "AspNetAppDomainEnter"];

/// Something that began and has not ended.
#[derive(Debug)]
struct Open {
    what: What,
    /// The number of the pipeline's stage, for modules.
    turn: Option<u32>,
    /// Whether its end said that it goes on.
    pending: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum What {
    Stage(Stage),
    /// A request inside the request, whose pipeline begins anew.
    Child,
}

#[derive(Debug, Default)]
pub(super) struct Course {
    open: Vec<Open>,
    stages: BTreeMap<Stage, u64>,
    /// The time, the opcode and the name of the last event.
    last: Option<(Time, String, String)>,
    ended: bool,
}

impl Course {
    /// Takes the next event, in the order of the file.
    pub(super) fn event(&mut self, raw: Raw, trace: &mut Trace) {
        trace.events += 1;
        if trace.arr_log_id.is_none() {
            trace.arr_log_id.clone_from(&raw.arr_log_id);
        }
        let name = if raw.module.is_empty() { &raw.opcode } else { &raw.module }.clone();
        // Clocks of old systems have steps of 16 ms, and events of two threads may be out of order by one.
        let time = raw.time.map(|time| self.last.as_ref().map_or(time, |last| time.max(last.0)));
        if let Some(time) = time {
            TimeRange::extend(&mut trace.range, time);
            if let Some((before, opcode, after)) = self.last.take() {
                let ms = time.0.saturating_sub(before.0).max(0) as u64;
                self.give(ms, &opcode, after, &raw.opcode, &name);
            }
        }
        self.turn(&raw, trace);
        if let Some(time) = time {
            self.last = Some((time, raw.opcode, name));
        }
    }

    /// Gives a stretch of time to a stage.
    fn give(&mut self, ms: u64, opcode: &str, after: String, next: &str, before: &str) {
        let is_start = STARTS.contains(&opcode)
            || next == "VIRTUAL_MODULE_UNRESOLVED"
            || opcode == "HANDLER_CHANGED" && next == "NOTIFY_MODULE_START";
        let stage = match self.open.last().map(|open| &open.what) {
            _ if is_start => Stage::StartUp,
            Some(What::Stage(stage)) => stage.clone(),
            Some(What::Child) | None => Stage::Untraced { after, before: before.to_owned() },
        };
        self.add(stage, ms);
    }

    fn add(&mut self, stage: Stage, ms: u64) {
        if ms == 0 {
            return;
        }
        let full = self.stages.len() >= MAX_STAGES && !self.stages.contains_key(&stage);
        *self.stages.entry(if full { Stage::Rest } else { stage }).or_insert(0) += ms;
    }

    /// What an event opens and closes, and what else it says.
    fn turn(&mut self, raw: &Raw, trace: &mut Trace) {
        let module = || Stage::Module {
            name: raw.module.clone(),
            notification: if raw.opcode.starts_with("PRE_BEGIN") {
                "PRE_BEGIN_REQUEST".to_owned()
            } else {
                raw.stage().to_owned()
            },
        };
        match raw.opcode.as_str() {
            "GENERAL_REQUEST_START" => trace.has_start |= trace.events == 1,
            "GENERAL_REQUEST_END" => self.ended = true,
            "LOG_FILE_MAX_SIZE_TRUNCATE" => trace.truncated = true,
            "GENERAL_CHILD_REQUEST_START" => self.push(What::Child, None),
            "GENERAL_CHILD_REQUEST_END" => self.pop(|open| open.what == What::Child),
            "NOTIFY_MODULE_START" => {
                let turn = raw.notification.parse().ok().filter(|turn| *turn <= LAST_IN_TURN);
                if let Some(turn) = turn {
                    self.pass(turn);
                }
                self.push(What::Stage(module()), turn);
            }
            "PRE_BEGIN_REQUEST_START" => self.push(What::Stage(module()), None),
            "NOTIFY_MODULE_END" | "PRE_BEGIN_REQUEST_END" => {
                let ended = What::Stage(module());
                if matches!(raw.ending.as_str(), "NOTIFICATION_PENDING" | "1") {
                    if let Some(open) = self.open.iter_mut().rev().find(|open| open.what == ended) {
                        open.pending = true;
                    }
                } else {
                    self.pop(|open| open.what == ended);
                }
            }
            "NOTIFY_MODULE_COMPLETION" => {
                let ended = What::Stage(module());
                let is_more = matches!(raw.ending.as_str(), "NOTIFICATION_PENDING" | "1");
                self.pop(|open| open.pending && !is_more && open.what == ended);
            }
            "MODULE_SET_RESPONSE_ERROR_STATUS" => {
                if let Some(status) = raw.status.filter(|status| *status >= 400 && !self.ended) {
                    trace.error = Some(ErrorStatus {
                        module: raw.module.clone(),
                        notification: raw.stage().to_owned(),
                        status,
                        substatus: raw.substatus,
                        code: raw.code.unwrap_or(0),
                        configuration: (!raw.configuration.is_empty())
                            .then(|| raw.configuration.clone()),
                    });
                }
            }
            opcode => {
                if opcode == "GENERAL_FLUSH_RESPONSE_END" && raw.code.is_some_and(|code| code != 0)
                {
                    trace.flush_error = raw.code;
                }
                if let Some((event, _)) = STEPS.iter().find(|(event, _)| *event == opcode) {
                    let detail = if opcode == "AspNetPipelineEnter" {
                        raw.detail.clone()
                    } else {
                        String::new()
                    };
                    self.push(What::Stage(Stage::Step { event, detail }), None);
                } else if let Some((event, _)) =
                    STEPS.iter().find(|(_, ends)| ends.contains(&opcode))
                {
                    self.pop(|open| {
                        matches!(&open.what, What::Stage(Stage::Step { event: begun, .. }) if begun == event)
                    });
                }
            }
        }
    }

    fn push(&mut self, what: What, turn: Option<u32>) {
        if self.open.len() < MAX_OPEN {
            self.open.push(Open { what, turn, pending: false });
        }
    }

    /// Closes the innermost that is meant, and all inside it. An end without a start closes nothing.
    fn pop(&mut self, is: impl Fn(&Open) -> bool) {
        if let Some(at) = self.open.iter().rposition(is) {
            self.open.truncate(at);
        }
    }

    /// The pipeline came to a later stage: what was open in an earlier one of the same request is done.
    fn pass(&mut self, turn: u32) {
        let child =
            self.open.iter().rposition(|open| open.what == What::Child).map_or(0, |at| at + 1);
        let done = self.open[child..].iter().position(|open| {
            open.turn.is_some_and(|theirs| theirs < turn || theirs == turn && open.pending)
        });
        if let Some(at) = done {
            self.open.truncate(child + at);
        }
    }

    /// Once all events are there. What a whole trace does not cover at its end belongs to what was still open.
    pub(super) fn finish(mut self, trace: &mut Trace) {
        let left = trace.time_taken_ms.unwrap_or(0).saturating_sub(trace.covered_ms());
        if trace.has_start && !trace.is_partial() && left > 0 && trace.range.is_some() {
            let open = self.open.last().map(|open| &open.what);
            let stage = if let Some(What::Stage(stage)) = open {
                stage.clone()
            } else {
                let after = self.last.take().map_or_else(String::new, |(_, _, name)| name);
                Stage::Untraced { after, before: String::new() }
            };
            self.add(stage, left);
        }
        trace.stages = self.stages.into_iter().collect();
        trace.stages.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    }
}
