"""The rc file of xschem: a block of lines in it sources our menu; everything else in the file stays."""

from __future__ import annotations

import re
import sys
from importlib.resources import files
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.files import read_file, write_text

BEGIN, END = "# >>> eda-agent", "# <<< eda-agent"
_BLOCK = re.compile(rf"(?:^|\n){re.escape(BEGIN)}[^\n]*\n.*?{re.escape(END)}[^\n]*(?:\n|$)", re.DOTALL)
MENU = "eda-agent.tcl"


def default_rc() -> Path:
    """The user's rc file, which xschem reads unless the current folder has one."""
    return Path.home() / ".xschem" / "xschemrc"


def install(rc: Path) -> Path:
    """Write the menu beside an rc file and source it there; an earlier block is replaced. Returns the menu's file.

    Raises `InputError` if a file cannot be written.
    """
    menu = rc.parent / MENU
    template = (files("eda_agent.cli") / "xschem_menu.tcl").read_text(encoding="utf-8")
    command = " ".join(map(_word, (sys.executable, "-m", "eda_agent")))
    block = (
        f"{BEGIN}: the menu of eda-agent; `eda-agent xschem uninstall` removes these lines\n"
        f"if {{[file exists {_word(str(menu.resolve()))}]}} {{ source {_word(str(menu.resolve()))} }}\n{END}\n"
    )
    try:
        rc.parent.mkdir(parents=True, exist_ok=True)
        old = _without(_read(rc))
        write_text(menu, template.replace("@COMMAND@", f"[list {command}]"))
        write_text(rc, f"{old}{'' if not old or old.endswith(chr(10)) else chr(10)}{block}")
    except OSError as error:
        raise InputError(Finding(f"cannot be written: {error.strerror}", rc, fix="choose another --rc")) from None
    return menu


def uninstall(rc: Path) -> bool:
    """Remove the menu and its block; an rc file that had nothing else is removed too. Whether there was one."""
    menu, text = rc.parent / MENU, _read(rc)
    rest = _without(text)
    try:
        if rest != text:
            if rest.strip():
                write_text(rc, rest)
            else:
                rc.unlink()
        existed = menu.exists()
        menu.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(Finding(f"cannot be written: {error.strerror}", rc, fix="choose another --rc")) from None
    return existed or rest != text


def _read(rc: Path) -> str:
    return read_file(rc).decode("utf-8", errors="surrogateescape") if rc.exists() else ""


def _without(text: str) -> str:
    found = _BLOCK.search(text)
    if found is None:
        return text
    # the line break before the block belongs to the line before
    start = found.start() + (text[found.start()] == "\n")
    return text[:start] + text[found.end() :]


def _word(text: str) -> str:
    """A word of Tcl."""
    return "{" + text + "}" if not re.search(r"[{}\\]", text) else re.sub(r"([\s{}\[\]$\\\";])", r"\\\1", text)
