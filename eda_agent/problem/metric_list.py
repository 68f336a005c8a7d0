"""A metric list says what may be asked of a circuit: every metric with its unit, its meaning and the testbenches that
measure it.
"""

from __future__ import annotations

from typing import Any

from eda_agent.metrics import METRICS
from eda_agent.problem.bias import BIAS_METRICS
from eda_agent.problem.draft.kinds import KINDS
from eda_agent.problem.load_testbench import read_template, template_names

Row = dict[str, Any]


def templates_of(kind: str = "") -> list[str]:
    """The testbench templates for a kind of circuit (`kinds.KINDS`); "" for all."""
    if not kind:
        return template_names()
    own = [bench.template for bench in KINDS[kind].benches]
    ports = [set(read_template(name)["ports"]) for name in own]
    families = {name.partition("_")[0] for name in own}
    return [
        name
        for name in template_names()
        if name in own or (name.partition("_")[0] in families and set(read_template(name)["ports"]) in ports)
    ]


def metric_rows(kind: str = "") -> list[Row]:
    """One row per metric that can be asked of a kind of circuit, or of any: metric, unit, meaning, templates (those
    that measure it), of_devices (whether a spec on it names `devices`).
    """
    places: dict[str, list[str]] = {}
    for name in templates_of(kind):
        for metric in read_template(name)["metrics"]:
            places.setdefault(metric, []).append(name)
    rows = [
        _row(one.name, one.unit, one.definition, places.get(one.name, []), of_devices=False)
        for one in METRICS.values()
        # some need no waveform (area); some only a designer's own deck measures
        if not kind or one.name in places or one.measure is None
    ]
    return rows + [_row(one.name, one.unit, one.definition, [], of_devices=True) for one in BIAS_METRICS.values()]


def _row(metric: str, unit: str, meaning: str, templates: list[str], *, of_devices: bool) -> Row:
    return {"metric": metric, "unit": unit, "meaning": meaning, "templates": templates, "of_devices": of_devices}


def template_rows(kind: str) -> list[Row]:
    """One row per template for a kind of circuit: template, title, ports, settings (unit and default), metrics."""
    found = {name: read_template(name) for name in templates_of(kind)}
    return [
        {
            "template": name,
            "title": data["title"],
            "ports": list(data["ports"]),
            "settings": {
                key: {"unit": entry["unit"], "default": str(entry["default"])}
                for key, entry in data["settings"].items()
            },
            "metrics": list(data["metrics"]),
        }
        for name, data in found.items()
    ]
