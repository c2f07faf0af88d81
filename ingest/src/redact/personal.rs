//! Personal data that its form gives away: mail and network addresses, payment cards, bank accounts.

use std::net::{Ipv4Addr, Ipv6Addr};

use memchr::{memchr_iter, memchr2_iter};

use super::find::{Findings, Form, is_word_start};

/// Characters of a mail address before and after the `@` at most (RFC 5321, 4.5.3.1, of the domain the usual).
const MAX_LOCAL: usize = 64;
const MAX_DOMAIN: usize = 128;

/// Finds all of them.
pub(super) fn find(text: &str, found: &mut Findings) {
    mails(text, found);
    numbers(text, found);
    ip_v6(text, found);
    ibans(text, found);
}

fn mails(text: &str, found: &mut Findings) {
    for at in memchr2_iter(b'@', b'%', text.as_bytes()) {
        let n = match text.as_bytes()[at] {
            b'@' => 1,
            _ if text[at..].starts_with("%40") => 3,
            _ => continue,
        };
        let is_local = |c: char| c.is_alphanumeric() || "._%+-'".contains(c);
        let n_local = |text: &str| -> usize {
            let chars = text.chars().rev().take(MAX_LOCAL);
            chars.take_while(|&c| is_local(c)).map(char::len_utf8).sum()
        };
        let mut start = at - n_local(&text[..at]);
        // Quotes, dots, and the escape of a line break stand before an address, not in it.
        start += text[start..at].len()
            - text[start..at]
                .trim_start_matches(['\'', '.', '%', '-', '+'])
                .len();
        if text[..start].ends_with('\\') && text[start..at].starts_with(['n', 't', 'r']) {
            start += 1;
        }
        let rest = &text[at + n..];
        let domain: usize = rest
            .chars()
            .take(MAX_DOMAIN)
            .take_while(|&c| c.is_alphanumeric() || c == '.' || c == '-')
            .map(char::len_utf8)
            .sum();
        let domain = rest[..domain].trim_end_matches(['.', '-']);
        // `user@host` after `://` is a part of a URL.
        let after = &rest[domain.len()..];
        let is_url = text[..start].ends_with("://") || after.starts_with("://");
        // `app@base.apk@classes.dex`
        let is_path = text[..start].ends_with('@') || after.starts_with('@');
        // `render@app.bundle:12:7` is a browser's frame, `me@host.org:dir` a file on another machine.
        let is_place = after.strip_prefix(':').is_some_and(|after| {
            after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/')
        });
        if start < at && !is_url && !is_path && !is_place && is_mail(&text[start..at], domain) {
            let form = if n == 1 {
                Form::Mail("@")
            } else {
                Form::Mail("%40")
            };
            found.add(start..at + n + domain.len(), form);
        }
    }
}

/// Whether it is an address that may be somebody's: not a reserved one (RFC 2606), not a remote of git, no file's name.
fn is_mail(local: &str, domain: &str) -> bool {
    const RESERVED: [&str; 6] = ["test", "invalid", "example", "localhost", "local", "xx"];
    const FILES: [&str; 24] = [
        "png", "jpg", "jpeg", "gif", "svg", "webp", "js", "mjs", "jsx", "ts", "tsx", "css", "json",
        "html", "xml", "yml", "yaml", "txt", "log", "so", "dll", "exe", "zip", "gz",
    ];
    let lower = domain.to_ascii_lowercase();
    let labels: Vec<&str> = lower.split('.').collect();
    let [.., name, top] = labels.as_slice() else {
        return false;
    };
    // `io.netty.common@4.1.97.Final`
    let n_numbers = labels
        .iter()
        .filter(|label| label.bytes().all(|byte| byte.is_ascii_digit()))
        .count();
    let is_example = *name == "example" && matches!(*top, "com" | "org" | "net");
    labels.iter().all(|label| !label.is_empty())
        && (2..=24).contains(&top.len())
        && top.chars().all(char::is_alphabetic)
        && !RESERVED.contains(top)
        && !FILES.contains(top)
        && !is_example
        && n_numbers < 2
        && local != "git"
        && !local.ends_with('.')
}

/// Cards and addresses of the old Internet: what begins with a digit.
fn numbers(text: &str, found: &mut Findings) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        // Digits with single separators between them. Past the longest card it can be neither.
        let mut end = at;
        let mut run = at;
        while run < bytes.len() {
            match bytes[run] {
                b'0'..=b'9' => end = run + 1,
                b'.' | b' ' | b'-' if run == end => {}
                _ => break,
            }
            run += 1;
        }
        let starts = is_word_start(text, at)
            && (at == 0 || !b".-".contains(&bytes[at - 1]) || bytes[..at].ends_with(b"--"));
        let ends = !bytes
            .get(end)
            .is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // Digits that belong to a word say nothing of those before or after a blank.
        let from = match starts {
            true => at,
            false => text[at..end].find(' ').map_or(end, |n| at + n + 1),
        };
        let to = match ends {
            true => end,
            false => text[at..end].rfind(' ').map_or(at, |n| at + n),
        };
        if from < to {
            candidate(text, from, to, found);
        }
        at = end;
    }
}

