//! Single lines of a JVM's stack trace.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Exception, Frame},
    lang::place::Place,
    limits::{MAX_NAME_BYTES, cut},
    pattern::regex,
};

/// A class name, as a throwable's own line has it; `name` is without its package.
static THROWABLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:^|[\s:;,(\[=|])(?P<package>(?:[\p{Ll}_$][\w$-]*\.)+)?(?P<name>[\p{L}_$][\w$.-]*)(?::(?: (?P<message>.*)|$)|$)",
    )
});

/// What may stand before a throwable without being a logger's text.
const LEADS: [&str; 8] = [
    "Exception in thread",
    "Caused by:",
    "Suppressed:",
    "Wrapped by:",
    "Uncaught exception",
    "FATAL EXCEPTION",
    "Thrown:",
    "Exception:",
];

/// A throwable on its own line or behind a logger's text: what stood before it, and its class and message.
pub(crate) fn throwable(line: &str) -> Option<(&str, Exception)> {
    let line = cut(line.trim_end(), 8 * MAX_NAME_BYTES);
    let mut at = 0;
    // Each try begins behind the last one's class, so the line is read once.
    while let Some(found) = THROWABLE.captures_at(line, at) {
        let name = found.name("name")?;
        let package = found.name("package");
        let from = package.map_or(name.start(), |package| package.start());
        let before = &line[..from];
        let lead = before.trim();
        // In the middle of a text, `Error` alone is a word.
        let is_word =
            package.is_none() && matches!(name.as_str(), "Error" | "Exception" | "Throwable");
        let is_sure = is_throwable(name.as_str()) && (!is_word || lead.is_empty());
        // A thread dump's `java.lang.Thread.State: RUNNABLE` is indented.
        let is_first = before.is_empty() || LEADS.iter().any(|known| lead.starts_with(known));
        let has_class = name.as_str().rsplit('.').next().is_some_and(|class| {
            class.starts_with(|c: char| c.is_uppercase() || c == '_' || c == '$')
        });
        if is_sure || (is_first && package.is_some() && has_class) {
            let message = found.name("message").map_or("", |message| message.as_str());
            let class = format!(
                "{}{}",
                package.map_or("", |package| package.as_str()),
                name.as_str()
            );
            return Some((before, exception(&class, message)));
        }
        at = name.end();
    }
    None
}

/// An exception by its qualified name.
pub(crate) fn exception(class: &str, message: &str) -> Exception {
    let (module, type_name) = match class.rsplit_once('.') {
        Some((module, name)) => (Some(module.to_owned()), name),
        None => (None, class),
    };
    Exception {
        type_name: type_name.to_owned(),
        module,
        message: message.to_owned(),
        ..Exception::default()
    }
}

/// Whether a class's name says that it can be thrown.
fn is_throwable(name: &str) -> bool {
    [
        "Exception",
        "Error",
        "Throwable",
        "Failure",
        "Fault",
        "ThreadDeath",
    ]
    .iter()
    .any(|ending| {
        name.strip_suffix(ending).is_some_and(|class| {
            !class.is_empty()
                || matches!(*ending, "Exception" | "Error" | "Throwable" | "ThreadDeath")
        }) || name.contains(&format!("{ending}$"))
    })
}

/// A frame's text after `at `: `java.base/java.util.Optional.get(Optional.java:143) ~[?:?]`.
pub(crate) fn frame(call: &str) -> Option<Frame> {
    let call = cut(call.trim(), MAX_NAME_BYTES);
    let open = call.find('(')?;
    let close = open + call[open..].find(')')?;
    let (name, location, rest) = (
        &call[..open],
        &call[open + 1..close],
        call[close + 1..].trim(),
    );
    let has_packaging = rest.is_empty() || rest.starts_with(['[', '{']) || rest.starts_with("~[");
    let method = without_module(name);
    let (class, _) = method.rsplit_once('.')?;
    let is_name = !class.is_empty()
        && !method.starts_with('.')
        && !name.ends_with(' ')
        && !method.contains(['"', '\\', '@', '=', ',']);
    if !has_packaging || !is_name || !is_source(location) {
        return None;
    }
    let place = Place::of(location);
    Some(Frame {
        function: method.to_owned(),
        module: Some(class.to_owned()),
        path: place.path.to_owned(),
        line: place.line,
        in_app: in_app(class),
        ..Frame::default()
    })
}

/// The class and method without what `StackTraceElement.toString` puts before: `loader/module@version/`.
fn without_module(name: &str) -> &str {
    let mut rest = name;
    for _ in 0..2 {
        match rest.split_once('/') {
            // A hidden class: `Shop$$Lambda/0x00007f`.
            Some((before, _)) if before.contains('$') => break,
            Some((_, after)) => rest = after,
            None => break,
        }
    }
    rest
}

