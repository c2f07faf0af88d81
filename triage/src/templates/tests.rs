use super::*;

/// The templates of lines, by the order in which their first lines stand.
fn texts(lines: &[&str]) -> Vec<String> {
    let found = of_lines(lines.join("\n").as_bytes()).unwrap();
    found.templates.into_iter().map(|t| t.text).collect()
}

#[track_caller]
fn check(lines: &[&str], expected: &[&str]) {
    assert_eq!(texts(lines), expected);
}

#[test]
fn values_are_told_by_their_form() {
    let check = |message: &str, expected: &str| {
        let mut shape = String::new();
        mask::shape(message, &mut shape);
        assert_eq!(shape, expected, "{message}");
    };
    check("took 3.5 ms for 12 KB", "took <*> for <*>");
    check("peer 10.0.0.1:80 left", "peer <*> left");
    check("peer db.example.net left", "peer <*> left");
    check("peer db.internal.lan:5432 left", "peer <*> left");
    check("open /etc/passwd: denied", "open <*>: denied");
    check("open C:\\Users\\x: denied", "open C:<*>: denied");
    check("GET https://a.example/b?c=d&e=f now", "GET <*> now");
    check("and/or stays", "and/or stays");
    check("mail to ann@example.com.", "mail to <*>");
    check("at Sun Jul 10 03:55:15 2005", "at <*>");
    check("mac aa:bb:cc:dd:ee:ff up", "mac <*> up");
    check("it can't be", "it can't be");
    check("from a () b", "from a (<*>) b");
    check("call f2() now", "call f2() now");
    check("a=1, b= c=true", "a=<*>, b= c=<*>");
    check("ids 1 2 3, 4", "ids <*>");
    check("size.......12", "size.......<*>");
    check("é\u{fffd}\0 \u{1f600}7", "é\u{fffd} <*>");
    check("", "");
    check(" \t ", "");
}

#[test]
fn a_word_among_many_is_a_value_and_among_few_is_not() {
    let opened = ["a", "b", "c", "d", "e"].map(|door| format!("open door to {door}"));
    let opened = opened.each_ref().map(String::as_str);
    check(&opened[..4], &opened[..4]);
    check(&opened, &["open door to <*>"]);
    check(
        &[
            "granted for root from 10.0.0.1",
            "granted for ann from 10.0.0.2",
        ],
        &["granted for <*> from <*>"],
    );
    // What tells events apart needs more: verbs, and the first word.
    check(
        &[
            "job x started",
            "job x stopped",
            "job x paused",
            "job x resumed",
        ],
        &[
            "job x started",
            "job x stopped",
            "job x paused",
            "job x resumed",
        ],
    );
    check(
        &["a x y", "b x y", "c x y", "d x y", "e x y"],
        &["a x y", "b x y", "c x y", "d x y", "e x y"],
    );
}

#[test]
fn a_word_where_others_have_a_value_is_one() {
    check(&["load 12 done", "load all done"], &["load <*> done"]);
    check(
        &[
            "map a.v1.X to b.v1.Y",
            "map a.job.X to b.job.Y",
            "map this to that",
        ],
        &["map <*> to <*>", "map this to that"],
    );
}

/// Lines in the layout, with the messages of two events in turns.
fn laid_out(layout: impl Fn(usize, &str) -> String) -> Vec<String> {
    (0..40)
        .map(|at| {
            let message = match at % 4 {
                0 => format!("accepted {at} items"),
                1 => "cache is cold".to_owned(),
                2 => format!("slow query: {at} rows"),
                _ => "no peers".to_owned(),
            };
            layout(at, &message)
        })
        .collect()
}

#[test]
fn headers_are_learned() {
    let layouts: [fn(usize, &str) -> String; 10] = [
        |at, m| format!("2024-01-01 12:00:{at:02},123 INFO [main thread-{at}] a.b.C: {m}"),
        |at, m| {
            format!(
                "Jan {:2} 12:00:{at:02} host{} app[{at}]: {m}",
                at % 28 + 1,
                at % 3
            )
        },
        |at, m| format!("[Mon Jan 01 12:00:{at:02} 2024] [error] {m}"),
        |at, m| {
            format!(
                "01-01 12:00:{at:02}.123  {at}  7 {} Tag: {m}",
                ["I", "W", "E"][at % 3]
            )
        },
        |at, m| format!("01-01 12:00:{at:02}.123  {at}  7 I Tag     : {m}"),
        |at, m| format!("20240101-1:2:{at}:{at}|Part|{at}|{m}"),
        |at, m| format!("{at} node-{} unit state 10777{:05} 1 {m}", at % 7, at),
        |at, m| {
            format!(
                "12:00:{at:02} - {} - [T[{at}]/x:y] - {m}",
                ["INFO", "WARN"][at % 2]
            )
        },
        |at, m| {
            format!(
                "2024-01-01T12:00:{at:02}Z {} app | {m}",
                ["info", "warn"][at % 2]
            )
        },
        |at, m| {
            format!(
                "{} 17000000{at:02} 2024.01.01 n{at} 2024-01-01-12.00.00.1 n{at} SYS INFO {m}",
                if at == 9 { "BAD" } else { "-" }
            )
        },
    ];
    for layout in layouts {
        let lines = laid_out(layout);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let mut found = texts(&lines);
        found
            .iter_mut()
            .for_each(|text| *text = text.replace("app | ", ""));
        assert_eq!(
            found,
            [
                "accepted <*> items",
                "cache is cold",
                "slow query: <*> rows",
                "no peers"
            ],
            "{}",
            lines[0]
        );
    }
    // Messages alone have none, even if all of them begin alike.
    check(
        &["failed: a b", "failed: c d e"],
        &["failed: a b", "failed: c d e"],
    );
}

