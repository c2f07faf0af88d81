//! Single lines of a .NET stack trace.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Exception, Frame},
    limits::{MAX_NAME_BYTES, cut},
    pattern::regex,
};

/// A class name, with its namespace, at the beginning of a text or behind a logger's.
static CLASS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:^|[\s|:>(])(?P<class>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:[`+]\w+)*(?:\[[\w.,`\[\]]*\])?)(?:: (?P<message>.*)|:?$)",
    )
});
/// Where a frame is: ` in C:\shop\Stock.cs:line 12`, Mono's ` in <filename unknown>:0`.
static SOURCE: LazyLock<Regex> =
    LazyLock::new(|| regex(r" in (?P<path>.+):(?:line )?(?P<line>\d+)(?::(?P<column>\d+))?\s*$"));

/// A frame of Unity: `Shop.Cart.Total (System.Int32 n) (at Assets/Shop/Cart.cs:12)`, in a build `(at <9577ac7a62ef4317>:0)`.
static UNITY: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:^|[\s|])(?P<method>(?:\(wrapper [\w-]+\) )?[\w<][^\s()]*[.:][^\s()]+ ?\([^()]*\)) \(at (?P<path>[^()]+):(?P<line>\d+)\)\s*$",
    )
});

/// An exception on its own line or behind a logger's text, and what stood before it.
pub(crate) fn thrown(line: &str) -> Option<(&str, Exception)> {
    let line = cut(line.trim_end(), 8 * MAX_NAME_BYTES);
    let mut at = 0;
    while let Some(found) = CLASS.captures_at(line, at) {
        let class = found.name("class")?;
        let before = &line[..class.start()];
        let is_first = matches!(
            before.trim(),
            "" | "Unhandled exception." | "Unhandled Exception:" | "Unhandled exception:"
        );
        let name = class.as_str().split(['`', '[']).next().unwrap_or_default();
        let is_thrown =
            name.ends_with("Exception") && name != "Exception" || is_first && name.contains('.');
        if is_thrown {
            let message = found.name("message").map_or("", |message| message.as_str());
            return Some((before, exception(class.as_str(), message)));
        }
        at = class.end();
    }
    None
}

/// An exception by its qualified name.
pub(crate) fn exception(class: &str, message: &str) -> Exception {
    let end = class.find(['`', '[', '+']).unwrap_or(class.len());
    let (module, from) = match class[..end].rfind('.') {
        Some(dot) => (Some(class[..dot].to_owned()), dot + 1),
        None => (None, 0),
    };
    Exception {
        type_name: class[from..].to_owned(),
        module,
        message: message.trim_end().to_owned(),
        ..Exception::default()
    }
}

/// A frame's text after `at `, and whether nothing but .NET writes it.
pub(crate) fn frame(call: &str) -> Option<(Frame, bool)> {
    let call = cut(call.trim_end().trim_end_matches("<---"), MAX_NAME_BYTES);
    let source = SOURCE.captures(call);
    let end = source
        .as_ref()
        .and_then(|found| found.get(0))
        .map_or(call.len(), |found| found.start());
    let mut method = call[..end].trim();
    let mut is_mono = false;
    if let Some((before, _)) = method.rsplit_once(" [0x") {
        method = before;
        is_mono = true;
    }
    let (name, parameters) = method.split_once('(')?;
    let group = |name: &str| {
        source
            .as_ref()
            .and_then(|found| found.name(name))
            .map(|found| found.as_str())
    };
    let has_source = group("path").is_some();
    // A parameter is a type and a name.
    let parameters = parameters.split(')').next().unwrap_or("");
    let is_typed = parameters.is_empty()
        || parameters
            .split(',')
            .all(|one| one.trim().contains(' ') || one.ends_with(']'))
            && !name.ends_with(' ');
    let is_sure = is_mono || has_source || is_typed;
    Some((
        Frame {
            function: method.to_owned(),
            module: module(name).map(str::to_owned),
            path: group("path").unwrap_or("").to_owned(),
            line: group("line").and_then(|line| line.parse().ok()),
            column: group("column").and_then(|column| column.parse().ok()),
            in_app: in_app(name),
            ..Frame::default()
        },
        is_sure,
    ))
}

