//! What every source is turned into: one failure of the program, as it was reported.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json::size;

/// One error that a program reported: one traceback (with its chain), whatever form it arrived in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorEvent {
    /// The reporter's own id (`event_id` in Sentry); absent in text logs.
    pub id: Option<String>,
    /// When it happened, as reported (RFC 3339 or the log line's own form); not interpreted.
    pub timestamp: Option<String>,
    /// The language runtime that failed.
    pub platform: Platform,
    /// The version of the program that failed, as reported: a SHA, a tag, `name@version`, …
    pub release: Option<String>,
    /// The log message beside the exception (`Exception on /orders [POST]`), without the traceback.
    pub message: Option<String>,
    /// The exceptions of the chain. Index 0 is the one that surfaced (in Python the last printed);
    /// every other one has a [`Exception::parent`] with a smaller index. Empty for an error that was logged without a
    /// trace: it has a message.
    pub exceptions: Vec<Exception>,
    /// Whatever else the source told: tags, request, extra, logger. Keys as reported.
    pub attributes: BTreeMap<String, Value>,
}

/// The language runtime that a trace comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// CPython or PyPy.
    Python,
    /// Node, a browser, Hermes or another engine.
    JavaScript,
    /// The JVM, code in Java.
    Java,
    /// The JVM, code in Kotlin.
    Kotlin,
    /// The JVM, code in Scala.
    Scala,
    /// The JVM, code in Clojure.
    Clojure,
    /// The JVM, code in Groovy.
    Groovy,
    /// Go.
    Go,
    /// Rust.
    Rust,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// .NET or Mono.
    CSharp,
    /// Dart, with or without Flutter.
    Dart,
    /// Elixir or Erlang.
    Elixir,
    /// Perl 5.
    Perl,
    /// Lua, also in OpenResty.
    Lua,
    /// Haskell, compiled by GHC.
    Haskell,
    /// OCaml.
    OCaml,
    /// Julia.
    Julia,
    /// Crystal.
    Crystal,
    /// Swift, where its own runtime reports.
    Swift,
    /// Machine code with no runtime that prints traces: C, C++, Swift, Objective-C and the Linux kernel, as sanitizers, crash
    /// reporters and the kernel itself see it.
    Native,
    /// Another one, or not known.
    #[default]
    Other,
}

/// One exception of an event's chain.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Exception {
    /// The bare class name, without its module: `KeyError`, `JMESPathTypeError`. Where no class was thrown, the runtime's
    /// word for what happened: `panic`, `fatal error`, `heap-use-after-free`. Empty if a stack came without any.
    pub type_name: String,
    /// The module of the class (`jmespath.exceptions`, `java.lang`), where it was reported before a dot.
    pub module: Option<String>,
    /// The message, without notes; may have several lines; empty if there was none.
    pub message: String,
    /// `add_note` lines (PEP 678).
    pub notes: Vec<String>,
    /// The call stack, **oldest call first**: the last frame is where it was raised.
    pub frames: Vec<Frame>,
    /// How many more of the oldest frames there are, which were not printed because the parent's stack has them too
    /// ("... 12 more").
    #[serde(default)]
    pub common_frames: u32,
    /// Where it was raised, if the runtime says so apart from the frames (Rust's panics).
    #[serde(default)]
    pub location: Option<Location>,
    /// Which exception of [`ErrorEvent::exceptions`] this one hangs on, and how; `None` for index 0.
    pub parent: Option<Parent>,
}

/// A place in a source file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The file as reported. Untrusted: never opened.
    pub path: String,
    /// 1-based line.
    pub line: Option<u32>,
    /// 1-based column.
    pub column: Option<u32>,
}

/// How an exception hangs on another one of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Index in [`ErrorEvent::exceptions`], smaller than one's own.
    pub index: usize,
    /// The relation to it.
    pub link: Link,
}

/// Why one exception stands under another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// `raise … from this` ("The above exception was the direct cause of …").
    Cause,
    /// Being handled when the parent was raised ("During handling of the above exception …").
    Context,
    /// A member of an exception group.
    Member,
    /// Raised while the parent was already on its way, and set aside (Java's `Suppressed:`).
    Suppressed,
}

