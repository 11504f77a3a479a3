"""The command line: its help, its one-line errors, and what it costs to start."""

import subprocess
import sys

import pytest

from autograder import __main__ as command_line
from autograder.__main__ import COMMANDS, Command, main
from autograder.errors import UserError


class Broken:
    """A command that fails in the way it is told to."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def add_arguments(self, parser):
        pass

    def run(self, arguments):
        raise self.error


def test_without_a_command_the_commands_are_listed(capsys):
    assert main([]) == 0
    listed = capsys.readouterr().out
    for name, command in COMMANDS.items():
        assert name in listed
        assert command.purpose in listed


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    assert "usage: autograder" in capsys.readouterr().out


def test_an_unknown_command_is_named(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["grde"])
    assert "'grde'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (UserError("do this"), 1, "autograder: do this"),
        (OSError(28, "No space left on device", "gradebook.db"), 1, "gradebook.db: No space left"),
        (KeyboardInterrupt(), 130, "stopped"),
    ],
)
def test_an_error_is_one_line(error, status, line, monkeypatch, capsys):
    monkeypatch.setitem(COMMANDS, "broken", Command("broken", "break"))
    monkeypatch.setattr(command_line.importlib, "import_module", lambda _: Broken(error))
    assert main(["broken"]) == status
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1


def test_help_loads_neither_torch_nor_nbgrader():
    script = (
        "import sys; from autograder.__main__ import main; main([]);"
        "sys.exit('torch' in sys.modules or 'nbgrader' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True).returncode == 0
