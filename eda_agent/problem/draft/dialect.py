"""A dialect is how a program writes netlists: xschem's commented subcircuit, CDL's slashes and plain M lines, a deck
with its simulation.

`to_spice` converts each of them to a circuit for this package and ngspice, and lists the changes; text without need for
changes is returned unchanged. Sizes keep their numbers; only their unit may change, for a PDK that counts micrometres.
The result is validated as strictly as any other netlist.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from eda_agent.problem.draft.bare import with_devices
from eda_agent.problem.draft.flat import is_flat, without_sources
from eda_agent.problem.draft.foundry_calls import closed, foundry_calls
from eda_agent.problem.draft.global_nets import with_global_ports
from eda_agent.problem.draft.lengths import expressions_times, in_metres, times
from eda_agent.problem.draft.named_sizes import with_named_sizes, with_sums_in_unit
from eda_agent.problem.draft.named_units import with_units_in_names
from eda_agent.problem.draft.reserved_names import without_reserved_names
from eda_agent.problem.draft.simulation_cards import measured_nets, without_simulation
from eda_agent.problem.draft.stand_in_cells import with_plain_devices
from eda_agent.problem.draft.standard_cells import with_standard_cells
from eda_agent.problem.draft.taps import without_taps
from eda_agent.problem.draft.valued_resistors import with_valued_resistors
from eda_agent.problem.model_libraries import without_model_libraries
from eda_agent.problem.pdk.registry import Pdk
from eda_agent.spice_numbers import parse_spice_number
from eda_agent.units import format_quantity

NO_CALL = (
    "the deck's .meas lines were left out, and templates measure its circuit; with  .subckt NAME PORTS …  and "
    " .ends  around the circuit, and a call of it, the deck measures it"
)
_MEASURES = re.compile(r"^\s*\.meas(?:ure)?\s", re.IGNORECASE | re.MULTILINE)
_FINE = 1e-6
"""In m: the unit of a layout is smaller."""
_CDL_CARDS = re.compile(
    r"^\*\.(pininfo|connect|bipolar|resval|capval|diorval|megasparse|scale|global|equation|bus_delimiter)\b",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"^((?:m\S*\s+\S+\s+\S+|c\S*)\s+\S+\s+\S+\s+)(\S+)(.*)$", re.IGNORECASE)
"""A MOSFET or a capacitor with a model."""


def to_spice(text: str, pdks: Sequence[Pdk], supply: float = 0.0) -> tuple[str, tuple[str, ...]]:
    """(netlist, changes). `pdks` tell whether a model name is a device that must be called as a subcircuit.

    `supply`: of the netlist in V, 0 if unknown.
    """
    notes: list[str] = []
    if is_flat(text.splitlines()) and _MEASURES.search(text):
        notes.append(NO_CALL)
    lines = without_simulation(_scaled(with_units_in_names(text.splitlines(), notes), pdks, notes), notes)
    lines = without_reserved_names(without_model_libraries(lines, notes), notes)
    lines = closed(_uncomment_subckt(lines, notes), notes)
    lines = without_sources(lines, notes, measured_nets(text))
    lines = [_slashes(line, notes) for line in lines]
    lines = without_taps(with_global_ports(lines, notes), notes)
    lines = with_valued_resistors(lines, pdks, notes)
    for pdk in pdks:
        lines = with_plain_devices(with_standard_cells(lines, pdk, notes), notes)
        lines = with_devices(lines, pdk, notes, supply)
    lines = foundry_calls(_foundry_devices(lines, pdks, notes), pdks, notes)
    result = "\n".join(lines) + ("\n" if text.endswith("\n") else "")
    return result, tuple(dict.fromkeys(notes))


def _scaled(lines: list[str], pdks: Sequence[Pdk], notes: list[str]) -> list[str]:
    """The lines with `.option scale` multiplied into the sizes of MOSFETs: magic writes whole numbers and the unit
    once.
    """
    found = [
        match[1]
        for line in lines
        if (match := re.match(r"\s*\.options?\b.*\bscale\s*=\s*([^\s,]+)", line, re.IGNORECASE))
    ]
    scale = parse_spice_number(found[-1]) if found else None
    unit = pdks[0].scale if pdks else 1.0
    # 10n is in metres; magic's 10000u is in micrometres if the PDK's netlists are
    metres = scale if scale is None or scale <= _FINE else scale * unit
    if metres is None or metres == unit:
        return lines
    notes.append(f"sizes were multiplied by the scale of .option, {found[-1]}: one is {format_quantity(metres, 'm')}")

    result, factor = [], 1.0
    for line in lines:
        if not line.lstrip().startswith("+"):
            # the numbers of a PDK's subcircuit are in its own unit
            factor = {"m": metres, "x": metres / unit}.get(line.lstrip()[:1].lower(), 1.0)
        result.append(expressions_times(times(line, factor), factor))
    return result


def _uncomment_subckt(lines: Sequence[str], notes: list[str]) -> list[str]:
    """xschem comments out the top cell's `.subckt` and `.ends` when it netlists the top as a flat circuit.

    Beside other cells, a top without ports is their testbench and stays unchanged.
    """
    alone = not any(re.match(r"\s*\.subckt\b", line, re.IGNORECASE) for line in lines)
    result, inside = [], False
    for line in lines:
        bare = re.match(r"\s*\*\*+\s*(\.(?:subckt\s+\S+|ends\b)\s*(\S*).*)$", line, re.IGNORECASE)
        begins = bare is not None and bare[1].lower().startswith(".subckt") and (alone or "=" not in bare[2] != "")
        if bare is None or not (begins or inside):
            result.append(line)
            continue
        inside = begins
        notes.append("the commented .subckt of the top cell was activated (xschem)")
        result.append(bare[1])
    return result


def _slashes(line: str, notes: list[str]) -> str:
    """CDL writes a slash between nets and the cell's name, or before parameters. Behind an equals sign it divides."""
    head = line.partition("=")[0]
    if _CDL_CARDS.match(line.strip()) or not re.match(r"\s*(x|\.subckt)\S*\s.*\s/\s", head, re.IGNORECASE):
        return line
    notes.append("slashes between nets and cells were left out (CDL)")
    return re.sub(r"\s/\s", " ", line, count=1)


def _foundry_devices(lines: Sequence[str], pdks: Sequence[Pdk], notes: list[str]) -> list[str]:
    """M and C lines whose model is a subcircuit of the PDK become X lines, with sizes in the PDK's unit, on
    continuation lines too.
    """
    result, factor, to_unit, converted = [], 1.0, 1.0, set[int]()
    for number, line in enumerate(lines):
        if line.lstrip().startswith("+"):
            line = with_sums_in_unit(line, factor) if factor != 1.0 else line
            result.append(times(line, factor if in_metres(line) else 1.0))
            if number - 1 in converted:
                converted.add(number)
            continue
        found, factor = _PLAIN.match(line.strip()), 1.0
        pdk = next((pdk for pdk in pdks if found and pdk.subcircuits and pdk.device(found[2]) is not None), None)
        if found is None or pdk is None:
            result.append(line)
            continue
        notes.append(f"{line.strip()[0].upper()} lines became X lines: the devices of {pdk.name} are subcircuits")
        converted.add(number)
        factor = to_unit = 1.0 / pdk.scale
        sizes = with_sums_in_unit(found[3], factor)
        result.append(f"X{found[1]}{found[2]}{times(sizes, factor if in_metres(sizes) else 1.0)}")
    return result if to_unit == 1.0 else with_named_sizes(result, converted, to_unit, notes)
