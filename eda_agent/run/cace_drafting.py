"""Drafting from a CACE datasheet: its templates become decks, its conditions corners, its bounds specs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eda_agent.errors import Finding, InputError
from eda_agent.files import made_folder, write_text
from eda_agent.problem.cace import CaceDeck, CaceParameter, Datasheet, deck_of_template, read_datasheet
from eda_agent.problem.cace.conditions import points_of
from eda_agent.problem.cace.template import PREFIX
from eda_agent.problem.draft import Answers
from eda_agent.problem.draft.sections import with_sections
from eda_agent.problem.load import load_problem
from eda_agent.problem.names import name_from
from eda_agent.run.cace_scripts import with_scripts, without_scripts
from eda_agent.run.drafting import draft_spec
from eda_agent.run.schematic import netlist_of_schematic
from eda_agent.units import QuantityError, any_unit

Point = dict[str, float | str]


def draft_from_datasheet(
    path: Path, out: Path | None = None, *, pdk: str | None = None, force: bool = False, simulate: bool = True,
    answers: Answers | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Draft a spec from a datasheet of CACE 2.

    Args:
        path: the datasheet.
        out: folder of the decks and of the spec; None for the folder `eda-agent` beside the datasheet.
        pdk: its name or file; None for the datasheet's.
        force: replace an existing spec.
        simulate: simulate the decks once.
        answers: what the user says of the circuit.

    Returns:
        as `draft_spec`.

    Raises:
        InputError: the datasheet or a template cannot be read, or the circuit has no netlist.
        MissingError: a template is a schematic, and xschem is missing.
    """
    sheet = without_scripts(read_datasheet(path))
    folder = out or path.parent / "eda-agent"
    if (folder / "spec.yaml").exists() and not force:
        fix = "--force replaces it, --out writes elsewhere"
        raise InputError(Finding("a spec already exists", folder / "spec.yaml", fix=fix))
    with made_folder(folder):
        netlist = _netlist(sheet, folder)
        decks = {one.name: deck_of_template(_template(one.template, folder), one, sheet) for one in sheet.parameters}
        files = []
        for name, deck in decks.items():
            files.append(folder / f"{name_from(name)}.spice")
            write_text(files[-1], deck.text)
        result = draft_spec(
            netlist, folder, pdk=pdk or _known_pdk(sheet.pdk), subckt=sheet.name, force=force, simulate=simulate,
            answers=answers, decks=files,
        )  # fmt: skip
    spec = Path(result["spec"])
    said: list[str] = [*sheet.left_out]
    supply = _supply(spec)
    corners, names = _corners(sheet.parameters, decks, supply, said)
    benches = _benches(spec, files)
    lines = _specs(sheet.parameters, decks, benches, names, said)
    text = with_sections(spec.read_text(encoding="utf-8"), lines, corners)
    text = with_scripts(
        text, sheet.parameters, decks, {one.name: _bench_of(one, benches) for one in sheet.parameters}, folder
    )
    remarks = "".join(f"# {one}\n" for one in said)
    write_text(spec, f"# from the CACE datasheet {os.path.relpath(path, folder)}\n{remarks}{text}")
    result["noticed"] += said
    result["datasheet"] = str(path)
    try:
        load_problem(spec)
        result["faults"] = []
    except InputError as error:
        result["faults"] = [str(finding) for finding in error.findings]
    return result


def _netlist(sheet: Datasheet, folder: Path) -> Path:
    """The netlist of the circuit: one that CACE or the designer wrote, else from the schematic by xschem."""
    for place in sheet.netlists:
        if place.is_file():
            return place
    if sheet.schematic.is_file():
        return netlist_of_schematic(sheet.schematic, folder)
    looked = ", ".join(str(place) for place in (*sheet.netlists[:2], sheet.schematic))
    raise InputError(Finding(f"the circuit {sheet.name} has no netlist", sheet.path, fix=f"one of {looked}"))


def _template(template: Path, folder: Path) -> str:
    """The netlist of a template: as it is, or as it lies beside its schematic, else by xschem."""
    plain = template.with_suffix(".spice")
    if plain.is_file():
        return plain.read_text(encoding="utf-8", errors="replace")
    if not template.is_file():
        raise InputError(Finding("the datasheet's template does not exist", template, fix="check paths: templates"))
    written = netlist_of_schematic(template, folder)
    text = written.read_text(encoding="utf-8", errors="replace")
    written.unlink()
    return text


