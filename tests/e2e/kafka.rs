//! Messages from a real broker, written by another client than the service's own.

use std::{thread, time::Duration};

use serde_json::json;
use tests::{Kafka, Message, Service};

fn source(kafka: &Kafka, more: &str) -> String {
    format!(
        "[[serve.sources]]\nkind = \"kafka\"\nbrokers = [\"{}\"]\ntopics = [\"logs\"]\n{more}\n",
        kafka.address()
    )
}

/// What one order brings to a partition: a trace line by line between others, a record, a client's event. Three errors.
fn order(n: u32) -> Vec<Message> {
    let mut values = vec![
        format!("2024-05-01 10:00:00,000 INFO shop: order {n}"),
        format!("2024-05-01 10:00:00,001 ERROR shop: order {n} failed"),
    ];
    values.extend(
        [
            "Traceback (most recent call last):",
            "  File \"/app/shop.py\", line 3, in total",
            "    return order[\"price\"]",
            "KeyError: 'price'",
        ]
        .map(str::to_owned),
    );
    values.push(json!({"level": "error", "msg": "no cart", "order": n}).to_string());
    let event = json!({"exception": {"values": [{"type": "NoShop", "value": "x"}]}});
    values.push(format!(
        "{{\"event_id\":\"{n:032x}\"}}\n{{\"type\":\"event\"}}\n{event}"
    ));
    let message = |value| Message {
        partition: Some(n % 3),
        value,
        ..Message::default()
    };
    values.into_iter().map(message).collect()
}

fn orders(numbers: std::ops::Range<u32>) -> Vec<Message> {
    numbers.flat_map(order).collect()
}

/// Settings that are none stop the service before it listens, and say which; what may be a secret is not said.
#[test]
fn wrong_settings_stop_the_service() {
    for (settings, said) in [
        (
            "\"sasl.pasword\" = \"hunter2\"",
            "No such configuration property: \"sasl.pasword\"",
        ),
        (
            "\"auto.offset.reset\" = \"newest\"",
            "Invalid value \"newest\" for configuration property \"auto.offset.reset\"",
        ),
        // Each is right by itself.
        (
            "\"session.timeout.ms\" = \"6000\", \"max.poll.interval.ms\" = \"5000\"",
            "`max.poll.interval.ms`must be >= `session.timeout.ms`",
        ),
    ] {
        let service = Service::new(&format!(
            "[[serve.sources]]\nkind = \"kafka\"\nbrokers = [\"127.0.0.1:1\"]\ntopics = [\"logs\"]\nsettings = {{ {settings} }}\n"
        ));
        let error = service.tell(&["serve"]).unwrap_err();
        assert!(
            error.contains("serve.sources[0]: Kafka logs at 127.0.0.1:1: ") && error.contains(said),
            "{error}"
        );
        assert!(
            !error.contains("hunter2") && !error.contains("listening"),
            "{error}"
        );
    }
}

#[test]
fn every_message_counts_once_through_kills() {
    let kafka = Kafka::start();
    // A member of a name of its own is known when it comes back; others are waited for until their session ends.
    let name = "settings = { \"group.instance.id\" = \"one\" }";
    let mut service = Service::new(&source(&kafka, name));
    for round in 0..10 {
        let compression = ["gzip", "zstd"][round as usize % 2];
        kafka.produce("logs", compression, &orders(round * 50..(round + 1) * 50));
        service.start();
        thread::sleep(Duration::from_millis(u64::from(round) * 150));
        service.kill();
    }
    service.start();
    service.wait_for(1500);
    let mut counts: Vec<_> = service
        .bugs()
        .iter()
        .map(|bug| {
            (
                bug["title"].as_str().unwrap().to_owned(),
                bug["count"].as_u64(),
            )
        })
        .collect();
    counts.sort();
    assert_eq!(
        counts,
        [
            ("KeyError: 'price' in total".to_owned(), Some(500)),
            ("NoShop: x".to_owned(), Some(500)),
            ("error: no cart".to_owned(), Some(500)),
        ]
    );
    // What was committed is not read again, and what comes then is.
    service.stop();
    service.start();
    kafka.produce("logs", "gzip", &order(500));
    service.wait_for(1503);
}

#[test]
fn services_share_a_group_and_poison_goes_to_its_own_topic() {
    let kafka = Kafka::start();
    let errors = |numbers: std::ops::Range<u32>| -> Vec<Message> {
        let message = |n: u32| Message {
            partition: Some(n % 3),
            key: Some(format!("order {n}")),
            value: match n % 10 {
                0 => format!("order {n} is no JSON"),
                _ => json!({"level": "error", "msg": "no cart", "order": n}).to_string(),
            },
            ..Message::default()
        };
        numbers.map(message).collect()
    };
    let source = source(&kafka, "format = \"json\"\ndead_letter = \"dead\"");
    let mut first = Service::new(&source);
    let mut second = Service::new(&source);
    kafka.produce("logs", "gzip", &errors(0..300));
    first.start();
    first.wait_for(270);
    second.start();
    // Both read once the group has settled.
    let mut n = 300;
    while second.n_events() == 0 {
        assert!(n < 9_000, "the second service reads nothing");
        kafka.produce("logs", "zstd", &errors(n..n + 300));
        n += 300;
    }
    first.stop();
    kafka.produce("logs", "gzip", &errors(n..n + 300));
    n += 300;
    let first_ids = first.event_ids();
    assert!(first_ids.len() >= 270);
    second.wait_for(u64::from(n) * 9 / 10 - first_ids.len() as u64);
    let mut ids = second.event_ids();
    ids.extend(first_ids);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len() as u32, n * 9 / 10);

    let mut dead = kafka.consume("dead");
    dead.sort_by_key(|message| message.key.clone());
    dead.dedup_by_key(|message| message.key.clone());
    assert_eq!(dead.len() as u32, n / 10);
    let one = &dead[0];
    assert_eq!(
        (one.key.as_deref(), one.value.as_str()),
        (Some("order 0"), "order 0 is no JSON")
    );
    let headers = [
        ("reason", "malformed"),
        ("topic", "logs"),
        ("partition", "0"),
        ("offset", "0"),
    ]
    .map(|(name, value)| (format!("outerloop.{name}"), value.to_owned()));
    assert_eq!(one.headers, headers);
}
