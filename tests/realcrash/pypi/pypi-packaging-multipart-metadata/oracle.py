import sys


def check(label, call, *want):
    """`call` gives one of `want`, of the same type."""
    try:
        got = call()
    except Exception as e:
        print(f"{label}: {type(e).__name__}: " + " ".join(str(e).split()))
        sys.exit(1)
    if not any(got == w and type(got) is type(w) for w in want):
        print(f"{label}: got {got!r}, want {want[0]!r}")
        sys.exit(1)


from packaging.metadata import parse_email

HEAD = "Metadata-Version: 2.1\nName: mail\nVersion: 2\n"
MULTI = HEAD + "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nhi\n--x--\n"
RAW = {"metadata_version": "2.1", "name": "mail", "version": "2"}


def raw(data):
    return dict(parse_email(data)[0])


def problems(data):
    return sorted(parse_email(data)[1])


check("text", lambda: raw(MULTI), RAW)
check("text, problems", lambda: problems(MULTI), ["content-type", "description"])
check("bytes", lambda: raw(MULTI.encode()), RAW)
check("bytes, problems", lambda: problems(MULTI.encode()), ["content-type", "description"])
TWO = MULTI.replace("Version: 2\n", "Version: 2\nDescription: hello\n")
check("described in the head too", lambda: "description" in problems(TWO), True)
check("alternative", lambda: problems(MULTI.replace("mixed", "alternative")), ["content-type", "description"])
check("message in message", lambda: problems(HEAD + "Content-Type: message/rfc822\n\nSubject: x\n\nhi\n"), ["content-type", "description"])
check("body", lambda: raw(HEAD + "\nSells things.\n"), {**RAW, "description": "Sells things.\n"})
check("body, bytes", lambda: raw((HEAD + "\nSells things.\n").encode()), {**RAW, "description": "Sells things.\n"})
check("body, no problems", lambda: problems(HEAD + "\nSells things.\n"), [])
check("no body", lambda: raw(HEAD), RAW)
check("no body, problems", lambda: problems(HEAD), [])
check("body not UTF-8", lambda: problems((HEAD + "\n").encode() + b"\xff\xfe"), ["description"])
check("head and body", lambda: parse_email(HEAD + "Description: a\n\nb")[1], {"description": ["a", "b"]})
check("body in UTF-8", lambda: raw((HEAD + "\ncaf\u00e9").encode()), {**RAW, "description": "caf\u00e9"})
