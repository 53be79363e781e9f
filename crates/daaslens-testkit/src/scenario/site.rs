//! A simulated site: visitors, pages, instances, and the pings of the platform.

use super::fault::{Damage, Planted};
use crate::{DeploymentBuilder, EventLogBuilder, Instance, PhpLogBuilder, Random, Request, Zipf};
use daaslens_core::Time;

/// The size and the habits of a site.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The site, in lower case.
    pub(crate) name: &'static str,
    /// The length of the simulated time, in minutes.
    pub(crate) minutes: i64,
    /// Requests per second over all instances.
    pub(crate) rate: f64,
    /// How many instances share them.
    pub(crate) instances: usize,
    /// The share of requests that fail with 500 for no reason worth a finding.
    pub(crate) base_errors: f64,
    /// Bursts of traffic: first minute, length in minutes, how many times the usual rate.
    pub(crate) bursts: &'static [(i64, i64, f64)],
    /// The pages, most visited first.
    pub(crate) pages: &'static [Page],
}

/// One kind of page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// The path; `#` stands for a number.
    pub(crate) path: &'static str,
    /// The verb.
    pub(crate) method: &'static str,
    /// The median duration in ms.
    pub(crate) median_ms: f64,
    /// The usual size of a response.
    pub(crate) bytes: u64,
    /// What serves it.
    pub(crate) kind: Kind,
}

/// What serves a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file: fast, and often unchanged.
    File,
    /// A route of the application.
    Route,
    /// A PHP script, with its parameters in the query.
    Script,
}

const fn page(method: &'static str, path: &'static str, median_ms: f64, bytes: u64) -> Page {
    Page { path, method, median_ms, bytes, kind: Kind::Route }
}

const fn script(method: &'static str, path: &'static str, median_ms: f64, bytes: u64) -> Page {
    Page { path, method, median_ms, bytes, kind: Kind::Script }
}

const fn file(path: &'static str, median_ms: f64, bytes: u64) -> Page {
    Page { path, method: "GET", median_ms, bytes, kind: Kind::File }
}

/// A shop on ASP.NET Core.
pub(crate) const SHOP: &[Page] = &[
    page("GET", "/", 60.0, 30_000),
    file("/assets/site.css", 6.0, 18_000),
    file("/assets/site.js", 7.0, 64_000),
    page("GET", "/products/#", 85.0, 22_000),
    page("GET", "/api/rates", 45.0, 1_400),
    page("POST", "/api/basket", 90.0, 600),
    page("GET", "/api/search", 140.0, 5_200),
    page("GET", "/categories/#", 95.0, 26_000),
    page("POST", "/api/checkout", 180.0, 700),
    page("GET", "/api/orders/#", 70.0, 2_100),
    page("GET", "/account", 75.0, 9_000),
    page("GET", "/reports/export", 650.0, 180_000),
];

/// A magazine on PHP.
pub(crate) const MAGAZINE: &[Page] = &[
    script("GET", "/index.php", 110.0, 30_000),
    file("/theme/site.css", 6.0, 18_000),
    file("/theme/site.js", 7.0, 64_000),
    script("GET", "/article.php", 120.0, 24_000),
    page("GET", "/archive/#", 160.0, 40_000),
    script("POST", "/comment.php", 130.0, 500),
    script("GET", "/export/feed.php", 400.0, 90_000),
];

const AGENTS: &[(&str, f64)] = &[
    (
        "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/138.0.0.0+Safari/537.36",
        40.0,
    ),
    (
        "Mozilla/5.0+(iPhone;+CPU+iPhone+OS+18_5+like+Mac+OS+X)+AppleWebKit/605.1.15+(KHTML,+like+Gecko)+Version/18.5+Mobile/15E148+Safari/604.1",
        25.0,
    ),
    ("Mozilla/5.0+(X11;+Linux+x86_64;+rv:142.0)+Gecko/20100101+Firefox/142.0", 15.0),
    ("okhttp/4.12.0", 12.0),
    ("python-requests/2.32.3", 5.0),
    ("Mozilla/5.0+(compatible;+bingbot/2.0;++http://www.bing.com/bingbot.htm)", 3.0),
];

