//! How a table of types and words is read.

use crate::BugClass;

/// One line of a table: which types and messages mean what. The first that matches decides.
#[derive(Debug)]
pub(super) struct Rule {
    /// Bare class names; `*Suffix` is any that ends so; none is every type.
    types: &'static [&'static str],
    /// Of which the message has one, in lower case; none is every message.
    words: &'static [&'static str],
    class: BugClass,
}

/// Types that mean the class whatever the message.
pub(super) const fn types(types: &'static [&'static str], class: BugClass) -> Rule {
    both(types, &[], class)
}

/// Words that mean the class whatever the type.
pub(super) const fn words(words: &'static [&'static str], class: BugClass) -> Rule {
    both(&[], words, class)
}

/// Types that mean the class with one of the words.
pub(super) const fn both(
    types: &'static [&'static str],
    words: &'static [&'static str],
    class: BugClass,
) -> Rule {
    Rule {
        types,
        words,
        class,
    }
}

/// What a rule made of an exception.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub(super) class: BugClass,
    /// The word or the type that decided.
    pub(super) evidence: String,
}

/// The first rule's answer; the type is bare, the message in lower case.
pub(super) fn first(rules: &[Rule], type_name: &str, message: &str) -> Option<Match> {
    rules.iter().find_map(|rule| {
        let is_type = |pattern: &&str| match pattern.strip_prefix('*') {
            Some(suffix) => type_name.ends_with(suffix),
            None => type_name == *pattern,
        };
        if !rule.types.is_empty() && !rule.types.iter().any(is_type) {
            return None;
        }
        let evidence = match rule.words {
            [] => type_name,
            words => words.iter().find(|word| message.contains(**word))?,
        };
        Some(Match {
            class: rule.class,
            evidence: evidence.to_owned(),
        })
    })
}

/// A class name without module, namespace and pointer.
pub(super) fn bare(type_name: &str) -> &str {
    type_name
        .rsplit(['.', ':', '\\', '+', '/'])
        .next()
        .unwrap_or_default()
        .trim_start_matches('*')
}
