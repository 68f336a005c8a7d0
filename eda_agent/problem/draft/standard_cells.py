"""A standard cell is a gate of a foundry's digital library: a circuit may call it, and its sizes are fixed."""

from __future__ import annotations

from collections.abc import Sequence

from eda_agent.problem.draft.stand_in_cells import stand_in
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
