//! Single lines of a fatal error and its stack.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Exception, Frame, Location},
    lang::{
        image::{is_system_path, named},
        place::Place,
    },
    limits::{MAX_NAME_BYTES, cut},
    pattern::regex,
};

const KINDS: &str = "[Ff]atal error|[Pp]recondition failed|[Aa]ssertion failed";

/// `Shop/Cart.swift:12: Fatal error: no stock`, since Swift 5.4.
static PLACE_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?P<path>\S+\.swift):(?P<line>\d+): (?P<kind>{KINDS})(?:: (?P<message>.*))?$"
    ))
});
/// `Fatal error: no stock: file Cart.swift, line 12`, before.
static PLACE_LAST: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?P<kind>{KINDS})(?:: (?P<message>.*?))?: file (?P<path>[^:]+\.swift), line (?P<line>\d+)$"
    ))
});
/// `Fatal error: no stock`.
static BARE: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r"^(?P<kind>{KINDS}): (?P<message>.+)$")));
/// `💣 Program crashed: Bad pointer dereference at 0x4`, with stars where there are no colours.
static CRASHED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:(?:💣|\*\*\*) )?(?P<title>Program crashed|Swift runtime failure|Fatal error): (?P<message>.*?)(?: \*\*\*)?$",
    )
});
/// `Thread 1 "NIO-ELT-0-#0" crashed:`.
static THREAD: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"^Thread \d+(?: ".*")?(?P<crashed> crashed)?:$"#));

/// The fatal error that a line reports with its place, and what stands before it.
pub(super) fn fatal(line: &str) -> Option<(&str, Exception)> {
    let line = cut(line, 4 * MAX_NAME_BYTES);
    let found = PLACE_FIRST
        .captures(line)
        .or_else(|| PLACE_LAST.captures(line))?;
    let from = found.get(0)?.start();
    let text = |name: &str| found.name(name).map_or("", |found| found.as_str());
    let mut exception = exception(text("kind"), text("message"));
    exception.location = Some(Location {
        path: cut(text("path"), MAX_NAME_BYTES).to_owned(),
        line: text("line").parse().ok(),
        column: None,
    });
    Some((&line[..from], exception))
}

/// The one that a line reports without a place, which others print too.
pub(super) fn bare_fatal(line: &str) -> Option<Exception> {
    let found = BARE.captures(cut(line.trim(), 4 * MAX_NAME_BYTES))?;
    Some(exception(&found["kind"], &found["message"]))
}

/// What the crash handler says of the crash, and what stands before it.
pub(super) fn crashed(line: &str) -> Option<(&str, Exception)> {
    let line = cut(line, 4 * MAX_NAME_BYTES);
    let found = CRASHED.captures(line)?;
    let from = found.get(0)?.start();
    let message = &found["message"];
    let kind = match &found["title"] {
        "Program crashed" => message.split(" at 0x").next().unwrap_or(message),
        _ => "Fatal error",
    };
    Some((&line[..from], exception(kind, message)))
}

/// Why LLDB stopped a program that crashed: `signal SIGSEGV: address not mapped to object (fault address=0x8)`,
/// `EXC_BAD_ACCESS (code=1, address=0x8)`.
static STOPPED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:signal )?(?P<kind>SIG(?:SEGV|ABRT|BUS|FPE|ILL|SYS|TRAP)|EXC_[A-Z_]+)(?::? (?P<message>.*))?$",
    )
});

/// What LLDB gives as the reason of a stop, unless it is none of a crash: a breakpoint, a step, another thread's.
pub(super) fn stopped(reason: &str) -> Option<Exception> {
    let reason = cut(reason.trim(), MAX_NAME_BYTES);
    bare_fatal(reason).or_else(|| {
        let found = STOPPED.captures(reason)?;
        let message = found.name("message").map_or("", |message| message.as_str());
        Some(exception(&found["kind"], message))
    })
}

/// What swift-backtrace and LLDB say of it.
pub(super) fn exception(kind: &str, message: &str) -> Exception {
    // Old releases wrote it small.
    let mut kind = kind.to_owned();
    if let Some(first) = kind.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Exception {
        type_name: kind,
        message: message.trim().to_owned(),
        ..Exception::default()
    }
}

