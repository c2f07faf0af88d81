//! Large logs as applications write them, always the same for a length.

use std::io::{self, Write};

/// A kind of log.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Lines of a text layout; one in a thousand is an error, some of these with a trace.
    Text,
    /// The same as one JSON object a line.
    Json,
    /// Traces in four languages after each other, with few lines between.
    Traces,
}

impl Kind {
    /// All of them, with what a table calls them.
    pub(crate) const ALL: [(Self, &str); 3] = [
        (Self::Text, "plain text, 0.1% errors"),
        (Self::Json, "JSON lines, 0.1% errors"),
        (Self::Traces, "nothing but traces"),
    ];
}

/// Writes a log of at least `length` bytes, of whole lines; how many bytes it has.
pub(crate) fn write(kind: Kind, length: u64, log: &mut impl Write) -> io::Result<u64> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut n, mut written) = (0, 0);
    while written < length {
        n += 1;
        let is_error = n % 1000 == 500;
        let text = match kind {
            Kind::Text if is_error => error(&mut dice, n),
            Kind::Text => head(&mut dice, n, "INFO") + &message(&mut dice) + "\n",
            Kind::Json => document(&mut dice, n, is_error),
            Kind::Traces => error(&mut dice, 2 * n),
        };
        log.write_all(text.as_bytes())?;
        written += text.len() as u64;
    }
    Ok(written)
}

/// Marsaglia's xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u64) as usize]
    }
}

fn time(n: u64) -> String {
    let ms = n * 7;
    let (s, ms) = (ms / 1000, ms % 1000);
    let (day, hour, minute, s) = (1 + s / 86400 % 28, s / 3600 % 24, s / 60 % 60, s % 60);
    format!("2026-03-{day:02} {hour:02}:{minute:02}:{s:02},{ms:03}")
}

const LOGGERS: [&str; 6] = [
    "shop.orders",
    "shop.basket",
    "http.access",
    "db.pool",
    "worker.mail",
    "cache.sessions",
];

fn head(dice: &mut Dice, n: u64, level: &str) -> String {
    let level = match dice.below(20) {
        0 if level == "INFO" => "WARN",
        1..4 if level == "INFO" => "DEBUG",
        _ => level,
    };
    let (worker, logger) = (dice.below(16), dice.of(&LOGGERS));
    format!("{} {level:<5} [worker-{worker}] {logger} - ", time(n))
}

fn message(dice: &mut Dice) -> String {
    let id = dice.below(1 << 40);
    match dice.below(8) {
        0 => format!(
            "GET /api/orders/{} 200 {} bytes in {} ms from 10.2.{}.{}",
            id % 99_991,
            id % 9973,
            id % 89,
            id % 256,
            id % 251
        ),
        1 => format!(
            "order {id} accepted, {} items, total {}.{:02} EUR",
            id % 7 + 1,
            id % 500,
            id % 100
        ),
        2 => format!(
            "connection {} returned to the pool, {} of 32 in use",
            id % 32,
            id % 31
        ),
        3 => format!("session {id:010x} renewed for {} s", id % 3600),
        4 => format!(
            "select id, state, total from orders where customer = {} order by created desc limit 50 took {} ms",
            id % 65_521,
            id % 13
        ),
        5 => format!(
            "mail {id:x} handed to the relay after {} attempt(s), queue length {}",
            id % 2 + 1,
            id % 61
        ),
        6 => format!(
            "cache hit ratio {}.{}%, {} keys, {} evicted",
            id % 100,
            id % 10,
            id % 40_009,
            id % 17
        ),
        _ => format!(
            "customer {} moved product {} to the basket (currency=EUR, shop=berlin, campaign=spring-{})",
            id % 65_521,
            id % 3571,
            id % 12
        ),
    }
}

fn error(dice: &mut Dice, n: u64) -> String {
    let id = dice.below(100_000);
    let head = head(dice, n, "ERROR");
    match n / 2 % 5 {
        0 => format!("{head}payment for order {id} was refused by the provider\n"),
        1 => format!(
            "{head}Unhandled exception\nTraceback (most recent call last):\n  File \"/srv/shop/http.py\", line 88, in dispatch\n    \
             return handler(request)\n  File \"/srv/shop/orders.py\", line 41, in total\n    return sum(item.price for item in order)\n  \
             File \"/srv/shop/orders.py\", line 41, in <genexpr>\n    return sum(item.price for item in order)\n\
             AttributeError: 'NoneType' object has no attribute 'price{id}'\n"
        ),
        2 => format!(
            "{head}request failed\njava.lang.IllegalStateException: order {id} has no lines\n\
             \tat com.example.shop.Orders.total(Orders.java:41)\n\tat com.example.shop.Checkout.run(Checkout.java:118)\n\
             \tat com.example.http.Dispatcher.lambda$handle$3(Dispatcher.java:77)\n\
             \tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1136)\n\
             \tat java.base/java.lang.Thread.run(Thread.java:840)\n\
             Caused by: java.util.NoSuchElementException: No value present\n\
             \tat java.base/java.util.Optional.get(Optional.java:143)\n\tat com.example.shop.Orders.first(Orders.java:17)\n\t... 4 more\n"
        ),
        3 => format!(
            "{head}TypeError: Cannot read properties of undefined (reading 'price{id}')\n    \
             at total (/srv/shop/src/orders.js:41:19)\n    at Array.map (<anonymous>)\n    \
             at async checkout (/srv/shop/src/checkout.js:12:5)\n    \
             at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n"
        ),
        _ => format!(
            "panic: runtime error: index out of range [{id}] with length 3\n\ngoroutine 17 [running]:\n\
             main.total(...)\n\t/srv/shop/orders.go:41\nmain.(*Server).checkout(0xc000012345, {{0x1, 0x2}})\n\
             \t/srv/shop/server.go:118 +0x1d\nmain.main()\n\t/srv/shop/main.go:12 +0x2f\nexit status 2\n"
        ),
    }
}

fn document(dice: &mut Dice, n: u64, is_error: bool) -> String {
    let level = if is_error {
        "error"
    } else {
        dice.of(&["info", "info", "info", "debug", "warn"])
    };
    let (logger, worker, trace) = (dice.of(&LOGGERS), dice.below(16), dice.below(u64::MAX));
    let message = message(dice);
    format!(
        "{{\"time\":\"{}\",\"level\":\"{level}\",\"logger\":\"{logger}\",\"thread\":\"worker-{worker}\",\"trace_id\":\"{trace:016x}\",\
         \"message\":\"{message}\"}}\n",
        time(n)
    )
}