/// Whether the text in a frame's parentheses is where a JVM takes it from: `Shop.java:12`, `Native Method`, …
fn is_source(location: &str) -> bool {
    if matches!(
        location,
        "Native Method" | "Unknown Source" | "<generated>" | "Unknown"
    ) {
        return true;
    }
    let place = Place::of(location.strip_prefix("Unknown Source").unwrap_or(location));
    let file = place.path;
    if file.is_empty() {
        // R8 leaves the line alone.
        return place.n_numbers == 1;
    }
    place.n_numbers < 2
        && !file.contains([' ', '/', '\\', ',', '<', '>', '(', ':', '*'])
        && (place.n_numbers == 1 || file.contains('.') || file == "SourceFile")
}

/// Whether a class belongs to the application, where that is sure.
fn in_app(class: &str) -> Option<bool> {
    const LIBRARIES: [&str; 14] = [
        "java.",
        "javax.",
        "jdk.",
        "sun.",
        "com.sun.",
        "kotlin.",
        "kotlinx.",
        "scala.",
        "clojure.",
        "groovy.",
        "org.codehaus.groovy.",
        "org.apache.groovy.",
        "_COROUTINE.",
        "jakarta.",
    ];
    LIBRARIES
        .iter()
        .any(|library| class.starts_with(library))
        .then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(call: &str, expected: Option<(&str, &str, Option<u32>)>) {
        let frame = frame(call);
        let found = frame
            .as_ref()
            .map(|frame| (frame.function.as_str(), frame.path.as_str(), frame.line));
        assert_eq!(found, expected, "{call}");
    }

    #[test]
    fn frames() {
        check("a.B.c(B.java:12)", Some(("a.B.c", "B.java", Some(12))));
        check("a.B.<init>(B.kt)", Some(("a.B.<init>", "B.kt", None)));
        check(
            "a.B.c(Native Method)",
            Some(("a.B.c", "Native Method", None)),
        );
        check(
            "java.base/java.util.Optional.get(Optional.java:143) ~[?:?]",
            Some(("java.util.Optional.get", "Optional.java", Some(143))),
        );
        check("app//a.B.c(B.java:1)", Some(("a.B.c", "B.java", Some(1))));
        check(
            "app/mod@1.2/a.B.c(B.java:1) [x.jar:1.0] {re:mixin}",
            Some(("a.B.c", "B.java", Some(1))),
        );
        check(
            "a.B$$Lambda$14/0x0840066c40.apply(Unknown Source)",
            Some(("a.B$$Lambda$14/0x0840066c40.apply", "Unknown Source", None)),
        );
        check(
            "a.b$c_BANG_.invoke(core.clj:6)",
            Some(("a.b$c_BANG_.invoke", "core.clj", Some(6))),
        );
        check(
            "a.BTest.adds two numbers(BTest.kt:6)",
            Some(("a.BTest.adds two numbers", "BTest.kt", Some(6))),
        );
        check(
            "a.b.c(Unknown Source:8)",
            Some(("a.b.c", "Unknown Source", Some(8))),
        );
        check("Object.onPress(index.android.bundle:2342:3773)", None);
        check("f (/app/a.js:1:2)", None);
        check("Array.forEach(<anonymous>)", None);
        check("N.C.M(String name)", None);
        check("N.C.M()", None);
        check("N.C.M(Int32 a) in /x.cs:line 4", None);
        check("x", None);
    }

    #[track_caller]
    fn check_throwable(line: &str, expected: Option<(&str, &str, &str)>) {
        let found = throwable(line);
        let found = found.as_ref().map(|(before, exception)| {
            (
                *before,
                exception.qualified_name(),
                exception.message.as_str(),
            )
        });
        let found = found
            .as_ref()
            .map(|(before, name, message)| (*before, name.as_str(), *message));
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn throwables() {
        check_throwable(
            "java.lang.IllegalStateException",
            Some(("", "java.lang.IllegalStateException", "")),
        );
        check_throwable(
            "java.io.IOException: a: b",
            Some(("", "java.io.IOException", "a: b")),
        );
        check_throwable(
            "Exception in thread \"main\" a.b.Oops: no",
            Some(("Exception in thread \"main\" ", "a.b.Oops", "no")),
        );
        check_throwable(
            "ERROR c.f.Foo - bad: java.lang.RuntimeException: x",
            Some(("ERROR c.f.Foo - bad: ", "java.lang.RuntimeException", "x")),
        );
        check_throwable("ERROR c.f.Foo: it broke", None);
        check_throwable("found   : Error", None);
        check_throwable("SomeException: foo", Some(("", "SomeException", "foo")));
        check_throwable(
            "a.b.C$OopsException: x",
            Some(("", "a.b.C$OopsException", "x")),
        );
        check_throwable("at a.b.C", None);
        check_throwable("just words", None);
    }
}
