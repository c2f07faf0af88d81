//! Crash reports as JSON, since iOS 15 and macOS 12: a line that says what the file is, then the report.
//!
//! Source: <https://developer.apple.com/documentation/xcode/interpreting-the-json-format-of-a-crash-report>.

use serde_json::{Map, Value};

use super::{report::parsed, thrown};
use crate::{
    event::{ErrorEvent, Exception, Frame},
    json::scalar,
    lang::image::{is_system_path, named},
    limits::{MAX_FRAMES, MAX_MESSAGE_BYTES, MAX_NAME_BYTES, cut},
    source::clean_text,
};

/// Whether an object is the first line of such a file.
pub(crate) fn is_header(object: &Map<String, Value>) -> bool {
    ["bug_type", "incident_id", "os_version"]
        .iter()
        .all(|key| object.contains_key(*key))
}

/// Whether an object is a report of a crash.
pub(crate) fn is_report(object: &Map<String, Value>) -> bool {
    let is_list = |key: &str| object.get(key).is_some_and(Value::is_array);
    is_list("threads") && is_list("usedImages")
}

/// The crash that a report tells of; `None` if it is of a hang or another thing.
pub(crate) fn event(report: &Map<String, Value>) -> Option<ErrorEvent> {
    let text = |path: &[&str]| {
        let (last, outer) = path.split_last()?;
        let object = outer
            .iter()
            .try_fold(report, |object, key| object.get(*key)?.as_object())?;
        let text = object.get(*last).and_then(scalar)?;
        Some(clean_text(&text, MAX_MESSAGE_BYTES).into_owned())
    };
    let images = report.get("usedImages")?.as_array()?;
    let frames = |frames: Option<&Value>| -> Vec<Frame> {
        let frames = frames.and_then(Value::as_array).into_iter().flatten();
        frames
            .take(MAX_FRAMES)
            .filter_map(|value| frame(value, images))
            .collect()
    };
    let mut said = vec![
        text(&["exception", "signal"]),
        text(&["exception", "subtype"]),
    ];
    let mut thrown = None;
    let asi = report.get("asi").and_then(Value::as_object);
    for line in asi
        .into_iter()
        .flat_map(Map::values)
        .filter_map(Value::as_array)
        .flatten()
    {
        let line = line
            .as_str()
            .map(|line| clean_text(line, MAX_MESSAGE_BYTES).into_owned());
        match line.as_deref().and_then(thrown::exception) {
            Some((_, exception, _)) => thrown = Some(exception),
            None if line.as_deref() == Some("abort() called") => {}
            None => said.push(line),
        }
    }
    if let Some(name) = text(&["exceptionReason", "name"]) {
        thrown = Some(Exception {
            type_name: cut(&name, MAX_NAME_BYTES).to_owned(),
            message: text(&["exceptionReason", "composed_message"]).unwrap_or_default(),
            ..Exception::default()
        });
    }
    let said: Vec<String> = said
        .into_iter()
        .flatten()
        .map(|line| line.trim().to_owned())
        .collect();
    let surfaced = Exception {
        type_name: cut(&text(&["exception", "type"])?, MAX_NAME_BYTES).to_owned(),
        message: said.join("\n"),
        ..Exception::default()
    };
    let attributes = [
        ("process", text(&["procName"])),
        ("identifier", text(&["bundleInfo", "CFBundleIdentifier"])),
        (
            "version",
            text(&["bundleInfo", "CFBundleShortVersionString"]),
        ),
        ("os_version", text(&["osVersion", "train"])),
        ("termination_reason", text(&["termination", "indicator"])),
    ];
    let parsed = parsed(
        surfaced,
        frames(crashed(report).and_then(|thread| thread.get("frames"))),
        thrown,
        frames(report.get("lastExceptionBacktrace")),
        attributes
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect(),
    );
    let attributes = parsed.attributes.into_iter();
    Some(ErrorEvent {
        id: text(&["incident"]),
        timestamp: text(&["captureTime"]),
        platform: parsed.platform,
        exceptions: parsed.exceptions,
        attributes: attributes
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
        ..ErrorEvent::default()
    })
}

fn crashed(report: &Map<String, Value>) -> Option<&Value> {
    let threads = report.get("threads")?.as_array()?;
    let is_triggered = |thread: &&Value| thread.get("triggered") == Some(&Value::Bool(true));
    threads.iter().find(is_triggered).or_else(|| {
        let at = report.get("faultingThread")?.as_u64()?;
        threads.get(usize::try_from(at).ok()?)
    })
}

fn frame(frame: &Value, images: &[Value]) -> Option<Frame> {
    let frame = frame.as_object()?;
    let number = |key: &str| frame.get(key).and_then(Value::as_u64);
    let text = |value: &Map<String, Value>, key: &str| {
        let text = value.get(key).and_then(scalar).unwrap_or_default();
        clean_text(&text, MAX_NAME_BYTES).into_owned()
    };
    let image =
        number("imageIndex").and_then(|at| images.get(usize::try_from(at).ok()?)?.as_object());
    let name = image.map(|image| text(image, "name")).unwrap_or_default();
    let is_system = image.is_some_and(|image| is_system_path(&text(image, "path")));
    let own = named(&name, &text(frame, "symbol"), number("imageOffset"));
    let file = text(frame, "sourceFile");
    Some(Frame {
        path: if file.is_empty() { own.path } else { file },
        line: number("sourceLine")
            .and_then(|line| u32::try_from(line).ok())
            .filter(|line| *line > 0),
        in_app: if is_system { Some(false) } else { own.in_app },
        module: own.module.filter(|module| !module.is_empty()),
        ..own
    })
}
