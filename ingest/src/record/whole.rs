//! Layouts whose pieces mean something only together.

use std::sync::LazyLock;

use regex::{Regex, bytes};

use super::{
    head::{Head, Place, Start, regex},
    level::of_letter,
};
use crate::pattern::bytes_regex;

/// A quick look whether a line may be of a layout.
type MayBe = fn(&[u8]) -> bool;

/// What a line of a compiler has.
static COMPILED: LazyLock<bytes::Regex> =
    LazyLock::new(|| bytes_regex(": error|: fatal error|: warning|: note"));

/// `level` is a letter or a name; `whole` keeps the line as message.
static WHOLE: LazyLock<[(MayBe, Regex); 10]> = LazyLock::new(|| {
    fn digit(line: &[u8], at: usize) -> bool {
        line.get(at).is_some_and(u8::is_ascii_digit)
    }
    let layouts: [(MayBe, &str); 10] = [
        // klog, glog: <https://github.com/google/glog#log-line-prefix-format>.
        (
            |line| digit(line, 1) && b"DIWEF".contains(&line[0]),
            r"^(?<level>[DIWEF])(?<timed>\d{4} \d\d:\d\d:\d\d(?:\.\d+)?)\s+(?<thread>\d+) (?<logger>[^\] ]+:\d+)\] ?",
        ),
        // Ruby's Logger.
        (
            |line| line.get(1..4) == Some(b", ["),
            r"^(?<letter>[DIWEFA]), \[(?<dated>[^ \]]+) #(?<thread>\d+)\] +(?<level>[A-Z]+) -- (?<logger>[^:]*?): ?",
        ),
        // Android's logcat, threadtime and brief.
        (
            |line| digit(line, 0) && line.get(5) == Some(&b' '),
            r"^(?<dated>\d\d-\d\d \d\d:\d\d:\d\d\.\d+)\s+\d+\s+(?<thread>\d+) (?<level>[VDIWEF]) (?<logger>[^:]+?)\s*: ?",
        ),
        (
            |line| line.get(1) == Some(&b'/'),
            r"^(?<level>[VDIWEF])/(?<logger>[^(:]+?)\s*\(\s*(?<thread>\d+)\): ?",
        ),
        // Redis.
        (
            |line| digit(line, 0) && line.contains(&b':'),
            r"^(?<thread>\d+):[XCSM] (?<dated>\d\d \p{L}{3} (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)?) [.*#-] ",
        ),
        // Apache: <https://httpd.apache.org/docs/current/mod/core.html#errorlogformat>.
        (
            |line| line.starts_with(b"[") && !digit(line, 1) && line.get(4) == Some(&b' '),
            r"^\[(?<dated>\p{L}{3} \p{L}{3} \d\d [\d:.]+ \d{4})\] \[(?:(?<logger>[\w-]*):)?(?<level>[a-z]+\d?)\] (?:\[pid (?<thread>[^\]]+)\] )?",
        ),
        // nginx.
        (
            |line| line.get(4) == Some(&b'/') && line.get(20) == Some(&b'['),
            r"^(?<dated>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(?<level>[a-z]+)\] (?<thread>\d+#\d+): ",
        ),
        // .NET's console: the message follows on indented lines.
        (
            |line| line.get(4) == Some(&b':') && line.ends_with(b"]"),
            r"^(?<level>trce|dbug|info|warn|fail|crit): (?<logger>[\w.`+<>,]+\[\d+\])$",
        ),
        // Access logs.
        (
            |line| memchr::memmem::find(line, b"] \"").is_some(),
            r#"^(?<whole>)\S+ \S+ \S+(?: \S+)? \[(?<dated>\d\d?/\p{L}{3}/\d{4}:\d\d:\d\d:\d\d[^\]]{0,8})\] ""#,
        ),
        // Compilers: GCC, Clang, MSVC.
        (
            |line| COMPILED.is_match(line),
            r"^(?<whole>)[^\s:(][^:(]*(?:\.\w{1,5}|:\\[^:(]+)(?::\d+(?::\d+)?:|\(\d+(?:,\d+)?\)\s?:) (?:fatal )?(?<level>error|warning|note)\b",
        ),
    ];
    layouts.map(|(may_be, pattern)| (may_be, regex(pattern)))
});

/// Splits a line of such a layout.
pub(super) fn whole(line: &str) -> Option<Head<'_>> {
    let found = WHOLE
        .iter()
        .filter(|(may_be, _)| may_be(line.as_bytes()))
        .find_map(|(_, pattern)| pattern.captures(line))?;
    let part = |name| found.name(name).map(|part| part.as_str());
    let level = part("level").map(|level| of_letter(level).unwrap_or(level));
    let place = Place::FIRST;
    let start = if part("dated").is_some() {
        Start::Dated(place)
    } else if part("timed").is_some() {
        Start::Timed(place)
    } else {
        Start::Level
    };
    let text = if part("whole").is_some() {
        line
    } else {
        &line[found.get(0)?.end()..]
    };
    Some(Head {
        timestamp: part("dated").or(part("timed")),
        level,
        logger: part("logger").filter(|logger| !logger.is_empty()),
        thread: part("thread"),
        message: text.trim(),
        text,
        is_syslog: false,
        start: Some(start),
    })
}
