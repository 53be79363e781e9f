//! The settings whose value is worth keeping, and can be no key.
//!
//! A site's settings hold its connection strings and its tokens. Of those the names alone are kept. The platform's own
//! switches are another matter: whether web server logging is on, how long its files stay, which runtime was asked for,
//! whether crashes are dumped. Each is kept only in the shape that it has; what has another shape is somebody's mistake, and
//! may be a key pasted into the wrong field.

use serde_json::Value;

use crate::document::kept;
use crate::{json, stamp};

/// A setting that was kept: its name as the platform writes it, and its value.
pub type Setting = (&'static str, String);

/// What a value may look like.
#[derive(Clone, Copy)]
enum Shape {
    /// `0`, `1`, `true`, `false`.
    Switch,
    /// Up to six digits.
    Number,
    /// `~3`, `18.12.0`, `v4.0`, `LATEST`.
    Version,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A time zone, `W. Europe Standard Time` or `Europe/Berlin`.
    Zone,
    /// A switch, or an address, which may carry a key: then only that it is one.
    SwitchOrAddress,
    /// The JSON of crash monitoring.
    CrashMonitoring,
}

const KNOWN: &[(&str, Shape)] = &[
    ("ASPNETCORE_ENVIRONMENT", Shape::Word(&["Development", "Staging", "Production"])),
    ("FUNCTIONS_EXTENSION_VERSION", Shape::Version),
    (
        "FUNCTIONS_WORKER_RUNTIME",
        Shape::Word(&[
            "dotnet",
            "dotnet-isolated",
            "node",
            "java",
            "powershell",
            "python",
            "custom",
        ]),
    ),
    ("NUMBER_OF_PROCESSORS", Shape::Number),
    ("PROCESSOR_ARCHITECTURE", Shape::Word(&["x86", "AMD64"])),
    ("SCM_DO_BUILD_DURING_DEPLOYMENT", Shape::Switch),
    ("WEBSITE_COMPUTE_MODE", Shape::Word(&["Shared", "Dedicated", "Dynamic"])),
    ("WEBSITE_CRASHMONITORING_ENABLED", Shape::Switch),
    ("WEBSITE_CRASHMONITORING_SETTINGS", Shape::CrashMonitoring),
    ("WEBSITE_CRASHMONITORING_USE_DEBUGDIAG", Shape::Switch),
    ("WEBSITE_DISABLE_OVERLAPPED_RECYCLING", Shape::Switch),
    ("WEBSITE_DYNAMIC_CACHE", Shape::Number),
    ("WEBSITE_HEALTHCHECK_MAXPINGFAILURES", Shape::Number),
    ("WEBSITE_HTTPLOGGING_ENABLED", Shape::Switch),
    ("WEBSITE_HTTPLOGGING_RETENTION_DAYS", Shape::Number),
    ("WEBSITE_LOAD_USER_PROFILE", Shape::Switch),
    ("WEBSITE_LOCAL_CACHE_OPTION", Shape::Word(&["Always", "Default", "Never"])),
    ("WEBSITE_LOCAL_CACHE_SIZEINMB", Shape::Number),
    ("WEBSITE_NODE_DEFAULT_VERSION", Shape::Version),
    ("WEBSITE_PROACTIVE_AUTOHEAL_ENABLED", Shape::Switch),
    ("WEBSITE_PROACTIVE_CRASHMONITORING_ENABLED", Shape::Switch),
    ("WEBSITE_RUN_FROM_PACKAGE", Shape::SwitchOrAddress),
    ("WEBSITE_RUN_FROM_ZIP", Shape::SwitchOrAddress),
    ("WEBSITE_SCM_ALWAYS_ON_ENABLED", Shape::Switch),
    (
        "WEBSITE_SKU",
        Shape::Word(&[
            "Free",
            "Shared",
            "Basic",
            "Standard",
            "Premium",
            "PremiumV2",
            "PremiumV3",
            "Isolated",
            "IsolatedV2",
            "Dynamic",
            "ElasticPremium",
            "FlexConsumption",
            "WorkflowStandard",
        ]),
    ),
    ("WEBSITE_TIME_ZONE", Shape::Zone),
];

const SWITCH: &[&str] = &["0", "1", "true", "false"];

/// The setting as it is kept; `None` for all but a few. Settings of the application stand in the environment with a prefix.
pub(super) fn known(name: &str, value: &str) -> Option<Setting> {
    let name = name.trim();
    let name = match name.get(..11) {
        Some(start) if start.eq_ignore_ascii_case("APPSETTING_") => name.get(11..)?,
        _ => name,
    };
    let (name, shape) = KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some((name, shaped(*shape, value.trim())?))
}

/// The settings of a flat object that are kept, in the order of their names, each once.
pub(super) fn of_object(value: &Value) -> Vec<Setting> {
    let object = value.as_object().into_iter().flatten();
    let mut kept: Vec<Setting> =
        object.filter_map(|(name, value)| known(name, value.as_str()?)).collect();
    settle(&mut kept);
    kept
}

/// In the order of names, each once: the first wins.
pub(super) fn settle(settings: &mut Vec<Setting>) {
    settings.sort_by_key(|(name, _)| *name);
    settings.dedup_by_key(|(name, _)| *name);
}

fn shaped(shape: Shape, value: &str) -> Option<String> {
    let all = |most: usize, is: fn(char) -> bool| {
        let fits = !value.is_empty() && value.len() <= most && value.chars().all(is);
        fits.then(|| value.to_owned())
    };
    let word = |words: &[&str]| {
        words.iter().find(|word| word.eq_ignore_ascii_case(value)).map(|word| (*word).to_owned())
    };
    match shape {
        Shape::Switch => word(SWITCH),
        Shape::Number => all(6, |c| c.is_ascii_digit()),
        Shape::Version => word(&["LATEST"]).or_else(|| {
            let digits = value.trim_start_matches(['~', 'v']);
            let fits = digits.starts_with(|c: char| c.is_ascii_digit());
            all(12, |c| c.is_ascii_digit() || matches!(c, '.' | '~' | 'v')).filter(|_| fits)
        }),
        Shape::Word(words) => word(words),
        Shape::Zone => all(40, |c| {
            c.is_ascii_alphanumeric() || matches!(c, ' ' | '/' | '_' | '-' | '+' | '.' | '(' | ')')
        })
        .filter(|zone| !zone.contains(|c: char| c.is_ascii_digit()) || zone.starts_with("UTC")),
        Shape::SwitchOrAddress => {
            word(SWITCH).or_else(|| value.contains("://").then(|| "an address".to_owned()))
        }
        Shape::CrashMonitoring => crash_monitoring(value),
    }
}

/// `{"StartTimeUtc":"2026-03-11T02:00:00Z","MaxHours":24,"MaxDumpCount":3,"ExceptionFilter":"-f E053534F"}` in words.
fn crash_monitoring(value: &str) -> Option<String> {
    let value: Value = serde_json::from_str(value.get(..crate::MAX_TEXT).unwrap_or(value)).ok()?;
    let mut parts = Vec::new();
    let start = json::text(&value, "StartTimeUtc");
    if let Some(start) = start.as_deref().and_then(daaslens_core::Time::parse) {
        parts.push(format!("from {start}"));
    }
    if let Some(hours) = json::number(&value, "MaxHours") {
        parts.push(format!("for {hours} h"));
    }
    if let Some(dumps) = json::number(&value, "MaxDumpCount") {
        parts.push(format!("at most {dumps} dumps"));
    }
    let filter = json::text(&value, "ExceptionFilter").filter(|filter| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '*');
        filter.len() <= 120 && filter.chars().all(plain)
    });
    if let Some(filter) = filter {
        parts.push(format!("exceptions {}", kept(&filter)));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The versions in a part of a reply, whatever holds them: `{"shared": {"Microsoft.NETCore.App": ["8.0.11"]}}`. In
/// numerical order, each once, at most a hundred.
pub(super) fn versions(value: Option<&Value>) -> Vec<String> {
    const MOST: usize = 100;
    let mut found: Vec<Vec<u32>> = Vec::new();
    let mut left: Vec<&Value> = value.into_iter().collect();
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) => found.extend(version(text)),
            Value::Array(items) => left.extend(items),
            Value::Object(object) => {
                for (name, value) in object {
                    found.extend(version(name));
                    // The version of Node.js stands beside that of npm.
                    if name != "npm" {
                        left.push(value);
                    }
                }
            }
            _ => {}
        }
        if found.len() > 2 * MOST {
            settle_versions(&mut found, MOST);
        }
    }
    settle_versions(&mut found, MOST);
    let shown =
        |parts: Vec<u32>| parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    found.into_iter().map(shown).collect()
}

