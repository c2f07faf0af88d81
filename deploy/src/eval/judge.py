"""Runs a script as `python3 SCRIPT` would and marks that it came to its own end.

    judge.py SCRIPT MARK        the token to leave in MARK comes on standard input

A patched package can end the process with status 0 in the middle; then no mark is left.
"""
BARE = dict(globals())  # What a fresh `__main__` holds.
import sys  # noqa: E402


def run(script, mark):
    token = sys.stdin.readline()
    main = type(sys)("__main__")
    main.__dict__.clear()
    main.__dict__.update(BARE, __doc__=None, __file__=script)
    with open(script, "rb") as file:
        code = compile(file.read(), script, "exec", dont_inherit=True)
    sys.modules["__main__"], sys.argv[:], sys.path[0] = main, [script], script.rpartition("/")[0]
    try:
        exec(code, main.__dict__)
    except SystemExit as stop:
        at = stop.__traceback__
        while at.tb_next:
            at = at.tb_next
        if at.tb_frame.f_code.co_filename == script:
            leave(mark, token)
        raise
    leave(mark, token)


def leave(mark, token):
    with open(mark, "w") as file:
        file.write(token)


run(*sys.argv[1:])
