"""A standard cell is a gate of a foundry's digital library: a circuit may call it, and its sizes are fixed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eda_agent.problem.draft.gate_cells import gate_cells, is_gate
from eda_agent.problem.draft.stand_in_cells import stand_in
from eda_agent.problem.model_libraries import cell_library
from eda_agent.problem.names import STANDARD_CELL
from eda_agent.problem.pdk.registry import Pdk
from eda_agent.problem.source import read_text


def with_standard_cells(lines: Sequence[str], pdk: Pdk, notes: list[str]) -> list[str]:
    """The lines with the subcircuits of the standard cells that they call and do not define: as the PDK's package has
    them, else stand-ins. A netlist with files of its own is unchanged: they may define the cells.
    """
    words = [line.split() for line in lines]
    if any(one and one[0].lower() in {".include", ".inc", ".lib"} for one in words):
        return list(lines)
    lines = gate_cells(lines, pdk, notes)
    words = [line.split() for line in lines]
    defined = {one[1].lower() for one in words if len(one) > 1 and one[0].lower() == ".subckt"}
    called = dict.fromkeys(
        word.lower() for one in words if one and not one[0].startswith("*") for word in one[1:] if "__" in word
    )
    missing = [name for name in called if name not in defined and STANDARD_CELL.search(name)]
    found = {name: path for name in missing if (path := pdk.standard_cell(name)) is not None}
    others = {name: cell for name in missing if name not in found and (cell := stand_in(name, pdk))}
    if not found and not others:
        return list(lines)
    if found:
        notes.append(f"{', '.join(found)}: standard cells of {pdk.title}, which keep their sizes")
    if others:
        notes.append(
            f"{', '.join(others)}: the netlist of these standard cells is not here, so cells of the same function took"
            " their place; they keep their sizes"
        )
    end = next((at for at, one in enumerate(words) if one and one[0].lower() == ".end"), len(lines))
    cells = [
        line
        for path in found.values()
        for line in read_text(path, []).splitlines()
        if line.strip() and not line.startswith("*")
    ]
    cells += [line for cell in others.values() for line in cell]
    return [*lines[:end], f"* standard cells of {pdk.title}, {pdk.licence}", *cells, *lines[end:]]


def without_absent_libraries(text: str, folder: Path, pdk: Pdk, notes: list[str]) -> str:
    """The text without lines for libraries of standard cells that are not there, and with the cells that it calls.

    It is unchanged if a file is there, or if a cell that it calls has no netlist and no stand-in.
    """
    lines = text.splitlines()
    named = {number: file for number, line in enumerate(lines) if (file := cell_library(line))}
    if not named or any((folder / file).exists() for file in named.values()):
        return text
    kept = [line for number, line in enumerate(lines) if number not in named]
    # what names models is left out later
    others = [line for line in kept if line.split()[:1] and line.split()[0].lower() in {".include", ".inc", ".lib"}]
    said: list[str] = []
    with_cells = with_standard_cells([line for line in kept if line not in others], pdk, said)
    words = [line.split() for line in with_cells]
    defined = {one[1].lower() for one in words if len(one) > 1 and one[0].lower() == ".subckt"}
    called = {word.lower() for one in words if one and one[0][:1].lower() == "x" for word in one[1:]}
    missing = {word for word in called - defined if is_gate(word) or STANDARD_CELL.search(word)}
    if missing or not said:
        return text
    names = ", ".join(dict.fromkeys(Path(file).name for file in named.values()))
    notes += [f"{names} is not here and was left out", *said]
    at = next((number for number, one in enumerate(words) if one and one[0].lower() == ".end"), len(words))
    return "\n".join([*with_cells[:at], *others, *with_cells[at:]]) + "\n"
