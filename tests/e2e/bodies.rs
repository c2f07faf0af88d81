//! Compressed bodies of requests: valid ones, broken ones and bombs.

use std::{fs, io::Read};

use serde_json::json;
use tests::{KEY, Service};

const ENCODINGS: [&str; 4] = ["gzip", "deflate", "br", "zstd"];
/// How often each valid body is changed.
const N_ROUNDS: usize = 40;
/// The service's limit for what a body holds.
const MAX_BODY_BYTES: usize = 32 << 20;

fn compressed(encoding: &str, mut bytes: &[u8]) -> Vec<u8> {
    let fast = flate2::Compression::fast();
    let mut out = Vec::new();
    match encoding {
        "gzip" => {
            let mut encoder = flate2::read::GzEncoder::new(bytes, fast);
            encoder.read_to_end(&mut out).unwrap();
        }
        "deflate" => {
            let mut encoder = flate2::read::ZlibEncoder::new(bytes, fast);
            encoder.read_to_end(&mut out).unwrap();
        }
        "br" => {
            let parameters = brotli::enc::BrotliEncoderParams {
                quality: 3,
                ..Default::default()
            };
            brotli::BrotliCompress(&mut bytes, &mut out, &parameters).unwrap();
        }
        _ => out = zstd::bulk::compress(bytes, 3).unwrap(),
    }
    out
}

fn post(service: &Service, encoding: &str, body: &[u8]) -> u16 {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let answer = agent
        .post(service.url("/api/1/store/"))
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-encoding", encoding)
        .send(body);
    answer.unwrap().status().as_u16()
}

fn event(n: usize) -> Vec<u8> {
    let exception = json!({"type": "KeyError", "value": format!("'price' of {n}")});
    let event = json!({"event_id": format!("{n:032x}"), "exception": {"values": [exception]}});
    event.to_string().into_bytes()
}

/// A small generator (xorshift64, Marsaglia 2003), so that every run tries the same.
fn below(state: &mut u64, n: usize) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state % n as u64).unwrap()
}

#[test]
fn broken_bodies_are_refused_and_whole_ones_kept() {
    let mut service = Service::new("");
    service.start();
    let mut random = 0x9e37_79b9_7f4a_7c15;
    let mut n = 0;
    for encoding in ENCODINGS {
        for _ in 0..N_ROUNDS {
            n += 1;
            let whole = compressed(encoding, &event(n));
            let cut = &whole[..below(&mut random, whole.len())];
            let mut changed = whole.clone();
            for _ in 0..=below(&mut random, 3) {
                let at = below(&mut random, changed.len());
                changed[at] = u8::try_from(below(&mut random, 256)).unwrap();
            }
            for broken in [cut, &changed] {
                let status = post(&service, encoding, broken);
                // A change may leave it whole, as of a time in a header.
                assert!(
                    matches!(status, 200 | 400 | 413),
                    "{encoding}: {status}: {broken:?}"
                );
            }
            assert_eq!(post(&service, encoding, &whole), 200);
        }
    }
    let ids = service.event_ids();
    for n in 1..=n {
        let id = format!("{n:032x}");
        assert_eq!(ids.iter().filter(|known| **known == id).count(), 1);
    }
}

/// What a body holds is limited, and with it what the service's memory has to hold.
#[test]
fn bombs_are_not_unpacked() {
    let mut service = Service::new("");
    service.start();
    let within = vec![b' '; MAX_BODY_BYTES];
    let bomb = vec![b' '; MAX_BODY_BYTES + 1];
    let large = vec![b' '; 4 * MAX_BODY_BYTES];
    for encoding in ENCODINGS {
        let status = |bytes: &[u8]| post(&service, encoding, &compressed(encoding, bytes));
        // Blanks alone are no event.
        assert_eq!(status(&within), 400, "{encoding}");
        assert_eq!(status(&bomb), 413, "{encoding}");
        assert_eq!(status(&large), 413, "{encoding}");
    }
    let status = fs::read_to_string(format!("/proc/{}/status", service.process_id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.unwrap().trim().trim_end_matches(" kB");
    let peak_bytes = peak.parse::<usize>().unwrap() << 10;
    assert!(peak_bytes < 8 * MAX_BODY_BYTES, "{peak_bytes}");
}
