"""A name is a user's word that becomes part of decks, folders and tables: letters, digits, `_`, `.` and `-`, at most 64
of them.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from eda_agent.errors import InputError
from eda_agent.problem.located_node import LocatedNode, read_plain

MAX_LENGTH = 64
STANDARD_CELL = re.compile(r"_f?d?_?sc_|stdcell|\bsg13g2_(?:inv|buf|n?and\d|n?or\d|xn?or|decap|fill)\w*_\d+\b")
"""Of names as sky130_fd_sc_hd__inv_1, gf180mcu_fd_sc_mcu7t5v0__inv_1 and sg13g2_inv_1."""
_NAME = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.\-]{{0,{MAX_LENGTH - 1}}}")


def is_name(text: str) -> bool:
    """Whether a text is a name. It cannot begin with a dot or a minus sign: `..` leads out of a folder, and `-x` is an
    option.
    """
    return _NAME.fullmatch(text) is not None


def check_name(node: LocatedNode, text: str, what: str) -> str:
    """The text if it is a name; else a finding, and a name derived from it."""
    if not is_name(text):
        node.wrong(
            f"{text[:MAX_LENGTH]!r} cannot be the name of {what}",
            f"letters, digits, _ . and -, at most {MAX_LENGTH}: {name_from(text)}",
        )
        return name_from(text)
    return text


def name_from(text: str) -> str:
    """The name nearest to a text; `circuit` if nothing remains."""
    if is_name(text):
        return text
    kept = re.sub(r"[^A-Za-z0-9_.\-]+", "_", text).strip("_").lstrip("._-")[:MAX_LENGTH].rstrip("_")
    return kept or "circuit"


_MAKER = re.compile(r"\b[a-z0-9]+_fd_pr__|\b\w+?_pr__")


def without_maker(text: str) -> str:
    """A text without the beginning of a foundry's device names, such as `sky130_fd_pr__`."""
    return _MAKER.sub("", text)


def spec_name(path: Path) -> str:
    """The name of a spec before it is loaded: its `name:`, else that of its folder, also for a netlist."""
    named: object = None
    if path.suffix in {".yaml", ".yml"}:
        with contextlib.suppress(InputError):
            plain = read_plain(path)
            named = plain.get("name") if isinstance(plain, dict) else None
    return named if isinstance(named, str) and is_name(named) else name_from(path.resolve().parent.name)
