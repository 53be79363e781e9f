//! `daaslens show`: the evidence lines of one finding, read back from the bundle.
//!
//! One line each on stdout, in the form of `grep`: `path:line: text`, and `path-line- text` for the lines around.
//! What is no longer there, or is another line now, is said on stderr.

mod document;
mod inputs;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, anyhow};
use daaslens_analysis::read_back;
use daaslens_core::Source;
use daaslens_core::text::{counted, visible};
use daaslens_report::{Level, Line, Quote};
use daaslens_store::Store;

use crate::args::Show;
use crate::output::{Console, STRONG};
use crate::windows;
use document::{Document, Evidence, Finding};

/// The exit code for a finding that is not in the file.
const NO_SUCH_FINDING: u8 = 2;

/// Shows; gives the exit code.
pub(crate) fn run(args: &Show, console: &Console) -> anyhow::Result<u8> {
    let path = args.findings.display();
    #[expect(clippy::disallowed_methods, reason = "the JSON is no part of a bundle")]
    let text =
        std::fs::read_to_string(&args.findings).with_context(|| format!("cannot read {path}"))?;
    let document = Document::parse(&text).with_context(|| format!("cannot use {path}"))?;
    let Some(finding) = document.finding(&args.id) else {
        let ids: Vec<&str> = document.findings.iter().map(|finding| finding.id.as_str()).collect();
        let ids = if ids.is_empty() { "no finding".to_owned() } else { ids.join(", ") };
        console
            .error(&anyhow!("there is no finding `{}` in {path}; it has {ids}", shown(&args.id)));
        return Ok(NO_SUCH_FINDING);
    };
    let title = format!("{} {}", shown(&finding.id), shown(&finding.rule));
    console.say(&format!("{STRONG}{title}{STRONG:#}: {}", shown(&finding.headline)));
    if finding.evidence.is_empty() {
        console.say("It has no line of its own: it is about what is not there, or about all lines together.");
        return Ok(0);
    }
    let rows = read(finding, &document, &open(args, &document), args.context);
    let level = args.redact.map_or(document.level(), Level::from);
    if level == Level::Off {
        console.warn("nothing is masked in what follows");
    }
    let line =
        |row: &Row| if let Found::Line(line) = &row.found { Some(line.clone()) } else { None };
    let lines: Vec<Line> = rows.iter().filter_map(line).collect();
    let quotes = daaslens_report::quote(&lines, &text, document.level(), level)?;
    let missing = say(&rows, quotes, console)?;
    if missing == 0 {
        return Ok(0);
    }
    let all = counted(finding.evidence.len() as u64, "line", "lines");
    console.error(&anyhow!("{missing} of {all} could not be read back as they were"));
    Ok(1)
}

/// What is said of one place.
struct Row {
    /// The path, as in the JSON.
    path: String,
    number: u64,
    /// Whether the finding names it; else it is context.
    is_evidence: bool,
    found: Found,
}

impl Row {
    fn is_line(&self) -> bool {
        matches!(self.found, Found::Line(_))
    }
}

enum Found {
    Line(Line),
    /// What is said of the file as a whole; there is no line to be read.
    File(String),
    /// What was wrong at a place, in a file that is as long as it was. A damaged part is no record, so that most readers
    /// have nothing to show of it but that.
    Damage(String),
    /// Why there is no line.
    Fault(String),
}

/// One input of the run, where it was found.
struct Input {
    name: String,
    /// Its name here, and its sources; or why there are none.
    found: Result<(String, Vec<Arc<dyn Source>>), String>,
}

/// Finds the inputs of the run and lists what is in them.
fn open(args: &Show, document: &Document) -> Vec<Input> {
    let names: Vec<&str> = document.inputs.iter().map(|input| input.path.as_str()).collect();
    let beside = args.findings.canonicalize().ok().and_then(|path| Some(path.parent()?.to_owned()));
    let folders: Vec<PathBuf> = beside.into_iter().chain(std::env::current_dir().ok()).collect();
    let given = windows::meant(&args.bundle);
    let resolved = inputs::resolve(&names, &given, &folders, Path::exists);
    let open = |(name, path): (&&str, Option<PathBuf>)| {
        let name = (*name).to_owned();
        let Some(path) = path else {
            let fault = format!("{} is not here; say with --bundle where it is", shown(&name));
            return Input { name, found: Err(fault) };
        };
        // One by one, so that each has the name here that it would have alone.
        let store = Store::open(&[path], &daaslens_store::Options::default());
        let found = match (store.inputs().first(), store.errors().first()) {
            (Some(input), _) => Ok((input.name.clone(), store.sources())),
            (None, Some(error)) => Err(error.to_string()),
            (None, None) => Err("nothing could be opened".to_owned()),
        };
        Input { name, found }
    };
    names.iter().zip(resolved).map(open).collect()
}

