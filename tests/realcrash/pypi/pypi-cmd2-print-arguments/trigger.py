import argparse

import cmd2

parser = argparse.ArgumentParser()
parser.add_argument("--name", default="world")


class Shell(cmd2.Cmd):
    log = []

    @cmd2.with_argparser(parser)
    def do_greet(self, args):
        self.log.append("hello " + args.name)

    @cmd2.with_argparser(parser)
    def do_debug(self, args):
        self.log.append(f"called with {args}")


shell = Shell(allow_cli_args=False)


def handle(line):
    shell.onecmd(line)
    return shell.log.pop()


print(handle("greet --name ann"))
print(handle("debug --name bo"))
