use ingest::Frame;

use super::*;

mod printed;

#[track_caller]
fn check(type_name: &str, source: &str, expected: Fixability) {
    let frame = Frame {
        path: "/app/x.py".into(),
        context_line: Some(source.into()),
        ..Frame::default()
    };
    let exception = Exception {
        type_name: type_name.into(),
        frames: vec![frame],
        ..Exception::default()
    };
    let found = assess(&ErrorEvent {
        exceptions: vec![exception],
        ..ErrorEvent::default()
    });
    assert_eq!(found.kind, expected, "{type_name}: {}", found.reason);
}

#[test]
fn the_world_and_the_user_are_not_for_code() {
    check(
        "ConnectionRefusedError",
        "sock.connect(sa)",
        Fixability::NotFixable,
    );
    check("OSError", "file.write(line)", Fixability::NotFixable);
    check("ValidationError", "check(order)", Fixability::NotFixable);
    check(
        "ValueError",
        "raise ValueError(\"quantity must be positive\")",
        Fixability::Unsure,
    );
    check("AssertionError", "assert x", Fixability::Unsure);
}

#[test]
fn a_message_alone_is_not_for_code() {
    let found = assess(&ErrorEvent {
        message: Some("it broke".into()),
        ..ErrorEvent::default()
    });
    assert_eq!(found.kind, Fixability::NotFixable);
    assert!(
        found.reason.contains("no") && found.reason.contains("trace"),
        "{}",
        found.reason
    );
}

#[test]
fn defects_are() {
    check(
        "KeyError",
        "return order[\"discount\"]",
        Fixability::Fixable,
    );
    check("KeyError", "raise KeyError(key)", Fixability::Fixable);
    check("ValueError", "return max(widths)", Fixability::Fixable);
}

/// What is said of one exception without frames.
fn class_of(platform: Platform, type_name: &str, message: &str) -> Assessment {
    let exception = Exception {
        type_name: type_name.into(),
        message: message.into(),
        ..Exception::default()
    };
    assess(&ErrorEvent {
        platform,
        exceptions: vec![exception],
        ..ErrorEvent::default()
    })
}

#[track_caller]
fn check_class(platform: Platform, type_name: &str, message: &str, expected: BugClass) {
    let found = class_of(platform, type_name, message);
    assert_eq!(found.class, expected, "{type_name}: {message}: {found:?}");
}

#[test]
fn a_key_may_be_called_like_a_failure() {
    check_class(
        Platform::Python,
        "KeyError",
        "'timeout'",
        BugClass::KeyMissing,
    );
    check_class(
        Platform::JavaScript,
        "TypeError",
        "Cannot read properties of undefined (reading 'timeout')",
        BugClass::NoneDeref,
    );
}

#[test]
fn a_wrapper_says_what_it_wraps() {
    check_class(
        Platform::Java,
        "RuntimeException",
        "java.lang.NullPointerException: no body",
        BugClass::NoneDeref,
    );
    check_class(
        Platform::Java,
        "CompletionException",
        "java.net.ConnectException: no further information",
        BugClass::Network,
    );
}

#[test]
fn what_a_result_holds_decides() {
    let unwrap = "called `Result::unwrap()` on an `Err` value: ";
    let refused = format!("{unwrap}Os {{ code: 111, kind: ConnectionRefused }}");
    check_class(Platform::Rust, "panic", &refused, BugClass::Network);
    let number = format!("{unwrap}ParseIntError {{ kind: InvalidDigit }}");
    check_class(Platform::Rust, "panic", &number, BugClass::BadValue);
}

#[test]
fn a_page_in_place_of_json_is_the_services_fault() {
    let page = "Unexpected token '<', \"<html><h\"... is not valid JSON";
    check_class(
        Platform::JavaScript,
        "SyntaxError",
        page,
        BugClass::Upstream,
    );
    let own = "\"[object Object]\" is not valid JSON";
    check_class(Platform::JavaScript, "SyntaxError", own, BugClass::BadValue);
}

#[test]
fn an_endless_message_or_chain_is_looked_at_in_part() {
    let link = |index| Exception {
        type_name: "E".repeat(10_000),
        message: "ä: ".repeat(1_000_000),
        parent: Some(ingest::Parent {
            index,
            link: Link::Cause,
        }),
        ..Exception::default()
    };
    let found = assess(&ErrorEvent {
        exceptions: vec![link(0); 3],
        ..ErrorEvent::default()
    });
    assert_eq!(found.kind, Fixability::Unsure);
}

#[test]
fn a_reporters_word_alone_makes_no_dependency() {
    let kind = |functions: &[&str]| {
        let frame = |function: &&str| Frame {
            function: (*function).to_owned(),
            path: "Orders.java".into(),
            in_app: Some(false),
            ..Frame::default()
        };
        let exception = Exception {
            type_name: "ArithmeticException".into(),
            message: "/ by zero".into(),
            frames: functions.iter().map(frame).collect(),
            ..Exception::default()
        };
        assess(&ErrorEvent {
            platform: Platform::Java,
            exceptions: vec![exception],
            ..ErrorEvent::default()
        })
        .kind
    };
    let thread = "java.lang.Thread.run";
    assert_eq!(
        kind(&[thread, "org.apache.Pool.size"]),
        Fixability::NotFixable
    );
    assert_eq!(
        kind(&[thread, "com.example.Orders.mean"]),
        Fixability::Fixable
    );
}

#[test]
fn a_name_alone_may_say_that_it_is_not_for_code() {
    for name in [
        "ConnectionError",
        "ConnectionRefusedError",
        "ConnectionResetError",
        "ConnectionAbortedError",
        "BrokenPipeError",
        "TimeoutError",
        "gaierror",
        "herror",
        "timeout",
        "ConnectTimeout",
        "ReadTimeout",
        "ConnectTimeoutError",
        "NewConnectionError",
        "MaxRetryError",
        "RemoteDisconnected",
        "IncompleteRead",
        "SSLError",
        "SSLCertVerificationError",
        "ProxyError",
        "EndpointConnectionError",
        "ServiceUnavailable",
        "HTTPError",
        "URLError",
        "ClientConnectorError",
        "ServerDisconnectedError",
        "NoBrokersAvailable",
        "OperationalError",
        "InterfaceError",
        "InternalError",
        "ServerSelectionTimeoutError",
        "AutoReconnect",
        "PoolTimeout",
        "TooManyConnections",
        "OSError",
        "IOError",
        "PermissionError",
        "FileNotFoundError",
        "IsADirectoryError",
        "NotADirectoryError",
        "FileExistsError",
        "BlockingIOError",
        "ProcessLookupError",
        "ChildProcessError",
        "MemoryError",
        "KeyboardInterrupt",
        "SystemExit",
        "CancelledError",
        "GeneratorExit",
        "ModuleNotFoundError",
        "ImportError",
        "ImproperlyConfigured",
        "NoCredentialsError",
        "ConfigurationError",
        "PermissionDenied",
        "Forbidden",
        "Unauthorized",
        "BadRequest",
        "Http404",
        "HTTPException",
        "AuthenticationError",
        "RateLimitExceeded",
    ] {
        check(name, "connect()", Fixability::NotFixable);
    }
}
