"""A command is one module: it is found, its parser knows its function, and it costs nothing at the start of another."""

from __future__ import annotations

import argparse
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

from eda_agent.cli import commands
from eda_agent.cli.commands import NAMES
from eda_agent.cli.parser import build_parser


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return next(dict(action.choices) for action in parser._actions if isinstance(action, argparse._SubParsersAction))


def test_every_module_is_a_command_and_every_command_a_module() -> None:
    assert sorted(module.name for module in pkgutil.iter_modules(commands.__path__)) == sorted(NAMES)
    assert tuple(subparsers(build_parser())) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_command_registers_its_parser_function_and_help(name: str) -> None:
    parser = subparsers(build_parser())[name]
    assert parser.get_default("func").__module__ == f"eda_agent.cli.commands.{name}"
    assert parser.description
    assert all(action.help for action in parser._actions), [
        action.dest for action in parser._actions if not action.help
    ]
    # alone it is the same
    assert list(subparsers(build_parser(name))) == [name]
    assert subparsers(build_parser(name))[name].format_help() == parser.format_help()


def test_a_word_that_is_no_command_is_answered_with_all_of_them() -> None:
    done = subprocess.run([sys.executable, "-m", "eda_agent", "zzzz", "x"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    # Python 3.12 and newer leave out the quotes
    assert all(re.search(rf"(?<![\w-]){name}(?![\w-])", done.stderr) for name in NAMES)


def test_the_whole_parser_loads_little() -> None:
    """`--help` and completion register every command: what a command works with is imported when it runs."""
    code = "import sys; from eda_agent.cli.parser import build_parser; build_parser(); print(*sorted(sys.modules))"
    loaded, bare = (
        set(subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout.split())
        for text in (code, "import sys; print(*sorted(sys.modules))")
    )
    assert not {"numpy", "rich", "subprocess", "importlib.metadata", "json", "datetime"} & (loaded - bare)


def test_a_command_loads_no_other(tmp_path: Path) -> None:
    code = (
        "import sys; from eda_agent.cli import main\n"
        f"status = main(['--trusted', 'runs', {str(tmp_path)!r}, '--json'])\n"
        "print([name for name in sys.modules if name.startswith('eda_agent.cli.commands.')], status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['eda_agent.cli.commands.runs'] 0"
