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
