//! Which frames are surely a library's.
//!
//! Reporters that were not told which packages are the application's call every frame a library's, so their word alone
//! does not count.

use ingest::Frame;

/// Parts of paths at which packages and runtimes are installed.
const PATHS: &[&str] = &[
    "site-packages",
    "dist-packages",
    "/lib/python",
    "node_modules",
    "node:",
    "/gems/",
    "/lib/ruby/",
    "/vendor/",
    "/pkg/mod/",
    "/go/src/runtime/",
    "/usr/local/go/src",
    "/usr/lib/go",
    "/rustc/",
    "cargo/registry",
    "package:flutter/",
    "dart:",
    "deps/",
    "/checkouts/",
    "/share/perl",
    "/lualib/",
    "libraries/base/",
    ".julia/packages/",
];

/// Packages of runtimes and frameworks, with which a class's name begins.
const PACKAGES: &[&str] = &[
    "java.",
    "javax.",
    "jakarta.",
    "jdk.",
    "sun.",
    "com.sun.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "clojure.",
    "groovy.",
    "android.",
    "androidx.",
    "com.android.",
    "org.springframework.",
    "org.apache.",
    "org.hibernate.",
    "org.eclipse.",
    "org.jboss.",
    "io.netty.",
    "io.grpc.",
    "io.reactivex.",
    "reactor.",
    "com.google.",
    "com.fasterxml.",
    "com.mysql.",
    "com.zaxxer.",
    "okhttp3.",
    "retrofit2.",
    "System.",
    "Microsoft.",
    "Windows.",
    "Npgsql.",
];

/// Whether a frame is reported as a library's and looks like one.
pub(super) fn is_library(frame: &Frame) -> bool {
    let module = frame.module.as_deref().unwrap_or_default();
    let is_of = |package: &&str| {
        frame.function.starts_with(*package) || format!("{module}.").starts_with(*package)
    };
    frame.in_app == Some(false)
        && (frame.path.starts_with("internal/")
            || PATHS.iter().any(|part| frame.path.contains(part))
            || PACKAGES.iter().any(is_of))
}