/// The source that the JSON calls `path`, or why there is none.
fn find<'i>(
    path: &str,
    inputs: &'i [Input],
    document: &Document,
) -> Result<&'i dyn Source, String> {
    let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
    let (index, inside) = inputs::input_of(path, &names)
        .ok_or("it belongs to none of the inputs that the JSON names")?;
    let (name, sources) = match inputs.get(index).map(|input| &input.found) {
        Some(Ok(found)) => found,
        Some(Err(fault)) => return Err(fault.clone()),
        None => return Err("it belongs to no input".to_owned()),
    };
    let here = format!("{name}{inside}");
    if let Some(source) = sources.iter().find(|source| source.origin().path == here) {
        return Ok(&**source);
    }
    // Its path may have been masked. Sources stand in the same order in the JSON and here, and where they are as
    // many, the place tells.
    let theirs: Vec<_> = document
        .sources
        .iter()
        .filter(|source| {
            inputs::input_of(&source.path, &names).is_some_and(|(input, _)| input == index)
        })
        .collect();
    let by_place = theirs.iter().position(|source| source.path == path).and_then(|at| {
        let (source, theirs_here) = (sources.get(at)?, theirs.get(at)?);
        (sources.len() == theirs.len() && source.origin().kind.word() == theirs_here.kind)
            .then_some(source)
    });
    by_place.map(|source| &**source).ok_or_else(|| "the source is not in it any more".to_owned())
}

/// Reads what the evidence names, one row for each of it, and the lines around.
fn read(finding: &Finding, document: &Document, inputs: &[Input], context: u64) -> Vec<Row> {
    let mut by_source: BTreeMap<&str, Vec<&Evidence>> = BTreeMap::new();
    for evidence in &finding.evidence {
        by_source.entry(&evidence.source).or_default().push(evidence);
    }
    let mut rows = Vec::new();
    for (path, evidence) in by_source {
        let row =
            |number, is_evidence, found| Row { path: shown(path), number, is_evidence, found };
        let info = document.sources.iter().find(|source| source.path == path);
        let (files, evidence): (Vec<&Evidence>, Vec<&Evidence>) =
            evidence.into_iter().partition(|evidence| {
                !evidence.text.is_empty()
                    && info.is_some_and(|info| info.reason.as_ref() == Some(&evidence.text))
            });
        rows.extend(files.iter().map(|evidence| row(0, true, Found::File(shown(&evidence.text)))));
        if evidence.is_empty() {
            continue;
        }
        let places: Vec<(u64, u64)> =
            evidence.iter().map(|evidence| (evidence.line, evidence.byte)).collect();
        let source = find(path, inputs, document);
        let is_damage = finding.rule == "data-quality"
            && source
                .as_ref()
                .is_ok_and(|source| info.is_some_and(|info| info.bytes == source.size()));
        let lines = source.and_then(|source| {
            read_back(source, &places, context).map_err(|error| error.to_string())
        });
        let lines = match lines {
            Ok(lines) => lines,
            Err(fault) => {
                rows.extend(
                    evidence
                        .iter()
                        .map(|evidence| row(evidence.line, true, Found::Fault(fault.clone()))),
                );
                continue;
            }
        };
        let mut own = Vec::new();
        for evidence in &evidence {
            let line =
                lines.iter().find(|line| (line.line, line.byte) == (evidence.line, evidence.byte));
            let found = match line {
                _ if is_damage && line.is_none_or(|line| line.text() != evidence.text) => {
                    Found::Damage(shown(&evidence.text))
                }
                None => Found::Fault(CHANGED.to_owned()),
                Some(line) => Found::Line(Line {
                    excerpt: line.excerpt.clone(),
                    shown: Some(evidence.text.clone()),
                }),
            };
            own.push(row(evidence.line, true, found));
        }
        // Around a line that has changed there is nothing to see; it stands among other lines now.
        let kept: Vec<u64> = own.iter().filter(|row| row.is_line()).map(|row| row.number).collect();
        let around = lines.into_iter().filter(|line| {
            !places.iter().any(|(number, _)| *number == line.line)
                && kept.iter().any(|number| number.abs_diff(line.line) <= context)
        });
        own.extend(around.map(|line| {
            row(line.line, false, Found::Line(Line { excerpt: line.excerpt, shown: None }))
        }));
        own.sort_by_key(|row| row.number);
        rows.extend(own);
    }
    rows
}

const CHANGED: &str = "another line stands there now";

/// Says everything, and how many lines of evidence are not there.
fn say(rows: &[Row], quotes: Vec<Quote>, console: &Console) -> anyhow::Result<usize> {
    let place = Style::new().fg_color(Some(AnsiColor::Cyan.into()));
    let dim = Style::new().dimmed();
    let mut quotes = quotes.into_iter();
    let mut out = String::new();
    let mut missing = 0;
    for row in rows {
        let fault = match &row.found {
            Found::File(text) => {
                let _ = writeln!(out, "{place}{}{place:#}: {text}", row.path);
                continue;
            }
            Found::Damage(text) => {
                let _ = writeln!(out, "{place}{}:{}{place:#}: {text}", row.path, row.number);
                continue;
            }
            Found::Line(_) => match quotes.next() {
                Some(Quote::Text(text)) if row.is_evidence => {
                    let _ = writeln!(out, "{place}{}:{}{place:#}: {text}", row.path, row.number);
                    continue;
                }
                Some(Quote::Text(text)) => {
                    let _ = writeln!(out, "{dim}{}-{}- {text}{dim:#}", row.path, row.number);
                    continue;
                }
                Some(Quote::Changed) | None => CHANGED,
            },
            Found::Fault(fault) => fault,
        };
        missing += 1;
        console.warn(&format!("{}:{}: {}", row.path, row.number, shown(fault)));
    }
    console.data(&out)?;
    Ok(missing)
}

/// Text of the JSON or of the command line, which may hold anything.
fn shown(text: &str) -> String {
    visible(text.as_bytes()).into_owned()
}
