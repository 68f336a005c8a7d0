"""Violations of GF180's and SG13G2's public rule decks in first layouts made of their own PCells, by rule.

    python -m benchmarks.drc_foundries gf180mcuD --pcells FOLDER --deck gf180mcu.drc [--packages SITE-PACKAGES]
    python -m benchmarks.drc_foundries ihp-sg13g2 --pcells IHP-Open-PDK/ihp-sg13g2 --deck ihp-sg13g2.drc

`--pcells`: a checkout of fossi-foundation/globalfoundries-pdk-libs-gf180mcu_fd_pr, or the folder ihp-sg13g2 of
IHP-GmbH/IHP-Open-PDK. `--packages`: what the PCells import (gdsfactory). `--deck`: gf180mcu.drc of the package glayout
0.2.0, or IHP's, which needs KLayout 0.30. All are Apache-2.0 and none is part of this project. `--package`: the
placement code of another version, to compare with. `--thick`: with the transistors of thick oxide, at least 0.7 um
long. GF180: the shipped circuits of this process; SG13G2 has none, so the circuits of SKY130 are placed with its
transistors.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from eda_agent.insight.devices import devices
from eda_agent.problem.load import load_problem

ROOT = Path(__file__).parent.parent
CIRCUITS = {
    "gf180mcuD": (
        "ota_5t",
        "telescopic",
        "current_mirror_ota",
        "class_ab_output",
        "rail_to_rail",
        "three_stage_nmc",
        "ldo_buffered",
        "ring_current_load",
    ),
    "ihp-sg13g2": (
        "two_stage_miller",
        "folded_cascode",
        "recycling_folded_cascode",
        "strongarm",
        "ldo",
        "tia",
        "ring_vco",
    ),
}
MODELS = {
    ("gf180mcuD", False): ("nfet_03v3", "pfet_03v3"),
    ("gf180mcuD", True): ("nfet_06v0", "pfet_06v0"),
    ("ihp-sg13g2", False): ("sg13_lv_nmos", "sg13_lv_pmos"),
    ("ihp-sg13g2", True): ("sg13_hv_nmos", "sg13_hv_pmos"),
}
DECK = {
    "gf180mcuD": {"thr": 2, "run_mode": "flat", "metal_top": "11K", "metal_level": "5LM", "mim_option": "B"},
    "ihp-sg13g2": {"threads": 2, "run_mode": "deep"},
}
PLACE = """
import json, os, sys
import pya
job = json.loads(os.environ["JOB"])
sys.path[:0] = [job["package"], *job["paths"]]
if job["table"] == "gf180mcuD":
    from cells import gf180mcu
    kept = gf180mcu()
else:
    import sg13g2_pycell_lib
    first = pya.Library.library_by_name("SG13_dev").layout().pcell_declaration("nmos")
    try:
        # its first call fails in a KLayout without a window
        first.coerce_parameters(pya.Layout(), [one.default for one in first.get_parameters()])
    except Exception:
        pass
from eda_agent_klayout import library, lvs, passives, place
from eda_agent_klayout.table import devices, read_table
table = library.present(read_table(job["table"]))
layout = pya.Layout()
layout.dbu = 0.001
found = job["found"]
drawn = passives.passives(found, table)
cell = place.place(layout, found["name"], devices(found), tuple(found["rails"]), table, None, found["ports"], drawn)
result = lvs.check(layout, cell, found, None, table, job["table"])
options = pya.SaveLayoutOptions()
options.set_format_from_filename(job["out"])
options.write_context_info = False
layout.write(job["out"], options)
size = [round(cell.dbbox().width(), 2), round(cell.dbbox().height(), 2)]
print("RESULT" + json.dumps({"size": size, "devices_match": result.devices_match, "not_drawn": list(result.missing)}))
"""


def sized(name: str, table: str, thick: bool) -> dict[str, Any]:
    """A circuit's transistors at its known sizes, with the models of the process."""
    problem = load_problem(ROOT / "circuits" / name)
    known = json.loads((ROOT / "circuits" / name / "known.json").read_text(encoding="utf-8"))
    found = devices(problem, known["sizing"])
    for row in found["devices"]:
        row["model"] = MODELS[table, thick][row["kind"] == "pmos"]
        row["l"] = max(row["l"], 0.7e-6) if thick else row["l"]
    return found


def placed(found: dict[str, Any], options: argparse.Namespace, out: Path) -> dict[str, Any]:
    """Draw it in KLayout, with the library itself."""
    python = options.pcells / "libs.tech/klayout/python"
    paths = {
        "gf180mcuD": [options.pcells / "cells/klayout/pymacros"],
        "ihp-sg13g2": [python, python / "pycell4klayout-api/source/python"],
    }[options.table]
    job = {"package": options.package, "table": options.table, "found": found, "out": out, "paths": paths}
    script = out.with_suffix(".py")
    script.write_text(PLACE, encoding="utf-8")
    done = subprocess.run(
        [options.klayout, "-zz", "-r", str(script)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ
        | {"JOB": json.dumps(job, default=str), "KLAYOUT_HOME": str(out.parent), "PYTHONPATH": str(options.packages)}
        | {"QT_QPA_PLATFORM": "offscreen", "USER": os.environ.get("USER", "user")},
    )
    said = next((line for line in done.stdout.splitlines() if line.startswith("RESULT")), None)
    if said is None:
        raise SystemExit(f"{found['name']} could not be placed:\n{done.stdout[-1000:]}\n{done.stderr[-1000:]}")
    result: dict[str, Any] = json.loads(said.removeprefix("RESULT"))
    return result


def violations(options: argparse.Namespace, layout: Path) -> dict[str, int]:
    """Rule → how often the deck finds it broken."""
    report = layout.with_suffix(".xml")
    values = {**DECK[options.table], "input": layout, "report": report, "log": layout.with_suffix(".log")}
    words = [word for name, value in values.items() for word in ("-rd", f"{name}={value}")]
    done = subprocess.run(
        [options.drc or options.klayout, "-b", "-r", str(options.deck), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not report.is_file():
        raise SystemExit(f"the deck did not run to its end:\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}")
    items = ElementTree.parse(report).getroot().find("items")
    found = Counter((item.findtext("category") or "").strip("'") for item in (items if items is not None else ()))
    return dict(sorted(found.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=tuple(CIRCUITS))
    parser.add_argument("circuits", nargs="*")
    parser.add_argument("--pcells", type=Path, required=True)
    parser.add_argument("--packages", type=Path, default=Path())
    parser.add_argument("--deck", type=Path, required=True)
    parser.add_argument("--package", type=Path, default=ROOT / "plugins/klayout/python")
    parser.add_argument("--klayout", default="klayout")
    parser.add_argument("--drc", help="another KLayout, which runs the deck")
    parser.add_argument("--thick", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    for name in ("pcells", "packages", "deck", "package"):
        setattr(options, name, getattr(options, name).resolve())
    rows: dict[str, Any] = {}
    for name in options.circuits or CIRCUITS[options.table]:
        with tempfile.TemporaryDirectory() as folder:
            layout = Path(folder) / f"{name}.gds"
            said = placed(sized(name, options.table, options.thick), options, layout)
            rows[name] = {**said, "violations": violations(options, layout)}
        print(name, json.dumps(rows[name]))
    if options.out:
        options.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
