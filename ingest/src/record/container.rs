//! Streams inside of what a container runtime or a runner writes, and lines that it split.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;
use serde_json::Value;

use super::level::severity;
use crate::{
    limits::{MAX_SPLIT_LINE_BYTES, MAX_STREAMS},
    pattern::regex,
};

/// The streams of one input, told apart by name; the first one has none.
#[derive(Debug)]
pub(crate) struct Streams<T> {
    streams: Vec<Stream<T>>,
}

/// One writer's lines.
#[derive(Debug)]
struct Stream<T> {
    name: String,
    reader: T,
    /// The beginning of a line that the runtime split.
    partial: Vec<u8>,
    /// Whether this stream's pieces have been seen to end in line feeds, so that one without is not finished.
    has_line_feeds: bool,
}

impl<T> Streams<T> {
    /// Streams of which the nameless one has this reader.
    pub(crate) fn new(reader: T) -> Self {
        Self {
            streams: vec![Stream::new("", reader)],
        }
    }

    /// The reader of a stream.
    pub(crate) fn reader(&mut self, at: usize) -> &mut T {
        &mut self.streams[at].reader
    }

    /// The reader of the nameless stream.
    pub(crate) fn first(&self) -> &T {
        &self.streams[0].reader
    }

    /// All readers.
    pub(crate) fn readers(&self) -> impl Iterator<Item = &T> {
        self.streams.iter().map(|stream| &stream.reader)
    }

    /// Whether a line of any stream lacks its rest.
    pub(crate) fn has_partial(&self) -> bool {
        self.streams.iter().any(|stream| !stream.partial.is_empty())
    }

    /// How many streams there are.
    pub(crate) fn len(&self) -> usize {
        self.streams.len()
    }

    /// The index of a stream by name. Beyond [`MAX_STREAMS`] the oldest makes room; its reader is handed back, with the
    /// beginning of a line that was not finished.
    pub(crate) fn at(
        &mut self,
        name: &str,
        new: impl FnOnce() -> T,
    ) -> (usize, Option<(T, Vec<u8>)>) {
        if let Some(at) = self.streams.iter().position(|stream| stream.name == name) {
            return (at, None);
        }
        let oldest = (self.streams.len() > MAX_STREAMS).then(|| {
            let oldest = self.streams.remove(1);
            (oldest.reader, oldest.partial)
        });
        self.streams.push(Stream::new(name, new()));
        (self.streams.len() - 1, oldest)
    }

    /// Takes a piece of a stream's line; the whole line once its last piece is there, and whether it was cut at
    /// [`MAX_SPLIT_LINE_BYTES`].
    pub(crate) fn whole<'a>(
        &mut self,
        at: usize,
        piece: &'a [u8],
        is_part: bool,
    ) -> Option<(Cow<'a, [u8]>, bool)> {
        let partial = &mut self.streams[at].partial;
        if !is_part && partial.is_empty() {
            return Some((Cow::Borrowed(piece), false));
        }
        let room = MAX_SPLIT_LINE_BYTES.saturating_sub(partial.len());
        partial.extend_from_slice(&piece[..piece.len().min(room)]);
        let is_cut = partial.len() >= MAX_SPLIT_LINE_BYTES;
        (!is_part).then(|| (Cow::Owned(std::mem::take(partial)), is_cut))
    }

    /// The lines of a container's record, each with whether it is only a part.
    pub(crate) fn pieces<'a>(&mut self, at: usize, log: &'a str) -> Vec<(&'a [u8], bool)> {
        let stream = &mut self.streams[at];
        log.split_inclusive('\n')
            .map(|line| {
                let content = line.strip_suffix('\n');
                stream.has_line_feeds |= content.is_some();
                let is_part = content.is_none() && stream.has_line_feeds;
                (content.unwrap_or(line).as_bytes(), is_part)
            })
            .collect()
    }

    /// The beginning of a line whose rest never came.
    pub(crate) fn take_partial(&mut self, at: usize) -> Option<Vec<u8>> {
        let partial = std::mem::take(&mut self.streams[at].partial);
        (!partial.is_empty()).then_some(partial)
    }
}

