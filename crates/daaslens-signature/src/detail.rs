//! What an exception says beyond its type, where the type alone is too coarse.
//!
//! `SqlException` is a refused login, a deadlock or a timeout; `FileNotFoundException` is a different bug for each
//! file. The number or name that tells them apart stands in the message, always in the same place.

use daaslens_stacktrace::{Language, Thrown};

use super::mask::{mask, mask_values};

/// The longest detail. Longer ones are cut, so that signatures stay readable.
const MAX: usize = 80;

/// The code or name that tells an exception from others of its type.
pub(crate) fn detail(language: Language, thrown: &Thrown) -> Option<String> {
    let message = thrown.message.as_str();
    let name = thrown.type_name.rsplit(['.', '+', '\\', ':']).next().unwrap_or(&thrown.type_name);
    let found = match language {
        Language::Node => node(thrown.word.as_deref(), message),
        Language::Go => first_line(message).map(mask),
        Language::Python => python(name, message),
        Language::Php => sql_state_in_brackets(message),
        Language::Java => java(name, message),
        _ => dot_net(name, message),
    };
    let found = found
        .or_else(|| status(message))
        .or_else(|| service(message))
        .or_else(|| number_behind_hexadecimal(message))
        .or_else(|| thrown.code.map(code));
    // A message may go on below what is taken from it.
    let found = found.map(|text| text.replace(['\r', '\n', '\t'], " "));
    found.map(|text| text.get(..text.floor_char_boundary(MAX)).unwrap_or(&text).to_owned())
}

fn dot_net(name: &str, message: &str) -> Option<String> {
    match name {
        "SqlException" => number_behind(message, &["Error Number:", "Number:"]),
        "PostgresException" | "NpgsqlException" => sql_state(message),
        "FileNotFoundException"
        | "FileLoadException"
        | "BadImageFormatException"
        | "DirectoryNotFoundException"
        | "DllNotFoundException"
        | "UnauthorizedAccessException" => {
            first_quoted(message).map(|text| file_or_assembly(&text))
        }
        "MissingMethodException"
        | "MissingFieldException"
        | "MissingMemberException"
        | "TypeLoadException"
        | "EntryPointNotFoundException"
        | "TypeInitializationException" => first_quoted(message),
        "SocketException" | "Win32Exception" | "HttpListenerException" => {
            last_number_in_brackets(message)
        }
        "WebException" => number_behind(message, &["("]),
        // Its code is always the same.
        "MySqlException" => first_line(message).map(mask),
        "OracleException" => oracle(message),
        _ => None,
    }
}

fn first_line(message: &str) -> Option<&str> {
    message.lines().next().map(str::trim).filter(|line| !line.is_empty())
}

/// `ORA-12541: TNS:no listener`.
fn oracle(message: &str) -> Option<String> {
    number_behind(message, &["ORA-"]).map(|number| format!("ORA-{number}"))
}

/// Most of what Node throws is an `Error` or a `TypeError`: a code tells them apart, or the message.
fn node(word: Option<&str>, message: &str) -> Option<String> {
    let code = word.map(str::to_owned).or_else(|| node_code(message));
    match code.as_deref() {
        Some("MODULE_NOT_FOUND" | "ERR_MODULE_NOT_FOUND") | None => {
            first_line(message).map(mask_values)
        }
        Some("ENOENT" | "EACCES" | "EPERM" | "EBUSY") => {
            let file = first_quoted(message).map(|file| format!(" {}", file_or_assembly(&file)));
            Some(format!("{}{}", code.as_deref().unwrap_or_default(), file.unwrap_or_default()))
        }
        Some(_) => code,
    }
}

/// What is missing is the whole message of these: a class, a module, a bean.
fn java(name: &str, message: &str) -> Option<String> {
    match name {
        "ClassNotFoundException"
        | "NoClassDefFoundError"
        | "NoSuchMethodError"
        | "NoSuchFieldError" => {
            Some(message.split(' ').next()?.trim_matches('\'').replace('/', "."))
        }
        "NoSuchBeanDefinitionException" => first_quoted(message).map(|text| type_name(&text)),
        "FileNotFoundException" | "NoSuchFileException" => {
            Some(file_or_assembly(message.split(" (").next()?))
        }
        "OutOfMemoryError"
        | "PSQLException"
        | "SQLServerException"
        | "SQLSyntaxErrorException"
        | "SQLException"
        | "CommunicationsException" => oracle(message).or_else(|| first_line(message).map(mask)),
        _ => None,
    }
}

