"""After layout, through the command line: an extracted netlist beside the schematic, what its wires cost, and sizing
with them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pya
import pytest

from eda_agent.klayout import extraction, mos
from eda_agent.klayout.table import read_table
from eda_agent.record.journal import read_journal

from ..conftest import CIRCUITS, ROOT
from .test_cli import run

MAGIC = ROOT / "tests" / "fixtures" / "opamp_magic.spice"


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two-stage op-amp in its first corner."""
    folder = tmp_path_factory.mktemp("miller") / "miller"
    shutil.copytree(CIRCUITS / "two_stage_miller", folder)
    text = (folder / "spec.yaml").read_text().replace("\n  slow:", "\n  # slow:").replace("\n  fast:", "\n  # fast:")
    (folder / "spec.yaml").write_text(text)
    return folder


def simulated(spec: Path, netlist: Path, *options: str) -> dict[str, Any]:
    done = run("sim", str(spec), "--netlist", str(netlist), "--json", *options)
    assert done.returncode in (0, 1) and done.stdout, done.stderr
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def test_specs_before_and_after_and_what_a_wire_costs(spec: Path, tmp_path: Path) -> None:
    data = simulated(spec, MAGIC)
    assert (
        data["before"]["values"]["nominal"] == json.loads(run("sim", str(spec), "--json").stdout)["values"]["nominal"]
    )
    assert data["after"]["values"]["nominal"]["gbw"] < data["before"]["values"]["nominal"]["gbw"]
    costs = {row["name"]: row for row in data["costs"]["capacitors"]}
    nets = {row["name"]: row for row in data["costs"]["nets"]}
    assert len(nets) <= 10 and len(costs) == 10 and "vss" not in nets
    assert nets["n2"]["farad"] == pytest.approx((24 + 6.2 + 1.31) * 1e-15)
    # the other way to leave a capacitor out: take its line away
    (tmp_path / "e.spice").write_text(
        "".join(line for line in MAGIC.read_text().splitlines(True) if not line.startswith("C5 "))
    )
    without = simulated(spec, tmp_path / "e.spice")["after"]["values"]["nominal"]
    for name, value in costs["n2–vss"]["specs"].items():
        assert value["without"] == pytest.approx(without[name], rel=1e-6)
        assert value["with"] == data["after"]["values"]["nominal"][name]
    told = run("sim", str(spec), "--netlist", str(MAGIC))
    for words in (
        "schematic",
        "layout",
        "what the wires cost in nominal, by nets",
        "n2–vss",
        "128.8 fF in all",
        "after layout",
    ):
        assert words in told.stdout, words


def test_the_schematic_as_its_own_extraction_measures_the_same(spec: Path, tmp_path: Path) -> None:
    """Ports in another order, nets renamed, multipliers written out, upper case: nothing of it changes a
    measurement.
    """
    sizes = {"W12": "2", "L12": "0.5", "W34": "2", "L34": "0.5", "W6": "8", "L6": "0.5", "Wb": "2", "Lb": "1"}
    lines = ["* own", ".subckt OPAMP VSS OUT IB INN INP VDD"]
    for line in (spec / "two_stage_miller.spice").read_text().splitlines():
        if line.startswith("XM"):
            for name, value in sizes.items():
                line = (
                    line.replace(f"{{{name}}}", value)
                    .replace(f"*{name}", f"*{value}")
                    .replace(f"({name}+", f"({value}+")
                )
            line = line.replace("m={m5}", "").replace("m={m7}", "m=2")
            count = int(line.split("m=")[1].split()[0]) if " m=" in line else 1
            words = line.replace(f" m={count}", "").split()
            swap = {"n1": "a_1_2#", "n2": "net/7", "tail": "T<0>"}
            words[1:5] = [swap.get(net, net.upper()) for net in words[1:5]]
            lines += [" ".join([f"{words[0]}{finger}", *words[1:]]) for finger in range(count)]
    lines += ["R0 net/7 NZ 1k", "C0 NZ OUT 0.5p", ".ends"]
    (tmp_path / "own.spice").write_text("\n".join(lines) + "\n")
    data = simulated(spec, tmp_path / "own.spice")
    assert data["after"]["values"]["nominal"] == pytest.approx(data["before"]["values"]["nominal"], rel=1e-6)
    assert data["costs"] is None and data["wires"]["pairs"] == []