/// Looks at a stretch of digits and separators, also at its parts.
fn candidate(text: &str, start: usize, end: usize, found: &mut Findings) {
    let mut from = start;
    // `8.8.8.8 - - 4111 1111 1111 1111` is two numbers and `7 4111 …` as well: split at blanks, then try to join.
    while from < end {
        let word = text[from..end].find(' ').map_or(end, |n| from + n);
        if let Some(n) = card_length(&text[from..end]) {
            let next = text.as_bytes().get(from + n);
            if !next.is_some_and(|&byte| {
                byte == b'.' && text[from + n + 1..].starts_with(|c: char| c.is_ascii_digit())
            }) {
                found.add(from..from + n, Form::Card);
                from += n + 1;
                continue;
            }
        }
        let is_last = text
            .as_bytes()
            .get(word)
            .is_none_or(|&byte| !b"-_".contains(&byte));
        if is_last
            && is_v4(&text[from..word])
            && !is_version(&text[..from], &text[from..word], &text[word..])
        {
            found.add(from..word, Form::Ip4);
        }
        from = word + 1;
    }
}

/// The length of the card number that a text of digits begins with.
///
/// Source: ISO/IEC 7812-1 for the check digit, the networks' usual groups and first digits.
fn card_length(text: &str) -> Option<usize> {
    const GROUPS: [&[usize]; 6] = [
        &[4, 4, 4, 4],
        &[4, 4, 4, 4, 3],
        &[4, 6, 5],
        &[4, 6, 4],
        &[4, 4, 5],
        &[6, 13],
    ];
    let bytes = text.as_bytes();
    let plain = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if plain >= 13 {
        let is_end = !bytes.get(plain).is_some_and(|byte| b".-".contains(byte));
        return (is_end && is_card(&bytes[..plain])).then_some(plain);
    }
    let separator = *bytes.get(plain).filter(|byte| b" -".contains(byte))?;
    let fitting = GROUPS.iter().filter_map(|groups| {
        let n = groups.iter().sum::<usize>() + groups.len() - 1;
        let text = bytes.get(..n)?;
        let mut parts = text.split(|&byte| byte == separator);
        let is_grouped = groups.iter().all(|&n| {
            parts
                .next()
                .is_some_and(|part| part.len() == n && part.iter().all(u8::is_ascii_digit))
        });
        // Of groups with dashes no further one follows.
        let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let goes_on = separator == b'-' && bytes.get(n) == Some(&b'-') && is_digit(n + 1);
        let is_end = !is_digit(n) && !goes_on;
        let digits: Vec<u8> = text.iter().copied().filter(u8::is_ascii_digit).collect();
        (is_grouped && is_end && is_card(&digits)).then_some(n)
    });
    fitting.max()
}

fn is_card(digits: &[u8]) -> bool {
    let two = (digits[0] - b'0') * 10 + digits[1] - b'0';
    let is_issued = match digits.len() {
        13 => digits[0] == b'4',
        14 => matches!(two, 30 | 36 | 38 | 39),
        15 => matches!(two, 34 | 37),
        16 => digits[0] == b'4' || matches!(two, 22..=27 | 35 | 51..=55 | 60 | 62 | 64 | 65),
        17..=19 => two == 62,
        _ => false,
    };
    let (number, check) = digits.split_at(digits.len() - 1);
    is_issued
        && digits.iter().any(|&digit| digit != digits[0])
        && card_check_digit(number) == check[0] - b'0'
}

/// The check digit of a card number without it (ISO/IEC 7812-1, annex B).
pub(super) fn card_check_digit(number: &[u8]) -> u8 {
    let doubled = |at: usize, digit: u8| (digit - b'0') << u8::from(at.is_multiple_of(2));
    let sum: u32 = number
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| doubled(at, digit))
        .map(|value| u32::from(value / 10 + value % 10))
        .sum();
    ((10 - sum % 10) % 10) as u8
}

/// Whether it is a host's address. Those that mean the same everywhere name nobody: this host, this network, a link, a
/// group, examples (RFC 5737).
fn is_v4(text: &str) -> bool {
    let Ok(address) = text.parse::<Ipv4Addr>() else {
        return false;
    };
    let [first, .., last] = address.octets();
    !(address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || first == 0
        || first >= 224)
        && last != 0
}

