"""A mutation turns a valid circuit into another valid one: a pure function of a cell and a random generator, None if
the cell has
no place for it.

`device` changes single devices and their copies, `load` loads and folding, `bias` bias branches, `stage` stages and
their
compensation, `whole` polarity and process. `rules.faults` checks the result; only simulation shows whether it still
works.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from eda_agent.train.topologies.cell import Cell
from eda_agent.train.topologies.mutations import bias, device, load, stage, whole
from eda_agent.train.topologies.mutations.rules import faults

Mutation = Callable[[Cell, random.Random], Cell | None]

MUTATIONS: Mapping[str, Mutation] = {
    "split": device.split,
    "stack": device.stack,
    "cascode": device.cascode,
    "uncascode": device.uncascode,
    "degenerate": device.degenerate,
    "undegenerate": device.undegenerate,
    "own size": device.own_size,
    "ratio": device.ratio,
    "resistive load": load.resistive,
    "diode load": load.diode,
    "active load": load.active,
    "cross": load.cross,
    "fold": load.fold,
    "bleed": bias.bleed,
    "replica": bias.replica,
    "resistive bias": bias.resistive,
    "add stage": stage.add_stage,
    "buffer": stage.buffer,
    "level shift": stage.level_shift,
    "feed-forward": stage.feed_forward,
    "couple": stage.couple,
    "capacitor": stage.capacitor,
    "nulling resistor": stage.nulling_resistor,
    "flip": whole.flip,
    "process": whole.process,
    "inverters": stage.inverters,
}
"""Name → mutation, in no particular order."""
TRIES = 12


def mutated(cell: Cell, draw: random.Random) -> Cell | None:
    """A cell with one mutation drawn at random; None if `TRIES` of them have no place or leave faults."""
    for _ in range(TRIES):
        name = draw.choice(tuple(MUTATIONS))
        made = MUTATIONS[name](cell, draw)
        if made is None:
            continue
        made = replace(made.tidied(), made=(*cell.made, name))
        if made.key != cell.key and not faults(made):
            return made
    return None
