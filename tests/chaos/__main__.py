"""python -m tests.chaos [--kills N] [--out FILE]: every fault, and the table; 0 when nothing was lost, done twice or
wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from . import kills
from .count import data, table
from .endpoint import endpoint
from .simulator import simulator


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--kills", type=int, default=220, help="kill −9 in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the counts here as JSON")
    options = parser.parse_args()
    start = time.time()
    counts = []
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        place = Path(folder)
        for make in (
            lambda: kills.main_process(place, round(options.kills * 0.55), options.seed),
            lambda: kills.workers(place, round(options.kills * 0.45), options.seed + 1000),
            lambda: kills.torn_journal(place),
            lambda: kills.one_folder(place),
            lambda: kills.clock(place, 3),
            lambda: kills.disk_full(place, 6),
            lambda: simulator(place),
            lambda: endpoint(place),
        ):
            counts.append(make())
            print(
                f"{time.time() - start:5.0f} s  {counts[-1].fault}: {counts[-1].injected} injected,"
                f" {'as it should be' if counts[-1].clean else counts[-1]}",
                flush=True,
            )
    print("\n" + table(counts))
    if options.out is not None:
        options.out.write_text(
            json.dumps({"seed": options.seed, "seconds": round(time.time() - start), "counts": data(counts)}, indent=1)
            + "\n"
        )
    return 0 if all(count.clean for count in counts) else 1


if __name__ == "__main__":
    sys.exit(main())