def test_sizing_goes_on_with_the_wires(spec: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = run(
        "size", str(spec), "--post-layout", str(MAGIC), "--policy", "random", "--budget", "2", "--out", str(folder)
    )
    assert done.returncode == 1, done.stderr
    started = next(event for event in read_journal(folder / "journal.jsonl") if event["type"] == "run.started")
    assert len(started["wires"]["pairs"]) == 12 and started["wires"]["source"] == str(MAGIC)
    assert "12 wire capacitances of opamp_magic.spice, 128.8 fF" in run("show", str(folder)).stdout
    with_, without = (
        json.loads(run("sim", str(folder), "--turn", "0", "--json", *words).stdout)["values"]["nominal"]
        for words in ((), ("--no-wires",))
    )
    assert (
        with_["gbw"] < without["gbw"]
        and without == json.loads(run("sim", str(spec), "--json").stdout)["values"]["nominal"]
    )
    # the same as with the capacitors in the netlist itself
    own = tmp_path / "own"
    shutil.copytree(spec, own)
    netlist = own / "two_stage_miller.spice"
    cards = "".join(
        f"Cw{number} {one} {other} {value!r}\n" for number, (one, other, value) in enumerate(started["wires"]["pairs"])
    )
    netlist.write_text(netlist.read_text().replace(".ends opamp", f"{cards}.ends opamp"))
    assert json.loads(run("sim", str(own), "--json").stdout)["values"]["nominal"] == pytest.approx(with_, rel=1e-6)
    # the estimate is no part of the circuit
    assert "cwire" not in run("export", str(folder)).stdout and "cwire" not in (folder / "sized.spice").read_text()
    again = run("size", "--resume", str(folder), "--budget", "3")
    assert again.returncode == 1 and "turn 3" in run("show", str(folder), "--turn", "3").stdout, again.stderr
    refused = run("size", "--resume", str(folder), "--post-layout", str(MAGIC))
    assert refused.returncode == 2 and "keeps the wires" in refused.stderr
    # from the run itself: what was drawn comes first
    best = json.loads(run("show", str(folder), "--json").stdout)["best"]["sizing"]
    assert (
        run(
            "size",
            str(folder),
            "--post-layout",
            str(MAGIC),
            "--policy",
            "random",
            "--budget",
            "1",
            "--out",
            str(tmp_path / "next"),
        ).returncode
        == 1
    )
    assert json.loads(run("show", str(tmp_path / "next"), "--turn", "1", "--json").stdout)["turn"]["sizing"] == best


def test_options_that_do_not_go_together(spec: Path, tmp_path: Path) -> None:
    done = run("size", str(spec), "--post-layout", str(MAGIC), "--robust", "0.9", "--out", str(tmp_path / "run"))
    assert done.returncode == 2 and "do not go together" in done.stderr
    done = run("sim", str(spec), "--netlist", str(MAGIC), "--cell", "nobody")
    assert done.returncode == 2 and "no cell nobody" in done.stderr


def test_a_drawn_cell_through_klayouts_extraction(spec: Path, tmp_path: Path) -> None:
    folder = tmp_path / "miller"
    shutil.copytree(spec, folder)
    with (folder / "spec.yaml").open("a") as file:
        file.write("layout: {fold: auto, table: demonstration}\n")
    assert (
        run("size", str(folder), "--policy", "random", "--budget", "1", "--out", str(tmp_path / "run")).returncode == 1
    )
    done = run(
        "export", str(tmp_path / "run"), "--gds", str(tmp_path / "a.gds"), "--extract", str(tmp_path / "a.spice")
    )
    assert "extracted by KLayout" in done.stderr, done.stderr
    data = simulated(tmp_path / "run", tmp_path / "a.spice")
    # the resistor and the capacitor of the schematic are extracted as they are drawn
    assert not any("W/L" in note or "taken from the schematic" in note for note in data["notes"])
    assert {pair[0] for pair in data["wires"]["pairs"]} | {pair[1] for pair in data["wires"]["pairs"]} == {
        "ib",
        "inn",
        "inp",
        "n1",
        "n2",
        "nz",
        "out",
        "tail",
        "vdd",
        "vss",
    }
    # without its wires the cell is what was simulated
    (tmp_path / "bare.spice").write_text(
        "".join(line for line in (tmp_path / "a.spice").read_text().splitlines(True) if not line.startswith("Cwire"))
    )
    bare = simulated(tmp_path / "run", tmp_path / "bare.spice")
    assert bare["after"]["values"]["nominal"] == pytest.approx(bare["before"]["values"]["nominal"], rel=2e-3)


def test_wires_have_the_capacitance_of_all_metal_and_poly() -> None:
    """Nets together against the layers as a whole: area and edge of everything that is drawn."""
    mos.library()
    table = read_table("demonstration")
    layout = pya.Layout()
    layout.dbu = 0.001
    cell = layout.create_cell("top")
    for number, kind in enumerate(("nmos", "pmos")):
        values = {
            "kind": kind,
            "width": 6.0,
            "length": 0.5,
            "nf": 2,
            "m": 1,
            "nets": f"d{number} g{number} s{number} b{number}",
        }
        variant = layout.create_cell("MOS", mos.LIBRARY, values)
        cell.insert(pya.CellInstArray(variant.cell_index(), pya.Trans(number * 20000, 0)))
    database = extraction.extracted(layout, cell, table)
    circuit = next(iter(database.netlist().each_circuit_top_down()))
    found = sum(value for _, value in extraction._wires(database, circuit, table))
    metal, poly, active = (pya.Region(cell.begin_shapes_rec(layout.layer(number, 0))).merged() for number in (7, 2, 1))
    assert table.wires is not None
    meant = 0.0
    for region, (area, edge) in ((metal, table.wires["metals"][0]), ((poly - active), table.wires["poly"])):
        meant += region.area() * 1e-6 * area + region.perimeter() * 1e-3 * edge
    assert found == pytest.approx(meant * 1e-18, rel=1e-9)
    # the bulk of the NMOS is the substrate, and has none to itself
    assert set(extraction.totals(database)) == {"d0", "g0", "s0", "d1", "g1", "s1", "b1"}