fn settle_versions(found: &mut Vec<Vec<u32>>, most: usize) {
    found.sort_unstable();
    found.dedup();
    found.truncate(most);
}

/// `18.12.0`, also with a fourth part.
fn version(text: &str) -> Option<Vec<u32>> {
    let parts: Vec<u32> = text
        .trim()
        .split('.')
        .map(|part| stamp::number(part).filter(|_| !part.is_empty() && part.len() <= 6))
        .collect::<Option<_>>()?;
    (2..=4).contains(&parts.len()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_has_the_right_shape_is_kept() {
        for (name, value, expected) in [
            ("WEBSITE_HTTPLOGGING_ENABLED", "1", Some("1")),
            ("appsetting_website_httplogging_enabled", " true ", Some("true")),
            ("WEBSITE_HTTPLOGGING_ENABLED", "aGVsbG8=", None),
            ("WEBSITE_RUN_FROM_PACKAGE", "https://x.invalid/a.zip?sig=S3CRET", Some("an address")),
            ("WEBSITE_NODE_DEFAULT_VERSION", "~18", Some("~18")),
            ("WEBSITE_NODE_DEFAULT_VERSION", "vvvvv", None),
            ("WEBSITE_TIME_ZONE", "W. Europe Standard Time", Some("W. Europe Standard Time")),
            ("WEBSITE_TIME_ZONE", "abc123", None),
            ("WEBSITE_SKU", "PREMIUMV3", Some("PremiumV3")),
            ("AzureWebJobsStorage", "DefaultEndpointsProtocol=https;AccountKey=S3CRET", None),
            (
                "WEBSITE_CRASHMONITORING_SETTINGS",
                r#"{"StartTimeUtc":"2026-03-11T02:00:00.000Z","MaxHours":"24","MaxDumpCount":3,"ExceptionFilter":"-f E053534F -f C00000FD.STACK_OVERFLOW"}"#,
                Some(
                    "from 2026-03-11T02:00:00Z, for 24 h, at most 3 dumps, exceptions -f E053534F -f C00000FD.STACK_OVERFLOW",
                ),
            ),
        ] {
            let kept = known(name, value).map(|(_, value)| value);
            assert_eq!(kept.as_deref(), expected, "{name}={value}");
        }
    }

    #[test]
    fn versions_in_any_shape() {
        let value = json!({"shared": {"Microsoft.NETCore.App": ["10.0.1", "8.0.11", "S3CRET"]}, "sdk": {"8.0.11": {}}});
        assert_eq!(versions(Some(&value)), ["8.0.11", "10.0.1"]);
        assert_eq!(versions(Some(&json!([{"version": "18.12.0", "npm": "8.19.2"}]))), ["18.12.0"]);
        assert_eq!(versions(None), [""; 0]);
    }
}
