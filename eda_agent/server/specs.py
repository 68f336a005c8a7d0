"""The tools of a spec: read it, change it, and list what may be asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eda_agent.api.circuit import load
from eda_agent.api.metric_table import known_kind
from eda_agent.errors import InputError
from eda_agent.problem.draft.kinds import CHOICES
from eda_agent.problem.located_node import read_plain
from eda_agent.problem.metric_list import metric_rows, template_rows
from eda_agent.run.chosen import is_run
from eda_agent.run.spec_edit import edit_spec
from eda_agent.server.confined import Root
from eda_agent.server.tool import TARGET, TEXT, ServerTool, arguments


def _check(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    target = root.target(given["target"])
    circuit = load(target)
    return {
        "name": circuit.name,
        "pdk": circuit.pdk,
        "parameters": list(circuit.parameters),
        "specs": list(circuit.specs),
        "corners": list(circuit.corners),
        "budget": circuit.problem.budget.simulations,
        "notes": [*circuit.notes, *circuit.remarks],
        "waveforms": circuit.waveform_names,
        # what `edit` changes; a run has its own copy
        "spec_file": read_plain(circuit.path),
    }


CHECK = ServerTool(
    "check",
    "Read a spec and its netlist without simulating: parameters with ranges and present values, specs with targets,"
    " corners, the names of waveforms, and spec_file: the entries of spec.yaml as edit changes them. Reports every"
    " fault at once.",
    arguments({"target": TARGET}, ["target"]),
    _check,
)


def _edit(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    target = root.target(given["target"])
    if is_run(target):
        raise InputError(
            f"{given['target']}: a run keeps the spec that it was started with\n    → edit the spec and start a run, or"
            " send the run a command (target, range, lock)"
        )
    spec = target / "spec.yaml" if target.is_dir() else target

    def confined(trial: Path) -> None:
        root.target(str(trial))

    edit_spec(spec, given["changes"], confined)
    return _check(root, {"target": root.name(spec)})


EDIT = ServerTool(
    "edit",
    "Change entries of a spec.yaml; comments and all other entries stay. It is written only if it still loads, else"
    " every fault is said and nothing changes. Returns what check returns.",
    arguments(
        {
            "target": {**TEXT, "description": "spec.yaml or its folder; below the root"},
            "changes": {
                "type": "object",
                "description": "a JSON merge patch of spec_file (see check): mappings are merged, null removes:"
                ' {"specs": {"gbw": {"minimum": "20M"}, "power": null, "cmrr": {"testbench": "cm", "minimum": 70}},'
                ' "testbenches": {"cm": {"template": "opamp_cmrr"}, "loop": {"load": "2p"}},'
                ' "parameters": {"W12": {"max": "20u"}, "L12": {"lock": "on", "start": "0.5u"}},'
                ' "corners": "signoff", "budget": {"simulations": 300}}. A spec has testbench, minimum or maximum, and'
                " if wanted unit, metric (default: its name), objective (minimize, maximize), weight, corners, devices",
            },
        },
        ["target", "changes"],
    ),
    _edit,
)


def _metrics(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    kind, words = known_kind(given.get("kind")), str(given.get("find", "")).lower().split()
    texts = {row["metric"]: f"{row['metric']} {row['meaning']}".lower() for row in metric_rows(kind)}
    rows = [row for row in metric_rows(kind) if all(word in texts[row["metric"]] for word in words)]
    return {"metrics": rows, "templates": template_rows(kind) if kind else []}


METRICS = ServerTool(
    "metrics",
    "List what may be asked of a circuit: each metric with its unit, its meaning and the testbench templates that"
    " measure it. With kind only those of that kind of circuit, and its templates with their settings (load,"
    " load_current, noise_frequency …) and defaults. A metric of_devices is one of a MOSFET's operating point; its spec"
    " names devices.",
    arguments(
        {
            "kind": {**TEXT, "description": f"one of {', '.join(CHOICES)}"},
            "find": {**TEXT, "description": "words that the name or the meaning has, such as noise"},
        }
    ),
    _metrics,
)