def _known_pdk(name: str) -> str | None:
    """The datasheet's PDK as we name it; None leaves it to the netlist."""
    known = {"sky130a": "sky130A", "sky130b": "sky130A", "gf180mcud": "gf180mcuD", "gf180mcuc": "gf180mcuD"}
    return known.get(name.lower(), "ihp-sg13g2" if "sg13g2" in name.lower() else None)


def _supply(spec: Path) -> str:
    """The condition that is the supply, by the parameter that the draft names; "" if none is."""
    for word in spec.read_text(encoding="utf-8").split("supply:")[1:]:
        name = word.split("}")[0].split(",")[0].strip().strip("'")
        if name.startswith(PREFIX):
            return name.removeprefix(PREFIX)
    return ""


def _corners(
    parameters: Sequence[CaceParameter], decks: Mapping[str, CaceDeck], supply: str, said: list[str]
) -> tuple[list[str], dict[str, list[str]]]:
    """(lines of `corners:`, parameter → names of its corners). A point of several parameters is one corner."""
    order: dict[tuple[tuple[str, float | str], ...], str] = {}
    names: dict[str, list[str]] = {}
    for parameter in parameters:
        used = {name: one for name, one in parameter.conditions.items() if name in {*decks[parameter.name].used}}
        points, cut = points_of(used)
        if cut:
            said.append(f"{parameter.name}: of many conditions the typical point and the ends are simulated")
        for point in points:
            key = tuple(sorted(point.items()))
            order.setdefault(key, "nominal" if not order else f"c{len(order)}")
            names.setdefault(parameter.name, []).append(order[key])
    every = [dict(key) for key in order]
    changing = {name for point in every for name in point if len({one.get(name) for one in every}) > 1}
    return [f"  {name}: {_corner(dict(key), supply, changing)}" for key, name in order.items()], names


def _corner(point: Point, supply: str, changing: set[str]) -> str:
    """A corner; a condition that is the same in all of them stays in the decks."""
    fixed = {supply, "corner", "temperature"}
    vdd = point.get(supply) if supply else None
    cells = [f"process: {point.get('corner', 'tt')}", f"vdd: {1.8 if vdd is None else vdd}"]
    cells.append(f"temperature: {point.get('temperature', 27)}")
    settings = ((key, value) for key, value in point.items() if key in changing - fixed and isinstance(value, float))
    cells += [f"{PREFIX}{key}: {value:.10g}" for key, value in settings]
    return f"{{{', '.join(cells)}}}"


def _benches(spec: Path, files: Sequence[Path]) -> dict[str, str]:
    """File of a deck → its testbench in the spec."""
    found = re.findall(r"^  (\w+): \{deck: '?([^,}']+)'?", spec.read_text(encoding="utf-8"), re.MULTILINE)
    benches = {Path(deck).name: name for name, deck in found}
    return {file.name: benches.get(file.name, file.stem) for file in files}


def _bench_of(parameter: CaceParameter, benches: Mapping[str, str]) -> str:
    return benches[f"{name_from(parameter.name)}.spice"]


def _specs(
    parameters: Sequence[CaceParameter],
    decks: Mapping[str, CaceDeck],
    benches: Mapping[str, str],
    corners: Mapping[str, list[str]],
    said: list[str],
) -> list[str]:
    every = {name for names in corners.values() for name in names}
    lines = []
    for parameter in parameters:
        bench = _bench_of(parameter, benches)
        for spec in parameter.specs:
            known = {**dict(zip(parameter.script_variables, map(str.lower, parameter.script_variables), strict=True))}
            measured = {**decks[parameter.name].results, **known}.get(spec.result)
            if measured is None:
                said.append(f"{parameter.name}: {spec.result} is not among its variables")
                continue
            if not spec.bounds:
                said.append(f"{parameter.name}: {spec.result} has no bound, so it is no spec")
                continue
            cells = [f"testbench: {bench}", *([f"metric: {measured}"] if measured != spec.name else [])]
            cells += [f"unit: {unit}"] if (unit := _unit(spec.unit)) else []
            cells += [f"{side}: {value:.10g}" for side, value in spec.bounds.items()]
            own = corners[parameter.name]
            cells += [f"corners: [{', '.join(own)}]"] if set(own) != every else []
            lines.append(f"  {spec.name}: {{{', '.join(cells)}}}")
    return lines


def _unit(text: str) -> str:
    """The unit of a spec, without its prefix; "" for a ratio."""
    try:
        base = any_unit(text).base if text else ""
    except QuantityError:
        return ""
    return "" if base in {"none", "V/V", "A/A", "%"} or not base.isascii() else base
