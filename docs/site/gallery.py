"""The gallery shows every circuit that comes with eda-agent: its drawing, PDK, parameters and targets.

python docs/site/gallery.py        writes docs/gallery.md and docs/gallery/NAME.svg
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

from eda_agent.insight.drawing import parts
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.record.labels import spec_table, target_text
from eda_agent.record.schematic import schematic
from eda_agent.units import counted

TOP = Path(__file__).resolve().parents[2]
NAMES = {
    "two_stage_miller": "Two-stage op-amp with Miller compensation",
    "ota_5t": "Five-transistor OTA",
    "current_mirror_ota": "Current-mirror OTA",
    "telescopic": "Telescopic op-amp",
    "folded_cascode": "Folded-cascode op-amp",
    "recycling_folded_cascode": "Recycling folded-cascode op-amp",
    "three_stage_nmc": "Three-stage op-amp with nested Miller compensation",
    "class_ab_output": "Op-amp with a class-AB output stage",
    "rail_to_rail": "Folded-cascode op-amp with rail-to-rail input",
    "ldo": "Low-dropout regulator",
    "ldo_buffered": "Low-dropout regulator with a buffer",
    "current_reference": "Current reference without resistor",
    "tia": "Transimpedance amplifier",
    "tia_cascode": "Transimpedance amplifier with cascode and follower",
    "strongarm": "StrongARM comparator",
    "hysteresis_comparator": "Comparator with hysteresis",
    "ring_vco": "Ring oscillator",
    "ring_current_load": "Ring oscillator with current-source loads",
}
"""Folder of a circuit → its name, in the order of the page."""
HEAD = """# Gallery of circuits

These circuits come with eda-agent. Each has a spec, and the drawings show sizes that meet it in every corner.
`eda-agent size NAME` sizes one, for example `eda-agent size ldo`. NAME is the last part of the folder below.
`python docs/site/gallery.py` writes this page.

| circuit | PDK | transistors | parameters | specs | corners |
| --- | --- | --- | --- | --- | --- |
"""
# the drawing has classes for the report's page; alone it needs their rules, and a background for dark pages
STYLE = """<style>text{font:11px sans-serif;fill:#1b1f24}.name{font-weight:600}.dim{fill:#656d76;font-size:10.5px}\
.net{fill:#0550ae;font-size:10.5px}line,.port{stroke:#1b1f24;stroke-width:1.4}.port{fill:#fff}.node,.arrow{fill:#1b1f24}\
.rail{stroke-width:2.5}.shared{stroke-dasharray:4 4;opacity:.6}</style><rect width="100%" height="100%" fill="#fff"/>"""


def drawing(problem: Problem, sizing: dict[str, float]) -> str:
    """The schematic as an SVG file."""
    svg = schematic(parts(problem, sizing), f"schematic of {problem.subckt}")
    head, title, body = svg.partition("</title>")
    return head.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + title + STYLE + body + "\n"


def pages() -> dict[str, str]:
    """Path below docs/ → content, of the page and its drawings."""
    rows, sections, files = [], [], {}
    for name, title in NAMES.items():
        problem = load_problem(TOP / "circuits" / name)
        known = json.loads((TOP / "circuits" / name / "known.json").read_text(encoding="utf-8"))["sizing"]
        files[f"gallery/{name}.svg"] = drawing(problem, known)
        transistors = len(parts(problem, known).structure.fets)
        sizes = (transistors, len(problem.space.parameters), len(problem.specs), len(problem.corners))
        anchor = title.lower().replace(" ", "-")
        rows.append(f"| [{title}](#{anchor}) | {problem.pdk.name} | {' | '.join(map(str, sizes))} |")
        targets = "; ".join(f"{spec['name']} {target_text(spec)}" for spec in spec_table(problem))
        text = f"`circuits/{name}`, {problem.pdk.name}, {counted(sizes[3], 'corner')}. {targets}."
        sections.append(
            f"## {title}\n\n{textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)}\n\n"
            f"![{title}: its branches between the rails](gallery/{name}.svg)\n"
        )
    files["gallery.md"] = HEAD + "\n".join(rows) + "\n\n" + "\n".join(sections)
    return files


if __name__ == "__main__":
    assert {path.parent.name for path in (TOP / "circuits").glob("*/spec.yaml")} == set(NAMES), "NAMES is incomplete"
    for path, text in pages().items():
        (TOP / "docs" / path).parent.mkdir(exist_ok=True)
        (TOP / "docs" / path).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(NAMES)} circuits\n")