impl<T> Stream<T> {
    fn new(name: &str, reader: T) -> Self {
        Self {
            name: name.to_owned(),
            reader,
            partial: Vec::new(),
            has_line_feeds: false,
        }
    }
}

/// A line of the Kubernetes container runtime interface.
pub(crate) struct CriLine<'a> {
    pub(crate) stream: &'a str,
    pub(crate) timestamp: &'a str,
    pub(crate) is_part: bool,
    pub(crate) content: &'a [u8],
}

/// Reads `<RFC 3339 time> stdout F <content>`; `P` for a part.
///
/// Source: <https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md>.
pub(crate) fn cri(bytes: &[u8]) -> Option<CriLine<'_>> {
    if bytes.len() < 30 || bytes[4] != b'-' || bytes[10] != b'T' || !bytes[0].is_ascii_digit() {
        return None;
    }
    let mut fields = bytes.splitn(4, |&byte| byte == b' ');
    let timestamp = std::str::from_utf8(fields.next()?).ok()?;
    let stream = match fields.next()? {
        b"stdout" => "stdout",
        b"stderr" => "stderr",
        _ => return None,
    };
    let is_part = match fields.next()? {
        b"F" => false,
        b"P" => true,
        _ => return None,
    };
    Some(CriLine {
        stream,
        timestamp,
        is_part,
        content: fields.next().unwrap_or(b""),
    })
}

/// The line inside a record of Docker's `json-file` driver, or of a collector that kept its form.
pub(crate) struct ContainerRecord<'a> {
    pub(crate) stream: String,
    pub(crate) timestamp: Option<&'a str>,
    pub(crate) log: &'a str,
}

/// Reads such a record.
pub(crate) fn container_record(value: &Value) -> Option<ContainerRecord<'_>> {
    let record = value.as_object()?;
    let text = |key: &str| record.get(key).and_then(Value::as_str);
    let log = text("log")?;
    let stream = text("stream");
    if stream.is_none()
        && !record.contains_key("kubernetes")
        && !(record.len() == 2 && (record.contains_key("time") || record.contains_key("date")))
    {
        return None;
    }
    let of = |key: &str, inner: &str| {
        record
            .get(key)
            .and_then(|value| value.get(inner))
            .and_then(Value::as_str)
    };
    let owner = text("container_id")
        .or(of("docker", "container_id"))
        .or(of("kubernetes", "pod_name"));
    Some(ContainerRecord {
        stream: format!("{} {}", stream.unwrap_or(""), owner.unwrap_or("")),
        timestamp: text("time").or(text("timestamp")).or(text("date")),
        log,
    })
}

/// What a runner puts before every line that it passes on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed<'a> {
    /// The service of Docker Compose.
    pub(crate) service: Option<&'a str>,
    pub(crate) timestamp: Option<&'a str>,
    pub(crate) content: &'a str,
}

/// Strips the service that Docker Compose puts before a line, padded to the longest one's name and a blank, and the time that GitHub's runners, `docker logs -t` and
/// `kubectl logs --timestamps` do. Those times have more digits than a logging library's.
pub(crate) fn passed(line: &str) -> Passed<'_> {
    static SERVICE: LazyLock<Regex> = LazyLock::new(|| regex(r"^([A-Za-z0-9][\w.-]*) {2,}\| ?"));
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"^\u{feff}?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7,9}(?:Z|[+-]\d\d:\d\d))(?: |$)")
    });
    let mut passed = Passed {
        content: line,
        ..Passed::default()
    };
    for (pattern, field) in [
        (&SERVICE, &mut passed.service),
        (&TIME, &mut passed.timestamp),
    ] {
        if let Some(found) = pattern.captures(passed.content)
            && severity(&found[1]).is_none()
        {
            *field = found.get(1).map(|part| part.as_str());
            passed.content = &passed.content[found.get(0).map_or(0, |whole| whole.end())..];
        }
    }
    passed
}
