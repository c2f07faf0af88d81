import argparse

import cmd2

parser = argparse.ArgumentParser()
parser.add_argument("--name")
parser.add_argument("--verbose", action="store_true")


class Shell(cmd2.Cmd):
    log = []

    @cmd2.with_argparser(parser)
    def do_debug(self, args):
        self.log.append(f"called with {args}" if args.verbose else args.name)


shell = Shell(allow_cli_args=False)


def handle(line):
    shell.onecmd(line)
    return shell.log.pop()


print(handle("debug --name ann"))
print(handle("debug --name bo --verbose"))
