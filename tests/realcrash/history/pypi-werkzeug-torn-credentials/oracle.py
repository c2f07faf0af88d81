import sys

from werkzeug.wrappers import Request


def of(header):
    environ = {"REQUEST_METHOD": "GET"}
    if header is not None:
        environ["HTTP_AUTHORIZATION"] = header
    given = Request(environ).authorization
    return given if given is None else (given.type, given.username, given.password)


def check(label, header, want):
    try:
        got = of(header)
    except Exception as e:
        got = f"{type(e).__name__}: {e}"
    if got != want:
        print(f"{label}: got {got!r}, want {want!r}")
        sys.exit(1)


check("one letter", "Basic a", None)
check("five letters", "Basic dXNlc", None)
check("no text", "Basic /w==", None)
check("torn and upper case", "BASIC a", None)
check("good", "Basic dXNlcjpwYXNz", ("basic", "user", "pass"))
check("no password", "Basic dXNlcjo=", ("basic", "user", ""))
check("no header", None, None)
check("token", "Bearer abc", ("bearer", None, None))
