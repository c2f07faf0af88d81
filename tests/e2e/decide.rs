//! What people decide about bugs that the service has stored, while it runs.

use serde_json::{Value, json};
use tests::{KEY, Service, program};

/// An event of a function, as Sentry's clients send it.
fn event(n: u64, function: &str, release: &str) -> Value {
    json!({
        "event_id": format!("{n:032x}"), "platform": "python", "level": "error", "release": release,
        "user": {"id": n},
        "exception": {"values": [{"type": "KeyError", "value": "'price'", "stacktrace": {"frames": [
            {"filename": "shop/views.py", "abs_path": "/app/shop/views.py", "function": "page", "lineno": 5,
             "context_line": "    total(order)", "in_app": true},
            {"filename": "shop/orders.py", "abs_path": "/app/shop/orders.py", "function": function, "lineno": 12,
             "context_line": "    return order['price']", "in_app": true}]}}]}
    })
}

fn send(service: &Service, event: &Value) {
    let url = format!("{}?sentry_key={KEY}", service.url("/api/1/store/"));
    let answer = ureq::post(&url).send(event.to_string().as_bytes()).unwrap();
    assert_eq!(answer.status().as_u16(), 200);
}

/// The bug of a function.
fn bug_of(service: &Service, function: &str) -> Value {
    let title = format!("KeyError: 'price' in {function}");
    let bugs = service.bugs();
    let found = bugs.iter().find(|bug| bug["title"] == title.as_str());
    found.unwrap_or_else(|| panic!("{bugs:#?}")).clone()
}

fn id(bug: &Value) -> &str {
    bug["id"].as_str().unwrap()
}

fn running() -> Service {
    let mut service = Service::new("");
    service.start();
    for (n, function) in [(1, "total"), (2, "total"), (3, "sum_up")] {
        send(&service, &event(n, function, "1.0"));
    }
    service
}

#[test]
fn merged_bugs_stay_one() {
    let mut service = running();
    let (total, sum) = (bug_of(&service, "total"), bug_of(&service, "sum_up"));
    let said = service.tell(&["merge", id(&total), id(&sum)]).unwrap();
    assert!(said.contains("KeyError: 'price' in sum_up"), "{said}");
    // The service that runs takes note, and so does the one that is started next.
    send(&service, &event(4, "sum_up", "1.0"));
    service.stop();
    service.start();
    send(&service, &event(5, "sum_up", "1.0"));
    let bugs = service.bugs();
    assert_eq!(bugs.len(), 1, "{bugs:#?}");
    assert_eq!(
        (&bugs[0]["id"], &bugs[0]["count"]),
        (&total["id"], &json!(5))
    );
    assert_eq!(bugs[0]["users"], 5);
    let kinds = bugs[0]["kinds"].as_array().unwrap();
    assert_eq!(kinds.len(), 2);
    assert!(
        kinds[1]["why"]
            .as_str()
            .unwrap()
            .starts_with("a person said that")
    );
    assert_eq!(bugs[0]["decisions"].as_array().unwrap().len(), 1);
}

#[test]
fn split_bugs_stay_two() {
    let service = running();
    let (total, sum) = (bug_of(&service, "total"), bug_of(&service, "sum_up"));
    service.tell(&["merge", id(&total), id(&sum)]).unwrap();
    let merged = service.bugs().remove(0);
    let kind = merged["kinds"][1]["id"].as_str().unwrap();
    let said = service.tell(&["split", id(&total), kind]).unwrap();
    assert!(said.starts_with("split from"), "{said}");
    send(&service, &event(4, "sum_up", "1.0"));
    let (total, sum) = (bug_of(&service, "total"), bug_of(&service, "sum_up"));
    assert_eq!((&total["count"], &sum["count"]), (&json!(2), &json!(2)));
    // A bug of one kind can't be split, and nothing is changed by trying.
    let kind = total["kinds"][0]["id"].as_str().unwrap();
    let refused = service.tell(&["split", id(&total), kind]).unwrap_err();
    assert!(refused.contains("nothing would be left"), "{refused}");
    for wrong in [
        &["merge", id(&total), "ffffffffff"],
        &["merge", id(&total), id(&total)],
    ] {
        let refused = service.tell(wrong).unwrap_err();
        assert!(
            refused.contains("no bug") || refused.contains("the same bug"),
            "{refused}"
        );
    }
    assert_eq!(service.bugs().len(), 2);
}

/// An event of an error of one type at a moment of the same day.
fn event_at(n: u64, type_name: &str, time: &str, release: &str) -> Value {
    let mut event = event(n, type_name, release);
    event["timestamp"] = json!(format!("2026-01-05T{time}Z"));
    let error = &mut event["exception"]["values"][0];
    error["type"] = json!(type_name);
    error["value"] = json!("");
    event
}

