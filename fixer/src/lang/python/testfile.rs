//! The reproducing test as a file that a person would have written.

use super::{
    caller::Script,
    project::{Project, parent},
    run::Raised,
};
use crate::gates::Reproduction;

/// What the test expects of the patched code.
pub(crate) enum Expectation {
    /// That it does not raise.
    NoCrash,
    /// That it raises this exception, imported so.
    Raises {
        name: String,
        import: Option<String>,
    },
}

impl Expectation {
    /// What a crash is to become: nothing, or this exception.
    pub(crate) fn of(raises: Option<&Raised>) -> Self {
        match raises {
            None => Self::NoCrash,
            Some(error) => Self::Raises {
                name: error.type_name.clone(),
                import: Some(format!("from {} import {}", error.module, error.type_name))
                    .filter(|_| error.module != "builtins"),
            },
        }
    }
}

/// Writes the test for a script.
pub(crate) fn write(
    script: &Script,
    expectation: &Expectation,
    crash: &str,
    function: &str,
    module_path: &str,
    project: &Project,
    taken: &[String],
) -> Reproduction {
    let subject = slug(function);
    let stem = slug(
        module_path
            .rsplit('/')
            .next()
            .unwrap_or("module")
            .trim_end_matches(".py"),
    );
    let stem = if stem == "init" {
        slug(parent(module_path).rsplit('/').next().unwrap_or("package"))
    } else {
        stem
    };
    let name = format!("test_{subject}_does_not_crash");
    let mut imports: Vec<String> = script.imports.clone();
    let mut body: Vec<String> = Vec::new();
    let call = script.call.trim_end();
    match expectation {
        Expectation::NoCrash => body.push(call.to_owned()),
        Expectation::Raises { name, import } => {
            imports.extend(import.clone());
            body.push(format!(
                "with pytest.raises({name}):\n    {}",
                call.replace('\n', "\n    ")
            ));
            imports.push("import pytest".to_owned());
        }
    }
    let name = if matches!(expectation, Expectation::NoCrash) {
        name
    } else {
        format!("test_{subject}_raises_the_declared_error")
    };
    imports.sort();
    imports.dedup();
    // Definitions read their globals from the module; plain values belong to the test.
    let (global, local): (Vec<&String>, Vec<&String>) = if script.setup.iter().any(|s| {
        s.starts_with("def ")
            || s.starts_with("class ")
            || s.starts_with('@')
            || s.starts_with("async def ")
    }) {
        (script.setup.iter().collect(), Vec::new())
    } else {
        (Vec::new(), script.setup.iter().collect())
    };
    let mut text = format!("\"\"\"{}\"\"\"\n", sentence(crash));
    let (future, plain): (Vec<&String>, Vec<&String>) =
        imports.iter().partition(|i| i.contains("__future__"));
    for import in future.into_iter().chain(plain) {
        text.push_str(import);
        text.push('\n');
    }
    for part in global {
        let gap = if part.starts_with("def ") || part.starts_with("class ") || part.starts_with('@')
        {
            "\n\n"
        } else {
            "\n"
        };
        text.push_str(gap);
        text.push_str(part.trim_end());
        text.push('\n');
    }
    text.push_str(&format!("\n\ndef {name}():\n"));
    for part in local.into_iter().chain(&body) {
        for line in part.lines() {
            text.push_str(&if line.is_empty() {
                "\n".to_owned()
            } else {
                format!("    {line}\n")
            });
        }
    }
    Reproduction {
        path: place(project, &stem, &subject, taken),
        source: text,
        isolate: "native",
    }
}

fn sentence(crash: &str) -> String {
    let line = crash
        .lines()
        .next()
        .unwrap_or_default()
        .replace('\\', "/")
        .replace('"', "'");
    let line: String = line.chars().filter(|c| !c.is_control()).take(100).collect();
    format!("Regression test: {}", line.trim_end_matches('.'))
}

/// A file of its own in the folder where the repository keeps its tests.
fn place(project: &Project, stem: &str, subject: &str, taken: &[String]) -> String {
    let mut folders: Vec<&str> = project.tests().map(parent).collect();
    folders.sort_by_key(|f| (f.matches('/').count(), f.len(), *f));
    let folder = folders
        .first()
        .copied()
        .filter(|f| !f.is_empty())
        .unwrap_or("tests");
    let mut path = format!("{folder}/test_{stem}_{subject}.py");
    let mut n = 2;
    while project.has(&path) || taken.contains(&path) {
        path = format!("{folder}/test_{stem}_{subject}_{n}.py");
        n += 1;
    }
    path
}

fn slug(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    let text = text.trim_matches('_').to_owned();
    if text.is_empty() {
        "crash".to_owned()
    } else {
        text
    }
}
