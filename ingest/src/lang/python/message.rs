//! Where an exception's message ends, which its text alone does not say.

/// Whether a message's line visibly wants another one.
pub(super) fn is_unfinished(line: &str) -> bool {
    let line = line.trim_end();
    let n = |wanted: &[u8]| line.bytes().filter(|byte| wanted.contains(byte)).count();
    line.ends_with([':', ',', '(', '[', '{', '\\']) || n(b"([{") > n(b")]}")
}

/// Whether a message is known to end with its first line, so that what follows are notes (PEP 678), which are
/// printed like more lines of it.
pub(super) fn is_complete(type_name: &str, first: &str, raising: Option<&str>) -> bool {
    const ONE_LINE: [&str; 9] = [
        "ZeroDivisionError",
        "IndexError",
        "AttributeError",
        "NameError",
        "UnboundLocalError",
        "RecursionError",
        "StopIteration",
        "KeyError",
        "ModuleNotFoundError",
    ];
    if first.is_empty() || first.ends_with(" sub-exceptions)") || first.ends_with(" sub-exception)")
    {
        return true;
    }
    // What the interpreter or a plain literal says: the raising line has no message of its own, or just this one.
    let Some(raising) = raising else {
        return ONE_LINE.contains(&type_name);
    };
    match raising.strip_prefix("raise ").and_then(literal_end) {
        Some(end) => first.ends_with(end),
        None => {
            ONE_LINE.contains(&type_name) || !raising.contains("raise") && type_name == "TypeError"
        }
    }
}

/// The fixed end of the one string that a `raise X("…")` statement passes; of an f-string what follows its last `}`.
fn literal_end(call: &str) -> Option<&str> {
    let (_, argument) = call.split_once('(')?;
    let argument = argument
        .split_once(") from ")
        .map_or(argument, |(before, _)| before);
    let argument = argument
        .trim_end()
        .trim_end_matches(')')
        .trim_end_matches(',');
    let quoted = argument.trim_start_matches(['f', 'F']);
    let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = quoted[1..].strip_suffix(quote)?;
    if inner.contains(quote) || inner.contains('\\') {
        return None;
    }
    let end = if argument.len() > quoted.len() {
        inner.rsplit('}').next().unwrap_or(inner)
    } else {
        inner
    };
    (!end.is_empty()).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raising: &str, expected: Option<&str>) {
        assert_eq!(literal_end(raising), expected);
    }

    #[test]
    fn ends_of_literals() {
        check("ValueError(\"bad\")", Some("bad"));
        check("ValueError('bad') from error", Some("bad"));
        check("ValueError(f\"no {x} here\")", Some(" here"));
        check("ValueError(f\"no {x}\")", None);
        check("ValueError(\"a\\nb\")", None);
        check("ValueError(text)", None);
        check("ValueError", None);
    }
}
