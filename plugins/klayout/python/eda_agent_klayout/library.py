"""A library of PCells as this KLayout has registered it: the matching version of a table, and its PCells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pya

from .passives import cell_of, needed
from .table import Table, TableError


def registered(table: Table) -> str:
    """The name under which the library of a table is registered. Raises `TableError` with the searched names."""
    for name in table.libraries:
        if pya.Library.library_by_name(name) is not None:
            return name
    known = ", ".join(sorted(pya.Library.library_by_id(number).name() for number in pya.Library.library_ids()))
    cells = " or ".join(dict.fromkeys(_cells(version) for version in table.versions))
    raise TableError(
        f"no library {' or '.join(table.libraries)} with {cells} is registered in this KLayout; there are"
        f" {known or 'none'}\n    → install the PCells of the process and restart KLayout, or use --table demonstration"
    )


def present(table: Table) -> Table:
    """The version of a table that matches the registered library: its PCells exist with the written parameters.

    Raises `TableError` with the searched names.
    """
    name = registered(table)
    layout = pya.Library.library_by_name(name).layout()
    for version in table.versions:
        declared = [_parameters(layout, cell) for cell in version.pcells]
        if all(names is not None and names >= version.written for names in declared):
            return replace(version, passives=_drawn_passives(layout, version))
    wanted = ", nor ".join(f"{_cells(version)} with {', '.join(sorted(version.written))}" for version in table.versions)
    cells = [
        cell for version in table.versions for cell in version.pcells if layout.pcell_declaration(cell) is not None
    ]
    there = [f"{cell} ({', '.join(sorted(_parameters(layout, cell) or ()))})" for cell in dict.fromkeys(cells)]
    raise TableError(
        f"the library {name} has no PCells {wanted}; it has"
        f" {'; '.join(there) or ', '.join(sorted(layout.pcell_names())) or 'none'}\n    → write a table for it"
        " (docs/klayout.md), or use --table demonstration"
    )


def _drawn_passives(layout: pya.Layout, version: Table) -> dict[str, Any]:
    """The resistors and capacitors of a table whose PCells are here."""
    result = {}
    for kind, newest in (version.passives or {}).items():
        for entry in (newest, *({**newest, **other} for other in newest.get("older", ()))):
            models = {
                name: model
                for name, model in entry["models"].items()
                if needed(entry, model) <= (_parameters(layout, cell_of(entry, model)) or set())
            }
            if models:
                kept = {name: value for name, value in entry.items() if name not in ("ideal", "older")}
                ideal = {"ideal": entry["ideal"]} if entry.get("ideal", {}).get("model") in models else {}
                result[kind] = {**kept, **ideal, "models": models}
                break
    return result


OWN = "eda-agent"
"""The library of the demonstration process."""


def holdable(found: pya.Library) -> list[pya.Layout]:
    """The layout of a library, where its updates may be held back while its PCells are drawn: another library's PCell
    may read a file as it draws, which KLayout refuses then.
    """
    return [found.layout()] if found.name() == OWN else []


def _cells(version: Table) -> str:
    return " and ".join(version.pcells)


def _parameters(layout: pya.Layout, cell: str) -> set[str] | None:
    declaration = layout.pcell_declaration(cell)
    return None if declaration is None else {one.name for one in declaration.get_parameters()}


def draw(
    layout: pya.Layout, library: pya.Library, cell: str, values: dict[str, Any], written: Mapping[str, Any], device: str
) -> pya.Cell:
    """A PCell with `values` in a layout; `written`: the values that must be drawn unchanged.

    Raises ValueError if the library cannot be used there, the PCell fails, or it draws another size.
    """
    return checked(create(layout, library, cell, values, written, device), library, cell, written, device)


def create(
    layout: pya.Layout, library: pya.Library, cell: str, values: dict[str, Any], written: Mapping[str, Any], device: str
) -> pya.Cell:
    """The same, whose shapes are not looked at yet: that brings the whole layout up to date, and is done once for many
    (`checked`).
    """
    changed = _refusal(library.layout().pcell_declaration(cell), layout, values, written)
    if changed:
        raise ValueError(
            f"{device}: the PCell {cell} of the library {library.name()} does not draw this size: {changed}\n    → give"
            " the parameter a range that the PCell draws"
        )
    variant = layout.create_cell(cell, library.name(), values)
    if variant is None:
        raise ValueError(
            f"{cell} of the library {library.name()} cannot be used in this layout\n    → give the layout the"
            " technology of the library"
        )
    return variant


def checked(variant: pya.Cell, library: pya.Library, cell: str, written: Mapping[str, Any], device: str) -> pya.Cell:
    """A PCell that draws something. Raises ValueError for one that failed."""
    box = variant.bbox()
    if box.empty() or (box.width() == 0 and box.height() == 0):
        sizes = ", ".join(f"{name}={value}" for name, value in written.items())
        raise ValueError(
            f"{device}: the PCell {cell} of the library {library.name()} draws nothing with {sizes}\n    → KLayout's"
            " log (File > Log Viewer) says why; often a Python package that the library needs has another version"
        )
    return variant


def _refusal(
    declaration: pya.PCellDeclaration, layout: pya.Layout, values: dict[str, Any], written: Mapping[str, Any]
) -> str:
    """How a PCell changes values, "" if it draws them unchanged. An instance keeps the written values in any case."""
    parameters = declaration.get_parameters()
    given = [values.get(one.name, one.default) for one in parameters]
    try:
        drawn = dict(zip((one.name for one in parameters), declaration.coerce_parameters(layout, given), strict=True))
    except (RuntimeError, ValueError, TypeError, AttributeError):
        # its own error, which drawing it shows
        return ""
    other = [
        f"{name} {value} becomes {drawn[name]}"
        for name, value in written.items()
        if name in drawn and not _alike(value, drawn[name])
    ]
    return ", ".join(other)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, (int, float)):
        return abs(one - other) < 1e-6
    return bool(one == other)
