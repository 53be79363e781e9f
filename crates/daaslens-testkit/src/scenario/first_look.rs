//! The bundle to look at first: small, and with a bit of everything. It is also what the demo shows.

use super::Staged;
use super::fault::{Damage, Planted};
use super::site::{MAGAZINE, Plan, Site, Visit};
use crate::{DeploymentBuilder, PhpLogBuilder};

const FEED: &str = r"C:\home\site\wwwroot\export\feed.php";

/// A magazine on PHP, two instances, 36 minutes. A deployment makes the feed greedy: its workers run out of
/// memory, all FastCGI processes are busy, and for four minutes most requests are refused with 503.4, until
/// auto-heal recycles the process. One line of a log is torn.
pub fn first_look(seed: u64) -> Staged {
    let plan = Plan {
        name: "contoso-magazine",
        minutes: 36,
        rate: 0.8,
        instances: 2,
        base_errors: 0.001,
        bursts: &[],
        pages: MAGAZINE,
    };
    let mut site = Site::new("two-instances-503", seed, plan);
    let (deployed, from, seconds) = (720, 1_260, 240);
    let mut random = site.random.part("story");
    for second in [-260_000, deployed] {
        let deployment = DeploymentBuilder::new(site.at(second), site.at(second + 41), &mut random);
        site.deployments.push(deployment);
    }

    let refused = site.plant(Planted {
        rules: &["http-5xx-cluster"],
        family: Some(503),
        hypotheses: &["request-queue-full", "php-fatal", "deployment"],
        mention: vec!["503.4".into()],
        ..Planted::default()
    });
    site.strike(
        refused,
        &Damage {
            from,
            to: from + seconds,
            share: 0.6,
            at_least: 40,
            hits: &|visit| visit.request.query.starts_with("id="),
            change: &|request, random| {
                (request.status, request.substatus) = (503, 4);
                request.taken_ms = random.between(1, 40) as u32;
            },
        },
    );

    let mut php = PhpLogBuilder::utc();
    let mut fatals = 0;
    for second in (deployed + 60..from + seconds).step_by(29) {
        let at = site.at(second + random.second(20));
        if random.chance(0.7) {
            fatals += 1;
            php.memory_exhausted(at, 134_217_728, 20_480 + 4_096 * random.below(30), FEED, 88);
        } else {
            php.error(
                at,
                "Warning",
                "Undefined array key \"author\"",
                r"C:\home\site\wwwroot\article.php",
                41,
            );
        }
    }
    php.uncaught(
        site.at(from + 30),
        "PDOException",
        "SQLSTATE[HY000] [2002] Connection timed out",
        r"C:\home\site\wwwroot\lib\db.php",
        19,
        &[r"C:\home\site\wwwroot\lib\db.php(19): PDO->__construct('mysql:host=db.i...', 'magazine', Object(SensitiveParameterValue))"],
    );
    site.php = Some(php);
    site.plant(Planted {
        rules: &["php-fatal", "php-error-group"],
        window: (deployed + 60, from + seconds),
        mention: vec!["allowed memory size".into(), format!("{fatals}")],
        ..Planted::default()
    });

    for (instance, second) in site.instances.clone().iter().zip([300, 360]) {
        let machine = &instance.machine;
        let (noise, recycle) = (site.at(second), site.at(from + seconds - 3));
        site.events.tracing_noise(noise, machine);
        site.events.limit_recycle(
            recycle,
            machine,
            "Percent Memory",
            "Memory Used: 3453165568 out of 3757625344 available. Exceeded 90 Percent of Memory",
        );
    }

    site.plant(Planted {
        rules: &["process-recycle"],
        window: (from + seconds - 3, from + seconds - 3),
        hypotheses: &["limit-recycle"],
        mention: vec!["percent memory".into()],
        ..Planted::default()
    });
    site.plant(Planted {
        rules: &["deployment"],
        window: (deployed, deployed + 41),
        ..Planted::default()
    });

    // Some readers do not wait for the feed.
    let hasty = |visit: &&mut Visit| {
        visit.request.stem.ends_with("feed.php") && visit.request.status == 200
    };
    for visit in site.visits.iter_mut().filter(hasty).step_by(12) {
        visit.request.win32 = 64;
        visit.request.sent = 0;
        let waited = visit.request.taken_ms + random.between(8_000, 20_000) as u32;
        visit.request.taken_ms = waited;
    }

    // A write that was cut short in the middle of the file of the second instance.
    if let Some(visit) =
        site.visits.iter_mut().filter(|visit| visit.instance == 1 && visit.fault.is_none()).nth(40)
    {
        visit.torn = true;
    }
    site.finish()
}
