"""`eda-agent skill`: the instructions for a coding agent with a shell."""

from __future__ import annotations

import argparse
from pathlib import Path

from eda_agent.cli.options import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "skill",
        help="show or install SKILL.md, which teaches a coding agent to size circuits",
        description=(
            "SKILL.md tells an agent with a shell how to size a circuit with this program. install writes it where"
            " agents look: DIR/eda-agent/SKILL.md."
        ),
    )
    parser.add_argument("do", choices=("show", "install"), help="print it, or install it")
    parser.add_argument(
        "--dir",
        type=Path,
        metavar="DIR",
        default=Path(".claude/skills"),
        help="folder of skills (default .claude/skills)",
    )
    parser.add_argument("--force", action="store_true", help="replace an edited SKILL.md")
    parser.set_defaults(func=skill_command)


def skill_command(options: argparse.Namespace) -> int:
    """Print or install the skill."""
    from importlib.resources import files

    from eda_agent.cli.say import say, write
    from eda_agent.errors import Finding, InputError
    from eda_agent.files import read_file, write_text

    text = (files("eda_agent.server") / "SKILL.md").read_text(encoding="utf-8")
    if options.do == "show":
        write(text)
        return 0
    target = options.dir / "eda-agent" / "SKILL.md"
    try:
        if target.exists() and not options.force and read_file(target).decode(errors="replace") != text:
            raise InputError(Finding("another SKILL.md is there", target, fix="--force replaces it"))
        target.parent.mkdir(parents=True, exist_ok=True)
        write_text(target, text)
    except OSError as error:
        raise InputError(Finding(f"cannot be written: {error.strerror}", target, fix="choose another --dir")) from None
    say(f"wrote {target}")
    return 0
