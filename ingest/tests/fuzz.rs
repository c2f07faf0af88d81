//! What must hold of any bytes, tried on small changes of our own seeds, the same ones on every run.

mod checks;
mod compressed;
mod seeds;

use std::env;

use self::{checks::redactor, seeds::Random};

/// How often each seed is changed. Low, as it is a part of every test run; `OUTERLOOP_FUZZ_ROUNDS` looks for longer.
fn n_rounds() -> usize {
    let rounds = env::var("OUTERLOOP_FUZZ_ROUNDS").ok();
    rounds.map_or(150, |rounds| rounds.parse().expect("rounds are a number"))
}

fn each_input(mut check: impl FnMut(&[u8], &mut Random)) {
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    for seed in seeds::all() {
        check(&seed, &mut random);
        for _ in 0..n_rounds() {
            let input = random.mutate(&seed);
            check(&input, &mut random);
        }
    }
}

#[test]
fn every_record_is_counted_and_chunks_change_nothing() {
    each_input(|input, random| checks::log(input, 1 + random.below(40)));
}

#[test]
fn a_log_as_it_is_written_is_the_same_in_any_chunks() {
    each_input(|input, random| checks::followed_log(input, 1 + random.below(40)));
}

#[test]
fn bodies_of_requests_are_counted_or_refused() {
    each_input(|input, _| checks::body(input));
}

#[test]
fn redaction_keeps_lengths_and_is_done_once() {
    each_input(|input, _| checks::redaction(input));
}

#[test]
fn digits_of_a_word_hide_no_address_before_or_after_a_blank() {
    for text in ["93.184.216.34 4111 1111e@corp.io", "x9 93.184.216.34"] {
        let masked = redactor().text(text);
        assert!(!masked.contains("93.184.216.34"), "{masked}");
    }
}
