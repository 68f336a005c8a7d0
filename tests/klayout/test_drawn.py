"""What is drawn is what was simulated: through the command line, with KLayout's extraction as the judge."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pya
import pytest

from eda_agent.klayout import fold, recognition
from eda_agent.problem.layout import Layout, diffusion_of
from eda_agent.problem.load import load_problem
from eda_agent.record.journal import read_journal

from ..cli.test_cli import run
from ..conftest import CIRCUITS

LAYOUT = "layout: {fold: auto, grid: 5n, table: demonstration}\n"
WIDE = (
    "--set",
    "W12=36u",
    "--set",
    "W34=9.01u",
    "--set",
    "Wb=4u",
    "--set",
    "m5=4",
    "--set",
    "m7=9",
    "--set",
    "W6=21.35u",
)


def miller(folder: Path, layout: str = LAYOUT) -> Path:
    shutil.copytree(CIRCUITS / "two_stage_miller", folder)
    spec = folder / "spec.yaml"
    # one corner is enough to compare
    text = spec.read_text().replace("\n  slow:", "\n  # slow:").replace("\n  fast:", "\n  # fast:")
    spec.write_text(text + layout)
    return folder


def values(*arguments: str) -> dict[str, float]:
    done = run("sim", *arguments, "--json")
    assert done.returncode in (0, 1) and done.stdout, done.stderr
    measured: dict[str, float] = json.loads(done.stdout)["values"]["nominal"]
    return measured


def of_layout(path: Path, cards: str) -> str:
    """A netlist of what KLayout extracts, each finger a device with junctions of its own; `cards`: what is not
    drawn.
    """
    layout = pya.Layout()
    layout.read(str(path))
    cell = next(one for one in layout.top_cells() if not one.is_proxy())
    database = recognition.extract(layout, cell, combine=False, passives=False)
    circuit = next(iter(database.netlist().each_circuit_top_down()))
    lines = ["* extracted", ".subckt opamp inp inn out vdd vss ib"]
    for number, device in enumerate(circuit.each_device()):
        nets = " ".join(str(device.net_for_terminal(terminal).name).lower() for terminal in ("D", "G", "S", "B"))
        sizes = " ".join(f"{name}={device.parameter(name):.8g}" for name in ("W", "L", "AD", "AS", "PD", "PS"))
        lines.append(
            f"X{number} {nets} sky130_fd_pr__{'n' if device.device_class().name == 'nmos' else 'p'}fet_01v8 {sizes}"
        )
    return "\n".join([*lines, cards, ".ends", ".end"]) + "\n"


def test_the_netlist_that_is_extracted_from_the_drawing_measures_the_same(tmp_path: Path) -> None:
    folder = miller(tmp_path / "miller")
    assert (
        run("size", str(folder), "--policy", "random", "--budget", "1", "--out", str(tmp_path / "run")).returncode == 1
    )
    started = next(
        event for event in read_journal(tmp_path / "run" / "journal.jsonl") if event["type"] == "run.started"
    )
    assert started["layout"] == {
        "widest": 1e-5,
        "narrowest": 1e-6,
        "grid": 5e-9,
        "table": "demonstration",
        "areas": "drawn",
    }
    done = run("export", str(tmp_path / "run"), "--turn", "1", "--gds", str(tmp_path / "a.gds"))
    assert "the run simulated" not in done.stderr, done.stderr
    sizing = json.loads(run("show", str(tmp_path / "run"), "--turn", "1", "--json").stdout)["turn"]["sizing"]
    simulated = values(str(tmp_path / "run"), "--turn", "1")
    # the netlist of the same run, in plain text, and what the drawing extracts to
    for name, text in (
        ("sized", run("export", str(tmp_path / "run"), "--turn", "1").stdout),
        ("extracted", of_layout(tmp_path / "a.gds", f"Rz n2 nz {sizing['Rz']!r}\nCc nz out {sizing['Cc']!r}")),
    ):
        other = tmp_path / name
        other.mkdir()
        (other / "own.spice").write_text(text)
        spec = (folder / "spec.yaml").read_text().replace("two_stage_miller.spice", "own.spice").replace(LAYOUT, "")
        head, rest = spec.split("parameters:\n")[0], spec[spec.index("testbenches:") :]
        sizes = (
            f"parameters:\n  Rz: {{min: {sizing['Rz'] * 0.5!r}, max: {sizing['Rz'] * 2!r}}}\nbias: {{ib: {{current:"
            " 5u}}\n"
        )
        (other / "spec.yaml").write_text(head + sizes + rest)
        measured = values(str(other))
        for metric, value in simulated.items():
            assert measured[metric] == pytest.approx(value, rel=2e-3), (name, metric)


def test_a_fold_costs_the_demonstration_gain_that_is_now_seen(tmp_path: Path) -> None:
    """At the sizes of the shipped answer: the netlist as it is against what would be drawn."""
    with_layout, without = miller(tmp_path / "a"), miller(tmp_path / "b", "")
    drawn, plain = values(str(with_layout), *WIDE), values(str(without), *WIDE)
    assert 0.3 < plain["dc_gain"] - drawn["dc_gain"] < 3.0
    unfolded = miller(tmp_path / "c", "layout: {fold: off, grid: 5n, areas: netlist}\n")
    assert values(str(unfolded), *WIDE) == pytest.approx(plain, rel=1e-9)


def test_the_exported_netlist_keeps_expressions_and_comments(tmp_path: Path) -> None:
    folder = miller(tmp_path / "miller")
    netlist = folder / "two_stage_miller.spice"
    text = (
        netlist.read_text()
        .replace("ad={0.29*W12} as={0.29*W12} pd={2*(W12+0.29)} ps={2*(W12+0.29)}", "$ the pair")
        .replace("nf=1 $ the pair", "$ the pair")
    )
    assert text.count("$ the pair") == 2
    netlist.write_text(text)
    assert (
        run("size", str(folder), "--policy", "random", "--budget", "1", "--out", str(tmp_path / "run")).returncode == 1
    )
    sizes = json.loads(run("show", str(tmp_path / "run"), "--turn", "0", "--json").stdout)["turn"]["sizing"]
    assert sizes["W12"] == 2e-6
    line = next(
        line
        for line in run("export", str(tmp_path / "run"), "--turn", "0").stdout.splitlines()
        if line.startswith("XM1 ")
    )
    # two fingers of 1 µm that stand alone (A B B A), their junctions, and the comment of the user's where it was
    assert line.startswith(
        "XM1 n1 inn tail vss sky130_fd_pr__nfet_01v8 w={W12} l={L12} ad=0.96 as=0.96 pd=5.92 ps=5.92 nf=2"
    )
    assert line.endswith("$ the pair")


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("{fold: 10}", "fold is a length"),
        ("{fold: wide}", "fold"),
        ("{grid: 5k}", "grid"),
        ("{table: none}", "no table of PCells"),
        ("{areas: mine}", "drawn or netlist"),
        ("{folds: auto}", "folds"),
        ("[1]", "mapping"),
    ],
)
def test_a_wrong_section_is_said_with_its_line(section: str, words: str, tmp_path: Path) -> None:
    done = run("check", str(miller(tmp_path / "miller", f"layout: {section}\n")))
    assert done.returncode == 2 and words in done.stderr and "spec.yaml:" in done.stderr, done.stderr


def test_sections_that_are_off_or_short(tmp_path: Path) -> None:
    def layout(section: str) -> Layout | None:
        folder = tmp_path / str(abs(hash(section)))
        return load_problem(miller(folder, section)).layout

    assert layout("") is None and layout("layout: off\n") is None
    usual = layout("layout: on\n")
    assert usual is not None and usual.table == "sky130A" and usual.rule.grid == 1e-8
    finer = layout("layout: {grid: 5n}\n")
    assert finer is not None and finer.rule.grid == 1e-8
    (tmp_path / "own.json").write_text((Path(fold.__file__).parent / "tables" / "demonstration.json").read_text())
    own = layout(f"layout: {{table: {'../own.json'}}}\n")
    assert (
        own is not None and own.table == str(tmp_path / "own.json") and own.diffusion == diffusion_of("demonstration")
    )
    # what a drawing has that such a run did not simulate
    assert fold.not_simulated({"layout": None}, "sky130A") and fold.not_simulated(
        {"layout": usual.data()}, "demonstration"
    )
    assert not fold.not_simulated({"layout": usual.data()}, "sky130A")
    wide = layout("layout: {fold: 4u, grid: 10n}\n")
    assert wide is not None and (wide.rule.widest, wide.rule.grid) == (4e-6, 1e-8)


def test_a_run_goes_on_with_the_layout_that_it_was_begun_with(tmp_path: Path) -> None:
    folder = miller(tmp_path / "miller", "")
    assert (
        run("size", str(folder), "--policy", "random", "--budget", "1", "--out", str(tmp_path / "run")).returncode == 1
    )
    with (folder / "spec.yaml").open("a") as file:
        file.write(LAYOUT)
    done = run("size", str(folder), "--resume", "--out", str(tmp_path / "run"), "--budget", "2")
    assert done.returncode == 2 and "layout" in done.stderr, done.stderr
    told = run("export", str(tmp_path / "run"), "--gds", str(tmp_path / "a.gds")).stderr
    assert "the run simulated the netlist's fingers" in told


def test_a_model_without_fingers_becomes_copies(tmp_path: Path) -> None:
    """Level 1 has no nf: 24 µm are four devices of 6 µm."""
    (tmp_path / "a.spice").write_text(
        "* amplifier\n.model n nmos level=1 vto=0.5 kp=100u lambda=0.05 cj=1m\n.subckt amp in out vdd vss\nM1 out in"
        " vss vss n W=24u L=1u\nR1 vdd out 10k\n.ends\n"
    )
    (tmp_path / "spec.yaml").write_text(
        "circuit: a.spice\nsubckt: amp\npdk: own\nparameters: {M1.w: {min: 2u, max: 60u}}\nlayout: {fold: auto, table:"
        " demonstration}\ntestbenches: {t: {deck: t.spice, probes: {output: out}}}\nspecs: {operating_point: {metric:"
        " current_density, testbench: t, unit: A/m, minimum: 0.001, devices: [M1]}}\n"
    )
    (tmp_path / "t.spice").write_text("* t\nVdd vdd 0 2\nVin in 0 0.8\nXdut in out vdd 0 amp\n.op\n")
    from eda_agent.problem.drawn import Drawn

    edits = {
        f"{edit.device}.{edit.attribute}": value
        for edit, value in Drawn(load_problem(tmp_path)).edits({"M1.w": 24e-6}).items()
    }
    assert (edits["m1.w"], edits["m1.m"]) == (pytest.approx(6e-6), 4.0)
    # drains are shared by two fingers each: two inner regions of 0.54 µm
    assert edits["m1.ad"] == pytest.approx(2 * 6e-6 * 0.54e-6 / 4)
