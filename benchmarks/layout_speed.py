"""How placing, planning and applying a write-back, and LVS grow with the layout: processor time for each number of
transistors, the growth of the last over the first beside that of the number, and the longest slice of the stepwise work
when a slice may last 20 ms, with what it did.

    python -m benchmarks.layout_speed [COUNT …] [--no-lvs]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pya

from eda_agent.klayout import checking, lvs, mos, place, planning, writeback
from eda_agent.klayout.table import devices, read_table
from tests.klayout.test_steps import large

SLICE = 0.02


def works(count: int, folder: Path) -> dict[str, Callable[[], Any]]:
    """Name → stepwise work on a layout of so many transistors, in order; each is made when its turn comes."""
    mos.library()
    table = read_table("demonstration")
    layout = pya.Layout()
    layout.dbu = 0.001
    kept: dict[str, Any] = {}

    def placing() -> Generator[Any, float, None]:
        kept["cell"] = yield from place.placing(layout, "large", devices(large(count)), ("vss", "vdd"), table)

    def plan() -> Generator[Any, float, None]:
        kept["plan"] = yield from planning.planning(layout, kept["cell"], devices(large(count, 1.1)), table)

    return {
        "place": placing,
        "plan a write-back": plan,
        "apply it": lambda: writeback.applying(kept["plan"]),
        "write it for LVS": lambda: checking.writing(kept["cell"], folder, "the layout is written"),
        "LVS (in one piece)": lambda: lvs.check(layout, kept["cell"], large(count, 1.1)),
    }


def sliced(work: Generator[Any, float, Any]) -> tuple[float, float, str]:
    """Processor time, s, of all slices and of the longest, and what that did."""
    total = longest = 0.0
    name = what = next(work).what
    while True:
        begun, done = time.process_time(), False
        try:
            what = work.send(SLICE).what
        except StopIteration:
            done = True
        took = time.process_time() - begun
        total += took
        if took > longest:
            longest, name = took, what
        if done:
            return total, longest, name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", type=int, nargs="*", default=[750, 3000])
    parser.add_argument("--no-lvs", action="store_true", help="without LVS, which is done in one piece")
    options = parser.parse_args()
    rows: dict[str, list[tuple[float, float, str]]] = {}
    for count in options.counts:
        folder = Path(tempfile.mkdtemp())
        for name, make in works(count, folder).items():
            if "one piece" not in name:
                rows.setdefault(name, []).append(sliced(make()))
            elif not options.no_lvs:
                begun = time.process_time()
                make()
                took = time.process_time() - begun
                rows.setdefault(name, []).append((took, took, "all"))
    counts = options.counts
    print(f"| | {' | '.join(f'{count}, s' for count in counts)} | growth | longest slices, ms |")
    print(f"| {' | '.join(['---'] * (len(counts) + 3))} |")
    for name, found in rows.items():
        growth = f"{found[-1][0] / found[0][0]:.1f} for {counts[-1] / counts[0]:.1f}"
        slices = "; ".join(f"{1e3 * longest:.0f} ({what})" for _, longest, what in found)
        print(f"| {name} | {' | '.join(f'{total:.2f}' for total, _, _ in found)} | {growth} | {slices} |")


if __name__ == "__main__":
    main()
