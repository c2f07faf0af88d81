//! How well redaction does on the corpus: recall by secrets, precision by replaced spans.

use std::{collections::BTreeMap, ops::Range};

use ingest::{RedactionKey, Redactor};

use super::corpus::{self, Case};

/// Counts of one kind of case, or of many.
#[derive(Debug, Default, Clone)]
pub(crate) struct Score {
    pub(crate) n_secrets: usize,
    /// Secrets of which nothing usable is left.
    pub(crate) n_gone: usize,
    pub(crate) n_spans: usize,
    /// Replaced spans that overlap a secret.
    pub(crate) n_right: usize,
    /// What went wrong, to read.
    pub(crate) mistakes: Vec<String>,
}

impl Score {
    pub(crate) fn recall(&self) -> f64 {
        self.n_gone as f64 / self.n_secrets.max(1) as f64
    }

    pub(crate) fn precision(&self) -> f64 {
        self.n_right as f64 / self.n_spans.max(1) as f64
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.n_secrets += other.n_secrets;
        self.n_gone += other.n_gone;
        self.n_spans += other.n_spans;
        self.n_right += other.n_right;
        self.mistakes.extend(other.mistakes.iter().cloned());
    }
}

/// A redactor with always the same key.
pub(crate) fn redactor() -> Redactor {
    Redactor::new(RedactionKey::new(*b"0123456789abcdef"))
}

/// The scores of the corpus by whether a case is held out and by its kind.
pub(crate) fn all() -> BTreeMap<(bool, String), Score> {
    let redactor = redactor();
    let mut scores: BTreeMap<(bool, String), Score> = BTreeMap::new();
    for case in corpus::read("secrets")
        .iter()
        .chain(&corpus::read("look-alikes"))
    {
        let mut event = case.event();
        redactor.event(&mut event);
        let redacted = case.text_of(&event);
        let score = scores
            .entry((case.is_held_out, case.kind.clone()))
            .or_default();
        score.add(&judge(case, &redacted));
    }
    scores
}

fn judge(case: &Case, redacted: &str) -> Score {
    let mut score = Score {
        n_secrets: case.secrets.len(),
        ..Score::default()
    };
    assert_eq!(case.text.len(), redacted.len(), "{}\n{redacted}", case.text);
    for secret in &case.secrets {
        if survives(&case.text, redacted, secret) {
            let what = format!("left:  {}\n       {redacted}", &case.text[secret.clone()]);
            score.mistakes.push(what);
        } else {
            score.n_gone += 1;
        }
    }
    for span in spans(&case.text, redacted) {
        score.n_spans += 1;
        let is_right = |secret: &Range<usize>| secret.start < span.end && span.start < secret.end;
        if case.secrets.iter().any(is_right) {
            score.n_right += 1;
        } else {
            let what = format!("taken: {}\n       {}", &case.text[span.clone()], case.text);
            score.mistakes.push(what);
        }
    }
    score
}

/// Whether six characters in a row of a secret are as they were, or the whole of a shorter one.
fn survives(text: &str, redacted: &str, secret: &Range<usize>) -> bool {
    let before = &text.as_bytes()[secret.clone()];
    let after = &redacted.as_bytes()[secret.clone()];
    let n = before.len().min(6);
    let is_left = before.windows(n).zip(after.windows(n)).any(|(a, b)| a == b);
    is_left || redacted.contains(&text[secret.clone()])
}

/// The stretches that differ. Characters that are the same by chance, or are kept as punctuation, do not end one.
pub(crate) fn spans(text: &str, redacted: &str) -> Vec<Range<usize>> {
    let is_end = |byte: &u8| b" \n\t\"'&;,=<>()".contains(byte);
    let mut spans: Vec<Range<usize>> = Vec::new();
    for (at, (a, b)) in text.bytes().zip(redacted.bytes()).enumerate() {
        if a == b {
            continue;
        }
        match spans.last_mut() {
            Some(last)
                if at - last.end <= 6 && !text.as_bytes()[last.end..at].iter().any(is_end) =>
            {
                last.end = at + 1;
            }
            _ => spans.push(at..at + 1),
        }
    }
    for span in &mut spans {
        span.start = text.floor_char_boundary(span.start);
        span.end = text.ceil_char_boundary(span.end);
    }
    spans
}
