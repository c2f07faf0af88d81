//! What went wrong, in the words of the benchmark's cases.

use ingest::Exception;
use serde::Serialize;

/// The kind of a bug, told from the exception alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BugClass {
    /// Something is `None` that should not be.
    NoneDeref,
    /// A mapping lacks a key.
    KeyMissing,
    /// An index is out of range.
    IndexRange,
    /// A value has another type than the code expects.
    TypeMismatch,
    /// An object lacks an attribute.
    AttrMissing,
    /// A name is not bound.
    UnboundName,
    /// A division by zero.
    ZeroDiv,
    /// Text that cannot be encoded or decoded.
    Encoding,
    /// A call with other arguments than the function takes.
    WrongArg,
    /// A value that no branch handles.
    MissingCase,
    /// A recursion without end.
    Recursion,
    /// None of these.
    Other,
}

impl BugClass {
    /// The class of an exception.
    pub fn of(exception: &Exception) -> Self {
        let message = exception.message.as_str();
        match exception.type_name.as_str() {
            "KeyError" => Self::KeyMissing,
            "IndexError" => Self::IndexRange,
            "ZeroDivisionError" => Self::ZeroDiv,
            "RecursionError" => Self::Recursion,
            "NameError" | "UnboundLocalError" | "ReferenceError" => Self::UnboundName,
            name if name.starts_with("Unicode") => Self::Encoding,
            "AttributeError" | "TypeError"
                if message.contains("NoneType")
                    || message.contains("of null")
                    || message.contains("of undefined") =>
            {
                Self::NoneDeref
            }
            "AttributeError" => Self::AttrMissing,
            "TypeError"
                if message.contains("argument")
                    && (message.contains("positional")
                        || message.contains("unexpected keyword")
                        || message.contains("missing")) =>
            {
                Self::WrongArg
            }
            "TypeError" => Self::TypeMismatch,
            "NotImplementedError" => Self::MissingCase,
            _ => Self::Other,
        }
    }
}
