//! Redaction: how much it finds and what it leaves alone, on the corpus beside this file; and what it keeps of the form.

mod corpus;
mod score;

use std::fmt::Write as _;

use ingest::{ErrorEvent, Exception, Frame};
use serde_json::{Value, json};

use self::{corpus::Place, score::Score};

#[test]
fn finds_secrets_and_leaves_the_rest() {
    let (mut seen, mut held_out) = (Score::default(), Score::default());
    let mut n_kinds = 0;
    for ((is_held_out, _), score) in &score::all() {
        n_kinds += usize::from(score.n_secrets > 0 && !is_held_out);
        if *is_held_out {
            &mut held_out
        } else {
            &mut seen
        }
        .add(score);
    }
    let mut all = seen.clone();
    all.add(&held_out);
    for (name, score) in [("seen", &seen), ("held out", &held_out), ("all", &all)] {
        println!(
            "{name}: recall {:.3}, precision {:.3}",
            score.recall(),
            score.precision()
        );
        assert!(
            score.recall() >= 0.98,
            "{name}: {}",
            score.mistakes.join("\n")
        );
        assert!(
            score.precision() >= 0.95,
            "{name}: {}",
            score.mistakes.join("\n")
        );
    }
    assert!(all.n_secrets >= 300 && n_kinds >= 30);
    assert!(corpus::read("look-alikes").len() >= 300);
}

#[test]
fn a_second_pass_changes_nothing() {
    let redactor = score::redactor();
    for case in corpus::read("secrets")
        .iter()
        .chain(&corpus::read("look-alikes"))
    {
        let mut once = case.event();
        redactor.event(&mut once);
        let mut twice = once.clone();
        redactor.event(&mut twice);
        assert_eq!(case.text_of(&once), case.text_of(&twice), "{}", case.text);
    }
}

/// Quotes, brackets, escapes and blanks stay where they are, so a repr can be parsed as before.
#[test]
fn what_is_no_letter_or_digit_stays() {
    let redactor = score::redactor();
    for case in corpus::read("secrets") {
        let mut event = case.event();
        redactor.event(&mut event);
        let redacted = case.text_of(&event);
        let is_kept = |c: char| "'\"()[]{}\\ \n,;&<>".contains(c);
        let kept = |text: &str| -> Vec<(usize, char)> {
            text.char_indices().filter(|(_, c)| is_kept(*c)).collect()
        };
        // A mail's local part may have a quote in it.
        if !case.kind.contains("mail") {
            assert_eq!(
                kept(&case.text),
                kept(&redacted),
                "{}\n{redacted}",
                case.text
            );
        }
        if matches!(case.place, Place::Locals | Place::Attributes) {
            serde_json::from_str::<Value>(&redacted).unwrap();
        }
    }
}

#[track_caller]
fn check(text: &str, is_good: impl Fn(&str) -> bool) {
    let redacted = score::redactor().text(text);
    assert!(
        redacted != text && redacted.len() == text.len() && is_good(&redacted),
        "{text} -> {redacted}"
    );
}

#[test]
fn forms_stay() {
    check("jane.doe@customer-company.com", |mail| {
        mail.ends_with("@example.com")
    });
    check("http://81.2.69.142:80/a?b=c", |url| {
        url.starts_with("http://192.0.2.") && url.ends_with(":80/a?b=c")
    });
    check("connect to 134.119.216.174", |text| {
        text.rsplit(' ')
            .next()
            .unwrap()
            .parse::<std::net::Ipv4Addr>()
            .is_ok()
    });
    for address in [
        "2a02:8109:9a40:1::5",
        "2a00:1450:4001:82a::200e",
        "fd12:1::1",
        "2003:e2:1f4a:7d00:8c1:2bff:fe3d:91aa",
    ] {
        check(address, |address| {
            address.parse::<std::net::Ipv6Addr>().is_ok()
        });
    }
    check(
        "postgres://app:hunter2@db:5432/shop?sslmode=require",
        |url| url.starts_with("postgres://app:") && url.ends_with("@db:5432/shop?sslmode=require"),
    );
    check("session_id=9f86d081-884c-4d65-9a2f-eaa0c55ad015", |text| {
        text[11..]
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    });
    check(
        "rejected eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
        |text| text.starts_with("rejected eyJ") && text.matches('.').count() == 2,
    );
    check("ghp_abcdefghijklmnopqrstuvwxyz0123456789", |token| {
        token.starts_with("ghp_")
    });
    check(r"password = b'\x93\xf1abc\n'", |text| {
        text.contains(r"b'\x") && text.ends_with(r"\n'")
    });
    for weak in [
        "password=topsecret",
        "\"password\": \"secret\"",
        "'password': '$ecret'",
        "password=@dmin",
    ] {
        check(weak, |text| text.starts_with(&weak[..9]));
    }
    check("Пароль: password=пароль123", |text| {
        text.chars().count() == 26
    });
    // Valid again, so code that checks it runs on.
    let card = score::redactor().text("card 4111 1111 1111 1111");
    assert_eq!(score::redactor().text(&card), card);
    let digits: Vec<u32> = card.chars().rev().filter_map(|c| c.to_digit(10)).collect();
    let luhn = |(at, digit): (usize, &u32)| {
        if at % 2 == 0 {
            *digit
        } else {
            digit * 2 / 10 + digit * 2 % 10
        }
    };
    assert!(
        card.starts_with("card 4") && digits.iter().enumerate().map(luhn).sum::<u32>() % 10 == 0,
        "{card}"
    );
}

