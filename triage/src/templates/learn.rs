//! Masks that are learned: words that stand where other messages have other words.

use std::collections::HashMap;

use super::{
    limits::MAX_LEARNED_TOKENS,
    mask::{MASK, is_border, tokens},
    patterns::Patterns,
};

/// Different words at one position, all else being equal, that make it a variable. Loghub's labels are met equally well
/// by four to eight, and far worse by three.
const N_VALUES: u32 = 5;
/// The same right after the word `user`: names of people are few in a small log.
const N_NAMES: u32 = 3;
/// The same between `for` and `from` with an address: accounts, of which `root` may be nearly all.
const N_ACCOUNTS: u32 = 2;
/// The same of what looks like the word that tells events apart: the first one of a message, or a participle.
const N_EVENTS: u32 = 12;
/// A position that becomes a variable can make others of its messages equal but for one word. So many times over.
const N_ROUNDS: usize = 4;

/// The template of each shape: its tokens, with those masked that vary between the shapes.
///
/// What is learned depends on the set of shapes alone, not on their order. Takes time linear in their length.
pub(super) fn learn(shapes: &[&str]) -> Vec<String> {
    let mut words = Words::default();
    let mut rows: Vec<Vec<u32>> = shapes
        .iter()
        .map(|shape| tokens(shape).map(|token| words.id(token)).collect())
        .collect();
    for _ in 0..N_ROUNDS {
        if !learn_once(&mut rows, &words) {
            break;
        }
    }
    let mut templates: Vec<String> = rows.iter().map(|row| words.text(row)).collect();
    join(&mut templates, shapes);
    templates
}

/// Gives shapes that learned nothing the template that they are an instance of, if there is one.
fn join(templates: &mut [String], shapes: &[&str]) {
    let is_learned: Vec<bool> = templates
        .iter()
        .zip(shapes)
        .map(|(template, shape)| tokens(template).ne(tokens(shape)))
        .collect();
    let all = templates.iter().zip(&is_learned).enumerate();
    let patterns =
        Patterns::new(all.map(|(at, (text, is_learned))| (text.as_str(), *is_learned, at)));
    for at in 0..shapes.len() {
        if !is_learned[at]
            && let Some(found) = patterns.find(shapes[at])
        {
            templates[at] = templates[found].clone();
        }
    }
}

/// Masks each position that has many words in rows that are equal otherwise, or a mask besides words. Says whether there
/// was one.
fn learn_once(rows: &mut [Vec<u32>], words: &Words<'_>) -> bool {
    let mut distinct: Vec<&Vec<u32>> = rows.iter().collect();
    distinct.sort_unstable();
    distinct.dedup();
    // Rows that are equal but for one position, by what the rest hashes to.
    let mut contexts: HashMap<u64, Context> = HashMap::new();
    for row in distinct {
        let total = sum(row);
        for (at, token) in row.iter().enumerate().take(MAX_LEARNED_TOKENS) {
            let context = contexts.entry(without(total, at, *token)).or_default();
            context.n_words += 1;
            context.has_mask |= *token == MASK_ID;
        }
    }
    let mut has_learned = false;
    for row in rows {
        let total = sum(row);
        let before = row.clone();
        for (at, token) in before.iter().enumerate().take(MAX_LEARNED_TOKENS) {
            if *token == MASK_ID || words.is_border(*token) {
                continue;
            }
            let context = &contexts[&without(total, at, *token)];
            let word = |at: usize| before.get(at).map(|id| words.texts[*id as usize]);
            let previous = at.checked_sub(1).and_then(word);
            let is_account = previous == Some("for")
                && word(at + 1) == Some("from")
                && word(at + 2) == Some(MASK);
            let enough = match words.texts[*token as usize] {
                _ if is_account => N_ACCOUNTS,
                text => n_needed(text, previous),
            };
            if context.n_words >= enough || context.has_mask && at > 0 {
                row[at] = MASK_ID;
                has_learned = true;
            }
        }
    }
    has_learned
}

/// How many words at one position make this one a value.
fn n_needed(word: &str, previous: Option<&str>) -> u32 {
    let is_participle = word.len() > 4
        && (word.ends_with("ed") || word.ends_with("ing"))
        && word.bytes().skip(1).all(|byte| byte.is_ascii_lowercase());
    match previous {
        None => N_EVENTS,
        _ if is_participle => N_EVENTS,
        Some("user") => N_NAMES,
        Some(_) => N_VALUES,
    }
}

#[derive(Default)]
struct Context {
    n_words: u32,
    has_mask: bool,
}

const MASK_ID: u32 = 0;

/// Words by number.
struct Words<'a> {
    ids: HashMap<&'a str, u32>,
    texts: Vec<&'a str>,
}

impl Default for Words<'_> {
    fn default() -> Self {
        Self {
            ids: HashMap::from([(MASK, MASK_ID)]),
            texts: vec![MASK],
        }
    }
}

impl<'a> Words<'a> {
    fn id(&mut self, word: &'a str) -> u32 {
        let next =
            u32::try_from(self.texts.len()).expect("there are at most as many words as bytes kept");
        *self.ids.entry(word).or_insert_with(|| {
            self.texts.push(word);
            next
        })
    }

    fn is_border(&self, id: u32) -> bool {
        is_border(self.texts[id as usize])
    }

    fn text(&self, row: &[u32]) -> String {
        let texts: Vec<&str> = row.iter().map(|id| self.texts[*id as usize]).collect();
        texts.join(" ")
    }
}

/// A hash of a row from which one position can be taken out again.
fn sum(row: &[u32]) -> u64 {
    row.iter()
        .enumerate()
        .fold(row.len() as u64, |sum, (at, token)| {
            sum.wrapping_add(mix(at, *token))
        })
}

fn without(sum: u64, at: usize, token: u32) -> u64 {
    sum.wrapping_sub(mix(at, token))
        .wrapping_add(mix(at, u32::MAX))
}

/// The finaliser of SplitMix64 (Steele et al., OOPSLA 2014). Words are numbered in the order of their arrival, so that
/// nobody can choose what collides.
fn mix(at: usize, token: u32) -> u64 {
    let x = ((at as u64) << 32 | u64::from(token)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
