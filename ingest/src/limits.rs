//! How much of hostile or runaway input is kept, where it enters.
//!
//! Memory is bounded by these alone, whatever the length of the input: one record, the open traces, records and split
//! lines of [`MAX_STREAMS`] streams, and what one event may hold.

/// Bytes of one line, JSON document or envelope item that are held at once; of a longer text line the rest is
/// discarded, a longer document is dropped as [`crate::DropReason::TooLarge`]. Sentry's own limit for an event is 1 MiB
/// compressed (<https://develop.sentry.dev/sdk/data-model/envelopes/#size-limits>).
pub const MAX_RECORD_BYTES: usize = 16 << 20;

/// Bytes of an HTTP request's body as it is sent. Sentry takes 20 MiB
/// (<https://develop.sentry.dev/sdk/data-model/envelopes/#size-limits>).
pub const MAX_COMPRESSED_BODY_BYTES: usize = 20 << 20;

/// Bytes of an HTTP request's body after decompression.
pub const MAX_BODY_BYTES: usize = 32 << 20;

/// Bytes of the events of one HTTP or gRPC request, roughly as they are in memory; further ones are dropped as
/// [`crate::DropReason::TooLarge`]. The shortest records are some bytes long, and their events hundreds.
pub const MAX_REQUEST_EVENT_BYTES: usize = 4 * MAX_BODY_BYTES;

/// Bytes of what an OTLP request says once of many records (the attributes of a resource or a span) that are copied to their
/// events in all; those after them go without.
pub const MAX_COPIED_BYTES: usize = MAX_BODY_BYTES;

/// Bytes of a line of text that a trace parser looks at.
pub const MAX_TEXT_LINE_BYTES: usize = 64 << 10;

/// Bytes that are looked at to tell a file's format.
pub const SNIFF_BYTES: usize = 64 << 10;

/// Bytes of one source line kept in a frame.
pub const MAX_SOURCE_LINE_BYTES: usize = 2 << 10;

/// Source lines kept before or after a frame's own.
pub const MAX_CONTEXT_LINES: usize = 32;

/// Bytes of a function name, path, type name or other short field.
pub const MAX_NAME_BYTES: usize = 4 << 10;

/// Bytes of an exception's or event's message.
pub const MAX_MESSAGE_BYTES: usize = 32 << 10;

/// Bytes of the message of an error that was logged without a trace: there may be many kinds of them.
pub const MAX_LOGGED_MESSAGE_BYTES: usize = 8 << 10;

/// Lines of an exception's message, with its notes.
pub const MAX_MESSAGE_LINES: usize = 256;

/// Frames kept of one exception: the first half and the last half of them. The JVM prints as many
/// (`MaxJavaStackTraceDepth`).
pub const MAX_FRAMES: usize = 1024;

/// Exceptions kept of one event; those nearest to the surface stay.
pub const MAX_EXCEPTIONS: usize = 64;

/// Levels of exception groups inside each other (CPython prints 10: `TracebackException.max_group_depth`).
pub const MAX_GROUP_DEPTH: usize = 16;

/// Levels of nested JSON containers; deeper documents are dropped. This is `serde_json`'s own limit.
pub const MAX_JSON_DEPTH: usize = 128;

/// Bytes of the local variables kept of one frame, and of one attribute.
pub const MAX_VALUE_BYTES: usize = 64 << 10;

/// Attributes kept of one event.
pub const MAX_ATTRIBUTES: usize = 512;

/// Traces of one stream that may be open at the same time (several containers or processes in one log).
pub const MAX_OPEN_TRACES: usize = 16;

/// Lines of others that may stand inside one trace before it counts as torn.
pub const MAX_FOREIGN_LINES: usize = 24;

/// Streams told apart in one input (`stdout`, `stderr`, the pods and services that one file holds).
pub const MAX_STREAMS: usize = 32;

/// Bytes of a line that a container runtime split, put together. Runtimes split at 16 KiB.
pub const MAX_SPLIT_LINE_BYTES: usize = 2 << 20;

/// Records of one stream that may be open at the same time, where other programs' lines stand between theirs.
pub const MAX_OPEN_RECORDS: usize = 16;

/// Bytes of a record's message with its further lines, where records are asked for.
pub const MAX_RECORD_TEXT_BYTES: usize = 128 << 10;

/// Cuts a string to at most `limit` bytes, at a character's border.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