#[test]
fn equal_values_stay_equal_and_others_differ() {
    let redactor = score::redactor();
    let mail = |address: &str| redactor.text(address);
    assert_eq!(mail("jane@firma.de"), mail("JANE@FIRMA.DE"));
    assert_ne!(mail("jane@firma.de"), mail("joan@firma.de"));
    let in_text = redactor.text("password=hunter2-hunter2");
    let mut event = ErrorEvent::default();
    event
        .attributes
        .insert("password".to_owned(), json!("hunter2-hunter2"));
    event
        .attributes
        .insert("db_password".to_owned(), json!("hunter3-hunter2"));
    redactor.event(&mut event);
    assert_eq!(
        in_text[9..],
        *event.attributes["password"].as_str().unwrap()
    );
    assert_ne!(
        event.attributes["password"],
        event.attributes["db_password"]
    );
}

#[test]
fn every_part_of_an_event_is_covered() {
    let token = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";
    let text = || format!("with {token}");
    let frame = Frame {
        function: text(),
        module: Some(text()),
        path: format!("https://cdn.shop.io/a.js?password=hunter2&x={token}"),
        context_line: Some(text()),
        pre_context: vec![text()],
        post_context: vec![text()],
        locals: [(text(), json!({text(): [text(), {text(): text()}]}))].into(),
        ..Frame::default()
    };
    let exception = Exception {
        type_name: text(),
        message: text(),
        notes: vec![text()],
        frames: vec![frame],
        ..Exception::default()
    };
    let mut event = ErrorEvent {
        message: Some(text()),
        release: Some(text()),
        exceptions: vec![exception],
        attributes: [
            (text(), json!([text(), {text(): text()}])),
            ("jane@firma.de".to_owned(), json!(4_111_111_111_111_111_u64)),
        ]
        .into(),
        ..ErrorEvent::default()
    };
    score::redactor().event(&mut event);
    let left = serde_json::to_string(&event).unwrap();
    for secret in ["abcdefghij", "hunter2", "jane@firma.de", "4111111111111111"] {
        assert!(!left.contains(secret), "{secret} in {left}");
    }
}

/// Two keys that become equal are both kept.
#[test]
fn no_member_is_lost() {
    let mut event = ErrorEvent::default();
    let members: serde_json::Map<String, Value> = ('a'..='z')
        .flat_map(|a| ('a'..='z').map(move |b| (format!("{a}@{b}.co"), json!(1))))
        .collect();
    event
        .attributes
        .insert("by_mail".to_owned(), Value::Object(members));
    score::redactor().event(&mut event);
    assert_eq!(
        event.attributes["by_mail"].as_object().unwrap().len(),
        26 * 26
    );
}

/// Cut anywhere, and with a letter of several bytes anywhere.
#[test]
fn no_text_panics() {
    let redactor = score::redactor();
    for case in corpus::read("secrets")
        .iter()
        .chain(&corpus::read("look-alikes"))
    {
        let text: String = case.text.chars().take(160).collect();
        for (n, (at, c)) in text.char_indices().enumerate() {
            redactor.text(&text[..at]);
            redactor.text(&text[at..]);
            let wide = ["—", "é", "𐐀"][n % 3];
            redactor.text(&format!("{}{wide}{}", &text[..at], &text[at..]));
            redactor.text(&format!(
                "{}{wide}{}",
                &text[..at],
                &text[at + c.len_utf8()..]
            ));
        }
    }
}

/// Texts that are made so that each place in them asks for a look at the whole rest. With quadratic time this would not
/// end: 256 KiB, where one look in a nanosecond a byte would take a minute for each.
#[test]
fn hostile_texts_take_linear_time() {
    let redactor = score::redactor();
    let pieces = [
        "a@",
        "a@a.",
        "eyJ",
        "-eyJ",
        "eyJa.",
        ".eyJaaaaaaaa.",
        "ghp_",
        "-ghp_",
        "sk-",
        "://",
        "://a:",
        "://:a@",
        "password=",
        "password=\"",
        "password='x\"",
        "password: ",
        "password \\\"",
        "token ",
        "--token ",
        "token=a ",
        "1",
        "1 ",
        "1.",
        "1-",
        "4111 ",
        "1:",
        "::",
        "a:",
        "f::",
        "DE12",
        "DE12 ",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN ",
        "Private-Lines: 1\n",
        "curl -u ",
        "curl ",
        "mysql ",
        "login ",
        "auth=('",
        "Cookie: a=b;",
        "cookie: ",
        "a=b; ",
        "Authorization: ",
        "%40",
        "%",
        "\\",
        "\\\"",
        "'",
        "é@",
        "пароль",
        "key",
        "=",
        ":AA",
        "-us1",
        "[[",
        "password=(",
        "phone 1",
    ];
    for piece in pieces {
        for tail in ["\"", "@a.de"] {
            let mut text = piece.repeat((256 << 10) / piece.len());
            text.push_str(tail);
            let redacted = redactor.text(&text);
            assert_eq!(redacted.len(), text.len(), "{piece}");
        }
    }
    let mut long = String::new();
    while long.len() < 4 << 20 {
        write!(
            long,
            "{} user{}@firma.de 10.0.0.{} password=x{} ",
            long.len(),
            long.len(),
            long.len() % 250,
            long.len()
        )
        .unwrap();
    }
    assert_eq!(redactor.text(&long).len(), long.len());
}
