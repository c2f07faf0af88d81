//! Message templates: what log lines say apart from their values.
//!
//! In: lines of one log as they are, in any order. Out: a [`TemplateId`] for each. Read `header` (what the logger put
//! before the message), `mask` (values told by their form), `learn` (values told by other lines), then `patterns` (which
//! template a new line belongs to) and `read` (whole files).
//!
//! The kin is Drain (He et al., ICWS 2017), but there is no tree and no similarity threshold. A line's header is taken
//! off and values are masked by general forms; what is left, its *shape*, is looked up as a whole: nearly all lines end
//! there. Only new shapes are compared. A word is a value where enough others stand in its place with all else equal: the
//! plurality of IPLoM (Makanju et al., KDD 2009), asked position by position, and with the whole line as context where
//! Logram (Dai et al., TSE 2020) takes n-grams and Brain (Yu et al., TSC 2023) the longest common pattern. So two messages
//! that differ in two words stay apart until others connect them: to merge too much is the worse mistake.
//!
//! Invariants: equal shapes have one template; templates merge and never split; memory is bounded by `limits`, and what
//! is forgotten is counted.
mod header;
mod learn;
mod limits;
mod mask;
mod patterns;
mod read;

use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use header::Header;
use limits::{MAX_HEADER_LINES, MAX_LINE_BYTES, MAX_MERGED, MAX_SHAPES, MIN_HEADER_LINES};
use patterns::Patterns;

pub use read::{OfLines, of_lines};

/// The number of a template, in the order in which templates were first seen, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TemplateId(pub u32);

impl TemplateId {
    /// Stands for messages without words, and for templates that were forgotten.
    pub const NONE: Self = Self(0);
}

/// A template and how many lines it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its number.
    pub id: TemplateId,
    /// The message with `<*>` for each value.
    pub text: String,
    /// Lines that were given to [`Templates::add`].
    pub count: u64,
}

/// The templates of one log, learned while its lines are read.
///
/// The same lines in the same order give the same templates; in another order they get other numbers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Templates {
    header: Header,
    /// The first lines, which the header is learned from, with the shapes that they were given.
    first_lines: Vec<(String, TemplateId)>,
    is_header_known: bool,
    /// By text; ids ascend.
    shapes: IndexMap<String, Shape>,
    /// What was merged into what, by the ids that were given out.
    merged: BTreeMap<TemplateId, TemplateId>,
    last_id: u32,
    n_at_learning: usize,
    n_forgotten: u64,
    #[serde(skip)]
    patterns: Option<Patterns<TemplateId>>,
    #[serde(skip)]
    buffer: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Shape {
    template: TemplateId,
    /// The shape with what is learned masked too.
    text: String,
    is_learned: bool,
    /// Lines.
    count: u64,
}

impl Templates {
    /// Templates of the log that begins with these lines; more than 1024 tell no more.
    ///
    /// Without them the header is learned on the way, from the first 1024 lines.
    pub fn of_log(first_lines: &[&str]) -> Self {
        let lines: Vec<&str> = first_lines
            .iter()
            .take(MAX_HEADER_LINES)
            .map(|line| cut(line))
            .collect();
        Self {
            header: Header::learn(&lines),
            is_header_known: true,
            ..Self::default()
        }
    }

    /// The template of a line, its logger's header included. A later line may show that it belongs to another one:
    /// [`Self::current`] tells.
    pub fn add(&mut self, line: &str) -> TemplateId {
        let line = cut(line);
        let id = self.add_message(line);
        if self.is_header_known {
            return id;
        }
        self.first_lines.push((line.to_owned(), id));
        let n_lines = self.first_lines.len();
        if n_lines >= MIN_HEADER_LINES && n_lines.is_power_of_two() {
            self.learn_header();
        }
        if n_lines >= MAX_HEADER_LINES {
            self.first_lines = Vec::new();
            self.is_header_known = true;
        }
        self.current(id)
    }

    /// The template of a message that [`shape`] has masked.
    pub(crate) fn add_shaped(&mut self, shape: &str) -> TemplateId {
        match self.shapes.get_mut(shape) {
            _ if shape.is_empty() => TemplateId::NONE,
            Some(known) => {
                known.count += 1;
                known.template
            }
            None => self.add_shape(shape),
        }
    }

    /// What a template says; `None` if it was forgotten.
    pub(crate) fn text(&self, id: TemplateId) -> Option<&str> {
        let shape = self.shapes.values().find(|shape| shape.template == id)?;
        Some(&shape.text)
    }

    /// The template that an id has become.
    pub fn current(&self, id: TemplateId) -> TemplateId {
        let mut id = id;
        // There are no cycles: a template is merged into older ones, or into what its lines became under a new header.
        while let Some(into) = self.merged.get(&id) {
            id = *into;
        }
        id
    }

    /// All templates, the oldest first. Learns what the lines so far show.
    pub fn all(&mut self) -> Vec<Template> {
        self.learn();
        let mut all: BTreeMap<TemplateId, Template> = BTreeMap::new();
        for shape in self.shapes.values() {
            let template = all.entry(shape.template).or_insert_with(|| Template {
                id: shape.template,
                text: shape.text.clone(),
                count: 0,
            });
            template.count += shape.count;
        }
        all.into_values().collect()
    }

