//! `php_errors.log`: what PHP writes with `log_errors=On`.

use daaslens_core::Time;
use std::fmt::Write as _;

/// Writes one PHP error log.
///
/// The builder knows no time zone data: where a log is in a zone, the caller says how far it is from UTC.
#[derive(Clone, Debug)]
pub struct PhpLogBuilder {
    text: String,
    zone: String,
    offset_seconds: i64,
    records: u64,
}

impl PhpLogBuilder {
    /// A log whose stamps are in UTC.
    pub fn utc() -> Self {
        Self::zoned("UTC", 0)
    }

    /// A log whose stamps are in `zone` (an IANA name), `offset_seconds` ahead of UTC.
    pub fn zoned(zone: &str, offset_seconds: i64) -> Self {
        Self { text: String::new(), zone: zone.into(), offset_seconds, records: 0 }
    }

    /// How many records there are.
    pub fn len(&self) -> u64 {
        self.records
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Any message: `error_log("…")` of an application writes it as it is.
    pub fn message(&mut self, at: Time, message: &str) -> &mut Self {
        let local = Time(at.0 + self.offset_seconds * 1000).format("%d-%b-%Y %H:%M:%S");
        // `PHP_EOL` on Windows; line breaks inside a message stay as they are.
        let _ = write!(self.text, "[{local} {}] {message}\r\n", self.zone);
        self.records += 1;
        self
    }

    /// A message of PHP itself: `PHP Warning:  … in … on line …`, two blanks after the colon.
    pub fn error(
        &mut self,
        at: Time,
        level: &str,
        message: &str,
        file: &str,
        line: u32,
    ) -> &mut Self {
        self.message(at, &format!("PHP {level}:  {message} in {file} on line {line}"))
    }

    /// The request ran out of its memory limit.
    pub fn memory_exhausted(
        &mut self,
        at: Time,
        limit: u64,
        wanted: u64,
        file: &str,
        line: u32,
    ) -> &mut Self {
        let message = format!(
            "Allowed memory size of {limit} bytes exhausted (tried to allocate {wanted} bytes)"
        );
        self.error(at, "Fatal error", &message, file, line)
    }

    /// An exception that nobody caught, with its stack: one record of several lines.
    pub fn uncaught(
        &mut self,
        at: Time,
        exception: &str,
        message: &str,
        file: &str,
        line: u32,
        frames: &[&str],
    ) -> &mut Self {
        let mut text = format!(
            "PHP Fatal error:  Uncaught {exception}: {message} in {file}:{line}\nStack trace:"
        );
        for (number, frame) in frames.iter().enumerate() {
            let _ = write!(text, "\n#{number} {frame}");
        }
        let _ = write!(text, "\n#{} {{main}}\n  thrown in {file} on line {line}", frames.len());
        self.message(at, &text)
    }

    /// The file.
    pub fn finish(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_look_as_php_writes_them() {
        let at = Time::parse("2025-11-22T04:42:11Z").unwrap();
        let mut log = PhpLogBuilder::zoned("Europe/Berlin", 3600);
        log.memory_exhausted(at, 134_217_728, 20_480, r"C:\home\site\wwwroot\a.php", 7);
        log.uncaught(at, "RuntimeException", "no", "b.php", 3, &["c.php(9): d()"]);
        assert_eq!(log.len(), 2);
        assert_eq!(
            String::from_utf8(log.finish()).unwrap(),
            "[22-Nov-2025 05:42:11 Europe/Berlin] PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to \
             allocate 20480 bytes) in C:\\home\\site\\wwwroot\\a.php on line 7\r\n\
             [22-Nov-2025 05:42:11 Europe/Berlin] PHP Fatal error:  Uncaught RuntimeException: no in b.php:3\nStack trace:\n\
             #0 c.php(9): d()\n#1 {main}\n  thrown in b.php on line 3\r\n"
        );
    }
}
