//! What went wrong: in the words of the benchmark's cases where code is at fault, in the on-call's where it is not.

use serde::{Deserialize, Serialize};

/// The kind of a bug or of a failure around the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BugClass {
    /// Something is `None` (null, nil, undefined, not yet set) that should not be.
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
    /// A value of the right type that an operation cannot take: a number that is none, an empty sequence.
    BadValue,
    /// Something is used while it may not be: closed, borrowed, changed during iteration.
    InvalidState,
    /// A number that its type cannot hold.
    Overflow,
    /// Memory is read or written that is not the program's.
    MemorySafety,
    /// A peer refused, reset or did not answer.
    Network,
    /// A host name could not be resolved.
    Dns,
    /// A certificate or a handshake was refused.
    Tls,
    /// A database was away, full or busy.
    Database,
    /// A file is missing, a disk is full, a limit on open files is reached.
    Disk,
    /// Memory ran out.
    Memory,
    /// A right is missing.
    Permission,
    /// A password, key or token is missing, wrong or expired.
    Credentials,
    /// A setting is missing or wrong.
    Configuration,
    /// A package, library or program is missing, or its version clashes with another's.
    Dependency,
    /// A service on the other side failed, or answered with something else than it should.
    Upstream,
    /// A service on the other side wants fewer requests.
    RateLimit,
    /// Something took too long.
    Timeout,
    /// The program was stopped, or a release is being rolled out.
    Deploy,
    /// The program refuses a value on purpose.
    Validation,
    /// A user asked for what does not exist or is not theirs.
    UserInput,
    /// No frame of the program's own is in the stack.
    InDependency,
    /// None of these.
    Other,
}

impl BugClass {
    /// Whether a change of the program's code can cure it, as far as the class tells.
    pub fn is_code(self) -> bool {
        match self {
            Self::NoneDeref
            | Self::KeyMissing
            | Self::IndexRange
            | Self::TypeMismatch
            | Self::AttrMissing
            | Self::UnboundName
            | Self::ZeroDiv
            | Self::Encoding
            | Self::WrongArg
            | Self::MissingCase
            | Self::Recursion
            | Self::BadValue
            | Self::InvalidState
            | Self::Overflow
            | Self::MemorySafety
            | Self::Other => true,
            Self::Network
            | Self::Dns
            | Self::Tls
            | Self::Database
            | Self::Disk
            | Self::Memory
            | Self::Permission
            | Self::Credentials
            | Self::Configuration
            | Self::Dependency
            | Self::Upstream
            | Self::RateLimit
            | Self::Timeout
            | Self::Deploy
            | Self::Validation
            | Self::UserInput
            | Self::InDependency => false,
        }
    }

    /// What happened, for people; of classes that code can cure nothing that their name does not say.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Network => "a network peer refused, reset or did not answer",
            Self::Dns => "a host name could not be resolved",
            Self::Tls => "a certificate or a TLS handshake was refused",
            Self::Database => "a database refused or was away",
            Self::Disk => "the operating system refused a file or a resource",
            Self::Memory => "the machine was out of memory",
            Self::Permission => "a permission is missing",
            Self::Credentials => "credentials are missing, wrong or expired",
            Self::Configuration => "a setting is missing or wrong",
            Self::Dependency => "the environment lacks a module, or versions clash",
            Self::Upstream => "a service on the other side failed",
            Self::RateLimit => "a service on the other side limits the rate",
            Self::Timeout => "something took too long",
            Self::Deploy => "the program was stopped",
            Self::Validation => "the input is not acceptable",
            Self::UserInput => "a user asked for what is not there",
            Self::InDependency => "the crash is wholly inside a dependency",
            _ => "the program's own logic",
        }
    }

    /// What the on-call should look at, in one sentence; empty where there is nothing to say.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Network => {
                "Check that the peer named in the message runs and can be reached from this machine."
            }
            Self::Dns => {
                "Check the host name in the message and the resolver of this machine or cluster."
            }
            Self::Tls => {
                "Check the peer's certificate (expiry, chain, name) and this machine's trust store and clock."
            }
            Self::Database => {
                "Check that the database runs, takes connections, and that the pool is large enough and not leaking."
            }
            Self::Disk => {
                "Check free space, the limit on open files, mounts and the path in the message."
            }
            Self::Memory => {
                "Check the memory limit against use over time, and what ran when it was reached."
            }
            Self::Permission => {
                "Grant the right that the message names to the account that the service runs as."
            }
            Self::Credentials => {
                "Renew or correct the credentials that the service uses for the peer in the message."
            }
            Self::Configuration => {
                "Set or correct the setting that the message names, in every environment."
            }
            Self::Dependency => {
                "Compare the installed packages with the lock file, and look for two versions of the one in the message."
            }
            Self::Upstream => {
                "Look at the status of the service on the other side, and at what it answered."
            }
            Self::RateLimit => {
                "Lower the rate of requests to the service on the other side, or have its limit raised."
            }
            Self::Timeout => "Look at the load and latency of what was waited for.",
            Self::Deploy => "Compare the time with the last deployment or restart.",
            Self::InDependency => "Look for a newer release of the package in which it crashes.",
            _ => "",
        }
    }
}
