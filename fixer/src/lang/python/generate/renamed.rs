//! Edit forms for names that later versions of Python, or of numpy, took away, each with the name that stays.
//!
//! Sources: the sections "Removed" of "What's New in Python" 3.0 to 3.13, the release notes of numpy 1.20 and 1.24.

use super::{Edit, Proposal, Site, Target, bad::call_arguments, proposal};
use crate::lang::python::source::children;

const RULE: &str = "another name for what Python took away";

/// Of a module: what it lost, what stays, and the import that this needs.
const OF_MODULES: &[(&str, &str, &str, &str)] = &[
    ("inspect", "getargspec", "inspect.getfullargspec", ""),
    ("time", "clock", "time.perf_counter", ""),
    ("base64", "encodestring", "base64.encodebytes", ""),
    ("base64", "decodestring", "base64.decodebytes", ""),
    ("fractions", "gcd", "math.gcd", "math"),
    ("html", "unescape", "html.unescape", "html"),
    ("string", "letters", "string.ascii_letters", ""),
    ("string", "lowercase", "string.ascii_lowercase", ""),
    ("string", "uppercase", "string.ascii_uppercase", ""),
    ("string", "maketrans", "str.maketrans", ""),
    ("os", "getcwdu", "os.getcwd", ""),
    ("os", "errno", "errno", "errno"),
    ("sys", "maxint", "sys.maxsize", ""),
    ("itertools", "izip", "zip", ""),
    ("itertools", "imap", "map", ""),
    ("itertools", "ifilter", "filter", ""),
    ("itertools", "izip_longest", "itertools.zip_longest", ""),
    ("itertools", "ifilterfalse", "itertools.filterfalse", ""),
    ("locale", "format", "locale.format_string", ""),
    (
        "configparser",
        "SafeConfigParser",
        "configparser.ConfigParser",
        "",
    ),
    ("asyncio", "async", "asyncio.ensure_future", ""),
    ("types", "StringType", "str", ""),
    ("numpy", "float", "float", ""),
    ("numpy", "int", "int", ""),
    ("numpy", "bool", "bool", ""),
    ("numpy", "object", "object", ""),
    ("numpy", "str", "str", ""),
];

/// What `collections` has in `collections.abc` alone since Python 3.10.
const ABSTRACT: &[&str] = &[
    "Callable",
    "Collection",
    "Container",
    "Generator",
    "Hashable",
    "ItemsView",
    "Iterable",
    "Iterator",
    "KeysView",
    "Mapping",
    "MappingView",
    "MutableMapping",
    "MutableSequence",
    "MutableSet",
    "Sequence",
    "Set",
    "Sized",
    "ValuesView",
];

/// Of an object: the method that it lost, and what stays of another name.
const OF_OBJECTS: &[(&str, &str, &str)] = &[
    ("dict", "iteritems", "items"),
    ("dict", "itervalues", "values"),
    ("dict", "iterkeys", "keys"),
    ("dict", "viewitems", "items"),
    ("dict", "viewvalues", "values"),
    ("dict", "viewkeys", "keys"),
    ("array", "tostring", "tobytes"),
    ("array", "fromstring", "frombytes"),
    ("Thread", "isAlive", "is_alive"),
    ("Element", "getiterator", "iter"),
    ("ElementTree", "getiterator", "iter"),
    ("ConfigParser", "readfp", "read_file"),
];

/// Forms for an attribute that a module or an object of the standard library no longer has.
pub(super) fn renamed(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let (file, failing, message) = (site.file, target.failing, site.error.message.as_str());
    let field = |name: &str| failing.child_by_field_name(name);
    let (Some(object), Some(attribute)) = (field("object"), field("attribute")) else {
        return Vec::new();
    };
    if failing.kind() != "attribute" || site.error.type_name != "AttributeError" {
        return Vec::new();
    }
    let name = file.text_of(attribute);
    let Some(owner) = message.split('\'').nth(1) else {
        return Vec::new();
    };
    let replaced = |edits| vec![proposal(edits, RULE, 0.95)];
    if message.starts_with("module '") {
        if owner == "collections" && ABSTRACT.contains(&name) {
            // The package itself imports it, in every version that lacks the old names.
            let text = format!("{}.abc.{name}", file.text_of(object));
            return replaced(vec![Edit::replace(failing, text)]);
        }
        let found = OF_MODULES
            .iter()
            .find(|(m, n, ..)| (*m, *n) == (owner, name));
        let Some((module, _, text, import)) = found else {
            return Vec::new();
        };
        // The module may have another name here.
        let text = match text.strip_prefix(module) {
            Some(rest) => format!("{}{rest}", file.text_of(object)),
            None => (*text).to_owned(),
        };
        return replaced(with_import(
            site,
            vec![Edit::replace(failing, text)],
            import,
        ));
    }
    let owner = owner.rsplit('.').next().unwrap_or(owner);
    if let Some((_, _, other)) = OF_OBJECTS
        .iter()
        .find(|(o, n, _)| (*o, *n) == (owner, name))
    {
        return replaced(vec![Edit::replace(attribute, *other)]);
    }
    // Methods that became functions or operators.
    let call = failing.parent().filter(|p| p.kind() == "call");
    let Some(call) = call else { return Vec::new() };
    let (object, arguments) = (file.text_of(object), call_arguments(call));
    match (owner, name, arguments.as_slice()) {
        ("dict", "has_key", [key]) => {
            let text = format!("({} in {object})", file.text_of(*key));
            replaced(vec![Edit::replace(call, text)])
        }
        ("Element", "getchildren", []) => {
            replaced(vec![Edit::replace(call, format!("list({object})"))])
        }
        (_, "next", [])
            if site
                .frame
                .probes
                .get(object)
                .is_some_and(|p| is_iterator(&p.type_name)) =>
        {
            replaced(vec![Edit::replace(call, format!("next({object})"))])
        }
        _ => Vec::new(),
    }
}

fn is_iterator(kind: &str) -> bool {
    kind.ends_with("iterator")
        || matches!(kind, "generator" | "map" | "filter" | "zip" | "reversed")
}

/// Edits, and an import at the end of the file's own where it is not there.
fn with_import(site: &Site<'_>, mut edits: Vec<Edit>, module: &str) -> Vec<Edit> {
    let import = format!("import {module}");
    let imports = children(site.file.root())
        .into_iter()
        .filter(|n| n.kind() == "import_statement");
    let mut last = None;
    for node in imports {
        if site.file.text_of(node) == import {
            return edits;
        }
        last = Some(node);
    }
    if let Some(last) = last.filter(|_| !module.is_empty()) {
        edits.push(Edit::insert(last.end_byte(), format!("\n{import}")));
    }
    edits
}
