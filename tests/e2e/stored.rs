//! Bugs that the service has stored, from the store through the fixer and back.

use std::fs;

use serde_json::{Value, json};
use tests::{Crash, Form, KEY, Outerloop, Ran, Repository, Service};

use crate::{
    duplicates::{CLIENT, WAYS, calls_of_both_ways},
    shop,
};

/// Sends the crash of a script of the repository.
fn send(service: &Service, repository: &Repository, script: &str, id: u64) {
    let log = repository.crash(Crash {
        script,
        root: "",
        shown: "/app",
        form: Form::Sentry,
    });
    let mut event: Value = serde_json::from_str(&fs::read_to_string(log).unwrap()).unwrap();
    event["event_id"] = json!(format!("{id:032x}"));
    event["release"] = json!("1.0");
    let url = format!("{}?sentry_key={KEY}", service.url("/api/1/store/"));
    let answer = ureq::post(&url).send(event.to_string().as_bytes()).unwrap();
    assert_eq!(answer.status().as_u16(), 200);
}

fn fix<const N: usize>(service: &Service, repository: &Repository, which: [&str; N]) -> Ran {
    fixing(service, repository)
        .and(["--output", "json"])
        .and(which)
        .run()
}

fn fixing(service: &Service, repository: &Repository) -> Outerloop {
    Outerloop::with(["fix"])
        .and(["--repo".into(), repository.root().as_os_str().to_owned()])
        .and([
            "--config".into(),
            service.path("outerloop.toml").into_os_string(),
        ])
}

#[test]
fn a_stored_bug_is_fixed_and_left_alone_then() {
    let repository = shop::shop();
    let mut service = Service::new("");
    service.start();
    send(&service, &repository, shop::SCRIPT, 1);
    let id = service.bugs()[0]["id"].as_str().unwrap().to_owned();
    let answer = fix(&service, &repository, ["--bug", &id]).json(0);
    shop::check_shape(&answer);
    assert_eq!(answer["bugs"][0]["id"], id.as_str());
    // It is kept, diff and all, whatever becomes of the command and the service.
    service.kill();
    let bug = service.bugs().remove(0);
    let attempt = &bug["attempt"];
    assert_eq!(attempt["outcome"], "fixed", "{bug:#}");
    assert_eq!(attempt["fix"]["diff"], answer["bugs"][0]["fix"]["diff"]);
    assert_eq!(bug["fixer"]["worth"], 0.0, "{bug:#}");
    let printed = service.tell(&["bugs", "--bug", &id]).unwrap();
    assert!(
        printed.contains("  fixed, ") && printed.contains("(confidence 0."),
        "{printed}"
    );
    let next = fix(&service, &repository, ["--next", "5"]).json(4);
    assert_eq!(next["bugs"], json!([]), "{next}");
    for wrong in [["--bug", "nobody"], ["--log", "-"]] {
        let ran = fix(&service, &repository, ["--bug", &id, wrong[0], wrong[1]]);
        assert_eq!(ran.status, Some(2), "{}", ran.errors());
    }
}

/// Killed while it works on the second of two bugs: the first one's fix is kept, the second one is as if it had never been taken.
#[test]
fn a_fix_that_is_killed_midway_can_be_made_again() {
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/client.py", WAYS)]);
    let mut service = Service::new("");
    service.start();
    for (id, script) in (1..).zip(calls_of_both_ways()) {
        send(&service, &repository, &script, id);
    }
    // Two bugs, of which the second is not cured by the first one's fix.
    let id = service.bugs()[0]["id"].as_str().unwrap().to_owned();
    fix(&service, &repository, ["--bug", &id]).ended(0);
    service.sql("DELETE FROM attempts");
    for said in [
        "reproducing the crash",
        "trying candidates",
        "checking the finalists",
    ] {
        let before = service.bugs();
        assert_eq!(before.len(), 2, "{before:#?}");
        fixing(&service, &repository)
            .and(["--next", "1"])
            .kill_when(said);
        assert_eq!(service.bugs(), before, "killed when {said}");
    }
    let next = fixing(&service, &repository).and(["--next", "2"]);
    next.kill_when("[2/2] ");
    assert_eq!(service.sql("PRAGMA integrity_check"), ["ok"]);
    let attempts: Vec<Value> = service
        .bugs()
        .iter()
        .map(|bug| bug["attempt"].clone())
        .collect();
    let n_fixed = |attempts: &[Value]| {
        let is_fixed = |attempt: &&Value| attempt["outcome"] == "fixed";
        attempts.iter().filter(is_fixed).count()
    };
    assert_eq!(
        (n_fixed(&attempts), attempts.contains(&Value::Null)),
        (1, true),
        "{attempts:#?}"
    );
    // The other one is taken, as if nothing had been.
    let answer = fix(&service, &repository, ["--next", "2"]);
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(answer["bugs"].as_array().unwrap().len(), 1, "{answer:#}");
    assert!(answer["bugs"][0]["reproduction"].is_object(), "{answer:#}");
    let attempts: Vec<Value> = service
        .bugs()
        .iter()
        .map(|bug| bug["attempt"].clone())
        .collect();
    assert!(!attempts.contains(&Value::Null), "{attempts:#?}");
}

