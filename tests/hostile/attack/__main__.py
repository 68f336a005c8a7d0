"""python -m tests.hostile.attack [CLASS …] [--share S] [--out FILE]: every class of attacks, and the table; 0 when
nothing came through.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from . import files, folders, frames, journals, layers, netlists
from .count import Attack, Count, count

COUNT = 1000
"""Attacks per generated class."""


def _journals(place: Path) -> Iterator[Attack]:
    views = journals.Views(journals.whole_run(place / "base"), place)
    yield from views.attacks(journals.reordered(views.events))
    yield from views.attacks(journals.changed(views.events))


CLASSES: dict[str, tuple[str, Callable[[Path], Iterator[Attack]]]] = {
    "frames": (
        "frames of a compromised worker: other JSON, bytes, lengths, too slow, too early",
        lambda place: frames.attacks(),
    ),
    "pdk": ("PDK files: every value with another type, out of range or missing; read, cut, sampled", files.pdk_attacks),
    "specs": ("specs: every value and name in the same way; `check`", files.spec_attacks),
    "yaml": ("settings, suites, recipes, datasheets in the same way; every reader of YAML", files.other_attacks),
    "netlists": (
        "generated lines in netlists, inside and outside the circuit",
        lambda place: netlists.netlist_attacks(place, COUNT),
    ),
    "names": (
        "generated names of specs, corners, testbenches, parameters",
        lambda place: netlists.name_attacks(place, COUNT),
    ),
    "measures": ("generated `.meas` lines and decks", lambda place: netlists.measure_attacks(place, COUNT)),
    "gate": (
        "generated commands and cards at the gate; those that pass go to an ngspice without gate and sandbox",
        lambda place: netlists.gate_attacks(place, COUNT),
    ),
    "folders": ("files of a run as links, pipes, devices, folders, garbage; seven commands", folders.folder_attacks),
    "environments": ("environment variables with nonsense values; three commands", folders.environment_attacks),
    "orders": ("generated commands to a run", lambda place: folders.order_attacks(COUNT)),
    "journals": (
        (
            "journals: every field of every event with another type, out of range or missing; events missing, repeated"
            " or too early; all views, and resuming"
        ),
        _journals,
    ),
}


def table(counts: list[Count]) -> str:
    """As docs/security.md has it."""
    rows = ["| attacks | made | succeeded |", "| --- | --- | --- |"]
    rows += [f"| {CLASSES[one.name][0]} | {one.tried:,} | {len(one.faults)} |" for one in counts]
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.attack")
    parser.add_argument("classes", nargs="*", metavar="CLASS", help=f"of {', '.join(CLASSES)}; by default all")
    parser.add_argument("--share", type=float, default=1.0, help="of the attacks of a class, drawn by chance")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the counts here as JSON")
    options = parser.parse_args()
    counts = []
    for name in options.classes or CLASSES:
        with tempfile.TemporaryDirectory(prefix="attack-") as folder:
            os.environ.update(
                {"EDA_AGENT_CACHE": f"{folder}/cache", "EDA_AGENT_CONFIG": f"{folder}/config", "NO_COLOR": "1"}
            )
            place = Path(folder) / "place"
            place.mkdir()
            draw = random.Random(options.seed)
            found = count(name, (attack for attack in CLASSES[name][1](place) if draw.random() < options.share))
        counts.append(found)
        print(f"{found.seconds:5.0f} s  {name}: {found.tried:,} attacks, {len(found.faults)} came through", flush=True)
        for what, fault in list(found.faults.items())[:20]:
            print(f"         {what}: {fault}"[:400], flush=True)
    print("\n" + table(counts) + "\n\n" + layers.table(layers.costs()))
    if options.out is not None:
        data = {"seed": options.seed, "share": options.share, "counts": [one.data() for one in counts]}
        options.out.write_text(json.dumps(data, indent=1) + "\n")
    return 0 if not any(one.faults for one in counts) else 1


if __name__ == "__main__":
    sys.exit(main())
