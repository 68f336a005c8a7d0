"""How placing, planning and applying a write-back, and LVS grow with the layout: processor time of four times as many
transistors over the time of one, near 4 where it grows with their number and 16 with its square; and the longest slice
of the stepwise work when a slice may last 20 ms.

    python -m benchmarks.layout_speed [COUNT]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from typing import Any

import pya

from eda_agent.klayout import lvs, mos, place, planning, writeback
from eda_agent.klayout.steps import finish
from eda_agent.klayout.table import devices, read_table
from tests.klayout.test_steps import large

SLICE = 0.02


def works(count: int) -> dict[str, Callable[[], Any]]:
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
        "LVS (in one piece)": lambda: lvs.check(layout, kept["cell"], large(count, 1.1)),
    }


def sliced(work: Generator[Any, float, Any]) -> float:
    """The longest slice, s."""
    longest = 0.0
    next(work)
    while True:
        begun = time.process_time()
        try:
            work.send(SLICE)
        except StopIteration:
            return max(longest, time.process_time() - begun)
        longest = max(longest, time.process_time() - begun)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 750
    times: dict[str, list[float]] = {}
    for number in (count, 4 * count):
        for name, make in works(number).items():
            begun = time.process_time()
            found = make()
            if hasattr(found, "send"):
                finish(found)
            times.setdefault(name, []).append(time.process_time() - begun)
    longest = {name: sliced(make()) for name, make in works(4 * count).items() if "LVS" not in name}
    print(f"| | {count} | {4 * count} transistors, s | ratio | longest slice, ms |\n| --- | --- | --- | --- | --- |")
    for name, (one, four) in times.items():
        print(f"| {name} | {one:.2f} | {four:.2f} | {four / one:.1f} | {1e3 * longest.get(name, four):.0f} |")


if __name__ == "__main__":
    main()
