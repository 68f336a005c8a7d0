"""Drafts are circuits as a user would bring them: `init` makes a spec of each bare netlist anew, with its own roles,
ranges, testbenches and targets.

    python benchmarks/drafts.py DIR [--of unseen]
    eda-agent bench DIR/drafts.yaml --policy auto,auto:WEIGHTS,trust,cma,tpe --budget 60 --seeds 3 --out
    benchmarks/results/drafts

Each stands there at nominal, and, where no long transients are simulated, in the sign-off corners. `auto:WEIGHTS`
with the folder of the shipped model (`eda_agent/agent/language/weights`) is the default policy without surrogates:
what is known of a structure is worth the difference.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from eda_agent.bench.suite import LEARNED, UNSEEN
from eda_agent.cli.main import main as eda_agent

SLOW = ("strongarm", "ring_vco")
"""Sixty simulations in seventeen corners take minutes."""
CIRCUITS = Path(__file__).resolve().parents[1] / "circuits"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Draft shipped circuits anew, as a suite for `bench`.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--of", choices=("learned", "unseen"), default="learned")
    options = parser.parse_args(arguments)
    folder: Path = options.folder
    made = []
    for name in LEARNED if options.of == "learned" else UNSEEN:
        one = folder / name
        one.mkdir(parents=True)
        shutil.copy(CIRCUITS / name / f"{name}.spice", one)
        if (status := eda_agent(["init", str(one / f"{name}.spice")])) != 0:
            return status
        made.append(one)
        if name in SLOW:
            continue
        signoff = folder / f"{name}-signoff"
        shutil.copytree(one, signoff)
        text = (one / "spec.yaml").read_text()
        (signoff / "spec.yaml").write_text(
            re.sub(r"^corners:\n(?:  .*\n)+", "corners: signoff\n", text, flags=re.MULTILINE)
        )
        made.append(signoff)
    lines = "".join(f"  - {{spec: {one.name}/spec.yaml}}\n" for one in made)
    (folder / "drafts.yaml").write_text(f"tasks:\n{lines}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
