//! What a frame is called, in every build and on every machine.

use ingest::Frame;

/// File and function: `cart.py total`, `Cart total`. Without a file the last part of the module or class.
pub(super) fn frame_name(frame: &Frame) -> String {
    let function = stable(&frame.function);
    let bare = bare(&function);
    let place = if frame.path.is_empty() {
        let module = frame.module.as_deref().map(stable);
        let module = module.unwrap_or_else(|| function[..function.len() - bare.len()].to_owned());
        let module = module.trim_end_matches(['.', ':', '#']);
        // A library's name goes on with its version.
        let module = [".dylib", ".so"]
            .iter()
            .find_map(|ending| module.find(ending).map(|at| &module[..at]))
            .unwrap_or(module);
        module
            .rsplit(['.', ':', '/'])
            .next()
            .unwrap_or_default()
            .to_owned()
    } else {
        let name = file(&frame.path);
        // An offset in a library says nothing where the function is known.
        match name.split_once("+0x") {
            Some((library, _)) if !bare.is_empty() => library.to_owned(),
            _ => name,
        }
    };
    format!("{place} {bare}")
}

/// The function without its module and class.
fn bare(function: &str) -> &str {
    // Objective-C's are written with their class, Swift's accessors behind their property.
    if function.starts_with(['-', '+']) {
        return function;
    }
    if let Some((property, _)) = function
        .rsplit_once('.')
        .filter(|(_, last)| matches!(*last, "getter" | "setter"))
    {
        return &function[property.rfind('.').map_or(0, |at| at + 1)..];
    }
    // Arguments and type parameters may hold dots.
    let is_called = function.ends_with([')', '>']);
    let end = function
        .find(['(', '<'])
        .filter(|&at| at > 0 && is_called)
        .unwrap_or(function.len());
    let start = function[..end]
        .rfind(['.', ':', '#'])
        .map_or(0, |at| at + 1);
    &function[start..]
}

/// A file's name without its folders, a version or a hash. JVM and .NET sources lose their ending: a class is called by it,
/// with or without a file.
fn file(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let name = name.split(['?', '#']).next().unwrap_or(name);
    let stem = [".java", ".kt", ".scala", ".groovy", ".cs"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending));
    let parts = stem
        .unwrap_or(name)
        .split('.')
        .filter(|part| !is_hash(part));
    parts.collect::<Vec<_>>().join(".")
}

/// Whether a part of a name is a build's hash: `main.3f2a1b7c.js`.
fn is_hash(part: &str) -> bool {
    part.len() >= 6
        && part.bytes().all(|b| b.is_ascii_hexdigit())
        && part.bytes().any(|b| b.is_ascii_digit())
}

/// A name without the numbers that compilers and proxies give: `lambda$all$0`, `$Proxy12`, `access$300`, `total::h3f2a…`,
/// `<Total>d__12.MoveNext`, `Cart$$EnhancerBySpringCGLIB$$3f2a1b`, `total.func1`, `block (2 levels) in total`.
pub(super) fn stable(name: &str) -> String {
    // An asynchronous method or a lambda of C#: the method is between angle brackets.
    if let Some((before, rest)) = name.split_once('<')
        && let Some((method, generated)) = rest.split_once('>')
        && !method.is_empty()
        && (generated.starts_with("d__")
            || generated.starts_with("b__")
            || generated.starts_with("g__"))
    {
        let class = before.split(['+', '<']).next().unwrap_or(before);
        return format!("{}.{method}", class.trim_end_matches('.'));
    }
    // A generic function of Swift that was compiled for a type is the same one.
    let name = name.replace("specialized ", "");
    let name = name
        .split("$$")
        .next()
        .filter(|n| !n.is_empty())
        .unwrap_or(&name);
    // A part of a function that a compiler set apart.
    let name = [".cold", ".isra", ".part", ".constprop", ".llvm"]
        .iter()
        .find_map(|mark| name.find(mark).map(|at| &name[..at]))
        .unwrap_or(name);
    let name = match name.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            path
        }
        _ => name,
    };
    // A closure of Go is its function's.
    let is_closure = |at: usize| name[at + 5..].starts_with(|c: char| c.is_ascii_digit());
    let name = match name.find(".func") {
        Some(at) if is_closure(at) => &name[..at],
        _ => name,
    };
    let name = match name.strip_prefix("block ") {
        Some(rest) => rest.split_once("in ").map_or(rest, |(_, method)| method),
        None => name,
    };
    let mut stable = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[at..]
            .find(|c: char| !c.is_ascii_digit())
            .map_or(rest.len(), |n| at + n);
        let before = &rest[..at];
        // Numbers of the program's own names stay: `utf8`, `add2`.
        let is_generated = ["$", "Proxy", "Accessor", "closure#", "@v"]
            .iter()
            .any(|mark| before.ends_with(mark));
        stable.push_str(if is_generated {
            before.trim_end_matches('$')
        } else {
            &rest[..end]
        });
        rest = &rest[end..];
    }
    stable + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, function: &str, expected: &str) {
        let frame = Frame {
            path: path.into(),
            function: function.into(),
            ..Frame::default()
        };
        assert_eq!(frame_name(&frame), expected);
    }

    #[test]
    fn names_are_the_same_in_every_build() {
        check("/app/shop/cart.py", "Cart.total", "cart.py total");
        check(
            "C:\\shop\\Cart.cs",
            "Shop.Cart.<Total>d__12.MoveNext",
            "Cart Total",
        );
        check("", "Shop.Cart.Total", "Cart Total");
        check("Cart.java", "com.shop.Cart.lambda$all$0", "Cart lambda$all");
        check("Cart.java", "com.shop.Cart.access$300", "Cart access");
        check("", "com.sun.proxy.$Proxy12.total", "$Proxy total");
        check(
            "https://shop.example/static/main.3f2a1b7c.js?v=3",
            "Cart.total",
            "main.js total",
        );
        check(
            "src/cart.rs",
            "shop::cart::total::h0123456789abcdef",
            "cart.rs total",
        );
        check("/app/cart.go", "main.(*Cart).total.func1", "cart.go total");
        check("/app/cart.rb", "block (2 levels) in total", "cart.rb total");
        check("", "gpusSubmit.cold.1", " gpusSubmit");
        check("/app/utf8.py", "decode2", "utf8.py decode2");
        check(
            "/app/Cart.swift",
            "specialized Cart.total(of:)",
            "Cart.swift total(of:)",
        );
        check(
            "/app/Cart.swift",
            "closure #1 in Cart.total(of:)",
            "Cart.swift total(of:)",
        );
        check(
            "/app/Cart.swift",
            "Cart.path.getter",
            "Cart.swift path.getter",
        );
        check("Cart.m", "-[Cart total:of:]", "Cart.m -[Cart total:of:]");
        check("/lib/libcart.so.6+0xbd61be", "total", "libcart.so.6 total");
        check("Shop+0x2460", "", "Shop+0x2460 ");
        check("", "cart_total.isra.0", " cart_total");
    }
}