/// A frame as Unity's editor and players print it, and what stands before it.
pub(crate) fn unity_frame(line: &str) -> Option<(&str, Frame)> {
    if !line.contains(super::UNITY) {
        return None;
    }
    let line = cut(line, 2 * MAX_NAME_BYTES);
    let found = UNITY.captures(line)?;
    let method = found.name("method")?;
    let (name, _) = method.as_str().split_once('(')?;
    // What calls itself so has no source.
    let path = Some(&found["path"]).filter(|path| !path.starts_with('<'));
    let is_package = path.is_none_or(|path| path.contains("PackageCache/"));
    let in_app = in_app(name).or(is_package.then_some(false));
    let frame = Frame {
        function: method.as_str().to_owned(),
        module: module(name).map(str::to_owned),
        path: path.unwrap_or_default().to_owned(),
        line: found["line"].parse().ok().filter(|line| *line > 0),
        in_app,
        ..Frame::default()
    };
    Some((&line[..method.start()], frame))
}

/// The class of a method's name.
fn module(name: &str) -> Option<&str> {
    let name = name.trim_end();
    let name = &name[..name.find(['`', '[', '<']).unwrap_or(name.len())];
    Some(name.rsplit_once('.')?.0.trim_end_matches('.')).filter(|class| !class.contains(' '))
}

/// Whether a method belongs to the application, where that is sure.
fn in_app(name: &str) -> Option<bool> {
    const LIBRARIES: [&str; 6] = [
        "System.",
        "Microsoft.",
        "Mono.",
        "MS.Internal.",
        "UnityEngine.",
        "UnityEditor.",
    ];
    LIBRARIES
        .iter()
        .any(|library| name.starts_with(library))
        .then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(call: &str, expected: Option<(&str, &str, Option<u32>, bool)>) {
        let found = frame(call);
        let found = found.as_ref().map(|(frame, is_sure)| {
            (
                frame.function.as_str(),
                frame.path.as_str(),
                frame.line,
                *is_sure,
            )
        });
        assert_eq!(found, expected, "{call}");
    }

    #[test]
    fn frames() {
        check(
            "A.B.C(String n) in C:\\a\\b.cs:line 12",
            Some(("A.B.C(String n)", "C:\\a\\b.cs", Some(12), true)),
        );
        check("A.B.C()", Some(("A.B.C()", "", None, true)));
        check(
            "A.B.C (Int32 n) [0x0001f] in <filename unknown>:0 ",
            Some(("A.B.C (Int32 n)", "<filename unknown>", Some(0), true)),
        );
        check(
            "f (/app/a.js:1:2)",
            Some(("f (/app/a.js:1:2)", "", None, false)),
        );
        check("plain", None);
    }

    #[test]
    fn frames_of_unity() {
        let shown = |line: &str| {
            let (lead, frame) = unity_frame(line)?;
            let lead = lead.to_owned();
            Some((lead, frame.function, frame.path, frame.line, frame.in_app))
        };
        let is = |lead: &str, function: &str, path: &str, line, in_app| {
            let [lead, function, path] = [lead, function, path].map(str::to_owned);
            Some((lead, function, path, line, in_app))
        };
        assert_eq!(
            shown("Shop.Cart.Total (System.Int32 n) (at Assets/Shop/Cart.cs:12)"),
            is(
                "",
                "Shop.Cart.Total (System.Int32 n)",
                "Assets/Shop/Cart.cs",
                Some(12),
                None
            )
        );
        assert_eq!(
            shown("E Unity   : Cart+<Load>d__3.MoveNext () (at ./Assets/Cart.cs:7)"),
            is(
                "E Unity   : ",
                "Cart+<Load>d__3.MoveNext ()",
                "./Assets/Cart.cs",
                Some(7),
                None
            )
        );
        assert_eq!(
            shown("System.Array.Copy (System.Array a, System.Int32 n) (at <9577ac7a62ef4317>:0)"),
            is(
                "",
                "System.Array.Copy (System.Array a, System.Int32 n)",
                "",
                None,
                Some(false)
            )
        );
        assert_eq!(
            shown("Shop.Net.Send () (at Library/PackageCache/com.shop.net@1.2/Net.cs:3)"),
            is(
                "",
                "Shop.Net.Send ()",
                "Library/PackageCache/com.shop.net@1.2/Net.cs",
                Some(3),
                Some(false)
            )
        );
        assert_eq!(shown("called total() (at night:3)"), None);
    }

    #[test]
    fn exceptions() {
        let name = |line: &str| thrown(line).map(|(_, exception)| exception.qualified_name());
        assert_eq!(
            name("System.IO.IOException: x").as_deref(),
            Some("System.IO.IOException")
        );
        assert_eq!(
            name("Unhandled exception. Shop.Oops: x").as_deref(),
            Some("Shop.Oops")
        );
        assert_eq!(
            name("fail: it broke System.InvalidOperationException: x").as_deref(),
            Some("System.InvalidOperationException")
        );
        assert_eq!(name("TypeError: x is null"), None);
        assert_eq!(
            name("Shop.Service: started now").as_deref(),
            Some("Shop.Service")
        );
    }
}
