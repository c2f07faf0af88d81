//! Sentry envelopes: a header line, then items of a header line and a payload each.
//!
//! Source: <https://develop.sentry.dev/sdk/data-model/envelopes/>.

use std::io::{self, Read};

use serde_json::{Map, Value};

use crate::{
    json,
    outcome::{DropReason, Outcomes},
    source::Source,
};

/// Whether the input begins with an envelope's header and an item's.
pub(crate) fn is_start(head: &[u8]) -> bool {
    const KEYS: [&str; 6] = ["event_id", "dsn", "sdk", "sent_at", "trace", "retention"];
    let mut lines = head
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let mut object = || object(lines.next()?);
    let Some(header) = object() else { return false };
    header.keys().all(|key| KEYS.contains(&key.as_str()))
        && object()
            .is_some_and(|item| item.get("type").is_some_and(Value::is_string) && item.len() <= 8)
}

fn object(line: &[u8]) -> Option<Map<String, Value>> {
    match json::parse(line) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// Reads envelopes after each other; items that are not events are counted and dropped.
pub(crate) fn read<R: Read>(source: &mut Source<R>, out: &mut dyn Outcomes) -> io::Result<()> {
    let mut event_id: Option<Value> = None;
    while let Some(line) = source.line()? {
        let line = line
            .bytes
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(line.bytes)
            .trim_ascii();
        if line.is_empty() {
            continue;
        }
        let Some(header) = object(line) else {
            out.dropped(DropReason::Malformed);
            continue;
        };
        let Some(Value::String(kind)) = header.get("type") else {
            event_id = header.get("event_id").cloned();
            continue;
        };
        let is_event = matches!(kind.as_str(), "event" | "error");
        let length = header
            .get("length")
            .and_then(Value::as_u64)
            .map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        let Some(payload) = payload(source, length)? else {
            out.dropped(DropReason::TooLarge);
            continue;
        };
        if !is_event {
            out.dropped(DropReason::OtherItem);
            continue;
        }
        match json::parse(&payload) {
            Ok(Value::Object(mut event)) => {
                if let Some(id) = event_id.clone() {
                    event.entry("event_id").or_insert(id);
                }
                super::event(event, out);
            }
            Ok(_) => out.dropped(DropReason::Malformed),
            Err(reason) => out.dropped(reason),
        }
    }
    Ok(())
}

/// The bytes of a payload: as many as the header says, and the rest of a line that goes on; or one line.
fn payload<R: Read>(source: &mut Source<R>, length: Option<usize>) -> io::Result<Option<Vec<u8>>> {
    let Some(length) = length else {
        let line = source.line()?;
        return Ok(match line {
            Some(line) if line.is_cut => None,
            line => Some(line.map(|line| line.bytes.to_vec()).unwrap_or_default()),
        });
    };
    let payload = source.exactly(length)?.map(<[u8]>::to_vec);
    let rest = match source.peek(1)?.first() {
        None => return Ok(payload),
        Some(_) => source
            .line()?
            .map(|line| line.bytes.to_vec())
            .unwrap_or_default(),
    };
    Ok(payload.map(|mut payload| {
        // A length that counts characters, or from before an edit: JSON has no line feeds outside of its lines.
        payload.extend_from_slice(&rest);
        payload
    }))
}
