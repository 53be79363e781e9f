//! `daaslens explain`: what a code, an event or a finding means.

use std::fmt::Write as _;

use anstyle::Style;
use daaslens_analysis::{RULES, Rule};
use daaslens_core::text::visible;
use daaslens_kb::Explanation;

use crate::args::Explain;
use crate::output::{Console, STRONG};

/// Lines longer than this are hard to read.
const WIDEST: usize = 100;

/// What can be asked, for a question that is none.
const QUESTIONS: &str = "ask for\
    \n  a status, with substatus and win32 status   502, 502.3, 502.3.12030\
    \n  a Windows error, as sc-win32-status has it  win32 64, 0x80072EE2\
    \n  an exit or exception code                   0xC0000005, -532462766\
    \n  an event, with or without its provider      event 2299, event W3SVC-WP 2299\
    \n  a reason of HTTP.sys                        httperr Connection_Dropped\
    \n  a finding of the report                     finding http-5xx-cluster\
    \n  a module of IIS                             module AspNetCoreModuleV2\
    \n  an event of a failed request trace          freb HANDLER_CHANGED\
    \n  a code of an ASP.NET event                  aspnet 3005\
    \n  a PHP error, by its name or its text        php memory-limit";

/// Explains on stdout; gives the exit code.
pub(crate) fn run(args: &Explain, console: &Console) -> anyhow::Result<u8> {
    let what = args.what.join(" ");
    let text = if let Some(rule) = rule_of(&what) {
        markdown(rule.doc, width())
    } else if let Some(explanation) = daaslens_kb::explain(&what) {
        plain(&explanation, width())
    } else {
        console.error(&anyhow::anyhow!(
            "`{}` is nothing that can be explained; {QUESTIONS}",
            visible(what.as_bytes())
        ));
        return Ok(2);
    };
    console.data(&text)?;
    Ok(0)
}

/// The detector that is asked for: `finding stall`, `rule stall`, or its name alone. Its own text wins over the one
/// of the knowledge base, because it stands beside the thresholds that it speaks of.
fn rule_of(what: &str) -> Option<&'static Rule> {
    let what = what.to_lowercase();
    let mut words: Vec<&str> = what.split_whitespace().collect();
    if words.len() > 1 && matches!(words[0], "finding" | "rule") {
        words.remove(0);
    }
    let [name] = words[..] else { return None };
    RULES.iter().find(|rule| rule.id == name)
}

fn width() -> usize {
    textwrap::termwidth().clamp(20, WIDEST)
}

/// An answer of the knowledge base.
fn plain(explanation: &Explanation, width: usize) -> String {
    // The question may be echoed in the title.
    let title = visible(explanation.title.as_bytes());
    let mut out = wrapped(&format!("{STRONG}{title}{STRONG:#}"), width, "", "");
    for paragraph in &explanation.paragraphs {
        out.push('\n');
        out.push_str(&wrapped(&visible(paragraph.as_bytes()), width, "", ""));
    }
    if !explanation.advice.is_empty() {
        let _ = writeln!(out, "\n{STRONG}What to do{STRONG:#}");
        for advice in &explanation.advice {
            out.push_str(&wrapped(advice, width, "- ", "  "));
        }
    }
    if !explanation.sources.is_empty() {
        let _ = writeln!(out, "\n{STRONG}Known from{STRONG:#}");
        let dim = Style::new().dimmed();
        for source in &explanation.sources {
            out.push_str(&wrapped(
                &format!("{} ({})", source.title, source.kind_word()),
                width,
                "- ",
                "  ",
            ));
            if !source.link.is_empty() {
                // Not wrapped: an address that is broken in two cannot be opened.
                let _ = writeln!(out, "  {dim}{}{dim:#}", source.link);
            }
        }
    }
    out
}

/// The Markdown of a detector: headings and strong words become bold on terminals, and plain elsewhere.
fn markdown(text: &str, width: usize) -> String {
    let mut out = String::new();
    for block in text.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        if !out.is_empty() {
            out.push('\n');
        }
        if let Some(title) = block.strip_prefix('#') {
            let title = title.trim_start_matches('#').trim();
            out.push_str(&wrapped(&format!("{STRONG}{title}{STRONG:#}"), width, "", ""));
        } else {
            for line in block.lines() {
                let (first, rest, line) =
                    match line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
                        Some(item) => ("- ", "  ", item),
                        None => ("", "", line),
                    };
                out.push_str(&wrapped(&strong(line), width, first, rest));
            }
        }
    }
    out
}

/// `**words**` in bold.
fn strong(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in text.split("**").enumerate() {
        if i % 2 == 1 {
            let _ = write!(out, "{STRONG}{part}{STRONG:#}");
        } else {
            out.push_str(part);
        }
    }
    out
}

fn wrapped(text: &str, width: usize, first: &str, rest: &str) -> String {
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false);
    let mut out = textwrap::fill(text, options);
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_styles(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_detector_is_asked_for_by_any_of_its_names() {
        for what in ["finding slow-url", "rule slow-url", "slow-url", " Finding  SLOW-URL "] {
            assert_eq!(rule_of(what).map(|rule| rule.id), Some("slow-url"), "{what}");
        }
        for what in ["finding", "finding slow-url now", "event 2299", "", "finding no-such-rule"] {
            assert!(rule_of(what).is_none(), "{what}");
        }
    }

    #[test]
    fn markdown_is_wrapped_and_loses_its_marks() {
        let text = "# stall\n\n**What it looks for.** One two three four five.\n\n- a long item of a list here\n- b\n";
        let expected = "stall\n\nWhat it looks for. One\ntwo three four five.\n\n- a long item of a list\n  here\n- b\n";
        let styled = markdown(text, 24);
        assert_eq!(without_styles(&styled), expected);
        assert_ne!(styled, expected);
    }

    #[test]
    fn what_nobody_has_documented_is_said_to_be_so() {
        for what in [
            "502.77",
            "503.65",
            "500.1019",
            "event 9999",
            "win32 4242",
            "0xC0ABCDEF",
            "finding nonsense",
        ] {
            let explanation = daaslens_kb::explain(what).unwrap();
            assert!(!explanation.documented, "{what}");
            let text = without_styles(&plain(&explanation, 80));
            assert!(
                ["not documented", "not known"].iter().any(|words| text.contains(words)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_question_that_is_echoed_cannot_steer_the_terminal() {
        let explanation =
            Explanation { title: "a\u{1b}[31mb".to_owned(), ..Explanation::default() };
        assert_eq!(without_styles(&plain(&explanation, 80)), "a\\u{1b}[31mb\n");
    }
}
