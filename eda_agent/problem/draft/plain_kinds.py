"""A plain kind is one that its connections tell without any other pattern: each has one recogniser, tried in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eda_agent.problem.draft.benches import FILTER, SRAM, Bench
from eda_agent.problem.draft.converter import converter
from eda_agent.problem.draft.filter import ota_filter
from eda_agent.problem.draft.kinds import CONVERTER
from eda_agent.problem.draft.low_noise_amplifier import low_noise_amplifier
from eda_agent.problem.draft.sram_cell import sram_cell
from eda_agent.problem.load_testbench import NO_PORT
from eda_agent.problem.structure import Structure

Plain = tuple[str, Mapping[str, str], Mapping[str, str], tuple[Bench, ...]]
"""Kind, role → port, port → how it is held, testbenches."""


def plain_kind(structure: Structure, rest: Sequence[str]) -> Plain | None:
    """The plain kind that a circuit is of, None if it is of none. `rest`: the ports beside the rails."""
    rails = {"vdd": structure.vdd, "vss": structure.vss}
    if (cell := sram_cell(structure, rest)) is not None:
        return "SRAM cell", {**cell, **rails}, {}, SRAM
    if (found := converter(structure, rest)) is not None:
        return CONVERTER, {**found.ports, **_rails(structure)}, found.bias, found.benches
    if (amplifier := low_noise_amplifier(structure, rest)) is not None:
        return "low-noise amplifier", {**amplifier.ports, **_rails(structure)}, amplifier.bias, amplifier.benches
    if (section := ota_filter(structure, rest)) is not None:
        return "filter", {**section[0], **_rails(structure)}, section[1], FILTER
    return None


def _rails(structure: Structure) -> dict[str, str]:
    """Both rails; a net that is no port, as in a ladder alone, is none."""
    rails = {"vdd": structure.vdd, "vss": structure.vss}
    return {role: net if net in structure.ports else NO_PORT for role, net in rails.items()}
