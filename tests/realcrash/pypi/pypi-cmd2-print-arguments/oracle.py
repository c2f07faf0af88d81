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


import argparse
import copy

import cmd2

parser = argparse.ArgumentParser()
parser.add_argument("--name", default="world")
parser.add_argument("-n", type=int, default=1)
base = argparse.ArgumentParser()
base.add_subparsers(title="sub", dest="sub")
one = argparse.ArgumentParser(add_help=False)
one.add_argument("x")


class Shell(cmd2.Cmd):
    seen = None

    def __init__(self):
        super().__init__(allow_cli_args=False)

    @cmd2.with_argparser(parser)
    def do_show(self, args):
        self.seen = args

    @cmd2.with_argparser_and_unknown_args(parser)
    def do_loose(self, args, unknown):
        self.seen = args, unknown

    @cmd2.with_argparser(base)
    def do_base(self, args):
        self.seen = args
        handler = args.get_handler()
        return handler(args) if handler else None

    @cmd2.as_subcommand_to("base", "one", one)
    def base_one(self, args):
        self.said = "one " + args.x


shell = Shell()


def run(line):
    shell.onecmd(line)
    return shell


def args(line):
    return run(line).seen


def parts(text, *want):
    return [w in text for w in want]


check("repr", lambda: parts(repr(args("show --name ann -n 3")), "name='ann'", "n=3"), [True, True])
check("str", lambda: parts(str(args("show")), "name='world'", "n=1"), [True, True])
check("in a text", lambda: "name='ab'" in "{}".format(args("show --name ab")), True)
check("repr with unknown ones", lambda: parts(repr(args("loose --name ann --other")), "name='ann'", "--other"), [True, True])
check("repr with a subcommand", lambda: "x='y'" in repr(args("base one y")), True)
check("values", lambda: (args("show --name ann -n 3").name, args("show -n 3").n), ("ann", 3))
check("unknown ones", lambda: args("loose --name ann --other")[1], ["--other"])
check("statement", lambda: str(getattr(args("show --name ann"), "__statement__").command), "show")
check("no subcommand: no handler", lambda: args("show").get_handler(), None)
check("subcommand runs", lambda: run("base one y").said, "one y")
check("subcommand, no handler without one", lambda: args("base").get_handler(), None)
check("subcommand is callable", lambda: callable(args("base one y").get_handler()), True)
check("two calls stay apart", lambda: [a.name for a in (args("show --name a"), args("show --name b"))], ["a", "b"])
