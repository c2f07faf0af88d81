//! What may be shown to others: words of the repository and of Python, and nothing that production's data brought.

use std::{collections::BTreeSet, ops::Range};

use ingest::{ErrorEvent, Exception};
use tree_sitter::Node;

use super::{
    caller::Script,
    neighbours::Replacement,
    project::Project,
    source::{PyFile, is_statement},
};
use crate::{Checkout, Policy, checkout::Words};

/// Words of Python's own messages, and of those of Node.
const COMMON: &str = "a an and any are arg argument arguments as at attempt attribute attributes base be been before between \
bool but by byte bytes bytearray call callable called can cannot char character circular class closed code codec column \
complex compare concatenate contains context convert could create data day decode default defined deleted delimiter depth \
dict dictionary did didn dimensions div divide division divmod does doesn don during element elements empty encode end \
enough equal error exceeded expected expecting expression extra failed field file first float for format found from frozen \
function generator get given global got greater has hashable have id if import in incomplete index indices infinite \
infinity initialized input instance instances int integer integers into invalid is isn it item items iterable iterate \
iteration iterator its json key keys keyword keywords least len length less letter line list literal local logarithm long \
lookup mapping match math max maximum maybe mean member method mimetype min missing mode modulo month more most multiple \
must name named nan negative no non none not nothing null number numbers object objects of offset on once one only open \
operand operands operation operator or order ordinal out over pack parameter parse partially path pop position positional \
positive power property properties protocol range re read reading recursion referenced reached required returned resize \
result root same sequence set setting should size slice start state step str string strings subscript subscriptable such \
supported supports support surrogates takes tell than that the their then there this time timestamp to token too tuple type \
types unable unbound undefined unexpected unhashable unicode union unknown unpack unsupported unterminated updated use used \
utf valid value values variable variables via was week were when where which while with within without word write wrong \
year you address addresses aborted available bad broken busy certificate connect connection denied device directory disk errno files full handshake host interrupted left like likely limit memory network operation peer permission permitted pipe quota real refused remote reset resolution resource respond retries service socket space ssl such system temporarily temporary timed timeout tls too verify zero ascii latin int32 nonetype true false self args kwargs";

/// The words that may be shown.
pub(super) struct Vocabulary<'a> {
    words: &'a Words,
    /// The names of the exception and of the functions in its trace.
    names: Vec<&'a str>,
}

impl<'a> Vocabulary<'a> {
    /// `words` are those of the repository's sources.
    pub(super) fn new(words: &'a Words, exception: &'a Exception) -> Self {
        let functions = exception.frames.iter().map(|f| f.function.as_str());
        let names = functions.chain([exception.type_name.as_str()]);
        Self {
            words,
            names: names.flat_map(|name| name.split('.')).collect(),
        }
    }

    /// Whether a word tells nothing of production's data; very short ones and small numbers never do.
    fn knows(&self, word: &str) -> bool {
        let lower = word.to_lowercase();
        let is_number = word.bytes().all(|b| b.is_ascii_digit());
        word.chars().count() <= if is_number { 3 } else { 2 }
            || self.words.has(word)
            || self.names.contains(&word)
            || COMMON.split(' ').any(|known| known == lower)
    }

    /// Whether a word may be shown where the crash needs it: one of parts that the repository has, if with other capitals,
    /// tells no more of production's data than these parts do (`HTTP_RANGE` where a header `Range` is read).
    fn may_stay(&self, word: &str) -> bool {
        let has = |part: &str| self.knows(part) || self.words.has(&part.to_lowercase());
        word.split('_').all(has)
    }

    /// A text with `…` for what is not known.
    pub(super) fn masked(&self, text: &str) -> String {
        let mut out = String::new();
        for (word, gap) in words_of(text) {
            out.push_str(if self.knows(word) { word } else { "…" });
            out.push_str(gap);
        }
        // Between two masked words nothing tells anything.
        while out.contains("… …") {
            out = out.replace("… …", "…");
        }
        out
    }
}

/// A text about an event without what production's data brought into it.
pub(crate) fn without_values(text: &str, event: &ErrorEvent, checkout: &Checkout) -> String {
    let words = checkout.words.get_or_init(|| {
        Project::new(
            checkout.tree().to_path_buf(),
            checkout.entries().to_vec(),
            None,
            &Policy::default(),
        )
        .words()
    });
    Vocabulary::new(words, event.traced()).masked(text)
}

