"""The command line: `autograder COMMAND`, or `python -m autograder COMMAND`.

A command is a line in the table below and a module with two functions, `add_arguments(parser)` and
`run(arguments)`. Only the module of the command that was asked for is imported.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple

from autograder.errors import UserError


class Command(NamedTuple):
    """Where a command lives, and what it does in a few words."""

    module: str
    purpose: str


COMMANDS = {
    "check": Command("autograder.checking.command", "check the exercises of a notebook"),
    "init": Command("autograder.course.init", "make a course folder, to be used with nbgrader"),
    "roster": Command("autograder.instructor.roster", "enter who is in the class, from a CSV file"),
    "handout": Command(
        "autograder.course.handout", "let students check without specs and reference"
    ),
    "grade": Command("autograder.grading.grade", "run, judge and record a class"),
    "regrade": Command("autograder.grading.regrade", "judge again, and say whose score changes"),
    "report": Command("autograder.instructor.report", "write a page about how a class did"),
    "grades": Command(
        "autograder.instructor.export_grades", "write the scores for a learning platform"
    ),
    "certificates": Command(
        "autograder.grading.certificates", "make what the machines of a cluster trust each other by"
    ),
    "doctor": Command("autograder.grading.doctor", "tell whether this machine can grade safely"),
    "demo": Command(
        "autograder.course.demo", "make a small course with a small class, and grade it"
    ),
}

DESCRIPTION = """\
Check exercises, and run a course that is graded with nbgrader.

A student needs `check`, if anything: the notebooks check themselves. An instructor makes a course
folder with `init` and follows the README.md in it.
"""


def command_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser, with the options of that command only which `arguments` begin with."""
    parser = argparse.ArgumentParser(
        prog="autograder",
        description=DESCRIPTION,
        epilog="`autograder COMMAND --help` tells more about a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, (module_name, purpose) in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=purpose,
            description=purpose[0].upper() + purpose[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in arguments[:1]:
            module = importlib.import_module(module_name)
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0, 1 when it failed, 2 when misspelled."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = command_parser(arguments)
    if not arguments:
        parser.print_help()
        return 0
    parsed = parser.parse_args(arguments)
    try:
        return parsed.run(parsed) or 0
    except UserError as error:
        print(f"autograder: {error}", file=sys.stderr)
    except OSError as error:  # a full disk, a folder one may not write to
        print(f"autograder: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("autograder: stopped", file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
