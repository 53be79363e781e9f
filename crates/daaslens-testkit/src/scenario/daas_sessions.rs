//! A DaaS folder of a site that lived through both generations.

use super::Staged;
use super::site::{Plan, SHOP, Site};
use crate::{Bundle, CollectedLog, DaasSessionBuilder};
use daaslens_core::Time;

/// Eight calm minutes on two instances, collected as `Http Logs` by the first generation, and a memory dump of
/// the second, started by an auto-heal rule, whose file was uploaded and is not in the folder.
pub fn daas_sessions(seed: u64) -> Staged {
    let plan = Plan {
        name: "contoso-shop",
        minutes: 8,
        rate: 0.7,
        instances: 2,
        base_errors: 0.0,
        bursts: &[],
        pages: SHOP,
    };
    let site = Site::new("daas-sessions", seed, plan);
    let (start, end, instances) = (site.start, site.end, site.instances.clone());
    let Staged { bundle: logs, truth } = site.finish();

    let mut session = DaasSessionBuilder {
        site: "contoso-shop".into(),
        started: start,
        ended: end,
        tool: "Http Logs".into(),
        description: String::new(),
        instances: instances.clone(),
        logs: Vec::new(),
        errors: Vec::new(),
    };
    for file in logs.files() {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        if let Some(instance) = instances.iter().position(|i| name.starts_with(i.prefix())) {
            let (name, bytes) = (name.to_owned(), file.bytes.clone());
            session.logs.push(CollectedLog { instance, name, bytes });
        }
    }
    let mut bundle = Bundle::default();
    session.add_v1(&mut bundle, "DaaS", "HttpLogsCollector");

    let machine = &instances[0].machine;
    let dump = DaasSessionBuilder {
        tool: "MemoryDump".into(),
        description: "Slow requests: 20 in 60 seconds".into(),
        started: Time(end.0 + 60_784),
        ended: Time(end.0 + 200_118),
        logs: vec![CollectedLog {
            instance: 0,
            name: format!("{machine}_w3wp_7412.dmp"),
            bytes: Vec::new(),
        }],
        errors: vec![format!(
            "The instance [{}] did not pick up the session within the required time",
            instances[1].machine
        )],
        ..session
    };
    dump.add_v2(&mut bundle, "DaaS");
    bundle.files_mut().retain(|file| !file.path.ends_with("_w3wp_7412.dmp"));
    Staged { bundle, truth }
}
