//! The templates of a whole log.

use std::{
    collections::HashMap,
    io::{self, BufRead, Read, Write},
};

use super::{
    Template, TemplateId, Templates,
    limits::{MAX_HEADER_LINES, MAX_LINE_BYTES},
    mask::MASK,
};

/// The templates of a log, and which line has which.
#[derive(Debug, Clone, Default)]
pub struct OfLines {
    /// For each line, in the log's order, empty ones included.
    pub ids: Vec<TemplateId>,
    /// The oldest first.
    pub templates: Vec<Template>,
    /// Lines without words, whose id is [`TemplateId::NONE`].
    pub n_empty: u64,
    /// Lines that are not UTF-8; what is none was read as U+FFFD.
    pub n_invalid: u64,
    /// Lines of which only the beginning was read.
    pub n_cut: u64,
    /// Lines whose template was forgotten, because the log has too many.
    pub n_forgotten: u64,
}

/// Reads a log and learns its templates. What the last lines teach counts for the first ones too.
///
/// Holds four bytes a line, besides what [`Templates`] holds.
///
/// # Errors
///
/// Only the reader's.
pub fn of_lines(mut log: impl BufRead) -> io::Result<OfLines> {
    let mut found = OfLines::default();
    let mut first = Vec::new();
    while first.len() < MAX_HEADER_LINES
        && let Some(line) = found.next_line(&mut log)?
    {
        first.push(line);
    }
    let mut templates = Templates::of_log(&first.iter().map(String::as_str).collect::<Vec<_>>());
    for line in first {
        found.add(&mut templates, &line);
    }
    while let Some(line) = found.next_line(&mut log)? {
        found.add(&mut templates, &line);
    }
    found.templates = templates.all();
    found.n_forgotten = templates.n_forgotten();
    for id in &mut found.ids {
        *id = templates.current(*id);
    }
    Ok(found)
}

impl OfLines {
    /// Writes `id,template` for each line, in the log's order. Forgotten templates are a mask alone.
    ///
    /// # Errors
    ///
    /// Only the writer's.
    pub fn write_csv(&self, out: impl Write) -> io::Result<()> {
        let mut texts: HashMap<TemplateId, &str> = HashMap::from([(TemplateId::NONE, "")]);
        texts.extend(self.templates.iter().map(|t| (t.id, t.text.as_str())));
        let mut out = csv::Writer::from_writer(out);
        for id in &self.ids {
            let text = texts.get(id).copied().unwrap_or(MASK);
            out.write_record([id.0.to_string().as_str(), text])
                .map_err(|error| match error.into_kind() {
                    // The writer's own error, so that a closed pipe can be told.
                    csv::ErrorKind::Io(error) => error,
                    kind => io::Error::other(format!("{kind:?}")),
                })?;
        }
        out.flush()
    }

    fn add(&mut self, templates: &mut Templates, line: &str) {
        let id = templates.add(line);
        self.n_empty += u64::from(id == TemplateId::NONE);
        self.ids.push(id);
    }

    fn next_line(&mut self, log: &mut impl BufRead) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        log.by_ref()
            .take(MAX_LINE_BYTES as u64)
            .read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') && line.len() == MAX_LINE_BYTES {
            let n_more = log.skip_until(b'\n')?;
            self.n_cut += u64::from(n_more > 1);
        }
        let text = String::from_utf8_lossy(&line);
        self.n_invalid += u64::from(matches!(text, std::borrow::Cow::Owned(_)));
        Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
    }
}
