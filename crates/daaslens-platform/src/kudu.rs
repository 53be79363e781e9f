//! Kudu, the management side of a site (`<site>.scm.azurewebsites.net`): its traces, and what people save of its pages.
//!
//! Beside what was done to the site and when, these files hold what no log does: which machine an instance is.
//! HTTP logs know an instance by the first six hex digits of `WEBSITE_INSTANCE_ID`, event logs and DaaS by the name of the
//! machine, and nothing in either leads to the other. Here both are named ([`InstanceJoin`]):
//!
//! * the environment page, and `api/processes/<id>`, list both;
//! * the download of a Kudu dump is itself a request that Kudu traces: the XML trace has the prefix in its name, the text
//!   trace (which exists only while the request runs, and so is in the dump) has the machine. Process, thread and
//!   second of the two are the same ([`join_traces`]).

mod api;
mod join;
mod page;
mod settings;
mod text_trace;
mod trace;
mod trace_name;

pub use api::{Process, Reply, Runtime, read_api};
pub use join::{InstanceJoin, join_traces};
pub use page::{EnvironmentPage, read_page};
pub use settings::Setting;
pub use text_trace::{machine_of_name, read_text_trace};
pub use trace::{MAX_STEPS, Step, Trace, read_trace};
pub use trace_name::{TraceKind, TraceName};
