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


from cmd2 import ansi

UP, CLEAR = "\x1b[1A", "\x1b[2K"


def alert(prompt, line, cursor=None, columns=10):
    return ansi.async_alert_str(terminal_columns=columns, prompt=prompt, line=line, cursor_offset=len(line) if cursor is None else cursor, alert_msg="!")


ONE = CLEAR + "\r!"
check("empty prompt", lambda: alert("", ""), ONE)
check("empty prompt, typed", lambda: alert("", "abc"), ONE)
check("empty prompt, two lines typed", lambda: alert("", "abcdefghijklm"), CLEAR + UP + ONE)
check("empty prompt, cursor above", lambda: alert("", "abcdefghijklm", 0), "\x1b[1B" + CLEAR + UP + ONE)
check("as with a prompt of one line", lambda: alert("", "x" * 25), CLEAR + UP + CLEAR + UP + ONE)
check("prompt", lambda: alert("> ", "abc"), ONE)
check("prompt and line beyond the width", lambda: alert("> ", "abcdefghijklm"), CLEAR + UP + ONE)
check("coloured prompt", lambda: alert("\x1b[31m> \x1b[39m", "abc"), ONE)
check("two lines of prompt", lambda: alert("one\n> ", ""), CLEAR + UP + ONE)
check("a line break as prompt", lambda: alert("\n", ""), ONE)
check("message", lambda: ansi.async_alert_str(terminal_columns=80, prompt="", line="", cursor_offset=0, alert_msg="disk full").endswith("\rdisk full"), True)
