"""Reading an extracted netlist: KLayout's (`M$1 … L=0.5U`, nets `\\$12`), magic's (`X0 … w=5e+06u`, nets `a_12_n34#`,
wires as R and C), flat or of cells.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem.draft.dialect import to_spice
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.netlist import Netlist, parse_netlist
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.source import read_source, read_text
from eda_agent.problem.spec import Problem

_SUBSTRATES = ("vsubs", "substrate", "sub", "vsub", "subs")


@dataclass(frozen=True)
class Extracted:
    """`ports` of the cell, and its `devices`, flat. `left_out`: resistors and capacitors of the foundry, which have no
    model here; `bare`: whether transistors are named by polarity alone, so that the schematic gives their model.
    """

    ports: tuple[str, ...]
    devices: list[FlatDevice]
    left_out: tuple[str, ...] = ()
    bare: bool = False


def read_extracted(path: Path, problem: Problem, cell: str | None = None) -> Extracted:
    """An extracted cell. `cell`: its name; None for the one of the circuit's name, or the one that no other cell calls.

    Raises `InputError` for a file that is not a netlist, is unsafe, or has no such cell.
    """
    findings: list[Finding] = []
    text = read_text(path, findings)
    if findings:
        raise InputError(findings)
    plain, changed = to_spice(_plain_names(text), [problem.pdk])
    with tempfile.TemporaryDirectory(prefix="eda-agent-") as folder:
        copy = Path(folder) / path.name
        copy.write_text(plain, encoding="utf-8")
        try:
            netlist = parse_netlist(read_source(copy, [Path(folder)]))
        except InputError as error:
            raise InputError([replace(finding, file=path) for finding in error.findings]) from None
    netlist, left_out = _without_passives(netlist, problem)
    name = _cell(netlist, cell, problem, path)
    try:
        elaboration = Elaboration(netlist, name, stub_devices(problem.pdk))
    except InputError as error:
        raise InputError([replace(finding, file=path) for finding in error.findings]) from None
    bare = any("was made" in note for note in changed)
    return Extracted(netlist.subcircuits[name].ports, elaboration.devices({}), left_out, bare)


def _plain_names(text: str) -> str:
    """The text with names that every program reads: nets of layouts hold $, #, / and backslashes."""
    result = []
    for line in text.splitlines():
        bare = line.lstrip()
        if bare.startswith(("*", "$", ";")) or not bare:
            result.append("*" if bare else "")
            continue
        if bare.startswith(".") and not re.match(r"\.(subckt|ends)\b", bare, re.IGNORECASE):
            result.append(line)
            continue
        # a comment begins with a dollar that stands alone: KLayout's nets are \\$1
        code = re.split(r"\s\$(?:\s|$)|\s\*\*|;", line, maxsplit=1)[0]
        words = re.split(r"(\s+)", code)
        result.append(
            "".join(word if "=" in word or not re.search(r"[\\$#/\[\]<>!:|]", word) else _plain(word) for word in words)
        )
    # a first line that is not a card is a title
    return "\n".join(result) + "\n"


def _plain(word: str) -> str:
    return re.sub(r"[$#/\[\]<>!:|]", "_", word.replace("\\", ""))


def _without_passives(netlist: Netlist, problem: Problem) -> tuple[Netlist, tuple[str, ...]]:
    """The netlist without the foundry's resistors and capacitors, whose drawn values are not read; their names."""
    unknown = {
        id(device.line): f"{device.name} ({device.value})"
        for scope in (netlist.top, *netlist.subcircuits.values())
        for device in scope.devices
        if device.kind == "x" and device.value.lower() not in netlist.subcircuits and _is_passive(device.value, problem)
    }
    if not unknown:
        return netlist, ()
    return parse_netlist([line for line in netlist.lines if id(line) not in unknown]), tuple(unknown.values())


def _is_passive(model: str, problem: Problem) -> bool:
    rule = problem.pdk.device(model)
    return not rule.is_fet if rule is not None else re.search(r"cap|res|mim|vpp", model, re.IGNORECASE) is not None


def _cell(netlist: Netlist, wanted: str | None, problem: Problem, path: Path) -> str:
    cells = netlist.subcircuits
    if wanted is not None:
        if wanted.lower() not in cells:
            raise InputError(
                Finding(f"the netlist has no cell {wanted}", path, fix=f"it has: {', '.join(cells) or 'none'}")
            )
        return wanted.lower()
    called = {device.value.lower() for cell in cells.values() for device in cell.devices if device.kind == "x"}
    tops = [name for name in cells if name not in called]
    if problem.subckt in cells:
        return problem.subckt
    if len(tops) != 1:
        fix = f"name it with --cell: {', '.join(tops[:8])}" if tops else "extract the cell with its ports as a .subckt"
        raise InputError(Finding(f"which cell is {problem.subckt}?", path, fix=fix))
    return tops[0]


def is_substrate(net: str) -> bool:
    """Whether a net's name is an extractor's name of the substrate."""
    return net.removeprefix("xdut.").lower() in _SUBSTRATES


def transistors(devices: Sequence[FlatDevice]) -> list[FlatDevice]:
    """The MOSFETs of flat devices."""
    return [device for device in devices if device.kind == "m"]
