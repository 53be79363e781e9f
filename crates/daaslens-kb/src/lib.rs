//! The knowledge base: what status codes, error codes, events and messages mean, and what to do about them.
//!
//! All of it is data. `data/*.toml` holds the entries, the build script checks them and writes them as sorted
//! statics, and this crate looks them up. Nothing is parsed or compiled at start; a lookup is a binary search, and
//! for messages a search for literal text, the pattern with the most text first.
//!
//! * [`outcome()`] puts a `status.substatus.win32` of a log into words; [`status`], [`substatus`], [`win32`] and
//!   [`httperr`] give the single entries.
//! * [`event`] and [`event_text`] know events by provider and id, and by text where one id means several things.
//! * [`exception_code`], [`exception_text`], [`aspnet_code`] and [`php_message`] know the codes and messages of
//!   processes.
//! * [`notification`], [`trace_event`] and [`module`] know the words of failed request traces.
//! * [`hypotheses`] are the causes that are weighed for a cluster of errors, by [`signs`].
//! * [`rule`] describes the findings; [`explain()`] answers what a person types.
//!
//! Entries whose only source is [`SourceKind::Practice`] are common knowledge of the field that could not be
//! traced to a document ([`About::verified`]): reports phrase them softly.

mod explain;
mod fold;
mod lookup;
mod model;
mod outcome;
mod pattern;
mod tables;

pub use explain::{Explanation, explain};
pub use lookup::{
    aspnet_code, event, event_text, events, events_by_id, exception_code, exception_codes,
    exception_text, exception_texts, gateway_error, gateway_errors, has_role, httperr,
    httperr_reasons, hypotheses, hypothesis, is_client_abort, module, notification, notifications,
    parse_code, php_message, php_message_by_id, php_messages, php_release, provider, rule, rules,
    sign, signs, sources, status, statuses, substatus, substatuses, trace_event, trace_events,
    win32, win32_errors, win32_of,
};
pub use model::{
    About, AspNetCode, CodeClass, CodeFamily, Event, EventClass, EventLevel, EventText,
    EvidenceKind, ExceptionClass, ExceptionCode, ExceptionText, GatewayClass, GatewayError,
    HttpErr, HttpErrClass, Hypothesis, Module, ModuleKind, NameRole, Notification, PhpClass,
    PhpMessage, PhpRelease, Provider, Rule, Runtime, Sign, Source, SourceKind, Status, Substatus,
    TraceEvent, TraceStage, Triple, Visibility, Weight, Win32,
};
pub use outcome::{Outcome, outcome};
pub use tables::sign_id;
