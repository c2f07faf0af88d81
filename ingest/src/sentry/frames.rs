//! Stack frames of Sentry events, which come oldest first.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    event::Frame,
    json::{scalar, size},
    lang::chain::Frames,
    limits::{MAX_CONTEXT_LINES, MAX_NAME_BYTES, MAX_SOURCE_LINE_BYTES, MAX_VALUE_BYTES, cut},
};

/// The frames of a `stacktrace`, whatever of it is usable.
pub(crate) fn read(stacktrace: &Value) -> Vec<Frame> {
    let frames = stacktrace.get("frames").unwrap_or(stacktrace);
    keep_ends(frames.as_array().into_iter().flatten().filter_map(frame))
}

/// The first and the last of too many frames.
pub(crate) fn keep_ends(frames: impl Iterator<Item = Frame>) -> Vec<Frame> {
    let mut kept = Frames::default();
    frames.for_each(|frame| kept.push(frame));
    kept.into_vec()
}

fn frame(frame: &Value) -> Option<Frame> {
    let frame = frame.as_object()?;
    let text = |key: &str| {
        frame
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let name = |key: &str| text(key).map(|text| cut(text, MAX_NAME_BYTES).to_owned());
    let context_line = text("context_line").map(source_line);
    Some(Frame {
        function: name("function").unwrap_or_default(),
        module: name("module"),
        path: name("abs_path").or(name("filename")).unwrap_or_default(),
        line: number(frame.get("lineno")),
        column: number(frame.get("colno")),
        columns: number(frame.get("colno"))
            .and_then(|column| Some((column.checked_sub(1)?, column))),
        in_app: frame.get("in_app").and_then(Value::as_bool),
        pre_context: source_lines(frame.get("pre_context"), true),
        post_context: source_lines(frame.get("post_context"), false),
        context_line,
        locals: locals(frame.get("vars").and_then(Value::as_object)),
        repeated: 0,
    })
}

/// A whole number, also as a string or with a fraction of zero.
fn number(value: Option<&Value>) -> Option<u32> {
    match value? {
        Value::Number(number) => {
            let number = number.as_u64().or_else(|| {
                number
                    .as_f64()
                    .filter(|n| n.fract() == 0.0 && *n >= 0.0)
                    .map(|n| n as u64)
            })?;
            u32::try_from(number).ok()
        }
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn source_line(line: &str) -> String {
    cut(line.trim_end_matches(['\r', '\n']), MAX_SOURCE_LINE_BYTES).to_owned()
}

/// Source lines nearest to the frame's own.
fn source_lines(value: Option<&Value>, is_before: bool) -> Vec<String> {
    let lines = value
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let n = lines.len().min(MAX_CONTEXT_LINES);
    let near = if is_before {
        &lines[lines.len() - n..]
    } else {
        &lines[..n]
    };
    near.iter()
        .map(|line| source_line(line.as_str().unwrap_or("")))
        .collect()
}

/// Local variables, as many as fit into [`MAX_VALUE_BYTES`].
pub(crate) fn locals(members: Option<&Map<String, Value>>) -> BTreeMap<String, Value> {
    let mut left = MAX_VALUE_BYTES;
    let mut kept = BTreeMap::new();
    for (name, value) in members.into_iter().flatten() {
        let bytes = size(value, left) + name.len();
        if bytes <= left {
            left -= bytes;
            kept.insert(name.clone(), value.clone());
        }
    }
    kept
}

/// A message or the like that should be a string.
pub(crate) fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(value) => scalar(value).unwrap_or_else(|| match value {
            Value::String(_) => String::new(),
            other => cut(&other.to_string(), MAX_NAME_BYTES).to_owned(),
        }),
    }
}
