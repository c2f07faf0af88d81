//! Edits that might cure a crash, enumerated by rule at one place of the code.
//!
//! Read `bad` (what is wrong with which value: the crash predicate), then `expression`, `guard` and `handler` (the edit
//! forms), one function a form. A form knows Python and the crash, never a project. The priors are how often a form of
//! that kind is right where it cures, as judged so far; they order candidates and never pass one.

mod attribute;
mod bad;
mod conversion;
mod expression;
mod guard;
mod handler;
mod idiom;
mod key;
mod kind;
mod missing;
mod parallel;
mod ratio;
mod recursion;
mod renamed;
mod sibling;
mod signature;
mod special;
pub(super) mod stated;
mod text;
mod translate;
mod twin;

use tree_sitter::Node;

pub(crate) use self::{
    idiom::{Use, uses},
    kind::{DICT_METHODS, LIST_METHODS, STR_METHODS},
    missing::{Precedent, precedents},
};

use self::bad::Bad;
use super::{
    judge::Promised,
    project::Project,
    run::{Raised, RunFrame},
    source::{PyFile, ancestors, is_statement},
};

/// The rule that gives what Python's own rules ask of a method.
pub(super) const ASKED_BY_PYTHON: &str = "answer as Python asks";

/// The rule that applies a helper of the repository's own.
pub(super) const HELPER: &str = "apply the helper that is there for it";

/// A place where the crash may be cured, with what the run told of it.
pub(crate) struct Site<'a> {
    pub(crate) project: &'a Project,
    pub(crate) file: &'a PyFile,
    pub(crate) frame: &'a RunFrame,
    pub(crate) error: &'a Raised,
    /// Whether the exception was raised at this very frame (else further in).
    pub(crate) innermost: bool,
    /// Exceptions that callers and the stack's own handlers expect.
    pub(crate) promised: &'a Promised,
    /// Whether the file holds an edit of ours already, which speaks for nothing.
    pub(crate) is_edited: bool,
}

impl Site<'_> {
    /// Whether the exception was raised here, or in code of others that was called from here.
    fn is_last_of_repository(&self) -> bool {
        let last = self.error.frames.iter().rfind(|f| f.repo);
        last.is_some_and(|f| std::ptr::eq(f, self.frame))
    }
}

/// A change of one file.
#[derive(Debug, Clone)]
pub(crate) struct Proposal {
    pub(crate) edits: Vec<Edit>,
    /// The rule's name, as shown to people.
    pub(crate) rule: &'static str,
    /// How likely it is right if it cures, in `0.0..=1.0`.
    pub(crate) prior: f64,
    /// What in the repository speaks for it, if anything.
    pub(crate) witness: Option<String>,
    /// The value that it puts in place of a missing one.
    pub(crate) value: Option<String>,
}

/// A replacement of a range of bytes.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: String,
}

impl Edit {
    fn replace(node: Node<'_>, text: impl Into<String>) -> Self {
        Self {
            start: node.start_byte(),
            end: node.end_byte(),
            text: text.into(),
        }
    }

    fn insert(at: usize, text: impl Into<String>) -> Self {
        Self {
            start: at,
            end: at,
            text: text.into(),
        }
    }
}

/// Applies edits, which must not overlap.
pub(crate) fn apply(text: &str, edits: &[Edit]) -> String {
    let mut edits: Vec<_> = edits.iter().collect();
    edits.sort_by_key(|e| std::cmp::Reverse(e.start));
    let mut out = text.to_owned();
    for edit in edits {
        out.replace_range(edit.start..edit.end, &edit.text);
    }
    out
}

