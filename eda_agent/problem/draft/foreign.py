"""A foreign language is one that no SPICE reader reads: Spectre's netlists, Verilog-A, a schematic's own format.

The message names the language and how to get a SPICE netlist.
"""

from __future__ import annotations

import re
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk.registry import Pdk

_EXPORT = "export the circuit as CDL or SPICE: in Virtuoso, File > Export > CDL, or the ADE simulator set to hspiceD"
_LANGUAGES = (
    (
        "Spectre's language",
        re.compile(
            r"^\s*(?:simulator\s+lang\s*=\s*spectre|subckt\s+\w+|(?:inline\s+)?parameters\s+\w+\s*=|\w+\s+\([^()=]+\)\s+\w+)",
            re.IGNORECASE | re.MULTILINE,
        ),
        _EXPORT,
    ),
    (
        "Verilog",
        re.compile(r"^\s*(?:`include\s|`timescale\s|module\s+\w+\s*[(;]|analog\s+begin\b)", re.MULTILINE),
        "a behavioural model has no devices to size: give the transistor netlist of the circuit",
    ),
    (
        "KiCad's schematic format",
        re.compile(r"^\s*\((?:kicad_sch|export)\b", re.MULTILINE),
        "export a netlist: File > Export > Netlist > Spice",
    ),
    (
        "LTspice's schematic format",
        re.compile(r"^Version 4(?:\.\d+)?\s*$\s*^SHEET\b", re.MULTILINE),
        "write its netlist: View > SPICE Netlist, then save it as .net",
    ),
)
_SPICE_CARD = re.compile(r"^\s*\.(?:subckt|model|end|ends|param|tran|ac|op|control)\b", re.IGNORECASE | re.MULTILINE)


def refuse_foreign(text: str, path: Path) -> None:
    """Raise `InputError` with the language of a netlist and the remedy, if it is not SPICE.

    Args:
        text: the file's content.
        path: the file, for the message.

    Raises:
        InputError: the text is in another language and has no SPICE card.
    """
    if _SPICE_CARD.search(text):
        return
    for name, pattern, fix in _LANGUAGES:
        if pattern.search(text):
            raise InputError(Finding(f"this is {name}, not SPICE", path, fix=fix))


def foreign_models(netlist: Netlist, pdk: Pdk) -> list[str]:
    """The models of M lines that neither the netlist nor the PDK has; [] for a PDK without devices of its own."""
    if not pdk.devices:
        return []
    named = {
        device.value.lower()
        for scope in netlist.subcircuits.values()
        for device in scope.devices
        if device.kind == "m" and device.value.lower() not in netlist.models and pdk.device(device.value) is None
    }
    return sorted(named)