#[test]
fn a_burst_at_a_change_of_releases_is_the_deployment() {
    let mut service = Service::new("");
    service.start();
    let mut events = vec![event_at(1, "ZeroDivisionError", "08:00:00", "1.0")];
    for (n, release) in (0..).zip(["1.1", "1.0", "1.0", "1.1", "1.0"]) {
        let time = format!("10:0{n}:00");
        for (base, type_name) in [
            (10, "ConnectionRefusedError"),
            (20, "AttributeError"),
            (30, "KeyError"),
        ] {
            events.push(event_at(base + n, type_name, &time, release));
        }
    }
    events.push(event_at(2, "ZeroDivisionError", "12:00:00", "1.1"));
    events.iter().for_each(|event| send(&service, event));
    let log: String = events.iter().map(|event| format!("{event}\n")).collect();
    std::fs::write(service.path("app.log"), log).unwrap();
    let output = std::process::Command::new(program())
        .args(["triage", "--output", "json", "--log"])
        .arg(service.path("app.log"))
        .output()
        .unwrap();
    let of_log: Value = serde_json::from_slice(&output.stdout).unwrap();
    for bugs in [&service.bugs(), of_log["bugs"].as_array().unwrap()] {
        let said = |type_name: &str| {
            let is_it = |bug: &&Value| bug["title"].as_str().unwrap().starts_with(type_name);
            let bug = bugs
                .iter()
                .find(is_it)
                .unwrap_or_else(|| panic!("{bugs:#?}"));
            let assessment = &bug["assessment"];
            let text = |key: &str| assessment[key].as_str().unwrap().to_owned();
            (text("kind"), text("class"), text("reason"))
        };
        let (kind, class, reason) = said("ConnectionRefusedError");
        assert_eq!((kind.as_str(), class.as_str()), ("not_fixable", "deploy"));
        let why = "all 5 events came within 5 min of the change to release 1.1, none since";
        assert!(reason.ends_with(why), "{reason}");
        let (kind, class, _) = said("AttributeError");
        assert_eq!((kind.as_str(), class.as_str()), ("unsure", "deploy"));
        for other in ["KeyError", "ZeroDivisionError"] {
            assert_eq!(said(other).0, "fixable");
        }
    }
}

#[test]
fn muted_bugs_are_counted_and_left_out() {
    let service = running();
    let total = bug_of(&service, "total");
    let name = id(&total);
    let shown = || {
        let bugs = service.bugs();
        bugs.iter().any(|bug| bug["id"] == total["id"])
    };
    let state = || {
        let printed = service
            .tell(&["bugs", "--bug", name, "--output", "json"])
            .unwrap();
        let answer: Value = serde_json::from_str(&printed).unwrap();
        let bug = &answer["bugs"][0];
        (
            bug["state"]["name"].clone(),
            bug["count"].clone(),
            bug["fixer"]["worth"].clone(),
        )
    };
    service
        .tell(&["mute", name, "--because", "the shop is closed"])
        .unwrap();
    send(&service, &event(4, "total", "1.1"));
    assert!(!shown());
    assert_eq!(state(), (json!("muted"), json!(3), json!(0.0)));
    let printed = service.tell(&["bugs", "--muted"]).unwrap();
    let said = format!("muted: a person muted {name}: the shop is closed");
    assert!(
        printed.contains(&said) && !printed.contains("sum_up"),
        "{printed}"
    );
    service.tell(&["unmute", name]).unwrap();
    assert!(shown());
    // So many more events end it, and the bug shows again.
    service
        .tell(&["mute", name, "--until-count", "2", "--for", "2h"])
        .unwrap();
    send(&service, &event(5, "total", "1.1"));
    assert!(!shown());
    send(&service, &event(6, "total", "1.1"));
    assert!(shown());
    // And so does a moment.
    service
        .tell(&["mute", name, "--until", "2100-01-01"])
        .unwrap();
    assert!(!shown());
    service.sql("UPDATE bugs SET muted_until = 1");
    assert!(shown());
    // Who resolves it wants to hear if it is back; who mutes it then does not.
    service.tell(&["mute", name]).unwrap();
    service.tell(&["resolve", name]).unwrap();
    assert_eq!(state().0, "resolved");
    send(&service, &event(7, "total", "1.1"));
    assert_eq!(state().0, "regressed");
    service.tell(&["resolve", name]).unwrap();
    service.tell(&["mute", name]).unwrap();
    send(&service, &event(8, "total", "1.1"));
    assert_eq!(state().0, "muted");
    service.tell(&["unmute", name]).unwrap();
    assert_eq!(state().0, "regressed");
    let printed = service.tell(&["bugs", "--bug", name]).unwrap();
    assert!(
        printed.contains(&format!("{name} is to be heard of again")),
        "{printed}"
    );
    for wrong in [
        ["--until", "2001-01-01"],
        ["--until", "soon"],
        ["--for", "-1h"],
        ["--until-count", "0"],
    ] {
        let refused = service.tell(&["mute", name, wrong[0], wrong[1]]);
        assert!(refused.is_err(), "{wrong:?}");
    }
}

#[test]
fn a_fixed_bug_that_comes_back_shows() {
    let service = running();
    let state = || bug_of(&service, "total")["state"].clone();
    send(&service, &event(4, "sum_up", "1.1"));
    service
        .tell(&[
            "resolve",
            id(&bug_of(&service, "total")),
            "--release",
            "1.1",
        ])
        .unwrap();
    assert_eq!(state()["name"], "resolved");
    // It is the last of the list, though it hits more users.
    assert_eq!(service.bugs()[1]["title"], "KeyError: 'price' in total");
    // An old release that still runs somewhere shows nothing.
    send(&service, &event(5, "total", "1.0"));
    assert_eq!(state()["name"], "resolved");
    send(&service, &event(6, "total", "1.1"));
    let found = state();
    assert_eq!(
        (&found["name"], &found["release"]),
        (&json!("regressed"), &json!("1.1"))
    );
    let printed = service
        .tell(&["bugs", "--bug", id(&bug_of(&service, "total"))])
        .unwrap();
    assert!(
        printed.contains("BACK AGAIN in 1.1") && printed.contains("is fixed from release 1.1 on"),
        "{printed}"
    );
}