/// Whether four numbers are rather a version or a section: what stands before says so, or all but the last are small
/// and nothing says that they are an address.
fn is_version(before: &str, number: &str, after: &str) -> bool {
    const VERSIONS: [&str; 9] = [
        "version", "versions", "v", "ver", "release", "firmware", "oid", "section", "chapter",
    ];
    const ADDRESSES: [&str; 17] = [
        "ip", "addr", "address", "host", "client", "from", "peer", "remote", "for", "server", "to",
        "connect", "listen", "by", "at", "on", "blocked",
    ];
    let before = before.trim_end_matches([' ', '\'', '"', '\\']);
    if before.ends_with("==") || before.ends_with('~') {
        return true;
    }
    let plain = before.trim_end_matches([' ', '=', ':', '"', '\'', '(', '[', '>', '/', '\\']);
    let n = plain
        .bytes()
        .rev()
        .take(32)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let word = plain[plain.len() - n..].to_ascii_lowercase();
    if VERSIONS.contains(&word.as_str()) || word.ends_with("version") {
        return true;
    }
    let octets: Vec<u8> = number
        .split('.')
        .filter_map(|octet| octet.parse().ok())
        .collect();
    let is_small = octets[0] != 10 && octets[..3].iter().all(|&octet| octet < 32);
    let is_repeated = octets[1..].iter().all(|octet| *octet == octets[0])
        || octets == [1, 2, 3, 4]
        || octets == [8, 8, 4, 4];
    let is_named = before.is_empty()
        || ADDRESSES.iter().any(|address| word.ends_with(address))
        || before.ends_with(['/', '@', '['])
        || after
            .strip_prefix(':')
            .is_some_and(|port| port.starts_with(|c: char| c.is_ascii_digit()))
        || after.starts_with(" - ");
    is_small && !is_repeated && !is_named
}

fn ip_v6(text: &str, found: &mut Findings) {
    let bytes = text.as_bytes();
    let is_part = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b':';
    let mut done = 0;
    for colon in memchr_iter(b':', bytes) {
        if colon < done {
            continue;
        }
        let start = colon
            - bytes[..colon]
                .iter()
                .rev()
                .take(5)
                .take_while(|byte| is_part(byte))
                .count();
        let end = colon
            + bytes[colon..]
                .iter()
                .take_while(|byte| is_part(byte))
                .count();
        done = end;
        let is_bounded = is_word_start(text, start)
            && !bytes.get(end).is_some_and(|&byte| {
                byte.is_ascii_alphanumeric()
                    || b"_%.".contains(&byte)
                        && bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric)
            });
        let address = text[start..end].trim_end_matches(':');
        let address = if text[..end].ends_with("::") {
            &text[start..end]
        } else {
            address
        };
        if is_bounded && (6..=39).contains(&address.len()) && is_host_v6(address) {
            found.add(start..start + address.len(), Form::Ip6);
        }
    }
}

fn is_host_v6(text: &str) -> bool {
    let Ok(address) = text.parse::<Ipv6Addr>() else {
        return false;
    };
    // `cafe::babe` and `Add::Feed` are names.
    let is_number =
        text.bytes().any(|byte| byte.is_ascii_digit()) && text.matches(':').count() >= 3;
    let [first, second, ..] = address.segments();
    let is_example = first == 0x2001 && second == 0xdb8 || first == 0x100 && second == 0;
    is_number
        && !is_example
        && !address.is_multicast()
        && !address.is_unicast_link_local()
        && first != 0
}

/// Bank accounts (ISO 13616): known by country, length and check digits.
fn ibans(text: &str, found: &mut Findings) {
    // Source: the IBAN registry, <https://www.swift.com/standards/data-standards/iban-international-bank-account-number>.
    const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 \
        EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 \
        LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 \
        SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TN24 TR26 UA29 VA22 VG24 XK20";
    let bytes = text.as_bytes();
    let is_head = |at: usize| {
        let [a, b, c, d] = bytes[at..at + 4] else {
            return false;
        };
        a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit()
    };
    for at in 0..bytes.len().saturating_sub(14) {
        if !bytes[at].is_ascii_uppercase() || !is_head(at) || !is_word_start(text, at) {
            continue;
        }
        let country = &text[at..at + 2];
        let Some(length) = LENGTHS
            .split(' ')
            .find_map(|entry| entry.strip_prefix(country)?.parse::<usize>().ok())
        else {
            continue;
        };
        let is_spaced = bytes.get(at + 4) == Some(&b' ');
        let n = if is_spaced {
            length + (length - 1) / 4
        } else {
            length
        };
        let Some(number) = bytes.get(at..at + n) else {
            continue;
        };
        let is_formed = number.iter().enumerate().all(|(n, byte)| {
            if is_spaced && n % 5 == 4 {
                *byte == b' '
            } else {
                byte.is_ascii_uppercase() || byte.is_ascii_digit()
            }
        });
        if !is_formed || bytes.get(at + n).is_some_and(u8::is_ascii_alphanumeric) {
            continue;
        }
        let account: Vec<u8> = number[4..]
            .iter()
            .copied()
            .filter(|&byte| byte != b' ')
            .collect();
        if text[at + 2..at + 4].parse() == Ok(iban_check_digits(country, &account)) {
            found.add(at..at + n, Form::Iban);
        }
    }
}

/// The check digits of a country's account (ISO 7064, MOD 97-10).
pub(super) fn iban_check_digits(country: &str, account: &[u8]) -> u32 {
    let rest = account
        .iter()
        .copied()
        .chain(country.bytes())
        .chain(*b"00")
        .filter_map(|byte| char::from(byte).to_digit(36))
        .fold(0, |rest, digit| {
            (rest * if digit > 9 { 100 } else { 10 } + digit) % 97
        });
    98 - rest
}