/// Each word with what stands between it and the next one.
fn words_of(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, more) = rest.split_at(end);
        let next = more.find(is_word).unwrap_or(more.len());
        let (gap, more) = more.split_at(next);
        rest = more;
        Some((word, gap))
    })
}

/// Replacements for the words of a script's literals that are not known, by word: each becomes one of the same shape.
pub(super) fn foreign(script: &Script, vocabulary: &Vocabulary<'_>) -> Vec<Vec<Replacement>> {
    let mut out: Vec<(String, Vec<Replacement>)> = Vec::new();
    for (part, text) in script.setup.iter().chain([&script.call]).enumerate() {
        for (range, is_comment) in literals(text) {
            let literal = &text[range.clone()];
            if is_comment {
                if words_of(literal).all(|(word, _)| vocabulary.knows(word)) {
                    continue;
                }
                let gone = Replacement::new(part, range, String::new());
                out.push((String::new(), vec![gone]));
                continue;
            }
            let mut at = range.start;
            for (word, gap) in words_of(literal) {
                if !vocabulary.knows(word) {
                    let n = match out.iter().position(|(known, _)| known == word) {
                        Some(n) => n,
                        None => {
                            out.push((word.to_owned(), Vec::new()));
                            out.len() - 1
                        }
                    };
                    let new = like(word, n);
                    out[n]
                        .1
                        .push(Replacement::new(part, at..at + word.len(), new));
                }
                at += word.len() + gap.len();
            }
        }
    }
    // Where the shape alone does not do, other digits may: `1e400` must stay a number, `udc00` half a character.
    let others: Vec<Vec<Replacement>> = out
        .iter()
        .filter_map(|(word, replacements)| {
            let new = other_digits(word)?;
            let all = replacements.iter();
            Some(all.map(|r| r.with(new.clone())).collect())
        })
        .collect();
    let first = out.into_iter().map(|(_, replacements)| replacements);
    first.chain(others).collect()
}

/// A word with other digits, where its letters are too few to tell anything.
fn other_digits(word: &str) -> Option<String> {
    let n_letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let has_digits = word.bytes().any(|b| b.is_ascii_digit());
    let nines = |c: char| if c.is_ascii_digit() { '9' } else { c };
    (has_digits && (1..=3).contains(&n_letters)).then(|| word.chars().map(nines).collect())
}

/// The words of a program's literals, comments left out.
pub(super) fn literal_words(text: &str) -> BTreeSet<String> {
    let literals = literals(text)
        .into_iter()
        .filter(|(_, is_comment)| !is_comment);
    literals
        .flat_map(|(range, _)| words_of(&text[range]).map(|(word, _)| word.to_owned()))
        .filter(|word| !word.is_empty())
        .collect()
}

/// How many words of a script's literals may not be shown.
pub(super) fn n_foreign(script: &Script, vocabulary: &Vocabulary<'_>) -> usize {
    let is_ours = |word: &str| {
        (0..26).any(|n| like(word, n) == word) || other_digits(word).as_deref() == Some(word)
    };
    let parts = script.setup.iter().chain([&script.call]);
    let words = parts.flat_map(|text| {
        let literals = literals(text).into_iter();
        literals.flat_map(|(range, _)| {
            words_of(&text[range])
                .map(|(word, _)| word)
                .collect::<Vec<_>>()
        })
    });
    words
        .filter(|word| !vocabulary.may_stay(word) && !is_ours(word))
        .count()
}

/// A word of the same length and kind.
fn like(word: &str, n: usize) -> String {
    let n = n as u8;
    word.chars()
        .map(|c| match c {
            '_' => '_',
            c if c.is_numeric() => char::from(b'1' + n % 9),
            c if c.is_uppercase() => char::from(b'A' + n % 26),
            _ => char::from(b'a' + n % 26),
        })
        .collect()
}

