//! Text that is no JSON: whose fault is it?
//!
//! A service that is down answers with a page, or with nothing, and the program reads that as JSON. A guard would hide the
//! outage, so it is not for code. What the program itself made or keeps is.

use ingest::Frame;

use crate::BugClass;

/// Types that JSON parsers throw.
const TYPES: &[&str] = &[
    "JSONDecodeError",
    "JsonParseException",
    "JsonSyntaxException",
    "JsonMappingException",
    "MalformedJsonException",
    "MismatchedInputException",
    "JSONException",
    "JsonException",
    "JsonReaderException",
    "JsonDecodingException",
    "ParserError",
    "DecodeError",
];

/// What they say, in runtimes whose parser throws a type of wider use; in lower case.
const WORDS: &[&str] = &[
    "in json at position",
    "is not valid json",
    "end of json input",
    "json.parse:",
    "json parse error",
    "looking for beginning of value",
    "expected value at line 1 column 1",
    "unexpected character (at character 1)",
];

/// A page, in lower case.
const PAGE: &[&str] = &[
    "token <",
    "token '<'",
    "character '<'",
    "character: <",
    "code 60",
    "at '<",
    "<html",
    "<!doctype",
    "bad gateway",
    "service unavailable",
    "use jsonreader.setlenient",
];

/// Nothing, or something that is not even the beginning of JSON.
const START: &[&str] = &[
    "line 1 column 1",
    "at position 0",
    "end of json input",
    "at character 1)",
    "end of input at character 0",
];

/// Libraries that ask others.
const CLIENTS: &[&str] = &[
    "requests/",
    "requests\\",
    "httpx",
    "aiohttp",
    "urllib",
    "axios",
    "node-fetch",
    "undici",
    "superagent",
    "net/http",
    "faraday",
    "httparty",
    "guzzle",
    "okhttp",
    "retrofit",
    "httpclient",
    "resttemplate",
    "package:http/",
    "package:dio/",
    "httpoison",
    "tesla",
    "phin",
];

/// Names that programs give to what others answered; in source lines, in lower case.
const ANSWERS: &[&str] = &[
    "response", "resp.", "resp)", "res.", "req.", ".json()", "fetch", "url", "http", ".content",
    "r.text", "results.",
];

/// Whether an exception says that a text is no JSON; the message is in lower case.
pub(super) fn is_decoding(type_name: &str, message: &str) -> bool {
    TYPES.contains(&type_name) || WORDS.iter().any(|word| message.contains(word))
}

/// Whose fault it is, as far as the message (in lower case) and the stack tell.
pub(super) fn class(message: &str, frames: &[Frame]) -> Option<BugClass> {
    if PAGE.iter().any(|word| message.contains(word)) {
        return Some(BugClass::Upstream);
    }
    let inner = || frames.iter().rev().take(8);
    let is_client = inner().any(|frame| {
        let place = format!("{} {}", frame.path, frame.function).to_lowercase();
        CLIENTS.iter().any(|client| place.contains(client))
    });
    let is_answer = inner().any(|frame| {
        let line = frame.context_line.as_deref().unwrap_or_default();
        let line = line.to_lowercase();
        ANSWERS.iter().any(|name| line.contains(name))
    });
    if is_client || is_answer {
        return Some(BugClass::Upstream);
    }
    let is_start = START.iter().any(|word| message.contains(word));
    (!is_start).then_some(BugClass::BadValue)
}
