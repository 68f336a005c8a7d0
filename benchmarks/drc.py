"""Violations of SKY130's rule deck in first layouts made of SKY130's own PCells, by rule.

    python benchmarks/drc.py --pdk sky130_klayout_pdk --python ENV/bin/python [--package OLD/plugins/klayout/python]
    [--out benchmarks/results/drc.json]

`--pdk`: a checkout of github.com/efabless/sky130_klayout_pdk (PCells Apache-2.0, deck GPL-3.0; neither is part of
this project). `--python`: a Python that can run its PCells (`pip install gdsfactory==8.2.0`, in an environment of its
own). `--package`: the placement code of another version, to compare with. The deck runs in `klayout`, front end, back
end and grid.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from eda_agent.insight.devices import devices
from eda_agent.problem.load import load_problem

ROOT = Path(__file__).parent.parent
CIRCUITS = ("two_stage_miller", "folded_cascode", "recycling_folded_cascode", "strongarm", "ldo", "tia", "ring_vco")
PLACE = """
import inspect, json, sys
found, out, package, pcells = json.load(open(sys.argv[1])), sys.argv[2], sys.argv[3], sys.argv[4]
sys.path[:0] = [package, pcells]
import pya, cells

class Sky130(pya.Library):
    def __init__(self):
        # its bipolar and coil cells need files of their own
        for name in ("nfet", "pfet", "res_poly", "mim_cap"):
            self.layout().register_pcell(name, getattr(cells, name)())
        self.register("skywater130")

kept = Sky130()
from eda_agent_klayout import place
from eda_agent_klayout.table import devices, read_table
table = read_table("sky130A")
kind = inspect.signature(place.place).parameters
layout = pya.Layout()
layout.dbu = 0.001
more = {"ports": found["ports"]} if "ports" in kind else {}
if "passives" in kind:
    from eda_agent_klayout import passives
    more["passives"] = passives.passives(found, table)
cell = place.place(layout, found["name"], devices(found), tuple(found["rails"]), table, **more)
said = {"size": [round(cell.dbbox().width(), 2), round(cell.dbbox().height(), 2)]}

def shapes(layer, datatype):
    return pya.Region(cell.begin_shapes_rec(layout.layer(layer, datatype)))

# the deck does not look for taps: diffusions of transistors that are farther than 15 um from one of their well
well, taps = shapes(64, 20), shapes(65, 44)
reach = pya.Polygon.ellipse(pya.Box(-15000, -15000, 15000, 15000), 64)
near = [tap.merged().minkowski_sum(reach) for tap in (taps & well, taps - well)]
said["far_from_taps"] = sum(one.merged().count() for one in ((shapes(65, 20) & well) - near[0], (shapes(65, 20) - well) - near[1]))
try:
    from eda_agent_klayout import lvs, library
    result = lvs.check(layout, cell, found, table=library.present(table), name="sky130A")
    said["devices_match"] = result.devices_match
    said["not_drawn"] = list(result.missing)
except (TypeError, ImportError):
    # a version that has no LVS of these PCells
    pass
options = pya.SaveLayoutOptions()
options.set_format_from_filename(out)
options.write_context_info = False
layout.write(out, options)
print(json.dumps(said))
"""


def violations(path: Path, deck: Path, folder: Path) -> dict[str, int]:
    """Rule → how often the deck finds it broken."""
    report = folder / "report.xml"
    values = {
        "input": path,
        "report": report,
        "feol": "true",
        "beol": "true",
        "offgrid": "true",
        "floating_met": "false",
        "seal": "false",
        "thr": 1,
    }
    arguments = [word for name, value in values.items() for word in ("-rd", f"{name}={value}")]
    cell = path.stem
    done = subprocess.run(
        ["klayout", "-b", "-r", str(deck), *arguments, "-rd", f"top_cell={cell}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if not report.is_file():
        raise SystemExit(f"the deck did not run:\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}")
    items = ElementTree.parse(report).getroot().find("items")
    found = Counter((item.findtext("category") or "").strip("'") for item in (items if items is not None else ()))
    report.unlink()
    return dict(sorted(found.items()))


def measured(name: str, pdk: Path, python: str, package: Path) -> dict[str, Any]:
    """One circuit at its known sizes: size in µm, whether its transistors agree by our LVS, violations by rule."""
    problem = load_problem(ROOT / "circuits" / name)
    found = devices(
        problem, json.loads((ROOT / "circuits" / name / "known.json").read_text(encoding="utf-8"))["sizing"]
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "devices.json").write_text(json.dumps(found), encoding="utf-8")
        gds = folder / f"{found['name']}.gds"
        words = [
            python,
            "-c",
            PLACE,
            str(folder / "devices.json"),
            str(gds),
            str(package),
            str(pdk / "tech/sky130/python"),
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{name} could not be placed:\n{done.stderr[-2000:]}")
        # PCells may print too
        said = json.loads(next(line for line in reversed(done.stdout.splitlines()) if line.startswith("{")))
        return {**said, "violations": violations(gds, pdk / "tech/sky130/drc/sky130A_mr.drc", folder)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pdk", type=Path, required=True)
    parser.add_argument("--python", default="python3")
    parser.add_argument("--package", type=Path, default=ROOT / "plugins/klayout/python")
    parser.add_argument("--out", type=Path)
    parser.add_argument("circuits", nargs="*", default=CIRCUITS)
    options = parser.parse_args()
    rows = {
        name: measured(name, options.pdk.resolve(), options.python, options.package.resolve())
        for name in options.circuits
    }
    rules = sorted({rule for row in rows.values() for rule in row["violations"]})
    print(
        f"| circuit | µm × µm | diffusions far from taps | {' | '.join(rules)} | all |\n|"
        f" {' | '.join(['---'] * (len(rules) + 4))} |"
    )
    for name, row in rows.items():
        found: dict[str, int] = row["violations"]
        size: list[float] = row["size"]
        print(
            f"| `{name}` | {size[0]} × {size[1]} | {row['far_from_taps']} |"
            f" {' | '.join(str(found.get(rule, 0)) for rule in rules)} | {sum(found.values())} |"
        )
    if options.out:
        options.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