const SCANNED: &[&str] =
    &["/wp-login.php", "/.env", "/favicon.ico", "/old/catalogue.pdf", "/images/missing.png"];

/// A visitor.
#[derive(Clone, Debug)]
struct Client {
    address: String,
    agent: &'static str,
    /// The instance to which a cookie binds it; `None` for programs, which keep no cookies.
    bound: Option<usize>,
}

/// One request and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// The request as it will be logged.
    pub(crate) request: Request,
    /// Which instance answered.
    pub(crate) instance: usize,
    /// The fault that hit it: an index into [`Site::planted`].
    pub(crate) fault: Option<usize>,
    /// Whether its line is cut off in the middle.
    pub(crate) torn: bool,
}

/// A site in the course of its simulation.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) plan: Plan,
    pub(crate) scenario: &'static str,
    pub(crate) seed: u64,
    pub(crate) random: Random,
    pub(crate) instances: Vec<Instance>,
    pub(crate) start: Time,
    pub(crate) end: Time,
    pub(crate) visits: Vec<Visit>,
    pub(crate) planted: Vec<Planted>,
    pub(crate) forbidden: Vec<&'static str>,
    pub(crate) events: EventLogBuilder,
    pub(crate) php: Option<PhpLogBuilder>,
    pub(crate) deployments: Vec<DeploymentBuilder>,
}

impl Site {
    /// Simulates a healthy site.
    pub(crate) fn new(scenario: &'static str, seed: u64, plan: Plan) -> Self {
        let random = Random::new(seed).part(scenario);
        let mut names = random.part("instances");
        let instances: Vec<Instance> =
            (0..plan.instances).map(|_| Instance::random(&mut names)).collect();
        // Some day of 2026, at some second of the day.
        let start =
            Time::from_seconds(1_767_225_600 + names.second(300) * 86_400 + names.second(86_400));
        let end = Time(start.0 + plan.minutes * 60_000);
        let mut site = Self {
            plan,
            scenario,
            seed,
            random,
            instances,
            start,
            end,
            visits: Vec::new(),
            planted: Vec::new(),
            forbidden: Vec::new(),
            events: EventLogBuilder::new(),
            php: None,
            deployments: Vec::new(),
        };
        site.receive_visitors();
        site.receive_pings();
        site.receive_operators();
        site
    }

    /// The instant `seconds` after the start of the log.
    pub(crate) fn at(&self, seconds: i64) -> Time {
        Time(self.start.0 + seconds * 1000)
    }

    /// A second of the log, `from` to `to` as shares of its length: where a fault begins.
    pub(crate) fn moment(&mut self, from: f64, to: f64) -> i64 {
        let seconds = (self.plan.minutes * 60) as f64;
        let (low, high) = ((seconds * from) as i64, (seconds * to) as i64);
        low + self.random.second(high - low + 1)
    }

    fn clients(&self) -> Vec<Client> {
        let mut random = self.random.part("clients");
        (0..420u64)
            .map(|number| {
                let agent = *random.weighted(AGENTS);
                // The three networks that are reserved for documentation, and the one of IPv6.
                let address = match number % 10 {
                    9 => format!("2001:db8:{:x}::{:x}", random.below(65_536), number),
                    _ => format!(
                        "{}.{}",
                        ["192.0.2", "198.51.100", "203.0.113"][(number % 3) as usize],
                        number / 3 + 1
                    ),
                };
                let browser = agent.starts_with("Mozilla") && !agent.contains("bot");
                let bound = browser.then(|| random.below(self.instances.len() as u64) as usize);
                Client { address, agent, bound }
            })
            .collect()
    }