/// All proposals for a place, the likeliest first.
pub(crate) fn propose(site: &Site<'_>) -> Vec<Proposal> {
    let Some(target) = Target::of(site) else {
        return handler::widen(site);
    };
    let bads = bad::bads(site, &target);
    let mut out = handler::widen(site);
    out.extend(sibling::as_other_callers(site, &target));
    out.extend(sibling::as_sibling_methods(site, &target));
    out.extend(idiom::helpers(site, &target));
    out.extend(key::keys(site, &target));
    if innermost_of_file(site) {
        out.extend(twin::as_twins(site));
    }
    if site.innermost {
        out.extend(special::special(site, &target));
        out.extend(signature::signature(site, &target));
    }
    if site.is_last_of_repository() {
        out.extend(conversion::conversions(site, &target));
        out.extend(renamed::renamed(site, &target));
        out.extend(attribute::never_set(site, &target));
        out.extend(text::texts(site, &target));
        out.extend(translate::translate(site, &target, &bads));
    }
    out.extend(parallel::as_beside(site, &target));
    out.extend(parallel::guarded_beside(site, &target));
    if site.innermost {
        out.extend(parallel::converted_beside(site, &target));
    }
    out.extend(recursion::recursion(site, &target));
    out.extend(ratio::as_other_divisions(site, &target, &bads));
    for bad in &bads {
        let mut forms = expression::conjoin(site, &target, bad);
        forms.extend(expression::substitute(site, &target, bad));
        forms.extend(guard::statements(site, &target, bad));
        forms.extend(handler::contract(site, &target, bad));
        forms.extend(missing::as_elsewhere(site, &target, bad));
        bad.speak_for(&mut forms);
        if stated::breaks_its_word(site, &target, bad) {
            // Here is not where it went wrong.
            forms.iter_mut().for_each(|form| form.prior *= 0.6);
        }
        out.append(&mut forms);
    }
    if let Some(function) = target.function {
        let returns = target.statement.kind() == "return_statement";
        let stated = stated::Stated::of(site.project, site.file, function);
        for proposal in &mut out {
            stated.weigh(returns, proposal);
        }
    }
    out.sort_by(|a, b| b.prior.total_cmp(&a.prior));
    out
}

/// Whether no frame further in lies in the same file: what is made for a file is made once.
fn innermost_of_file(site: &Site<'_>) -> bool {
    let last = site
        .error
        .frames
        .iter()
        .rfind(|f| f.path == site.frame.path);
    last.is_some_and(|f| std::ptr::eq(f, site.frame))
}

/// The syntax at a place.
pub(crate) struct Target<'a> {
    /// The statement that was running; of a compound one, its header was.
    pub(crate) statement: Node<'a>,
    /// The expression that raised, or the call that did not return.
    pub(crate) failing: Node<'a>,
    /// The function around, if any.
    pub(crate) function: Option<Node<'a>>,
}

impl<'a> Target<'a> {
    fn of(site: &'a Site<'_>) -> Option<Self> {
        let statement = site.file.statement_at(site.frame.line)?;
        let failing = site
            .frame
            .span
            .and_then(|span| site.file.node_at(span))
            .unwrap_or(statement);
        // The span may lie in a continued line of a statement that starts further up.
        let statement = ancestors(failing)
            .find(|n| is_statement(*n))
            .unwrap_or(statement);
        let function = ancestors(statement).find(|n| n.kind() == "function_definition");
        Some(Self {
            statement,
            failing,
            function,
        })
    }
}

/// A proposal, unless the text would not change.
fn proposal(edits: Vec<Edit>, rule: &'static str, prior: f64) -> Proposal {
    Proposal {
        edits,
        rule,
        prior,
        witness: None,
        value: None,
    }
}

/// Puts an expression into parentheses where an operator beside it would tear it apart.
fn wrapped(file: &PyFile, node: Node<'_>) -> String {
    let text = file.text_of(node);
    match node.kind() {
        "boolean_operator"
        | "conditional_expression"
        | "lambda"
        | "named_expression"
        | "not_operator"
        | "comparison_operator"
        | "binary_operator"
        | "unary_operator"
        | "await" => format!("({text})"),
        _ => text.to_owned(),
    }
}
