"""Held-out structures are those that nothing may be trained on: the circuits of the suites `unseen` and `fresh`, and
those listed by fingerprint.

    python -m eda_agent.train.held_out NAME NETLIST…

adds netlists of a public collection to the list, as `eda-agent init` reads them, and the files of AMS-SizingBench as
`eda-agent bench` reads them too. Only fingerprints are kept, never a netlist.
"""

from __future__ import annotations

import argparse
import json
import re
import string
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path

import yaml

from eda_agent.bench.public import sizing_bench
from eda_agent.bench.suite import HELD_OUT
from eda_agent.errors import EdaAgentError, InputError
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


def fingerprints_of_file(path: Path) -> tuple[str, ...]:
    """As `bench` and `init` read a file of AMS-SizingBench, and as `init` reads any other netlist.

    Raises:
        InputError: it is no circuit.
    """
    if path.suffix != ".yaml":
        return (fingerprint_of_netlist(path),)
    with tempfile.TemporaryDirectory() as folder:
        netlist = Path(folder) / f"{path.stem}.spice"
        write_text(netlist, _circuit_alone(path))
        found = [fingerprint_of_netlist(netlist)]
        imported = sizing_bench.import_file(path, Path(folder) / "imported")
        found += [fingerprint(load_problem(imported.spec))] if imported.spec else []
    return tuple(dict.fromkeys(found))


def _circuit_alone(path: Path) -> str:
    """The circuit of a file of AMS-SizingBench without its testbench. Its sizes are 1: a fingerprint has none."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        values = {**(data.get("params") or {}), "subckt_name": data.get("subckt_name", "")}
        parts = [
            text + ("" if name is None else str(values.get(name, 1)))
            for text, name, _, _ in string.Formatter().parse(data["ota_subckt_template"])
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise InputError(
            f"{path}: not a file of AMS-SizingBench: {error}\n    → give its circuits_yaml/*.yaml"
        ) from None
    # in one file the circuit is a string of Python
    return f"* {path.stem}\n" + re.sub(r'(?m)^.*=\s*f"""|"""', "", "".join(parts)) + "\n"


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
            for shape in fingerprints_of_file(path):
                names = [*filter(None, listed.get(shape, "").split(", ")), f"{options.name} {path.stem}"]
                listed[shape] = ", ".join(dict.fromkeys(names))
        except EdaAgentError as error:
            sys.stderr.write(f"{path}: left out: {str(error).splitlines()[0]}\n")
    write_text(LIST, json.dumps(listed, indent=1) + "\n")
    sys.stdout.write(f"{LIST}: {len(listed)} structures\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