/// One call of the stack.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The function's bare or qualified name as reported: `parse`, `Parser.parse`, `<module>`, `<lambda>`; in text logs as
    /// printed, without the arguments (.NET prints parameters, which belong to the name). Empty if none.
    pub function: String,
    /// The dotted module, where it was reported.
    pub module: Option<String>,
    /// The file as reported, absolute where both forms were; empty if none. Untrusted: never opened.
    pub path: String,
    /// 1-based line.
    pub line: Option<u32>,
    /// 1-based column, as reported; runtimes count bytes, characters or UTF-16 units.
    #[serde(default)]
    pub column: Option<u32>,
    /// 0-based half-open range of bytes in `context_line` (as given there, unstripped) that carets or columns marked.
    pub columns: Option<(u32, u32)>,
    /// Whether it is the application's own: as the reporter says, else `Some(false)` where the path is surely a library's.
    pub in_app: Option<bool>,
    /// The source line, where it was reported. In text logs it is stripped of its indentation.
    pub context_line: Option<String>,
    /// The lines before it, oldest first.
    pub pre_context: Vec<String>,
    /// The lines after it.
    pub post_context: Vec<String>,
    /// Local variables at the time of the crash, as reported (for Sentry: reprs inside JSON).
    pub locals: BTreeMap<String, Value>,
    /// How many further times this frame and its predecessors of the same cycle were left out
    /// ("[Previous line repeated 975 more times]"); 0 as a rule.
    pub repeated: u32,
}

impl Exception {
    /// The full class name where the module is known, else the bare one.
    pub fn qualified_name(&self) -> String {
        match &self.module {
            Some(module) if module != "builtins" && !module.is_empty() => {
                format!("{module}.{}", self.type_name)
            }
            _ => self.type_name.clone(),
        }
    }
}

impl ErrorEvent {
    /// Fills what is missing with what the record says that led to the trace, unless it is the trace's own beginning.
    pub(crate) fn fill(&mut self, record: Self) {
        let own = self.exception().message.as_str();
        let text = record.message.as_deref().unwrap_or_default().trim();
        if !own.is_empty() && text.contains(own) {
            return;
        }
        if self.message.is_none() && !text.is_empty() {
            self.message = Some(text.to_owned());
        }
        self.timestamp = self.timestamp.take().or(record.timestamp);
        for (key, value) in record.attributes {
            self.attributes.entry(key).or_insert(value);
        }
    }

    /// A rough size in memory.
    pub(crate) fn n_bytes(&self) -> usize {
        let of_values = |values: &BTreeMap<String, Value>| -> usize {
            let values = values.iter();
            values
                .map(|(key, value)| 2 * size_of::<Value>() + key.len() + size(value, usize::MAX))
                .sum()
        };
        let of_frame = |frame: &Frame| {
            let lines = frame.pre_context.iter().chain(&frame.post_context);
            size_of::<Frame>()
                + frame.function.len()
                + frame.path.len()
                + lines
                    .map(|line| line.len() + size_of::<String>())
                    .sum::<usize>()
                + of_values(&frame.locals)
        };
        let of_exception = |exception: &Exception| {
            size_of::<Exception>()
                + exception.message.len()
                + exception.frames.iter().map(of_frame).sum::<usize>()
        };
        size_of::<Self>()
            + self.message.as_ref().map_or(0, String::len)
            + of_values(&self.attributes)
            + self.exceptions.iter().map(of_exception).sum::<usize>()
    }

    /// The exception that tells where it happened: the one that surfaced, unless only one beneath it has frames. One
    /// without type, message and frames if the event has none.
    pub fn traced(&self) -> &Exception {
        self.exceptions
            .iter()
            .find(|e| !e.frames.is_empty())
            .unwrap_or_else(|| self.exception())
    }

    /// The exception that surfaced, or one without type, message and frames if the event has none.
    pub fn exception(&self) -> &Exception {
        static NONE: Exception = Exception {
            type_name: String::new(),
            module: None,
            message: String::new(),
            notes: Vec::new(),
            frames: Vec::new(),
            common_frames: 0,
            location: None,
            parent: None,
        };
        self.exceptions.first().unwrap_or(&NONE)
    }
}
