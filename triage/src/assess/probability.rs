//! How likely code can fix an error of which the assessment says one thing or the other.

use crate::{BugClass, Fixability};

/// How many labelled errors of a class weigh as much as all that got the same verdict: chosen, as most classes have fewer
/// than 20.
const PRIOR_ERRORS: f64 = 4.0;

/// Of the labelled errors (`triage/tests/labelled`): what the assessment says, how many it says so of, and how many of
/// these people call fixable. A test counts them again; `--example assess` prints them.
const LABELLED: &[(Fixability, BugClass, u32, u32)] = &[
    (Fixability::Fixable, BugClass::AttrMissing, 8, 8),
    (Fixability::Fixable, BugClass::BadValue, 15, 15),
    (Fixability::Fixable, BugClass::Encoding, 13, 13),
    (Fixability::Fixable, BugClass::IndexRange, 27, 25),
    (Fixability::Fixable, BugClass::InvalidState, 5, 5),
    (Fixability::Fixable, BugClass::KeyMissing, 22, 20),
    (Fixability::Fixable, BugClass::MemorySafety, 3, 3),
    (Fixability::Fixable, BugClass::MissingCase, 4, 4),
    (Fixability::Fixable, BugClass::NoneDeref, 91, 88),
    (Fixability::Fixable, BugClass::Overflow, 8, 8),
    (Fixability::Fixable, BugClass::Recursion, 4, 4),
    (Fixability::Fixable, BugClass::TypeMismatch, 21, 20),
    (Fixability::Fixable, BugClass::UnboundName, 5, 5),
    (Fixability::Fixable, BugClass::WrongArg, 5, 5),
    (Fixability::Fixable, BugClass::ZeroDiv, 6, 5),
    (Fixability::NotFixable, BugClass::Configuration, 4, 0),
    (Fixability::NotFixable, BugClass::Credentials, 1, 0),
    (Fixability::NotFixable, BugClass::Database, 27, 0),
    (Fixability::NotFixable, BugClass::Dependency, 14, 1),
    (Fixability::NotFixable, BugClass::Disk, 15, 0),
    (Fixability::NotFixable, BugClass::Dns, 21, 0),
    (Fixability::NotFixable, BugClass::InDependency, 5, 0),
    (Fixability::NotFixable, BugClass::Memory, 15, 0),
    (Fixability::NotFixable, BugClass::Network, 39, 1),
    (Fixability::NotFixable, BugClass::Permission, 11, 0),
    (Fixability::NotFixable, BugClass::RateLimit, 5, 0),
    (Fixability::NotFixable, BugClass::Timeout, 14, 0),
    (Fixability::NotFixable, BugClass::Tls, 10, 0),
    (Fixability::NotFixable, BugClass::Upstream, 20, 0),
    (Fixability::NotFixable, BugClass::UserInput, 3, 0),
    (Fixability::NotFixable, BugClass::Validation, 1, 0),
    (Fixability::Unsure, BugClass::Other, 9, 4),
    (Fixability::Unsure, BugClass::TypeMismatch, 1, 0),
];

/// How likely code can fix an error of which this is said, `0.0..=1.0`; and how many labelled errors that is worth.
///
/// The mean of a beta distribution: `(k + 4 p) / (n + 4)`, where of `n` labelled errors with this verdict and class `k`
/// are fixable, and of all with this verdict the share `p`, which has Laplace's `(k + 1) / (n + 2)` for itself. Source:
/// Gelman et al., "Bayesian Data Analysis" (3rd ed., 2.4), with the prior's strength chosen.
///
/// The labelled errors were chosen, not drawn: of the errors of one service it may be another share.
pub(super) fn probability(kind: Fixability, class: BugClass) -> (f64, f64) {
    let (mut of_kind, mut of_class) = ((0, 0), (0, 0));
    for (labelled, of, n, k) in LABELLED {
        if *labelled == kind {
            of_kind = (of_kind.0 + n, of_kind.1 + k);
            if *of == class {
                of_class = (*n, *k);
            }
        }
    }
    let share = (f64::from(of_kind.1) + 1.0) / (f64::from(of_kind.0) + 2.0);
    let n = f64::from(of_class.0) + PRIOR_ERRORS;
    ((f64::from(of_class.1) + PRIOR_ERRORS * share) / n, n)
}
