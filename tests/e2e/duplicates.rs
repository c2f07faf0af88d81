//! Bugs of a log that one fix cures.

use std::fs;

use tests::{Crash, Form, Outerloop, Repository};

use crate::shop;

pub(crate) const CLIENT: &str = r#""""Talks to a server."""


class Client:
    """One connection."""

    def __init__(self, host):
        self.host = host

    def connect(self):
        self._socket = [self.host]

    def close(self):
        """Ends the connection, if there is one."""
        if self._socket is not None:
            self._socket.clear()
            self._socket = None

    def is_open(self):
        """Whether there is a connection."""
        return self._socket is not None
"#;

/// Two ways to one line, on which each lacks something else.
pub(crate) const WAYS: &str = r#""""Talks to a server."""


class Client:
    """One connection."""

    def __init__(self, host):
        self.host = host

    def connect(self):
        self._socket = [self.host]

    def secure(self):
        self._keys = [self.host]

    def is_open(self):
        """Whether there is a connection that anybody can read."""
        return self._socket is not None and self._keys is None


def new(host):
    return Client(host).is_open()


def connected(host):
    client = Client(host)
    client.connect()
    return client.is_open()
"#;

/// Logs a call of each of the two ways.
pub(crate) fn calls_of_both_ways() -> [String; 2] {
    ["new", "connected"].map(|way| format!("from shop.client import {way}\n\n{way}(\"a\")\n"))
}

#[test]
fn what_a_fix_leaves_of_a_bug_is_another_one() {
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/client.py", WAYS)]);
    let log: String = calls_of_both_ways()
        .iter()
        .map(|script| {
            let log = repository.crash(Crash {
                script,
                root: "",
                shown: "/app",
                form: Form::Sentry,
            });
            fs::read_to_string(log).unwrap()
        })
        .collect();
    let log = repository.log(log);
    let run = Outerloop::fix(&log, &repository).and(["--output", "json"]);
    let answer = run.run().json(0);
    shop::check_shape(&answer);
    let bugs = answer["bugs"].as_array().unwrap();
    assert_eq!(bugs.len(), 2, "{answer:#}");
    let part = &bugs[0]["split_off"];
    assert_eq!(part["bug"], bugs[1]["id"], "{answer:#}");
    let id = bugs[0]["id"].as_str().unwrap();
    assert_eq!(part["reason"], format!("the fix of {id} does not cure it"));
    assert_eq!(
        (&bugs[0]["count"], &bugs[1]["count"]),
        (&1.into(), &1.into())
    );
    // The other one gets its turn.
    assert!(bugs[1]["reproduction"].is_object(), "{answer:#}");
    assert_ne!(bugs[0]["title"], bugs[1]["title"]);
}

#[test]
fn what_one_fix_cures_is_not_fixed_twice() {
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/client.py", CLIENT)]);
    let scripts = ["Client(\"a\").close()", "Client(\"a\").is_open()"]
        .map(|call| format!("from shop.client import Client\n\n{call}\n"));
    let log: String = scripts
        .iter()
        .map(|script| {
            let log = repository.crash(Crash {
                script,
                root: "",
                shown: "/app",
                form: Form::Sentry,
            });
            fs::read_to_string(log).unwrap()
        })
        .collect();
    let log = repository.log(log);
    let run = |output| {
        Outerloop::fix(&log, &repository)
            .and(["--output", output])
            .run()
    };
    let answer = run("json").json(0);
    shop::check_shape(&answer);
    let bugs = answer["bugs"].as_array().unwrap();
    assert_eq!(bugs.len(), 2, "{answer}");
    assert!(bugs[0]["fix"].is_object(), "{answer}");
    assert_eq!(bugs[1]["cured_by"], bugs[0]["id"], "{answer}");
    assert!(
        bugs[1]["fix"].is_null() && bugs[1]["reproduction"].is_object(),
        "{answer}"
    );
    let text = run("human").text();
    assert!(
        text.contains("2 bugs: 1 fixed, 1 cured by another's fix, 0 declined"),
        "{text}"
    );
}
