"""The tools of a design that meets its specs: the yield over mismatch, and the specs after layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.api.circuit import load
from eda_agent.api.evaluate import monte_carlo
from eda_agent.api.layout import post_layout
from eda_agent.server.confined import Root
from eda_agent.server.tool import SIZING, TARGET, TEXT, ServerTool, arguments

SAMPLES = 50
MOST = 200
"""Samples of one call; clients give up after a minute."""


def _monte_carlo(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    found = monte_carlo(
        load(root.target(given["target"]), turn=given.get("turn")),
        given.get("sizing"),
        samples=given.get("samples", SAMPLES),
        seed=given.get("seed", 0),
        corners=given.get("corners"),
    )
    # each sample's values are many and of no use to a model
    left_out = {"values", "bounds"}
    specs = {name: {key: row[key] for key in row if key not in left_out} for name, row in found.data["specs"].items()}
    return {**found.data, "specs": specs}


MONTE_CARLO = ServerTool(
    "monte_carlo",
    "Simulate samples of one sizing with device mismatch: how many meet every spec, the yield with its 95 % interval,"
    " and mean and deviation of each spec. Use it on a design that meets its specs; size with robust sizes for yield.",
    arguments(
        {
            "target": TARGET,
            "sizing": SIZING,
            "turn": {"type": "integer", "minimum": 0, "description": "of a run; default: the best"},
            "samples": {"type": "integer", "minimum": 1, "maximum": MOST, "description": f"default {SAMPLES}"},
            "seed": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
            "corners": {
                "type": "array",
                "items": TEXT,
                "description": "of which the worst counts; default: of a run that of the least margin, else the first",
            },
        },
        ["target"],
    ),
    _monte_carlo,
)


def _post_layout(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    found = post_layout(
        load(root.target(given["target"]), turn=given.get("turn")),
        root.existing(given["netlist"]),
        given.get("sizing"),
        cell=given.get("cell"),
    )
    return {
        "met": found.met,
        "notes": found.notes,
        "specs": list(found.specs),
        "nets": list(found.nets),
    }


POST_LAYOUT = ServerTool(
    "post_layout",
    "Simulate the netlist extracted from a layout beside the schematic: each spec before and after, and what the wires"
    " of each net cost (change of each spec's margin). size with post_layout sizes with these wires.",
    arguments(
        {
            "target": TARGET,
            "netlist": {**TEXT, "description": "extracted netlist below the root"},
            "cell": {**TEXT, "description": "of the netlist; default: the circuit's"},
            "sizing": SIZING,
            "turn": {"type": "integer", "minimum": 0, "description": "of a run; default: the best"},
        },
        ["target", "netlist"],
    ),
    _post_layout,
)