    fn receive_visitors(&mut self) {
        let clients = self.clients();
        let popularity = Zipf::new(self.plan.pages.len(), 0.8);
        let mut random = self.random.part("visits");
        let (mut at, mut minute, mut rate) = (0.0, -1, self.plan.rate);
        loop {
            at += random.exponential(rate);
            let now = (at / 60.0) as i64;
            if now >= self.plan.minutes {
                break;
            }
            if now != minute {
                minute = now;
                // Traffic is lumpier than a Poisson process: every minute has a mood of its own.
                let burst = self
                    .plan
                    .bursts
                    .iter()
                    .find(|(from, len, _)| (*from..from + len).contains(&now));
                rate = self.plan.rate
                    * random.log_normal(1.0, 0.12)
                    * burst.map_or(1.0, |(_, _, factor)| *factor);
            }
            let client = random.pick(&clients).clone();
            let page = self.plan.pages[popularity.sample(&mut random)];
            let visit = self.visit(at, &client, page, &mut random);
            self.visits.push(visit);
        }
    }

    fn visit(&self, at: f64, client: &Client, page: Page, random: &mut Random) -> Visit {
        let instance =
            client.bound.unwrap_or_else(|| random.below(self.instances.len() as u64) as usize);
        let mut taken = random.log_normal(page.median_ms, 0.55);
        if random.chance(0.002) {
            taken *= 4.0 + 12.0 * random.unit();
        }
        let taken_ms = (taken as u32).clamp(1, 60_000);
        let started = self.start.0 + (at * 1000.0) as i64;
        let mut request =
            Request::get(Time(started + i64::from(taken_ms)), self.plan.name, page.path);
        request.taken_ms = taken_ms;
        request.method = page.method.into();
        request.stem = page.path.replace('#', &random.between(1, 9_000).to_string());
        if page.path.ends_with("search") {
            request.query = format!(
                "q={}&page={}",
                random.pick(&["red+shoes", "lamp", "caf%C3%A9", "coat"]),
                random.between(1, 5)
            );
        } else if page.kind == Kind::Script {
            request.query = format!("id={}", random.between(1, 400));
        }
        request.client.clone_from(&client.address);
        request.agent = client.agent.into();
        if client.bound.is_some() {
            request.cookie = Request::affinity(&self.instances[instance]);
            request.referer = format!("https://{}/", request.host);
        }
        request.sent = page.bytes + random.below(page.bytes / 4 + 1);
        request.received = random.between(380, 1_600);
        request.log_id = random.guid();
        self.decide(&mut request, page, random);
        Visit { request, instance, fault: None, torn: false }
    }

    /// What becomes of a request on an ordinary day.
    fn decide(&self, request: &mut Request, page: Page, random: &mut Random) {
        let fixed = page.kind == Kind::File;
        let dice = random.unit();
        if random.chance(self.plan.base_errors) {
            request.status = 500;
        } else if fixed && dice < 0.35 {
            request.status = 304;
            request.sent = 210;
        } else if dice > 0.985 {
            request.status = 404;
            request.win32 = 2;
            request.method = "GET".into();
            request.stem = (*random.pick(SCANNED)).into();
            request.query.clear();
        } else if dice > 0.981 {
            request.status = *random.pick(&[400, 401, 403]);
        } else if dice > 0.955 && !fixed {
            request.status = 302;
        } else if random.chance(0.005) {
            request.win32 = *random.weighted(&[(64, 7.0), (1236, 2.0), (995, 1.0)]);
            request.sent /= 3;
        }
    }

    /// Always On pings every instance and its SCM site every five minutes, to the second.
    fn receive_pings(&mut self) {
        let mut random = self.random.part("pings");
        for index in 0..self.instances.len() {
            let instance = self.instances[index].clone();
            let mut second = random.second(300);
            while second < self.plan.minutes * 60 {
                let at = self.at(second);
                for name in [self.plan.name.to_owned(), format!("~1{}", self.plan.name)] {
                    let request = Request::always_on(at, &name, &instance, &mut random);
                    self.visits.push(Visit { request, instance: index, fault: None, torn: false });
                }
                second += 300;
            }
        }
    }