fn python(name: &str, message: &str) -> Option<String> {
    match name {
        "ModuleNotFoundError" | "ImportError" | "AttributeError" | "NameError" => {
            Some(first_line(message)?.split(" (").next()?.to_owned())
        }
        "FileNotFoundError" | "PermissionError" => {
            first_quoted(message).map(|text| file_or_assembly(&text))
        }
        // `(2003, "Can't connect to MySQL server …")`, `('08001', '[08001] [Microsoft] …')`
        "OperationalError" | "ProgrammingError" | "IntegrityError" | "InterfaceError" => {
            let inner =
                message.split_once('(').map(|(_, rest)| rest.trim_start_matches(['\'', '"']))?;
            let code: String = inner.chars().take_while(char::is_ascii_alphanumeric).collect();
            (code.len() >= 4 && code.bytes().any(|b| b.is_ascii_digit())).then_some(code)
        }
        _ => None,
    }
}

/// `SQLSTATE[HY000] [2002] Connection refused`, `SQLSTATE[42S02]: Base table …: 1146 Table …`.
fn sql_state_in_brackets(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("SQLSTATE[")?;
    let (state, rest) = rest.split_once(']')?;
    if state.len() > 5 {
        return None;
    }
    let number = rest.trim_start().strip_prefix('[').and_then(|rest| rest.split(']').next());
    Some(number.map_or_else(|| state.to_owned(), |number| format!("{state} {number}")))
}

/// `connect ECONNREFUSED 10.0.0.4:5432`, `ENOENT: no such file or directory`.
fn node_code(message: &str) -> Option<String> {
    let is_code = |word: &&str| {
        (4..=24).contains(&word.len())
            && word.starts_with('E')
            && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    let first = message.lines().next()?;
    first.split([' ', ':']).take(4).find(is_code).map(str::to_owned)
}

/// Win32 errors are known by their decimal numbers, the rest by hexadecimal ones.
fn code(code: u32) -> String {
    if code <= 0xFFFF { code.to_string() } else { format!("0x{code:08X}") }
}

fn number_behind(text: &str, words: &[&str]) -> Option<String> {
    words.iter().find_map(|word| {
        let (_, rest) = text.split_once(word)?;
        let rest = rest.trim_start();
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        (1..=6).contains(&length).then(|| rest.get(..length).unwrap_or_default().to_owned())
    })
}

/// The status of another server's answer.
fn status(message: &str) -> Option<String> {
    number_behind(message, &["status code does not indicate success: ", "\nStatus: "])
        .filter(|number| number.len() == 3)
}

/// `28P01: password authentication failed`, or `SqlState: 28P01`.
fn sql_state(message: &str) -> Option<String> {
    let state = message.split_once("SqlState: ").map_or(message, |(_, rest)| rest);
    let state = state.get(..5)?;
    let right = state.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    (right && state.bytes().any(|b| b.is_ascii_digit())).then(|| state.to_owned())
}

/// `… (10061)`, `… (10061): text`.
fn last_number_in_brackets(message: &str) -> Option<String> {
    message.rmatch_indices('(').find_map(|(at, _)| {
        let inner = message.get(at + 1..)?.split(')').next()?;
        let digits = inner.bytes().all(|byte| byte.is_ascii_digit());
        (digits && (1..=6).contains(&inner.len())).then(|| inner.to_owned())
    })
}

/// What dependency injection could not make: `for type 'Shop.IStore'`.
fn service(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("for type '")?;
    let name = rest.split('\'').next()?;
    (!name.is_empty() && !name.contains(char::is_whitespace)).then(|| type_name(name))
}

/// Without generic instantiations of assemblies: ``Shop.IStore`1[Shop.Cart]`` keeps the name alone.
fn type_name(name: &str) -> String {
    name.split(['`', '[']).next().unwrap_or(name).to_owned()
}

/// `(Exception from HRESULT: 0x80070005 (E_ACCESSDENIED))`
fn number_behind_hexadecimal(message: &str) -> Option<String> {
    let (_, rest) =
        message.split_once("HRESULT: 0x").or_else(|| message.split_once("HResult: 0x"))?;
    let digits = rest.get(..8)?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| format!("0x{}", digits.to_uppercase()))
}