/// The texts and numbers of a piece of code, without the escapes in them, and its comments and docstrings.
fn literals(text: &str) -> Vec<(Range<usize>, bool)> {
    let file = PyFile::parse("", text);
    let mut out = Vec::new();
    let mut cursor = file.root().walk();
    loop {
        let node = cursor.node();
        let is_docstring = node.kind() == "string" && node.parent().is_some_and(is_statement);
        match node.kind() {
            "comment" => out.push((node.byte_range(), true)),
            "string" if is_docstring => out.push((node.byte_range(), true)),
            "integer" | "float" => out.push((node.byte_range(), false)),
            "string_content" => out.extend(between_escapes(node).map(|range| (range, false))),
            _ => {}
        }
        if !is_docstring && node.kind() != "string_content" && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return out;
            }
        }
    }
}

fn between_escapes(content: Node<'_>) -> impl Iterator<Item = Range<usize>> {
    let mut cuts = vec![content.start_byte()];
    for n in 0..content.child_count() {
        if let Some(escape) = content.child(n) {
            cuts.extend([escape.start_byte(), escape.end_byte()]);
        }
    }
    cuts.push(content.end_byte());
    let ranges: Vec<Range<usize>> = cuts.chunks(2).map(|c| c[0]..c[1]).collect();
    ranges.into_iter().filter(|r| !r.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::python::neighbours::replaced;

    fn with<T>(work: impl FnOnce(&Vocabulary<'_>) -> T) -> T {
        let counts = ["discount", "price", "_func_mean"].map(|w| (w.to_owned(), 1));
        let words = Words::new(counts.into());
        let exception = Exception {
            type_name: "shop.errors.Refused".to_owned(),
            ..Exception::default()
        };
        work(&Vocabulary::new(&words, &exception))
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(with(|v| v.masked(text)), expected);
    }

    #[test]
    fn messages_keep_what_python_and_the_repository_say() {
        check(
            "'NoneType' object has no attribute 'price'",
            "'NoneType' object has no attribute 'price'",
        );
        check(
            "invalid literal for int() with base 10: 'Ann Lee'",
            "invalid literal for int() with base 10: '…'",
        );
        check(
            "Refused: order 4711008 of ann@example.com",
            "Refused: order … of …@….…",
        );
        check("'discount'", "'discount'");
    }

    #[test]
    fn foreign_words_become_others_of_their_shape() {
        let script = Script {
            imports: vec![],
            setup: vec!["row = {'price': 'Ann_Lee 77\\nx', 'zz9': 123456}  # Ann".to_owned()],
            call: "f(row, 'Ann_Lee', r'price')".to_owned(),
            fidelity: 1.0,
        };
        with(|vocabulary| {
            let all = foreign(&script, vocabulary);
            let all: Vec<&Replacement> = all.iter().flatten().collect();
            let public = replaced(&script, &all);
            assert_eq!(
                public.setup[0],
                "row = {'price': 'Aaa_Aaa 77\\nx', 'bb2': 333333}  "
            );
            assert_eq!(public.call, "f(row, 'Aaa_Aaa', r'price')");
            assert!(n_foreign(&script, vocabulary) > 3);
            assert_eq!(n_foreign(&public, vocabulary), 0);
            // Another where it can be, but no obstacle where the crash needs it.
            let script = |call: &str| Script {
                setup: vec![],
                call: call.to_owned(),
                ..script.clone()
            };
            assert_eq!(foreign(&script("f('Price')"), vocabulary).len(), 1);
            assert_eq!(
                n_foreign(&script("f('Price', 'PRICE_DISCOUNT')"), vocabulary),
                0
            );
            assert_eq!(
                n_foreign(&script("f('Prices', 'PRICE_ANN')"), vocabulary),
                2
            );
            assert_eq!(other_digits("1e400").as_deref(), Some("9e999"));
            assert_eq!(other_digits("secret17"), None);
            assert_eq!(other_digits("4711008"), None);
            let script = script("search(f'mean(rows[].{field})', {'rows': rows})");
            let all = foreign(&script, vocabulary);
            let all: Vec<&Replacement> = all.iter().flatten().collect();
            let public = replaced(&script, &all);
            assert_eq!(
                public.call,
                "search(f'mean(aaaa[].{field})', {'aaaa': rows})"
            );
            assert_eq!(n_foreign(&public, vocabulary), 0);
        });
    }
}
