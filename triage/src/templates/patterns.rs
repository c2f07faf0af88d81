//! Finds the template that a shape is an instance of.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
};

use super::{
    limits::MAX_LAYOUTS,
    mask::{MASK, tokens},
};

/// Templates by their tokens outside the masks.
#[derive(Debug, Clone)]
pub(super) struct Patterns<T> {
    /// The positions of the masks in templates of so many tokens.
    layouts: HashMap<usize, BTreeSet<Vec<usize>>>,
    /// By the hash of layout and words.
    templates: HashMap<u64, Pattern<T>>,
    hasher: RandomState,
}

#[derive(Debug, Clone)]
struct Pattern<T> {
    text: String,
    /// Whether some of its masks were learned: then any word may stand there, else only a name with signs in it.
    is_learned: bool,
    id: T,
}

impl<T: Copy + Ord> Patterns<T> {
    /// Templates with at least one mask: text, whether some of it was learned, id.
    pub(super) fn new<'a>(templates: impl Iterator<Item = (&'a str, bool, T)>) -> Self {
        let mut all = Self {
            layouts: HashMap::new(),
            templates: HashMap::new(),
            hasher: RandomState::new(),
        };
        for (text, is_learned, id) in templates {
            let words: Vec<&str> = tokens(text).collect();
            let masks: Vec<usize> = (0..words.len()).filter(|at| words[*at] == MASK).collect();
            if masks.is_empty() {
                continue;
            }
            let hash = all.hash(&words, &masks);
            let layouts = all.layouts.entry(words.len()).or_default();
            if layouts.len() >= MAX_LAYOUTS && !layouts.contains(&masks) {
                continue;
            }
            layouts.insert(masks);
            let pattern = all.templates.entry(hash).or_insert_with(|| Pattern {
                text: text.to_owned(),
                is_learned,
                id,
            });
            pattern.is_learned |= is_learned;
        }
        all
    }

    /// The template with the fewest masks that the shape is an instance of.
    pub(super) fn find(&self, shape: &str) -> Option<T> {
        let words: Vec<&str> = tokens(shape).collect();
        let layouts = self.layouts.get(&words.len())?;
        let found = layouts.iter().filter_map(|masks| {
            let pattern = self.templates.get(&self.hash(&words, masks))?;
            let is_instance = tokens(&pattern.text).zip(&words).all(|(token, word)| {
                token == *word || token == MASK && (pattern.is_learned || is_name(word))
            });
            is_instance.then_some((masks.len(), pattern.id))
        });
        found.min().map(|(_, id)| id)
    }

    fn hash(&self, words: &[&str], masks: &[usize]) -> u64 {
        let mut masks = masks.iter().peekable();
        let outside: Vec<&str> = words
            .iter()
            .enumerate()
            .map(|(at, word)| match masks.next_if(|mask| **mask == at) {
                Some(_) => MASK,
                None => *word,
            })
            .collect();
        self.hasher.hash_one(outside)
    }
}

/// Whether a word is one that programs have rather than sentences: `app.job.EventType`, `disk_full`.
fn is_name(word: &str) -> bool {
    let inner = word.trim_matches(['.', '-', '_']);
    inner.contains(['.', '_', '$', '/']) && inner.starts_with(char::is_alphanumeric)
}
