"""What is held out is known by its structure, whatever it is called, and refused everywhere."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from eda_agent.bench.suite import FRESH, HELD_OUT, LEARNED, UNSEEN
from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.fingerprint import fingerprint
from eda_agent.train import held_out
from eda_agent.train.held_out import LIST, fingerprint_of_netlist, fingerprints_of_file, held_out_shapes
from eda_agent.train.tasks import check_structure
from eda_agent.train.topologies.evolve import evolved_cell
from tests.conftest import CIRCUITS


def test_the_list_holds_fingerprints_and_the_unseen_circuits(problems: dict[str, Problem]) -> None:
    listed = json.loads(LIST.read_text())
    assert len(listed) >= 16 and all(re.fullmatch(r"[0-9a-f]{64}", one) for one in listed)
    shapes = held_out_shapes()
    assert {fingerprint(problems[name]) for name in UNSEEN} <= shapes.keys() and listed.keys() <= shapes.keys()
    assert not {fingerprint(problems[name]) for name in LEARNED} & shapes.keys()


def test_the_list_has_the_public_circuits_that_can_be_read() -> None:
    """All 24 of AMS-SizingBench, 16 amplifiers and a regulator of AnalogGym, and its three circuits for HSPICE."""
    names = [name for listed in json.loads(LIST.read_text()).values() for name in listed.split(", ")]
    assert sum(name.startswith("AMS-SizingBench ") for name in set(names)) == 24
    assert sum(name.startswith("AnalogGym ") for name in set(names)) == 20


SUITE_FILE = """
circuit_type: measured by other code
params: {vdd: 1.8}
variable: {W_in: null, L_in: null}
W_values: [1, 2]
L_values: [0.15, 0.3]
user_specs_metric: gain > 1
metrics: [gain]
subckt_name: PAIR
ota_subckt_template: |
    circuit = f\"\"\".subckt PAIR A B C S VSS
    XM1 A B S VSS sky130_fd_pr__nfet_01v8 l={L_in} w={{{W_in}*2}}
    XM2 C B S VSS sky130_fd_pr__nfet_01v8 l={L_in} w={W_unlisted}
    .ends PAIR\"\"\"
testbench_template: "* nothing"
"""


def test_a_file_of_a_suite_that_measures_nothing_by_itself_has_a_fingerprint(tmp_path: Path) -> None:
    """That of the same circuit as a netlist with sizes."""
    (tmp_path / "pair.yaml").write_text(SUITE_FILE)
    (tmp_path / "plain.spice").write_text(
        "* plain\n.subckt pair one g two s vss\nxq two g s vss sky130_fd_pr__nfet_01v8 w=3 l=0.5\n"
        "xp one g s vss sky130_fd_pr__nfet_01v8 w=3 l=0.5\n.ends\n"
    )
    assert fingerprints_of_file(tmp_path / "pair.yaml") == (fingerprint_of_netlist(tmp_path / "plain.spice"),)
    (tmp_path / "other.yaml").write_text("a: 1\n")
    with pytest.raises(InputError, match="not a file of AMS-SizingBench"):
        fingerprints_of_file(tmp_path / "other.yaml")


@pytest.mark.parametrize("name", FRESH)
def test_the_list_has_the_structure_of_every_fresh_circuit(name: str) -> None:
    """As its spec and as `init` read it."""
    listed = json.loads(LIST.read_text())
    assert listed[fingerprint(load_problem(CIRCUITS / name))] == f"fresh {name}"
    assert listed[fingerprint_of_netlist(CIRCUITS / name / f"{name}.spice")] == f"fresh {name}"


@pytest.mark.parametrize("name", HELD_OUT)
def test_other_names_and_another_order_are_no_other_structure(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(CIRCUITS / name, folder)
    netlist = next(folder.glob("*.spice"))
    head, *rest = re.split(r"(?m)(?=^\.subckt|^\.ends)", netlist.read_text())
    first, *devices = rest[0].strip().splitlines()
    moved = [re.sub(r"\btail\b", "foot", line) for line in reversed(devices)]
    netlist.write_text(head + "\n".join([first, *moved]) + "\n" + "".join(rest[1:]))
    problem = load_problem(folder / "spec.yaml")
    with pytest.raises(InputError, match=name):
        check_structure("another", problem)


def test_a_listed_structure_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A public netlist is added by the command, and then nothing of its structure may be trained on."""
    place = tmp_path / "held_out.json"
    monkeypatch.setattr(held_out, "LIST", place)
    netlist = tmp_path / "ota.spice"
    netlist.write_text(next((CIRCUITS / "ota_5t").glob("*.spice")).read_text())
    bad = tmp_path / "bad.spice"
    bad.write_text("no netlist\n")
    assert held_out.main(["Collection", str(netlist), str(bad)]) == 0
    assert "left out" in capsys.readouterr().err
    assert json.loads(place.read_text()) == {fingerprint_of_netlist(netlist): "Collection ota"}
    held_out_shapes.cache_clear()
    try:
        with pytest.raises(InputError, match="Collection ota"):
            check_structure("another", load_problem(CIRCUITS / "ota_5t"))
    finally:
        held_out_shapes.cache_clear()


def test_evolution_comes_upon_held_out_structures_seldom() -> None:
    """And where it does they are told by their fingerprint: `make` leaves them out."""
    shapes = [evolved_cell(number)[0].fingerprint for number in range(200)]
    assert sum(shape in held_out_shapes() for shape in shapes) < 5