    /// Lines whose template was forgotten because there were too many.
    pub fn n_forgotten(&self) -> u64 {
        self.n_forgotten
    }

    fn add_message(&mut self, line: &str) -> TemplateId {
        let mut text = std::mem::take(&mut self.buffer);
        mask::shape(self.header.strip(line), &mut text);
        let id = self.add_shaped(&text);
        self.buffer = text;
        id
    }

    fn add_shape(&mut self, text: &str) -> TemplateId {
        if self.shapes.len() >= MAX_SHAPES {
            self.forget();
        }
        let found = self.patterns().find(text);
        if found.is_none() {
            self.last_id += 1;
        }
        let id = TemplateId(self.last_id);
        let shape = Shape {
            template: found.unwrap_or(id),
            text: text.to_owned(),
            is_learned: false,
            count: 1,
        };
        self.shapes.insert(text.to_owned(), shape);
        // New shapes of a known template teach nothing that could not wait; of the others, few are enough.
        if self.shapes.len() > self.n_at_learning + self.n_at_learning / 2 + 16 {
            self.learn();
        }
        self.shapes.get(text).map_or(id, |shape| shape.template)
    }

    fn patterns(&mut self) -> &Patterns<TemplateId> {
        self.patterns.get_or_insert_with(|| {
            let shapes = self.shapes.values();
            Patterns::new(
                shapes.map(|shape| (shape.text.as_str(), shape.is_learned, shape.template)),
            )
        })
    }

    /// Learns the header anew, and, where it is another one, the shapes of the lines so far.
    fn learn_header(&mut self) {
        let lines: Vec<&str> = self
            .first_lines
            .iter()
            .map(|line| line.0.as_str())
            .collect();
        let header = Header::learn(&lines);
        if header == self.header {
            return;
        }
        self.header = header;
        self.shapes.clear();
        self.patterns = None;
        self.n_at_learning = 0;
        for (line, id) in std::mem::take(&mut self.first_lines) {
            let new = self.add_message(&line);
            // What an id stood for may have come apart; it goes on as the first of the parts.
            let old = self.current(id);
            if old != new && self.current(new) != old {
                self.merged.insert(old, new);
            }
            self.first_lines.push((line, new));
        }
    }

    /// Learns which templates are one, and what is a value in them.
    pub(crate) fn learn(&mut self) {
        let shapes: Vec<&str> = self.shapes.keys().map(String::as_str).collect();
        let learned = learn::learn(&shapes);
        let mut into: HashMap<TemplateId, TemplateId> = HashMap::new();
        let mut by_text: HashMap<&str, TemplateId> = HashMap::new();
        for (shape, text) in self.shapes.values().zip(&learned) {
            let other = *by_text.entry(text).or_insert(shape.template);
            let (a, b) = (root(&into, shape.template), root(&into, other));
            if a != b {
                into.insert(a.max(b), a.min(b));
            }
        }
        for ((key, shape), text) in self.shapes.iter_mut().zip(&learned) {
            shape.template = root(&into, shape.template);
            shape.is_learned |= mask::tokens(key).ne(mask::tokens(text));
            shape.text = mask::overlay(key, text);
        }
        for from in into.keys() {
            self.merged.insert(*from, root(&into, *from));
        }
        while self.merged.len() > MAX_MERGED {
            self.merged.pop_first();
        }
        self.n_at_learning = self.shapes.len();
        self.patterns = None;
    }

    /// Makes room: keeps one shape of each template, and of the templates half as many as fit, the most frequent ones;
    /// of equally frequent ones the newest.
    fn forget(&mut self) {
        self.learn();
        let mut kept: IndexMap<TemplateId, Shape> = IndexMap::new();
        for (_, shape) in self.shapes.drain(..) {
            match kept.get_mut(&shape.template) {
                Some(first) => {
                    first.count += shape.count;
                    if shape.is_learned && !first.is_learned {
                        first.text = shape.text;
                        first.is_learned = true;
                    }
                }
                None => drop(kept.insert(shape.template, shape)),
            }
        }
        kept.sort_by(|_, a, _, b| (b.count, b.template).cmp(&(a.count, a.template)));
        let forgotten = kept.split_off(kept.len().min(MAX_SHAPES / 2));
        self.n_forgotten += forgotten.values().map(|shape| shape.count).sum::<u64>();
        kept.sort_keys();
        for shape in kept.into_values() {
            self.shapes.insert(shape.text.clone(), shape);
        }
        self.n_at_learning = self.shapes.len();
        self.patterns = None;
    }
}

fn root(into: &HashMap<TemplateId, TemplateId>, id: TemplateId) -> TemplateId {
    let mut id = id;
    while let Some(next) = into.get(&id) {
        id = *next;
    }
    id
}

/// A message with the values masked that show by their form alone.
pub(crate) fn shape(message: &str) -> String {
    let mut text = String::new();
    mask::shape(cut(message), &mut text);
    text
}

/// The words of a template that are no values.
pub(crate) fn n_words(template: &str) -> usize {
    let has_letters = |token: &&str| token.chars().any(char::is_alphabetic);
    mask::tokens(template).filter(has_letters).count()
}

/// The beginning of a line, cut at a character's border.
fn cut(line: &str) -> &str {
    &line[..line.floor_char_boundary(MAX_LINE_BYTES)]
}

#[cfg(test)]
mod tests;
