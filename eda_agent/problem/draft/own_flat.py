"""An own flat deck is a designer's testbench whose devices stand beside its sources: it is read as one that calls its
circuit, from a copy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from eda_agent.errors import InputError
from eda_agent.files import write_text
from eda_agent.problem.draft.deck_share import TESTBENCH, Share
from eda_agent.problem.draft.dialect import NO_CALL
from eda_agent.problem.draft.flat import is_flat
from eda_agent.problem.draft.flat_bench import NAME, FlatBench, wrapped
from eda_agent.problem.draft.foreign import foreign_models
from eda_agent.problem.draft.own_bench import OwnBench, read_own_bench
from eda_agent.problem.pdk import Pdk

_LEFT_OUT = "the deck's measurements are left out"


class OwnFlat(NamedTuple):
    """`bench`: what the deck says. `text`: of its copy. `shares`: choices between circuit and testbench."""

    bench: OwnBench
    text: str
    shares: tuple[Share, ...]


def read_own_flat(
    text: str, path: Path, out: Path, pdk: Pdk, libraries: Collection[str], size: Collection[str], notes: list[str]
) -> OwnFlat | None:
    """The testbench in a flat deck; None if it is none, or if templates have to measure its circuit.

    Args:
        text: the deck.
        path: of it.
        out: folder of the spec, which receives the copy.
        pdk: its process.
        libraries: names of the PDKs' library files.
        size: names of devices that the user sizes.
        notes: receives what is done.
    """
    if not is_flat(text.splitlines()) or (found := wrapped(text, path, size)) is None:
        return None
    file = copy_of(path, text, out)
    write_text(file, found.text)
    bench = None
    try:
        bench = read_own_bench(file, found.text, NAME, libraries)
    except InputError as error:
        # as its numbers of lines are those of the copy, the finding shows the line itself
        first = error.findings[0]
        line = f" ({first.read})" if first.read else ""
        notes.append(f"{_LEFT_OUT}: {first.message}{line}; correct or remove that line, and the deck is the testbench")
    if bench is None or bench.program is None or foreign_models(bench.netlist, pdk) or _is_called(bench, pdk):
        file.unlink(missing_ok=True)
        return None
    notes.append(_said(found))
    return OwnFlat(bench, found.text, found.shares)


def changes(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """What is said of both steps; a fault of a measurement is the reason already."""
    faulty = any(one.startswith(_LEFT_OUT) for one in before)
    return (*before, *(one for one in after if one != NO_CALL or not faulty))


def copy_of(path: Path, text: str, out: Path) -> Path:
    """The file of a deck's plain copy: includes are relative, so one that has some stays beside the original."""
    whole = not re.search(r"^\s*\.inc", text, re.IGNORECASE | re.MULTILINE)
    return (out if whole else path.parent) / f"{path.stem}.eda.spice"


def _is_called(bench: OwnBench, pdk: Pdk) -> bool:
    """Whether M lines name devices that the PDK has as subcircuits: no simulator reads the deck as it is."""
    scope = bench.netlist.subcircuits[NAME]
    return pdk.subcircuits and any(
        one.kind == "m" and one.value.lower() not in bench.netlist.models and pdk.device(one.value) is not None
        for one in scope.devices
    )


def _said(found: FlatBench) -> str:
    names = ", ".join(share.name for share in found.shares if share.part == TESTBENCH)
    stays = f" and {names}" if names else ""
    renamed = f"; {found.renamed}" if found.renamed else ""
    return (
        f"the devices of the deck became the subcircuit {NAME} with the ports {', '.join(found.ports)}; its sources"
        f"{stays} stay in the testbench{renamed}"
    )
