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


from structlog.tracebacks import ExceptionDictTransformer as T


def local(value, **kw):
    """How a local variable is shown."""
    shown = value
    try:
        raise RuntimeError("boom")
    except RuntimeError as e:
        info = type(e), e, e.__traceback__
    return T(show_locals=True, use_rich=False, **kw)(info)[0]["frames"][0]["locals"]["shown"]


def refused(**kw):
    try:
        T(**kw)
    except ValueError as e:
        return next(iter(kw)) in str(e)
    return False


LONG = "x" * 500
check("string: no limit", lambda: local(LONG, locals_max_string=None), repr(LONG))
check("length: no limit", lambda: local([1, 2], locals_max_length=None), "[1, 2]")
check("length: no limit, strings still cut", lambda: len(local(LONG, locals_max_length=None)) < 120, True)
check("neither", lambda: local(list(range(300)), locals_max_length=None, locals_max_string=None), repr(list(range(300))))
check("limit kept as None", lambda: (T(locals_max_string=None).locals_max_string, T(locals_max_length=None).locals_max_length), (None, None))
check("string limit", lambda: local(LONG, locals_max_string=10), "'xxxxxxxxxx'+490")
check("string limit of 0", lambda: local("abc", locals_max_string=0), "''+3")
check("usual limit", lambda: local(LONG), repr("x" * 80) + "+420")
check("short text", lambda: local("abc"), "'abc'")
check("no locals", lambda: T(show_locals=False, locals_max_string=None)((ValueError, ValueError("x"), None))[0]["exc_type"], "ValueError")
check("negative string limit", lambda: refused(locals_max_string=-1), True)
check("negative length limit", lambda: refused(locals_max_length=-1), True)
check("negative length limit, no string limit", lambda: refused(locals_max_length=-5, locals_max_string=None), True)
check("negative string limit, no length limit", lambda: refused(locals_max_string=-5, locals_max_length=None), True)
check("too few frames", lambda: refused(max_frames=1), True)
