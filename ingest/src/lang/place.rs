//! `path:line:column`.

/// A place in a file as far as it is there; a number may be masked with `*`.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) path: &'a str,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
    /// How many numbers were there, masked or not.
    pub(crate) n_numbers: usize,
}

impl<'a> Place<'a> {
    /// Splits `path:line:column`, `path:line` or `path`.
    pub(crate) fn of(text: &'a str) -> Self {
        let Some((rest, last)) = number(text) else {
            return Self {
                path: text,
                ..Self::default()
            };
        };
        match number(rest) {
            Some((path, line)) => Self {
                path,
                line,
                column: last,
                n_numbers: 2,
            },
            None => Self {
                path: rest,
                line: last,
                column: None,
                n_numbers: 1,
            },
        }
    }
}

/// Splits off `:12` or `:*`.
fn number(text: &str) -> Option<(&str, Option<u32>)> {
    let (rest, last) = text.rsplit_once(':')?;
    match last.parse::<u32>() {
        Ok(number) if last.bytes().all(|byte| byte.is_ascii_digit()) => Some((rest, Some(number))),
        _ if last == "*" => Some((rest, None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, path: &str, line: Option<u32>, column: Option<u32>, n_numbers: usize) {
        let expected = Place {
            path,
            line,
            column,
            n_numbers,
        };
        assert_eq!(Place::of(text), expected);
    }

    #[test]
    fn places() {
        check("a.js:1:2", "a.js", Some(1), Some(2), 2);
        check("C:\\a.cs:7", "C:\\a.cs", Some(7), None, 1);
        check("C:\\a.cs", "C:\\a.cs", None, None, 0);
        check("a.js:*:*", "a.js", None, None, 2);
        check("http://x:8080/", "http://x:8080/", None, None, 0);
        check("a:99999999999", "a:99999999999", None, None, 0);
        check("a:+1", "a:+1", None, None, 0);
    }
}
