//! Whose code a frame is.

use ingest::Frame;

/// Parts of paths that only libraries, frameworks and runtimes have.
const PATHS: [&str; 33] = [
    "site-packages",
    "dist-packages",
    "/lib/python",
    "node_modules",
    "node:",
    "internal/modules/",
    "(native)",
    "/pkg/mod/",
    "/go/src/runtime/",
    "/go/src/net/",
    "/usr/local/go/",
    "/rustc/",
    ".cargo/registry",
    "/gems/",
    "/rubygems/",
    "/lib/ruby/",
    "/vendor/",
    "dart:",
    "package:flutter/",
    "webpack/bootstrap",
    "<frozen ",
    "<anonymous>",
    "/_work/",
    "/usr/lib/",
    "/usr/include/",
    "/libexec/",
    "System.Private",
    "~/.pub-cache",
    ".pub-cache/",
    "asyncio/",
    "/checkouts/",
    "<compiler-generated>",
    ".julia/packages/",
];
/// Beginnings of qualified names (modules, packages, namespaces) of runtimes, test frameworks and servers.
const MODULES: [&str; 44] = [
    "java.",
    "javax.",
    "jdk.",
    "jakarta.",
    "sun.",
    "com.sun.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "clojure.",
    "groovy.",
    "org.codehaus.groovy.",
    "junit.",
    "org.junit.",
    "org.mockito.",
    "org.hamcrest.",
    "org.testng.",
    "org.springframework.",
    "org.apache.catalina.",
    "org.apache.coyote.",
    "org.apache.tomcat.",
    "org.apache.tools.ant.",
    "org.apache.maven.",
    "org.gradle.",
    "org.eclipse.jetty.",
    "io.netty.",
    "io.undertow.",
    "org.hibernate.",
    "com.google.common.base.",
    "android.",
    "androidx.",
    "com.android.",
    "dalvik.",
    "System.",
    "Microsoft.",
    "runtime.",
    "std::",
    "core::",
    "alloc::",
    "tokio::",
    "net/http.",
    "__libc_",
    "_start",
    "unittest.",
];

/// Whether a frame is the application's own. Many reporters call everything so: what is surely a library's by its path or
/// its name is none, whatever they say.
pub(crate) fn is_application(frame: &Frame) -> bool {
    let path = frame.path.as_str();
    let is_of_library = path.starts_with('<')
        || PATHS.iter().any(|part| path.contains(part))
        || [
            frame.module.as_deref().unwrap_or_default(),
            frame.function.trim_start_matches('<'),
        ]
        .iter()
        .any(|name| MODULES.iter().any(|module| name.starts_with(module)));
    let has_place = !path.is_empty() || frame.module.is_some() || !frame.function.is_empty();
    !is_of_library && has_place && frame.in_app.unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, function: &str, in_app: Option<bool>, expected: bool) {
        let frame = Frame {
            path: path.into(),
            function: function.into(),
            in_app,
            ..Frame::default()
        };
        assert_eq!(is_application(&frame), expected, "{path} {function}");
    }

    #[test]
    fn libraries_are_told_by_path_and_by_name() {
        check("/app/shop/cart.py", "total", None, true);
        check("/app/shop/cart.py", "total", Some(false), false);
        check(
            "/usr/lib/python3.11/json/decoder.py",
            "decode",
            Some(true),
            false,
        );
        check(
            "/app/node_modules/express/lib/router.js",
            "next",
            Some(true),
            false,
        );
        check("Cart.java", "com.shop.Cart.total", None, true);
        check("ArrayList.java", "java.util.ArrayList.get", None, false);
        check("", "com.shop.Cart.total", None, true);
        check("", "", None, false);
        check("<string>", "f", None, false);
        check(
            "/rustc/5980/library/core/src/panicking.rs",
            "core::panicking::panic",
            None,
            false,
        );
        check("src/cart.rs", "shop::cart::total", None, true);
    }
}