/// What stands in the first quotation marks of any language.
fn first_quoted(message: &str) -> Option<String> {
    let (at, open) = message.char_indices().find(|(_, c)| "'\"“„«‘「".contains(*c))?;
    let close = match open {
        '“' | '„' => ['”', '“'],
        '«' => ['»', '»'],
        '‘' => ['’', '’'],
        '「' => ['」', '」'],
        _ => [open, open],
    };
    let inner = message.get(at + open.len_utf8()..)?;
    let text = inner.split(close).next()?;
    (!text.is_empty() && text.len() < inner.len()).then(|| text.replace(['\r', '\n'], " "))
}

/// Of an assembly its name without version, culture and token; of a file its name without its folder, and without
/// the numbers that make one upload differ from the next.
fn file_or_assembly(text: &str) -> String {
    let text = text.split(", ").next().unwrap_or(text);
    let name = text.trim_end_matches(['\\', '/']).rsplit(['\\', '/']).next().unwrap_or(text);
    mask(name)
}

#[cfg(test)]
mod tests {
    use daaslens_stacktrace::{ExceptionText, Language};

    use super::detail;

    #[test]
    fn what_tells_them_apart() {
        for (text, expected) in [
            (
                "System.Data.SqlClient.SqlException (0x80131904): Login failed. Error Number:18456,State:1",
                Some("18456"),
            ),
            (
                "Microsoft.Data.SqlClient.SqlException (0x80131904): Timeout expired.",
                Some("0x80131904"),
            ),
            (
                "Npgsql.PostgresException (0x80004005): 28P01: password authentication failed for user \"a\"",
                Some("28P01"),
            ),
            ("System.Net.Sockets.SocketException (10061): refused", Some("10061")),
            (
                "System.Net.Http.HttpRequestException: Response status code does not indicate success: 503 (Service Unavailable).",
                Some("503"),
            ),
            (
                "System.Net.WebException: The remote server returned an error: (403) Forbidden.",
                Some("403"),
            ),
            (
                "Azure.RequestFailedException: The specified blob does not exist.\nStatus: 404 (Not Found)",
                Some("404"),
            ),
            (
                "System.IO.FileNotFoundException: Could not load file or assembly 'Shop.Core, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null'.",
                Some("Shop.Core"),
            ),
            (
                "System.IO.FileNotFoundException: Could not find file 'C:\\home\\site\\wwwroot\\up\\report-8123.pdf'.",
                Some("report-{n}.pdf"),
            ),
            (
                "System.IO.FileNotFoundException: Die Datei oder Assembly „Shop.Core, Version=1.0.0.0“ wurde nicht gefunden.",
                Some("Shop.Core"),
            ),
            (
                "System.InvalidOperationException: Unable to resolve service for type 'Shop.IStore`1[Shop.Cart]' while attempting to activate 'Shop.Home'.",
                Some("Shop.IStore"),
            ),
            (
                "System.UnauthorizedAccessException: Access is denied. (Exception from HRESULT: 0x80070005 (E_ACCESSDENIED))",
                Some("0x80070005"),
            ),
            (
                "System.MissingMethodException: Method not found: 'Void Shop.Cart.Add(Int32)'.",
                Some("Void Shop.Cart.Add(Int32)"),
            ),
            (
                "System.NullReferenceException: Object reference not set to an instance of an object.",
                None,
            ),
            ("System.IO.FileNotFoundException: Unable to find the specified file.", None),
            ("System.IO.FileNotFoundException: Could not find 'x", None),
        ] {
            let parsed = ExceptionText::parse(text);
            let found = detail(Language::DotNet, parsed.innermost().unwrap());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
