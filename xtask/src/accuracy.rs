//! How well the built program finds what was planted: simulate, analyse, compare, and print one table.

use crate::compare::{Score, compare};
use anyhow::{Context, Result, bail, ensure};
use daaslens_testkit::{SCENARIOS, Scenario, Truth};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What was asked for.
struct Options {
    program: PathBuf,
    seeds: u64,
    scenarios: Vec<&'static Scenario>,
    bundles: Option<PathBuf>,
    markdown: bool,
}

impl Options {
    fn parse(root: &Path, arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            program: default_program(root),
            seeds: 3,
            scenarios: Vec::new(),
            bundles: None,
            markdown: false,
        };
        let mut arguments = arguments.iter();
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{name} needs a value"));
            match name.as_str() {
                "--bin" => options.program = value()?.into(),
                "--seeds" => options.seeds = value()?.parse().context("--seeds")?,
                "--scenario" => {
                    let name = value()?;
                    let scenario = Scenario::find(name)
                        .with_context(|| format!("no such scenario: {name}"))?;
                    options.scenarios.push(scenario);
                }
                "--bundles" => options.bundles = Some(value()?.into()),
                "--markdown" => options.markdown = true,
                _ => bail!("no such option: {name}"),
            }
        }
        if options.scenarios.is_empty() {
            options.scenarios = SCENARIOS.iter().collect();
        }
        Ok(options)
    }
}

/// The program of the release profile, where cargo puts it.
fn default_program(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |folder| root.join(folder));
    target.join("release").join(format!("daaslens{}", std::env::consts::EXE_SUFFIX))
}

/// Runs everything and prints the table; `false` where a run failed.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<bool> {
    let options = Options::parse(root, arguments)?;
    ensure!(
        options.program.is_file(),
        "there is no {}; build it with `cargo build --release`, or name it with --bin",
        options.program.display()
    );
    let mut rows = Vec::new();
    let mut failures = 0;
    let mut take = |name: &str, result: Result<Score>| match result {
        Ok(score) => rows.push((name.to_owned(), score)),
        Err(error) => {
            failures += 1;
            eprintln!("{name}: {error:#}");
        }
    };
    if let Some(folder) = &options.bundles {
        for (name, bundle, truth) in stored(folder)? {
            take(
                &name,
                analyse(&options.program, &bundle).map(|findings| compare(&truth, &findings)),
            );
        }
    } else {
        for scenario in &options.scenarios {
            take(scenario.name, simulate(&options, scenario));
        }
    }
    let mut total = Score::default();
    for (name, score) in &rows {
        for remark in &score.remarks {
            println!("{name}: {remark}");
        }
        total.add(score);
    }
    println!();
    rows.push(("total".into(), total));
    print!("{}", table(&rows, options.markdown));
    Ok(failures == 0)
}

fn simulate(options: &Options, scenario: &Scenario) -> Result<Score> {
    let mut sum = Score::default();
    for seed in 1..=options.seeds {
        let staged = scenario.build(seed);
        let folder = tempfile::tempdir()?;
        staged.bundle.write_to(folder.path())?;
        let findings =
            analyse(&options.program, folder.path()).with_context(|| format!("seed {seed}"))?;
        let mut score = compare(&staged.truth, &findings);
        for remark in &mut score.remarks {
            *remark = format!("seed {seed}: {remark}");
        }
        sum.add(&score);
    }
    Ok(sum)
}

/// The bundles of a folder that have their truth beside them, by name.
fn stored(folder: &Path) -> Result<Vec<(String, PathBuf, Truth)>> {
    const SUFFIX: &str = ".truth.json";
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(SUFFIX) else { continue };
        let truth = Truth::from_json(&fs::read(&path)?).with_context(|| name.clone())?;
        let zip = folder.join(format!("{stem}.zip"));
        let bundle = if zip.is_file() { zip } else { folder.join(stem) };
        found.push((stem.to_owned(), bundle, truth));
    }
    ensure!(!found.is_empty(), "there is no {SUFFIX} in {}", folder.display());
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

