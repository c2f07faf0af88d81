//! Frames that name the image of the call, its executable or library: as Apple's crash reports, Objective-C and Swift
//! print them.

use crate::{
    event::Frame,
    lang::place::Place,
    limits::{MAX_NAME_BYTES, cut},
};

/// `0   CoreFoundation   0x00007fff51ec9571 -[Cart total:] + 256`, `3  Shop  0x0000000108b7092b main (main.m:16)`,
/// `1  Shop  0x108b7092b 0x10864e000 + 5384491`.
pub(crate) fn frame(line: &str) -> Option<Frame> {
    let text = cut(line.trim(), MAX_NAME_BYTES);
    let n = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(n);
    if number.is_empty() || !rest.starts_with([' ', '\t']) {
        return None;
    }
    // An image's name may have blanks.
    let (image, rest) = rest
        .match_indices("0x")
        .filter(|(at, _)| rest[..*at].ends_with([' ', '\t']))
        .find_map(|(at, _)| Some((rest[..at].trim(), after_address(&rest[at..])?)))?;
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(in_image(image));
    }
    let (symbol, location) = match rest.strip_suffix(')').and_then(|r| r.rsplit_once(" (")) {
        Some((symbol, location)) if Place::of(location).n_numbers > 0 => (symbol, location),
        // Crashlytics' mark of what it could not look up.
        Some((symbol, "Missing")) => (symbol, ""),
        _ => (rest, ""),
    };
    let (symbol, offset) = match symbol.rsplit_once(" + ") {
        Some((symbol, offset)) => (symbol, offset.parse::<u64>().ok()),
        None => (symbol, None),
    };
    let frame = named(image, symbol, offset);
    if location.is_empty() {
        return Some(frame);
    }
    let place = Place::of(location);
    Some(Frame {
        path: place.path.to_owned(),
        line: place.line.filter(|line| *line > 0),
        column: place.column,
        ..frame
    })
}

/// The rest after `0x7fff51ec9571` and a blank, or at the line's end.
fn after_address(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("0x")?;
    let n = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
    let rest = &digits[n..];
    (n > 0 && (rest.is_empty() || rest.starts_with([' ', '\t']))).then_some(rest)
}

/// A call of a symbol. Where it has no name, its place in the image stands for it: that is the same in every run.
pub(crate) fn named(image: &str, symbol: &str, offset: Option<u64>) -> Frame {
    let is_nameless = symbol.is_empty()
        || symbol.starts_with("0x")
        || matches!(symbol, "<unavailable>" | "<redacted>" | "???" | "<unknown>");
    let frame = in_image(image);
    match offset {
        Some(offset) if is_nameless && image != "???" => Frame {
            path: format!("{}+{offset:#x}", cut(image, MAX_NAME_BYTES)),
            ..frame
        },
        _ if is_nameless => frame,
        _ => Frame {
            function: cut(symbol, MAX_NAME_BYTES).to_owned(),
            ..frame
        },
    }
}

fn in_image(image: &str) -> Frame {
    Frame {
        module: Some(cut(image, MAX_NAME_BYTES).to_owned()),
        in_app: is_system(image).then_some(false),
        ..Frame::default()
    }
}

/// Whether an image is surely the system's, by its name alone.
fn is_system(image: &str) -> bool {
    const FRAMEWORKS: [&str; 26] = [
        "AppKit",
        "AttributeGraph",
        "BaseBoard",
        "CFNetwork",
        "CoreAutoLayout",
        "CoreData",
        "CoreFoundation",
        "CoreGraphics",
        "FrontBoardServices",
        "Foundation",
        "GraphicsServices",
        "HIServices",
        "HIToolbox",
        "IOKit",
        "JavaScriptCore",
        "QuartzCore",
        "RunningBoardServices",
        "SkyLight",
        "SwiftUI",
        "SwiftUICore",
        "UIFoundation",
        "UIKit",
        "UIKitCore",
        "WebCore",
        "WebKit",
        "dyld",
    ];
    const LIBRARIES: [&str; 12] = [
        "com.apple.",
        "dyld_",
        "libc++",
        "libc-",
        "libc.so",
        "libdispatch",
        "libdyld",
        "libobjc",
        "libFoundation",
        "libpthread",
        "libswift",
        "libsystem_",
    ];
    FRAMEWORKS.contains(&image) || LIBRARIES.iter().any(|library| image.starts_with(library))
}

/// Whether a file of an image is the system's, by its path.
pub(crate) fn is_system_path(path: &str) -> bool {
    ["/System/", "/usr/lib/", "/lib/", "/lib64/"]
        .iter()
        .any(|folder| path.starts_with(folder))
        // Apple's reports name the simulator's with its root.
        || path.contains("/RuntimeRoot/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<(&str, &str, &str, Option<u32>)>) {
        let frame = frame(line);
        let found = frame.as_ref().map(|frame| {
            let module = frame.module.as_deref().unwrap_or_default();
            (
                module,
                frame.function.as_str(),
                frame.path.as_str(),
                frame.line,
            )
        });
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn frames() {
        check(
            "\t0   CoreFoundation                      0x00007fff51ec9571 -[Cart total:] + 256",
            Some(("CoreFoundation", "-[Cart total:]", "", None)),
        );
        check(
            "13  My Shop   0x00000000000ea004 main (main.m:16)",
            Some(("My Shop", "main", "main.m", Some(16))),
        );
        check(
            "13  Shop   0xea004 closure #1 in Cart.total(of:) + 12 (Cart.swift:0)",
            Some(("Shop", "closure #1 in Cart.total(of:)", "Cart.swift", None)),
        );
        check(
            "10  Shop     \t0x0000000108b7092b 0x10864e000 + 5384491",
            Some(("Shop", "", "Shop+0x52292b", None)),
        );
        check(
            "2    libswiftCore.so   0x000072d18b366df1 <unavailable> + 16",
            Some(("libswiftCore.so", "", "libswiftCore.so+0x10", None)),
        );
        check("3  ???  0x54485244", Some(("???", "", "", None)));
        check("3 of 0x12 were taken", Some(("of", "were taken", "", None)));
        check("3 of 0x12x were taken", None);
        check("12:00:01 a 0x12 b", None);
        check("Thread 0:", None);
    }
}
