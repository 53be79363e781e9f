use daaslens_analysis::*;
fn main() {
    let args: Vec<std::path::PathBuf> = std::env::args().skip(3).map(Into::into).collect();
    let store = daaslens_store::Store::open(&args, &daaslens_store::Options::default());
    let config = Config {
        threads: std::env::args().nth(1).unwrap().parse().unwrap(),
        chunk_size: std::env::args().nth(2).unwrap().parse().unwrap(),
        filter: Filter::default(), sensitivity: Sensitivity::Normal,
    };
    let a = analyse(&store.sources(), vec![], &config, &()).unwrap();
    if let Some(h) = &a.http {
        println!(
            "{:?} scm {} mal {} status {:?}",
            h.totals, h.scm_requests, a.totals.malformed, h.status
        );
        println!(
            "lat {} {} {} {} {}",
            h.latency.percentile(50.),
            h.latency.percentile(90.),
            h.latency.percentile(95.),
            h.latency.percentile(99.),
            h.latency.max()
        );
        for u in h.urls.iter().take(12) {
            println!("{} {} {}", u.url, u.requests, u.total_ms);
        }
        println!(
            "{:?}",
            h.instances
                .iter()
                .map(|i| (&i.name, &i.aliases, i.counts.requests))
                .collect::<Vec<_>>()
        );
    }
    println!("{:?} {}", a.verdict, a.coverage.http_share);
    for f in &a.findings {
        println!("{} {:?} {}", f.rule, f.severity, f.headline);
    }
    if std::env::var("V").is_ok() {
        for s in &a.sources {
            println!(
                "{} {} {:?} rec {} mal {} reco {} {:?} {:?} {:?}",
                s.path,
                s.kind,
                s.status,
                s.records,
                s.malformed,
                s.recovered,
                s.reason,
                s.instance,
                s.faults
            );
        }
    }
}
