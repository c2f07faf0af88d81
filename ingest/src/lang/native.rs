//! Machine code: what the sanitizers of Clang and GCC print for C, C++, Swift and others, and what the libraries of C and
//! C++ print when they end a program.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Exception, Frame, Location, Platform},
    lang::{Above, Begun, Parsed, Step, place::Place, stack::Stack},
    limits::{MAX_NAME_BYTES, cut},
    pattern::regex,
};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &[
    "Sanitizer: ",
    ": runtime error: ",
    "terminate called ",
    " exception",
    "' failed.",
    "\n*** stack smashing detected",
    "\nfree(): double free",
    "\ndouble free or ",
];

/// Lines between the title and the first frame (what was read, by whom).
const MAX_DETAILS: usize = 16;

/// `==7009==ERROR: AddressSanitizer: heap-use-after-free on address …`.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?P<pid>==\d+== ?)?(?:ERROR|WARNING): (?P<tool>\w*Sanitizer): (?P<message>.+)$")
});
/// `src/a.c:12:49: runtime error: division by zero`.
static UNDEFINED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:^|\s)(?P<place>\S+:\d+(?::\d+)?): runtime error: (?P<message>.+)$")
});

/// How the libraries end a program: `terminate called after throwing an instance of 'std::out_of_range'` (libstdc++),
/// `libc++abi: terminating due to uncaught exception of type std::out_of_range: vector`, and glibc's own checks.
static ENDED: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    [
        r"terminate called after throwing an instance of '(?P<type>[^']+)'$",
        r"(?:libc\+\+abi(?:\.dylib)?: )?terminating (?:due to|with) uncaught exception of type (?P<type>[^:]+(?:::[^:]+)*)(?:: (?P<message>.*))?$",
        r"^(?P<message>(?:\*\*\* stack smashing detected \*\*\*|free\(\): double free detected|double free or corruption).*)$",
    ]
    .map(regex)
});
/// glibc's `assert`: ``shop: src/cart.c:12: total: Assertion `cart' failed.``.
static ASSERTED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:[\w.-]+: )?(?P<place>[^\s:]+:\d+): .*(?P<message>Assertion `.*' failed\.)$")
});

/// A report under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    stack: Stack,
    n_details: usize,
    /// Whether it is the library's that ended the program: there is no stack.
    is_end: bool,
}

/// The report whose title is in the line.
pub(crate) fn begin(line: &str, _above: Above<'_>) -> Option<Begun> {
    let line = cut(line, 2 * MAX_NAME_BYTES);
    if !TRIGGERS
        .iter()
        .any(|trigger| line.contains(trigger.trim_start_matches('\n')))
    {
        return None;
    }
    let end = ended(line);
    let is_end = end.is_some();
    let (lead, exception) = if let Some(end) = end {
        end
    } else if let Some(found) = TITLE.captures(line) {
        let message = found.name("message").map_or("", |message| message.as_str());
        // The allocator's warnings go on.
        if message.starts_with("failed to allocate") || message.starts_with("while searching") {
            return None;
        }
        let from = found.get(0).map_or(0, |found| found.start());
        let exception = Exception {
            type_name: kind(message).to_owned(),
            message: message.to_owned(),
            ..Exception::default()
        };
        (&line[..from], exception)
    } else {
        let found = UNDEFINED.captures(line)?;
        let place = found.name("place")?;
        let at = Place::of(place.as_str());
        let exception = Exception {
            type_name: "runtime error".to_owned(),
            message: found.name("message")?.as_str().to_owned(),
            location: Some(Location {
                path: at.path.to_owned(),
                line: at.line,
                column: at.column,
            }),
            ..Exception::default()
        };
        (&line[..place.start()], exception)
    };
    Some(Begun {
        lead: lead.to_owned(),
        is_everywhere: false,
        n_above: 0,
        before: String::new(),
        trace: crate::lang::Trace::Native(Box::new(Trace {
            stack: Stack::of(exception),
            n_details: 0,
            is_end,
        })),
    })
}

/// What a library says as it ends the program, and what stands before it.
fn ended(line: &str) -> Option<(&str, Exception)> {
    if let Some(found) = ASSERTED.captures(line) {
        let at = Place::of(found.name("place")?.as_str());
        let exception = Exception {
            type_name: "Assertion failed".to_owned(),
            message: found["message"].to_owned(),
            location: Some(Location {
                path: at.path.to_owned(),
                line: at.line,
                column: None,
            }),
            ..Exception::default()
        };
        return Some((&line[..found.get(0)?.start()], exception));
    }
    let found = ENDED.iter().find_map(|pattern| pattern.captures(line))?;
    let text = |name: &str| found.name(name).map_or("", |text| text.as_str());
    let kind = text("type");
    // An Objective-C exception has been reported before.
    if kind == "NSException" {
        return None;
    }
    let exception = Exception {
        type_name: if kind.is_empty() { "SIGABRT" } else { kind }.to_owned(),
        message: text("message").to_owned(),
        ..Exception::default()
    };
    Some((&line[..found.get(0)?.start()], exception))
}

/// What kind of error a title names: `heap-use-after-free`, `SEGV`, `data race`.
fn kind(message: &str) -> &str {
    let end = [" on ", " (", ": ", " in "]
        .iter()
        .filter_map(|end| message.find(end))
        .min()
        .unwrap_or(message.len());
    message[..end].trim_start_matches("attempting ")
}

/// `#1 0x29f0bb3 in Page::clear(int) src/page.h:23:5`, `#0 0xec3fdeb  (/lib/libc.so.6+0x1f)`.
fn frame(text: &str) -> Option<Frame> {
    let text = cut(text.trim(), MAX_NAME_BYTES);
    let (number, rest) = text.strip_prefix('#')?.split_once(' ')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let (address, rest) = rest.trim_start().strip_prefix("0x")?.split_once(' ')?;
    let is_address = address.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_number || !is_address {
        return None;
    }
    let rest = rest.trim();
    let rest = rest.strip_prefix("in ").unwrap_or(rest);
    let (function, location) = if let Some(module) = rest
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
        && (module.1.contains("+0x") || module.1 == "<unknown module>")
    {
        (module.0, module.1)
    } else {
        // Paths seldom have blanks, signatures often.
        match rest.rsplit_once(' ') {
            Some((function, location))
                if Place::of(location).n_numbers > 0 || location.contains('/') =>
            {
                (function, location)
            }
            _ => (rest, ""),
        }
    };
    let place = Place::of(location);
    Some(Frame {
        function: function.trim().to_owned(),
        path: place.path.to_owned(),
        line: place.line,
        column: place.column,
        in_app: in_app(function),
        ..Frame::default()
    })
}

/// Whether a function belongs to the application, where that is sure.
fn in_app(function: &str) -> Option<bool> {
    [
        "__asan_",
        "__interceptor_",
        "__sanitizer_",
        "__msan_",
        "__tsan_",
        "__ubsan_",
        "fuzzer::",
        "__libc_start_main",
        "_start",
    ]
    .iter()
    .any(|library| function.starts_with(library))
    .then_some(false)
}

impl Trace {
    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        if self.is_end {
            let what = line.trim().strip_prefix("what():");
            let is_taken = what.is_some_and(|what| self.stack.message_line(0, what.trim()));
            self.is_end &= !is_taken;
            self.n_details = MAX_DETAILS;
            return if is_taken { Step::Taken } else { Step::Over };
        }
        if let Some(frame) = frame(line) {
            self.stack.frame(0, frame);
            return Step::Taken;
        }
        self.n_details += 1;
        // Who freed and allocated it has stacks of their own, which are not the crash's.
        if self.stack.n_frames(0) > 0 || self.n_details > MAX_DETAILS {
            return Step::Over;
        }
        Step::Taken
    }

    /// What was read.
    pub(crate) fn finish(self) -> Parsed {
        Parsed {
            platform: Platform::Native,
            exceptions: self.stack.finish(),
            ..Parsed::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames() {
        let shown = |text: &str| frame(text).map(|frame| (frame.function, frame.path, frame.line));
        let is =
            |function: &str, path: &str, line| Some((function.to_owned(), path.to_owned(), line));
        assert_eq!(
            shown("#1 0x29f0bb3 in Page::clear(int, char) src/page.h:23:5"),
            is("Page::clear(int, char)", "src/page.h", Some(23))
        );
        assert_eq!(
            shown("    #0 0x4f13bb in operator delete(void*)"),
            is("operator delete(void*)", "", None)
        );
        assert_eq!(
            shown("#0 0x7fe7 in memcpy (/lib/libc.so.6+0xbd61be)"),
            is("memcpy", "/lib/libc.so.6+0xbd61be", None)
        );
        assert_eq!(shown("#0 main.<anonymous closure> (a.dart:1:2)"), None);
        assert_eq!(
            kind("heap-use-after-free on address 0x1 at pc 0x2"),
            "heap-use-after-free"
        );
        assert_eq!(kind("data race (pid=26043)"), "data race");
    }
}