/// Runs the program on a bundle and reads its findings.
fn analyse(program: &Path, bundle: &Path) -> Result<Value> {
    let out = tempfile::tempdir()?;
    let json = out.path().join("findings.json");
    let output = Command::new(program)
        .arg("analyze")
        .arg(bundle)
        .arg("--output")
        .arg(out.path().join("report.html"))
        .arg("--json")
        .arg(&json)
        .arg("--no-progress")
        .output()
        .with_context(|| program.display().to_string())?;
    ensure!(
        output.status.success(),
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let findings: Value = serde_json::from_slice(&fs::read(&json).context("findings.json")?)?;
    ensure!(
        findings["schema_version"] == 1,
        "findings.json of version {}",
        findings["schema_version"]
    );
    Ok(findings)
}

const HEADINGS: [&str; 13] = [
    "scenario",
    "runs",
    "found",
    "recall",
    "edge median s",
    "edge max s",
    "errors exact",
    "split",
    "false/day",
    "others",
    "culprit",
    "cause",
    "numbers",
];

/// One row a scenario and one for all.
fn table(rows: &[(String, Score)], markdown: bool) -> String {
    let mut cells: Vec<Vec<String>> = vec![HEADINGS.map(String::from).to_vec()];
    for (name, score) in rows {
        let of = |part: u64, whole: u64| {
            if whole == 0 { "–".into() } else { format!("{part}/{whole}") }
        };
        let edge = score.edge_errors();
        let recall = if score.clusters == 0 {
            "–".into()
        } else {
            format!("{:.2}", score.found as f64 / score.clusters as f64)
        };
        cells.push(vec![
            name.clone(),
            score.runs.to_string(),
            of(score.found, score.clusters),
            recall,
            edge.map_or("–".into(), |(median, _)| median.to_string()),
            edge.map_or("–".into(), |(_, max)| max.to_string()),
            of(score.exact, score.found),
            score.split.to_string(),
            format!(
                "{:.2}",
                if score.days > 0.0 { score.false_alarms as f64 / score.days } else { 0.0 }
            ),
            of(score.others_found, score.others),
            of(score.culprits_right, score.culprits),
            of(score.causes_right, score.causes),
            of(score.numbers_right, score.numbers),
        ]);
    }
    let widths: Vec<usize> = (0..cells[0].len())
        .map(|column| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for (index, row) in cells.iter().enumerate() {
        let padded: Vec<String> =
            row.iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, &width))| {
                    if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                })
                .collect();
        if markdown {
            let _ = writeln!(text, "| {} |", padded.join(" | "));
            if index == 0 {
                let rules: Vec<String> =
                    widths
                        .iter()
                        .enumerate()
                        .map(|(column, width)| {
                            if column == 0 {
                                "-".repeat(*width)
                            } else {
                                "-".repeat(width - 1) + ":"
                            }
                        })
                        .collect();
                let _ = writeln!(text, "| {} |", rules.join(" | "));
            }
        } else {
            text += padded.join("  ").trim_end();
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_aligned_and_says_where_there_is_nothing() {
        let full = Score {
            runs: 2,
            clusters: 4,
            found: 3,
            edges: vec![0, 0, 1, 7, 0, 2],
            exact: 3,
            false_alarms: 1,
            days: 0.5,
            ..Score::default()
        };
        let text = table(&[("two-bursts".into(), full), ("clean".into(), Score::default())], true);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(
            lines.iter().all(|line| line.chars().count() == lines[0].chars().count()),
            "{text}"
        );
        let cells: Vec<&str> = lines[2].split('|').map(str::trim).collect();
        assert_eq!(cells[1..10], ["two-bursts", "2", "3/4", "0.75", "1", "7", "3/3", "0", "2.00"]);
        assert!(lines[3].contains("–"));
    }

    #[test]
    fn options() {
        let root = Path::new("/r");
        let parse = |arguments: &[&str]| {
            Options::parse(root, &arguments.iter().map(|&a| a.into()).collect::<Vec<String>>())
        };
        let options =
            parse(&["--seeds", "5", "--scenario", "stall-30s", "--bin", "x", "--markdown"])
                .unwrap();
        assert_eq!((options.seeds, options.scenarios.len(), options.markdown), (5, 1, true));
        assert_eq!(options.program, Path::new("x"));
        assert_eq!(parse(&[]).unwrap().scenarios.len(), SCENARIOS.len());
        assert!(
            parse(&["--seeds"]).is_err()
                && parse(&["--scenario", "x"]).is_err()
                && parse(&["-x"]).is_err()
        );
    }
}