#[test]
fn what_one_fix_cures_becomes_one_bug_until_a_person_says_otherwise() {
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/client.py", CLIENT)]);
    let mut service = Service::new("");
    service.start();
    for (id, call) in [(1, "close"), (2, "is_open")] {
        let script = format!("from shop.client import Client\n\nClient(\"a\").{call}()\n");
        send(&service, &repository, &script, id);
    }
    assert_eq!(service.bugs().len(), 2);
    let answer = fix(&service, &repository, ["--next", "2"]).json(0);
    let (fixed, cured) = (&answer["bugs"][0], &answer["bugs"][1]);
    assert_eq!(cured["cured_by"], fixed["id"], "{answer}");
    let bugs = service.bugs();
    assert_eq!(bugs.len(), 1, "{bugs:#?}");
    assert_eq!(
        (&bugs[0]["id"], &bugs[0]["count"]),
        (&fixed["id"], &json!(2))
    );
    let said = format!("the fix of {} cures", fixed["id"].as_str().unwrap());
    let kinds = bugs[0]["kinds"].as_array().unwrap();
    let joined = kinds
        .iter()
        .find(|kind| kind["why"].as_str().unwrap().starts_with(&said))
        .unwrap_or_else(|| panic!("{bugs:#?}"));
    let text = bugs[0]["decisions"][0]["text"].as_str().unwrap();
    assert!(text.starts_with(&said), "{text}");
    let kind = joined["id"].as_str().unwrap();
    let id = fixed["id"].as_str().unwrap();
    service.tell(&["split", id, kind]).unwrap();
    assert_eq!(service.bugs().len(), 2);
}

#[test]
fn what_a_fix_leaves_of_a_bug_becomes_another_one_unless_a_person_says_otherwise() {
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/client.py", WAYS)]);
    let mut service = Service::new("");
    service.start();
    let calls = calls_of_both_ways();
    for (id, script) in (1..).zip(&calls) {
        send(&service, &repository, script, id);
    }
    let merged = service.bugs().remove(0);
    assert_eq!(merged["kinds"].as_array().unwrap().len(), 2, "{merged:#}");
    let id = merged["id"].as_str().unwrap();
    let answer = fix(&service, &repository, ["--bug", id]).json(0);
    let other = answer["bugs"][0]["split_off"]["bug"].as_str().unwrap();
    // The service that runs takes note of it.
    send(&service, &repository, &calls[0], 3);
    let bugs = service.bugs();
    assert_eq!(bugs.len(), 2, "{bugs:#?}");
    let bug = |id: &str| bugs.iter().find(|bug| bug["id"] == id).unwrap();
    let count = |id: &str| bug(id)["count"].as_u64();
    assert_eq!((count(id), count(other)), (Some(1), Some(2)), "{bugs:#?}");
    assert_eq!(bug(other)["attempt"], Value::Null);
    // Each is called by what it is.
    let title = |id: &str| bug(id)["title"].to_string();
    assert!(
        title(id).contains("_keys") && title(other).contains("_socket"),
        "{bugs:#?}"
    );
    let printed = service.tell(&["bugs", "--bug", other]).unwrap();
    let why = format!("the fix of {id} does not cure it, so it is another bug");
    assert_eq!(printed.matches(&why).count(), 2, "{printed}");
    let printed = service.tell(&["bugs", "--bug", id]).unwrap();
    let said = format!("the fix of {id} does not cure 1 kind of events: now {other}");
    assert!(printed.contains(&said), "{printed}");
    // What a person says stays so.
    service.tell(&["merge", id, other]).unwrap();
    let answer = fix(&service, &repository, ["--bug", id]).json(0);
    assert_eq!(answer["bugs"][0]["split_off"], Value::Null, "{answer:#}");
    assert_eq!(service.bugs().len(), 1);
}

#[test]
fn what_was_tried_in_vain_sinks_and_says_so() {
    let repository = shop::shop();
    let mut service = Service::new("");
    service.start();
    send(&service, &repository, shop::SCRIPT, 1);
    let before = service.bugs().remove(0);
    assert!(before["fixer"]["worth"].as_f64() > Some(0.0), "{before:#}");
    // Twelve bugs of the same class that the fixer had before.
    let like = r#"{"platform":"python","kind":"fixable","has_values":true,"class":"key-missing"}"#;
    let values: Vec<String> = (100..112)
        .map(|bug| format!("(1, {bug}, 0, 'unfixed', 'none', 0, '{like}')"))
        .collect();
    service.sql(&format!(
        "INSERT INTO attempts (project, bug, at, outcome, reason, wealth, likeness) VALUES {}",
        values.join(", ")
    ));
    let after = service.bugs().remove(0);
    let reason = after["fixer"]["reason"].as_str().unwrap();
    assert!(reason.contains("0 of 12 like it were fixed"), "{reason}");
    let probability = |bug: &Value| bug["assessment"]["probability"].as_f64().unwrap();
    assert_eq!(after["assessment"]["kind"], "unsure", "{after:#}");
    let printed = service.tell(&["bugs"]).unwrap();
    let corrected = "but none of the 12 like it that were tried could be fixed";
    assert!(printed.contains(corrected), "{printed}");
    assert!(probability(&after) < probability(&before), "{after:#}");
    let worth = |bug: &Value| bug["fixer"]["worth"].as_f64().unwrap();
    assert!(worth(&after) * 4.0 < worth(&before), "{after:#}");
    // Tried itself, it waits for news: an event of a newer release is some.
    let own = service.sql("SELECT bug FROM kinds").remove(0);
    let insert = |wealth: &str| {
        service.sql(&format!(
            "INSERT INTO attempts (project, bug, at, outcome, reason, seen_in, wealth) \
             VALUES (1, {own}, 1, 'unfixed', 'nothing cured it', '1.0', {wealth})"
        ));
        service.bugs().remove(0)
    };
    assert!(worth(&insert("0")) > 0.0, "an event tells more now");
    let settled = insert("1000");
    assert_eq!(worth(&settled), 0.0, "{settled:#}");
    service.sql("UPDATE attempts SET seen_in = '0.9'");
    assert!(worth(&service.bugs()[0]) > 0.0);
    // Without its event it still shows.
    service.sql("DELETE FROM events");
    assert_eq!(service.bugs()[0]["fixer"], Value::Null);
}
