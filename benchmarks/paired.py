"""What one policy is ahead of another on the same targets with the same seeds, of the records of a bench.

python benchmarks/paired.py benchmarks/results/warmstart20/unseen embedded:warm-start embedded
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from eda_agent import bench


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare two policies run by run.")
    parser.add_argument("folder", type=Path, help="of a bench, with its results.jsonl")
    parser.add_argument("first")
    parser.add_argument("second")
    options = parser.parse_args()
    rows = [json.loads(line) for line in (options.folder / "results.jsonl").read_text().splitlines() if line.strip()]
    print(bench.pair_runs(rows, options.first, options.second))


if __name__ == "__main__":
    main()
