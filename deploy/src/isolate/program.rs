//! A `python3` command line as the text of a program: WebAssembly has no command to start.

use crate::fix::usage;

/// What `python3` is asked to run.
#[derive(Debug, PartialEq, Eq)]
enum Asked<'a> {
    Code(&'a str),
    Module(&'a str),
    File(&'a str),
}

/// The program that does what `python3 -c CODE …`, `python3 -m MODULE …` or `python3 FILE …` does in this folder, with
/// these folders on the path behind its own entry.
///
/// # Errors
/// A usage error for any other command.
pub(super) fn text(command: &[String], cwd: &str, paths: &[&str]) -> anyhow::Result<String> {
    let (asked, arguments) = read(command)?;
    let (kind, what) = match asked {
        Asked::Code(code) => ("code", code),
        Asked::Module(module) => ("module", module),
        Asked::File(file) => ("file", file),
    };
    let setup = serde_json::json!({
        "kind": kind, "what": what, "arguments": arguments, "cwd": cwd, "paths": paths,
    });
    // A JSON text of a JSON text is a Python literal: it has no character beyond ASCII and none that ends it.
    let literal = ascii(&serde_json::Value::String(setup.to_string()).to_string());
    Ok(PROGRAM.replace("SETUP", &literal))
}

/// As the interpreter's own start does: `sys.argv`, the first entry of `sys.path`, `__main__`.
const PROGRAM: &str = r#"
def _start():
    import atexit, json, os, sys
    setup = json.loads(SETUP)
    kind, what, rest = setup["kind"], setup["what"], setup["arguments"]
    os.chdir(setup["cwd"])
    os.environ["PYTHONPATH"] = os.pathsep.join(setup["paths"])
    sys.path[:0] = setup["paths"]
    main = sys.modules["__main__"].__dict__
    for name in ("isolate", "_start"):
        main.pop(name, None)
    try:
        if kind == "module":
            import runpy
            sys.argv[:] = ["-m", *rest]
            sys.path.insert(0, setup["cwd"])
            runpy._run_module_as_main(what)
        elif kind == "code":
            sys.argv[:] = ["-c", *rest]
            sys.path.insert(0, "")
            exec(compile(what, "<string>", "exec", dont_inherit=True), main)
        else:
            sys.argv[:] = [what, *rest]
            path = os.path.abspath(what)
            try:
                with open(what, "rb") as file:
                    source = file.read()
            except OSError as error:
                sys.stderr.write("python3: can't open file %r: [Errno %d] %s\n" % (path, error.errno, error.strerror))
                raise SystemExit(2) from None
            sys.path.insert(0, os.path.dirname(path))
            main["__file__"] = path
            exec(compile(source, path, "exec", dont_inherit=True), main)
    except SystemExit:
        raise
    except BaseException as error:
        trace = error.__traceback__.tb_next  # Without this function.
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        raise SystemExit(1) from None
    finally:
        atexit._run_exitfuncs()


_start()
"#;

fn read(command: &[String]) -> anyhow::Result<(Asked<'_>, &[String])> {
    let refuse = || {
        usage(
            "in wasm-python the command is python3 -c CODE, python3 -m MODULE or python3 FILE, with its arguments",
        )
    };
    let [python, rest @ ..] = command else {
        return Err(refuse());
    };
    if !matches!(python.as_str(), "python3" | "python") {
        return Err(refuse());
    }
    // These mean nothing here: output is not held back, no bytecode is written, there is no site and no user's folder.
    let rest = match rest
        .iter()
        .position(|a| !matches!(a.as_str(), "-u" | "-B" | "-s" | "-S"))
    {
        Some(first) => &rest[first..],
        None => return Err(refuse()),
    };
    match rest {
        [flag, code, arguments @ ..] if flag == "-c" => Ok((Asked::Code(code), arguments)),
        [flag, module, arguments @ ..] if flag == "-m" => Ok((Asked::Module(module), arguments)),
        [file, arguments @ ..] if !file.starts_with('-') && !file.is_empty() => {
            Ok((Asked::File(file), arguments))
        }
        _ => Err(refuse()),
    }
}

/// A JSON text with everything beyond ASCII escaped.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && c != '\u{7f}' {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(command: &[&str], expected: Option<(Asked<'_>, &[&str])>) {
        let command: Vec<String> = command.iter().map(|w| (*w).to_owned()).collect();
        let seen = read(&command).ok();
        let expected = expected.map(|(asked, rest)| {
            let rest: Vec<String> = rest.iter().map(|w| (*w).to_owned()).collect();
            (asked, rest)
        });
        assert_eq!(seen.map(|(asked, rest)| (asked, rest.to_vec())), expected);
    }

    #[test]
    fn a_command_line_is_read_as_python_does() {
        check(
            &["python3", "-c", "1", "-c"],
            Some((Asked::Code("1"), &["-c"])),
        );
        check(
            &["python", "-u", "-m", "a.b"],
            Some((Asked::Module("a.b"), &[])),
        );
        check(
            &["python3", "a.py", "-m"],
            Some((Asked::File("a.py"), &["-m"])),
        );
        check(&["python3"], None);
        check(&["python3", "-u"], None);
        check(&["python3", "-c"], None);
        check(&["python3", "-X", "dev", "a.py"], None);
        check(&["pytest"], None);
        check(&[], None);
    }

    #[test]
    fn nothing_ends_the_literal() {
        let command = ["python3", "-c", "\"'''\"\\\n\u{2028}é\u{1f600}\u{7f}"].map(str::to_owned);
        let text = text(&command, "/work/repo", &[]).unwrap();
        assert!(text.is_ascii());
        let line = text.lines().find(|l| l.contains("json.loads")).unwrap();
        assert!(line.trim_end().ends_with("}\")"), "{line}");
    }
}