    /// Somebody looks at the Kudu console now and then; a log stream that is closed looks like a slow abort.
    fn receive_operators(&mut self) {
        const CALLS: &[(&str, f64)] = &[
            ("/api/vfs/site/wwwroot/", 4.0),
            ("/api/deployments", 3.0),
            ("/api/processes", 3.0),
            ("/api/command", 2.0),
            ("/logstream", 1.0),
        ];
        let mut random = self.random.part("operators");
        let scm = format!("~1{}", self.plan.name);
        for _ in 0..self.plan.minutes / 6 {
            let at = self.at(random.second(self.plan.minutes * 60));
            let mut request = Request::get(at, &scm, random.weighted::<&str>(CALLS));
            request.host = format!("{}.scm.azurewebsites.net", self.plan.name);
            request.client = "198.51.100.250".into();
            request.user = "deployer".into();
            request.log_id = random.guid();
            if request.stem == "/logstream" {
                request.win32 = 64;
                request.taken_ms = random.between(20_000, 230_000) as u32;
            }
            let instance = random.below(self.instances.len() as u64) as usize;
            self.visits.push(Visit { request, instance, fault: None, torn: false });
        }
    }

    /// A process was started on `instance`: the probe of the platform, and the event.
    pub(crate) fn process_started(&mut self, second: i64, instance: usize) {
        let taken = self.random.between(3_000, 9_000) as u32;
        let request = Request::ready_for_request(self.at(second), self.plan.name, taken);
        self.visits.push(Visit { request, instance, fault: None, torn: false });
        let process = self.random.between(2_000, 14_000) as u32;
        let (at, machine) = (self.at(second), self.instances[instance].machine.clone());
        self.events.started(at, &machine, process);
    }

    /// Requests that come on top of the usual traffic: to `stem`, one at each of `ends` (seconds), changed by `change`.
    pub(crate) fn extra(
        &mut self,
        stem: &str,
        ends: &[i64],
        fault: Option<usize>,
        mut change: impl FnMut(&mut Request, &mut Random),
    ) {
        let clients = self.clients();
        let mut random = self.random.part(stem).part("extra");
        for &end in ends {
            let client = random.pick(&clients).clone();
            let page =
                Page { path: "/", method: "GET", median_ms: 80.0, bytes: 3_000, kind: Kind::Route };
            let mut visit = self.visit(0.0, &client, page, &mut random);
            visit.request.ended = self.at(end);
            visit.request.stem = stem.into();
            (visit.request.status, visit.request.win32) = (200, 0);
            change(&mut visit.request, &mut random);
            visit.fault = fault;
            self.visits.push(visit);
        }
    }

    /// Lets `damage` hit a share of the requests that it may hit, and returns how many it hit.
    pub(crate) fn strike(&mut self, fault: usize, damage: &Damage<'_>) -> usize {
        let (from, to) = (self.at(damage.from), self.at(damage.to));
        let within: Vec<usize> = (0..self.visits.len())
            .filter(|&index| {
                let visit = &self.visits[index];
                (from..to).contains(&visit.request.ended)
                    && !visit.request.is_scm()
                    && (damage.hits)(visit)
            })
            .collect();
        // A fixed share and not a throw of the dice for each: a scenario has its fault for every seed.
        let count = ((within.len() as f64 * damage.share).round() as usize)
            .max(damage.at_least)
            .min(within.len());
        let chosen = self.random.choose(within.len(), count);
        for &number in &chosen {
            let visit = &mut self.visits[within[number]];
            visit.request.win32 = 0;
            visit.request.sent = 900;
            visit.fault = Some(fault);
            (damage.change)(&mut visit.request, &mut self.random);
        }
        chosen.len()
    }
}
