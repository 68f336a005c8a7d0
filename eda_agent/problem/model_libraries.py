"""Model libraries named in a draft's netlist are left out, because `pdk:` provides the models. Their names show the PDK
and the process.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

_CARD = re.compile(
    r"""^\s*\.(?P<card>include|inc|lib)\s+(?P<quote>["']?)(?P<file>[^"'\s]+|[^"']+)(?P=quote)(?:\s+(?P<section>\w+))?\s*$""",
    re.IGNORECASE,
)
_FAMILIES = {
    "sky130A": re.compile(r"sky(?:water)?_?130|SKYWATER", re.IGNORECASE),
    "gf180mcuD": re.compile(r"gf_?180|sm141064", re.IGNORECASE),
    "ihp-sg13g2": re.compile(r"sg13g2|ihp-|cornerMOS[lh]v", re.IGNORECASE),
}  # fmt: skip
_CELLS = re.compile(r"_(?:fd_)?(?:sc|io|ip)_|stdcell", re.IGNORECASE)
"""A library of cells: its subcircuits are not models."""


def without_model_libraries(lines: Sequence[str], notes: list[str]) -> list[str]:
    """The lines without those that name a model library.

    Args:
        lines: the netlist.
        notes: receives what was left out.

    Returns:
        the other lines. An include of the user's own files stays.
    """
    result = []
    for line in lines:
        found = _CARD.match(line)
        if found is None or not (_family(found["file"]) or (found["card"].lower() == "lib" and found["section"])):
            result.append(line)
        elif _CELLS.search(found["file"]):
            notes.append(
                f"{PurePosixPath(found['file']).name} was left out: a library of cells has no models; put the cells"
                " that you use into the netlist"
            )
        else:
            process = _process(found["file"], found["section"] or "")
            notes.append(
                "lines that name a model library were left out: `pdk:`"
                f" does{f' (process {process})' if process else ''}"
            )
    return result


def cell_library(line: str) -> str:
    """The file of a library of standard cells that a line names, "" if it names none."""
    found = _CARD.match(line)
    return found["file"] if found is not None and _CELLS.search(found["file"]) else ""


def names_library(line: str) -> bool:
    """Whether a line names a file of a PDK, or a section of a library: never the user's own include."""
    found = _CARD.match(line)
    return (
        found is not None
        and not _CELLS.search(found["file"])
        and (bool(_family(found["file"])) or (found["card"].lower() == "lib" and bool(found["section"])))
    )


def pdk_in(text: str) -> str:
    """The PDK whose library a netlist names, or ""."""
    for line in text.splitlines():
        if (found := _CARD.match(line)) and (family := _family(found["file"])):
            return family
    return ""


def process_in(text: str) -> str:
    """The process of a netlist's model library, such as "ss", or ""."""
    found = [
        _process(match["file"], match["section"] or "") for line in text.splitlines() if (match := _CARD.match(line))
    ]
    return next((process for process in found if process), "")


def _family(file: str) -> str:
    return next((name for name, pattern in _FAMILIES.items() if pattern.search(file)), "")


def _process(file: str, section: str) -> str:
    """The process from a section (`tt`, `mos_tt`, `typical`) or a corner's own file (`corners/tt.spice`)."""
    word = (section or (PurePosixPath(file).stem if "corner" in file.lower() else "")).lower().removeprefix("mos_")
    named = {"typical": "tt", "statistical": "", "nom": "tt", "typ": "tt"}.get(word, word)
    return named if re.fullmatch(r"(?:tt|ss|ff|sf|fs)", named) else ""