/// A thread's title: whether it is the one that crashed.
pub(super) fn thread(text: &str) -> Option<bool> {
    let found = THREAD.captures(cut(text, MAX_NAME_BYTES))?;
    Some(found.name("crashed").is_some())
}

/// `1 [ra] [inlined] 0x0000558a9022b860 Cart.total(of:) + 12 in shop at /app/Cart.swift:12:5`, with or without addresses.
pub(super) fn frame(text: &str) -> Option<Frame> {
    let text = cut(text.trim(), MAX_NAME_BYTES);
    let n = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, mut rest) = text.split_at(n);
    if number.is_empty() || !rest.starts_with(' ') {
        return None;
    }
    let mut is_library = false;
    rest = rest.trim_start();
    while let Some((mark, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        if !matches!(mark, "ra" | "async" | "inlined" | "thunk" | "system") {
            return None;
        }
        is_library |= matches!(mark, "thunk" | "system");
        rest = after.trim_start();
    }
    let (has_address, rest) = match address(rest) {
        Some(after) => (true, after.trim_start()),
        None => (false, rest),
    };
    let (rest, place) = match rest.rsplit_once(" at ") {
        Some((before, place)) if is_place(place) => (before, Place::of(place)),
        _ => (rest, Place::default()),
    };
    let (symbol, image) = rest.rsplit_once(" in ").unwrap_or((rest, ""));
    let is_image = !image.is_empty() && !image.contains(['(', ')', '#']);
    let (symbol, image) = if is_image {
        (symbol, image)
    } else {
        (rest, "")
    };
    if !has_address && !is_image {
        return None;
    }
    Some(settled(symbol, image, place, is_library))
}

/// `0x558a9022b860, Shop.Cart.total(of: Swift.Int) -> Swift.Int at /app/Cart.swift:12`, as swift-backtrace prints.
pub(super) fn package_frame(text: &str) -> Option<Frame> {
    let text = cut(text.trim(), MAX_NAME_BYTES);
    let rest = address(text)?;
    if rest.is_empty() {
        return Some(Frame::default());
    }
    let rest = rest.strip_prefix(", ")?;
    let (symbol, place) = match rest.rsplit_once(" at ") {
        Some((symbol, place)) if is_place(place) => (symbol, Place::of(place)),
        _ => (rest, Place::default()),
    };
    let own = without_result(symbol);
    let is_handler = own.contains("printBacktrace") || own.contains("Backtrace.install");
    let is_failure = own.starts_with("Swift runtime failure: ");
    Some(settled(own, "", place, is_handler || is_failure))
}