#[test]
fn a_header_that_shows_late_changes_no_id() {
    let lines = laid_out(|at, m| format!("2024-01-01 12:00:{at:02} INFO {m}"));
    let mut templates = Templates::default();
    let ids: Vec<_> = lines.iter().map(|line| templates.add(line)).collect();
    assert_eq!(templates.all().len(), 4);
    for (at, id) in ids.iter().enumerate() {
        assert_eq!(
            templates.current(*id),
            templates.current(ids[at % 4]),
            "{at}"
        );
    }
}

#[test]
fn what_is_stored_goes_on_as_before() {
    let mut templates = Templates::default();
    let id = templates.add("user ann came");
    templates.add("user bob came");
    let stored = serde_json::to_string(&templates).unwrap();
    let mut again: Templates = serde_json::from_str(&stored).unwrap();
    for templates in [&mut templates, &mut again] {
        templates.add("user eve came");
        assert_eq!(
            templates.all(),
            [Template {
                id,
                text: "user <*> came".into(),
                count: 3
            }]
        );
    }
}

#[test]
fn no_line_is_lost_and_none_is_too_strange() {
    let long = "word ".repeat(20_000);
    let mut log = b"\n\xff\xfe 1\r\na,\"b\"\n\0\0\n".to_vec();
    log.extend(long.as_bytes());
    log.extend(b"\n[[[[[[\n- - -\nlast");
    let found = of_lines(&log[..]).unwrap();
    assert_eq!(found.ids.len(), 8);
    assert_eq!((found.n_empty, found.n_invalid, found.n_cut), (2, 1, 1));
    let mut out = Vec::new();
    found.write_csv(&mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out.lines().count(), 8);
    assert_eq!(out.lines().next(), Some("0,"));
    assert_eq!(out.lines().nth(2), Some("2,\"a,\"\"b\"\"\""));
}

#[test]
fn a_closed_pipe_can_be_told() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let found = of_lines(&b"a line\n".repeat(10_000)[..]).unwrap();
    let error = found.write_csv(Closed).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
}

/// Numbers that look random, the same in every run (Knuth's MMIX generator).
fn random(state: &mut u64) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

#[test]
fn the_order_of_lines_changes_no_group() {
    let mut lines: Vec<String> = (0..3000)
        .map(|at| match at % 5 {
            0 => format!(
                "user {} came from {}",
                ["ann", "bob", "eve", "joe"][at % 4],
                at % 7
            ),
            1 => format!(
                "disk {} is {}",
                ["a", "b"][at % 2],
                ["full", "fine"][at % 3 % 2]
            ),
            2 => format!(
                "plugin {} loaded in {at} ms",
                ["x", "y", "z", "v", "w"][at / 5 % 5]
            ),
            3 => "idle".to_owned(),
            _ => format!("state of {} is {}", at % 9, ["up", "down", "lost"][at % 3]),
        })
        .map(|message| format!("2024-01-01 12:00:00 INFO {message}"))
        .collect();
    let groups = |lines: &[String]| -> BTreeMap<String, usize> {
        let mut templates = Templates::default();
        let ids: Vec<_> = lines.iter().map(|line| templates.add(line)).collect();
        templates.all();
        lines
            .iter()
            .cloned()
            .zip(ids.iter().map(|id| templates.current(*id).0 as usize))
            .collect()
    };
    let before = groups(&lines);
    let mut state = 7;
    for at in (1..lines.len()).rev() {
        lines.swap(at, random(&mut state) % (at + 1));
    }
    let after = groups(&lines);
    let mut renamed = HashMap::new();
    for (line, group) in &before {
        assert_eq!(
            renamed.entry(*group).or_insert(after[line]),
            &after[line],
            "{line}"
        );
    }
    let n_after: std::collections::BTreeSet<_> = after.values().collect();
    assert_eq!(renamed.len(), n_after.len());
}

#[test]
fn memory_is_bounded_and_what_is_forgotten_is_counted() {
    let mut templates = Templates::default();
    let mut state = 1;
    let letters = |n: usize| -> String {
        (0..4)
            .map(|place| char::from(b'a' + (n >> (4 * place) & 15) as u8))
            .collect()
    };
    for _ in 0..5 {
        templates.add("this one comes often");
    }
    for _ in 0..1_000_000 {
        let n = random(&mut state);
        let line = format!(
            "{} {} {}",
            letters(n),
            letters(n >> 8),
            letters(random(&mut state))
        );
        templates.add(&line);
        assert!(templates.shapes.len() <= MAX_SHAPES && templates.merged.len() <= MAX_MERGED);
    }
    let all = templates.all();
    assert!(
        all.iter()
            .any(|t| t.text == "this one comes often" && t.count == 5)
    );
    let n_kept: u64 = all.iter().map(|t| t.count).sum();
    assert_eq!(n_kept + templates.n_forgotten(), 1_000_005);
}
