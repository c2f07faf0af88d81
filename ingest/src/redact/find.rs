//! One pass over a text that says what is to be replaced in it.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::{
    RedactionKey, assignments, mask,
    names::{NAMES, Sensitivity},
    personal,
    shapes::{self, SHAPES},
};

/// What form a replacement has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Letters and digits.
    Opaque,
    /// A mail address, and how its `@` is written.
    Mail(&'static str),
    /// A payment card's number.
    Card,
    /// A bank account's.
    Iban,
    /// An address of the old Internet.
    Ip4,
    /// One of the new.
    Ip6,
}

/// Stretches of a text, each with the form that it is replaced in.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<(Range<usize>, Form)>);

impl Findings {
    /// Whether a place lies in the secret that was found last.
    fn covers(&self, at: usize) -> bool {
        self.0.last().is_some_and(|(range, _)| range.contains(&at))
    }

    pub(super) fn add(&mut self, range: Range<usize>, form: Form) {
        if !range.is_empty() {
            self.0.push((range, form));
        }
    }

    /// The text with all of them replaced; of two that overlap, the one that begins first.
    fn apply(mut self, text: &str, key: &RedactionKey) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        // A password before an `@` is no part of a mail address.
        self.0.sort_by_key(|(range, form)| {
            (range.start, *form != Form::Opaque, usize::MAX - range.end)
        });
        let mut replaced = String::with_capacity(text.len());
        let mut done = 0;
        for (range, form) in self.0 {
            // What sticks out behind another one is as much of a secret.
            let (range, form) = match range.start.max(done) {
                start if start == range.start => (range, form),
                start if form == Form::Opaque && start < range.end => (start..range.end, form),
                _ => continue,
            };
            let value = &text[range.clone()];
            replaced.push_str(&text[done..range.start]);
            replaced.push_str(&match form {
                Form::Opaque => mask::opaque(value, key),
                Form::Mail(at_sign) => mask::mail(value, at_sign, key),
                Form::Card => mask::card(value, key),
                Form::Iban => mask::iban(value, key),
                Form::Ip4 => mask::ip_v4(value, key),
                Form::Ip6 => mask::ip_v6(value, key),
            });
            done = range.end;
        }
        replaced.push_str(&text[done..]);
        Some(replaced)
    }
}

/// Which text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What a program wrote: everything is looked for.
    Text,
    /// Source code, paths, names: secrets of well-known form only.
    Source,
}

/// Words that the rules begin with: first those of the shapes, then names.
///
/// All are looked for in one pass, without regard to case; a text that has none costs no more than that.
static ANCHORS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the words are constants, and every test makes it"
    )]
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(
            SHAPES
                .iter()
                .map(|shape| shape.anchor)
                .chain(NAMES.split(' ')),
        )
        .expect("constant words")
});

/// The text with secrets and personal data replaced; nothing if there are none.
pub(super) fn redact(text: &str, kind: Kind, key: &RedactionKey) -> Option<String> {
    let mut found = Findings::default();
    let mut names_done = 0;
    for hit in ANCHORS.find_overlapping_iter(text) {
        // Words inside a secret say nothing, and looking behind each would take quadratic time.
        if found.covers(hit.start()) {
            continue;
        }
        match SHAPES.get(hit.pattern().as_usize()) {
            Some(shape) => shapes::find(text, hit.range(), shape, &mut found),
            None if hit.start() < names_done => {}
            None => names_done = assignments::find(text, hit.range(), kind, &mut found),
        }
    }
    if kind == Kind::Text {
        personal::find(text, &mut found);
    }
    found.apply(text, key)
}

/// The text with a part of it replaced that has a telling name; nothing if that is no secret.
pub(super) fn redact_named(
    text: &str,
    part: Range<usize>,
    of: Sensitivity,
    key: &RedactionKey,
) -> Option<String> {
    let mut found = Findings::default();
    assignments::judge(text, part, of, &mut found);
    found.apply(text, key)
}

/// Whether a word can begin here: not within one, but behind an escape (`\n`, `%3D`).
pub(super) fn is_word_start(text: &str, at: usize) -> bool {
    let before = &text.as_bytes()[..at];
    match before {
        [.., b'\\', b'n' | b't' | b'r'] => true,
        [.., b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => true,
        [.., last] => !(last.is_ascii_alphanumeric() || *last == b'_'),
        [] => true,
    }
}