/// A function's type ends with what it returns; those of its arguments do as well.
fn without_result(symbol: &str) -> &str {
    let mut depth = 0_usize;
    let end = symbol.char_indices().find(|&(at, c)| {
        match c {
            '(' | '<' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '>' if !symbol[..at].ends_with('-') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && symbol[at..].starts_with(" -> ")
    });
    end.map_or(symbol, |(at, _)| &symbol[..at])
}

/// `  * frame #3: 0x000000010ea004 shop`Cart.total(of=3, self=0x1) at Cart.swift:12:5`, as LLDB prints.
pub(super) fn debugger_frame(text: &str) -> Option<Frame> {
    let text = cut(text.trim(), MAX_NAME_BYTES);
    let rest = text.strip_prefix("* ").unwrap_or(text);
    let (number, rest) = rest.strip_prefix("frame #")?.split_once(": ")?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    let rest = address(rest).filter(|_| is_number)?.trim_start();
    let (image, rest) = rest.split_once('`').unwrap_or((rest, ""));
    let rest = rest.strip_suffix(" [opt]").unwrap_or(rest);
    let (symbol, place) = match rest.rsplit_once(" at ") {
        Some((symbol, place)) if Place::of(place).n_numbers > 0 => (symbol, Place::of(place)),
        _ => (rest, Place::default()),
    };
    // The arguments are values.
    let open = symbol.find('(').filter(|_| symbol.contains('='));
    Some(settled(
        &symbol[..open.unwrap_or(symbol.len())],
        image,
        place,
        false,
    ))
}

/// The rest after an address.
fn address(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("0x")?;
    let n = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
    (n > 0).then(|| &digits[n..])
}

fn is_place(text: &str) -> bool {
    Place::of(text).n_numbers > 0 || text.contains('/') || text.starts_with('<')
}

fn settled(symbol: &str, image: &str, place: Place<'_>, is_library: bool) -> Frame {
    let (symbol, offset) = match symbol.rsplit_once(" + ") {
        Some((symbol, offset)) if offset.bytes().all(|byte| byte.is_ascii_digit()) => {
            (symbol, offset.parse().ok())
        }
        _ => (symbol, None),
    };
    let frame = named(image, symbol.trim(), offset);
    let is_library = is_library || is_library_path(place.path);
    Frame {
        module: frame.module.filter(|module| !module.is_empty()),
        in_app: if is_library {
            Some(false)
        } else {
            frame.in_app
        },
        path: if place.path.is_empty() {
            frame.path
        } else {
            place.path.to_owned()
        },
        line: place.line.filter(|line| *line > 0),
        column: place.column,
        ..frame
    }
}

/// Whether a file belongs to a library, where that is sure: the standard library's have no folder but `Swift`, those of
/// packages lie where the package manager checks them out.
fn is_library_path(path: &str) -> bool {
    path.contains("/checkouts/")
        || path.starts_with("Swift/")
        || path.contains("/swift/stdlib/")
        || path.ends_with("<compiler-generated>")
        || is_system_path(path)
}

/// The number and code of a line of a source excerpt: `     4│   ptr.pointee = 42`; the marker's line has no number.
pub(super) fn excerpt(text: &str) -> Option<(Option<u32>, &str)> {
    let (number, code) = text.trim_start().split_once('│')?;
    let number = number.trim();
    (number.is_empty() || number.parse::<u32>().is_ok()).then(|| (number.parse().ok(), code.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fatal_errors() {
        let shown = |line: &str| {
            let (lead, exception) = fatal(line)?;
            let place = exception.location.unwrap_or_default();
            Some(format!(
                "{lead:?} {}: {:?} {}:{}",
                exception.type_name,
                exception.message,
                place.path,
                place.line.unwrap_or(0)
            ))
        };
        let check = |line: &str, expected: &str| assert_eq!(shown(line).as_deref(), Some(expected));
        check(
            "Swift/ContiguousArrayBuffer.swift:600: Fatal error: Index out of range",
            "\"\" Fatal error: \"Index out of range\" Swift/ContiguousArrayBuffer.swift:600",
        );
        check(
            "x: shop/main.swift:5: Fatal error",
            "\"x: \" Fatal error: \"\" shop/main.swift:5",
        );
        check(
            "fatal error: no: stock: file /app/My Shop/main.swift, line 5",
            "\"\" Fatal error: \"no: stock\" /app/My Shop/main.swift:5",
        );
        check(
            "Assertion failed: file a.swift, line 5",
            "\"\" Assertion failed: \"\" a.swift:5",
        );
        assert_eq!(
            shown("cart.c:3:10: fatal error: cart.h: No such file or directory"),
            None
        );
        assert_eq!(
            shown("PHP Fatal error:  Uncaught Gone: no in /app/a.php:3"),
            None
        );
        assert_eq!(
            shown("/app/Cart.swift:12:5: error: cannot find 'x' in scope"),
            None
        );
    }

    #[test]
    fn frames() {
        let shown = |frame: Option<Frame>| {
            frame.map(|frame| {
                let place = format!("{}:{}", frame.path, frame.line.unwrap_or(0));
                (frame.function, frame.module, place, frame.in_app)
            })
        };
        let is = |function: &str, image: &str, place: &str, in_app| {
            let image = (!image.is_empty()).then(|| image.to_owned());
            Some((function.to_owned(), image, place.to_owned(), in_app))
        };
        assert_eq!(
            shown(frame(
                "0 closure #1 in f() + 404 in shop at /app/Cart.swift:4:15"
            )),
            is("closure #1 in f()", "shop", "/app/Cart.swift:4", None)
        );
        assert_eq!(
            shown(frame(
                "12 [ra] [inlined] [system] 0x000055868fff9411 a<A>(_:) + 6 in shop at /x/<compiler-generated>"
            )),
            is("a<A>(_:)", "shop", "/x/<compiler-generated>:0", Some(false))
        );
        assert_eq!(
            shown(frame(
                "0 0x00007f592d1df48a __sigsuspend + 74 in libc-2.31.so"
            )),
            is("__sigsuspend", "libc-2.31.so", ":0", Some(false))
        );
        assert_eq!(
            shown(frame("0 0x00007f592d1df48a <unknown> in shop")),
            is("", "shop", ":0", None)
        );
        assert_eq!(shown(frame("2 items in cart (full)")), None);
        assert_eq!(shown(frame("2 [done] items in cart")), None);
        assert_eq!(
            shown(package_frame(
                "0x55d0, closure #1 (Swift.Int) -> () in static Shop.Cart.total(of: (Swift.Int) -> ()) -> () at /app/Cart.swift:12"
            )),
            is("closure #1 (Swift.Int)", "", "/app/Cart.swift:12", None)
        );
        assert_eq!(
            shown(package_frame(
                "0x55d0, Shop.Cart.total(of: (Swift.Int) -> Swift.Array<Swift.Int>) -> () at /app/Cart.swift:12"
            )),
            is(
                "Shop.Cart.total(of: (Swift.Int) -> Swift.Array<Swift.Int>)",
                "",
                "/app/Cart.swift:12",
                None
            )
        );
        assert_eq!(
            shown(debugger_frame(
                "  * frame #3: 0x0000000100003f50 shop`Cart.total(n=3) at Cart.swift:12:5 [opt]"
            )),
            is("Cart.total", "shop", "Cart.swift:12", None)
        );
        assert_eq!(
            shown(debugger_frame(
                "frame #0: 0x00000001 libswiftCore.dylib`swift_fatal + 26"
            )),
            is("swift_fatal", "libswiftCore.dylib", ":0", Some(false))
        );
    }

    #[test]
    fn reasons_of_stops() {
        let of = |reason: &str| stopped(reason).map(|e| (e.type_name, e.message));
        let is = |kind: &str, message: &str| Some((kind.to_owned(), message.to_owned()));
        assert_eq!(of("Fatal error: no stock"), is("Fatal error", "no stock"));
        assert_eq!(of("signal SIGABRT"), is("SIGABRT", ""));
        assert_eq!(
            of("signal SIGSEGV: invalid address (fault address: 0x8)"),
            is("SIGSEGV", "invalid address (fault address: 0x8)")
        );
        assert_eq!(
            of("EXC_BAD_ACCESS (code=1, address=0x8)"),
            is("EXC_BAD_ACCESS", "(code=1, address=0x8)")
        );
        for reason in [
            "breakpoint 1.1",
            "signal SIGSTOP",
            "step over",
            "signal SIGINT",
        ] {
            assert_eq!(of(reason), None, "{reason}");
        }
    }

    #[test]
    fn titles_and_excerpts() {
        let of = |line: &str| crashed(line).map(|(_, e)| (e.type_name, e.message));
        let is = |kind: &str, message: &str| Some((kind.to_owned(), message.to_owned()));
        assert_eq!(
            of("*** Program crashed: Bad pointer dereference at 0x04 ***"),
            is("Bad pointer dereference", "Bad pointer dereference at 0x04")
        );
        assert_eq!(
            of("💣 Swift runtime failure: arithmetic overflow"),
            is("Fatal error", "arithmetic overflow")
        );
        assert_eq!(thread("Thread 1 \"NIO-ELT-0-#0\" crashed:"), Some(true));
        assert_eq!(thread("Thread 0:"), Some(false));
        assert_eq!(thread("Thread 0 crashed"), None);
        assert_eq!(excerpt("     4│   a = b!  "), Some((Some(4), "a = b!")));
        assert_eq!(excerpt("      │       ▲"), Some((None, "▲")));
        assert_eq!(excerpt("a │ b"), None);
    }
}
