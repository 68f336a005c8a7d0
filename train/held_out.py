"""Held-out structures are those that nothing may be trained on: the circuits of the suites `unseen` and `fresh`, and
those listed by fingerprint.

    python -m eda_agent.train.held_out NAME NETLIST…

adds netlists of a public collection to the list, as `eda-agent init` reads them. Only fingerprints are kept, never a
netlist.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from eda_agent.bench.suite import HELD_OUT
from eda_agent.errors import EdaAgentError
from eda_agent.files import write_text
from eda_agent.problem.draft import read_circuit
from eda_agent.problem.load import load_problem
from eda_agent.problem.structure.fingerprint import fingerprint, structure_fingerprint

LIST = Path(str(resources.files("eda_agent.train"))) / "held_out.json"
CIRCUITS = Path(str(resources.files("eda_agent.circuits")))


@cache
def held_out_shapes() -> Mapping[str, str]:
    """Fingerprint → name of the circuits that no model may be trained on."""
    return {**json.loads(LIST.read_text()), **{fingerprint(load_problem(CIRCUITS / name)): name for name in HELD_OUT}}


def fingerprint_of_netlist(path: Path) -> str:
    """As `init` reads it. Raises `InputError` for a netlist that it cannot read."""
    with tempfile.TemporaryDirectory() as folder:
        return structure_fingerprint(read_circuit(path, Path(folder)).structure)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m eda_agent.train.held_out", description="Hold the structures of public netlists out."
    )
    parser.add_argument("name", help="of the collection")
    parser.add_argument("netlist", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    listed = dict(json.loads(LIST.read_text())) if LIST.exists() else {}
    for path in options.netlist:
        try:
            listed.setdefault(fingerprint_of_netlist(path), f"{options.name} {path.stem}")
        except EdaAgentError as error:
            sys.stderr.write(f"{path}: left out: {str(error).splitlines()[0]}\n")
    write_text(LIST, json.dumps(listed, indent=1) + "\n")
    sys.stdout.write(f"{LIST}: {len(listed)} structures\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
