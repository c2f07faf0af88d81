//! Programs that show how a repository is used: its tests, the examples in its docstrings and documents.

use std::{cell::OnceCell, rc::Rc};

use super::{project::Project, source::PyFile};

/// Files of each kind that are looked through.
const MAX_FILES: usize = 300;

/// A program that shows a use, parsed when somebody looks closer.
pub(crate) struct Example {
    path: String,
    pub(crate) text: Rc<str>,
    parsed: OnceCell<Rc<PyFile>>,
}

impl Example {
    fn new(path: &str, text: Rc<str>) -> Self {
        Self {
            path: path.to_owned(),
            text,
            parsed: OnceCell::new(),
        }
    }

    pub(crate) fn program(&self) -> &Rc<PyFile> {
        self.parsed
            .get_or_init(|| Rc::new(PyFile::parse(&self.path, &self.text)))
    }
}

/// Tests first, then examples, then documents; each file's as one program. What does not parse is left out by those who read
/// it: errors are nodes of the tree.
pub(super) fn of(project: &Project) -> Vec<Example> {
    let mut out = Vec::new();
    for path in project.tests().take(MAX_FILES) {
        out.extend(project.read(path).map(|text| Example::new(path, text)));
    }
    let mut add = |path: &str, is_document: bool| {
        let Some(text) = project.read(path) else {
            return;
        };
        let code = shown_code(&text, is_document);
        if !code.is_empty() {
            out.push(Example::new(path, code.into()));
        }
    };
    for path in project.documents().take(MAX_FILES) {
        add(path, true);
    }
    for path in project.sources().take(MAX_FILES) {
        add(path, false);
    }
    out
}

/// The code that a text shows: after `>>>` and `...`; of a document also what stands between fences, or below a line that
/// ends in `::` or names Python code.
fn shown_code(text: &str, is_document: bool) -> String {
    let mut out = String::new();
    let mut fenced = false;
    // The indentation of the block that a `::` opened, once its first line is seen.
    let mut block: Option<Option<usize>> = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        if let Some(code) = trimmed
            .strip_prefix(">>> ")
            .or_else(|| trimmed.strip_prefix("... "))
        {
            out.push_str(code);
            out.push('\n');
            continue;
        }
        if !is_document {
            continue;
        }
        if trimmed.starts_with("```") {
            fenced =
                !fenced && matches!(trimmed.trim(), "```" | "```python" | "```py" | "```python3");
            continue;
        }
        match block {
            Some(None) if !trimmed.is_empty() && indent > 0 && !trimmed.starts_with(':') => {
                block = Some(Some(indent));
            }
            Some(None) if !trimmed.is_empty() && indent == 0 => block = None,
            Some(Some(depth)) if !trimmed.is_empty() && indent < depth => block = None,
            _ => {}
        }
        if let Some(Some(depth)) = block {
            out.push_str(line.get(depth..).unwrap_or_default());
            out.push('\n');
        } else if fenced {
            out.push_str(line);
            out.push('\n');
        }
        let opens = trimmed.trim_end();
        if block.is_none()
            && (opens.starts_with(".. code") && opens.ends_with("python")
                || opens.ends_with("::") && !opens.starts_with(".."))
        {
            block = Some(None);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::shown_code;

    #[test]
    fn documents_show_code_in_three_ways() {
        let text = "Use it::\n\n    bar = make(3)\n    bar.update(1)\n\nor\n\n```python\nx = 1\n```\n\n>>> f(2)\n4\n... more\n";
        assert_eq!(
            shown_code(text, true),
            "bar = make(3)\nbar.update(1)\n\nx = 1\nf(2)\nmore\n"
        );
        assert_eq!(shown_code(text, false), "f(2)\nmore\n");
    }
}
