//! How much of a log is remembered.

/// Bytes of a line that are looked at; headers and the words that tell events apart come first.
pub(super) const MAX_LINE_BYTES: usize = 16 << 10;

/// Bytes of a message with its values masked; what is behind does not count.
pub(super) const MAX_SHAPE_BYTES: usize = 1 << 10;

/// Shapes that are remembered: with their templates at most 2 KiB each.
pub(super) const MAX_SHAPES: usize = 16 << 10;

/// Ids of templates that became others, which are remembered.
pub(super) const MAX_MERGED: usize = 64 << 10;

/// Lines that a header is learned from.
pub(super) const MAX_HEADER_LINES: usize = 1024;

/// Lines that a header is first learned from: fewer have too much in common.
pub(super) const MIN_HEADER_LINES: usize = 16;

/// Anchors of a header.
pub(super) const MAX_ANCHORS: usize = 12;

/// Bytes of a bracketed group in a header.
pub(super) const MAX_HEADER_TOKEN_BYTES: usize = 256;

/// Ways in which the masks lie in templates of one length that a new shape is compared with.
pub(super) const MAX_LAYOUTS: usize = 32;

/// Tokens of a shape, from its beginning, that may be learned to be values.
pub(super) const MAX_LEARNED_TOKENS: usize = 64;
