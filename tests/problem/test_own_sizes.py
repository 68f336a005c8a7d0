"""The netlist's own sizes are what turn 0 simulates: through `init`, in every dialect, and against plain ngspice."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eda_agent.cli.main import main
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.load import load_problem
from eda_agent.problem.pdk import find_pdk
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.spec import Problem
from eda_agent.problem.start_notes import changed_at_start
from eda_agent.record.export import netlist_diff, sized_netlist

NODES = {
    "m1": "d1 inp t vss",
    "m2": "out inn t vss",
    "m3": "d1 d1 vdd vdd",
    "m4": "out d1 vdd vdd",
    "m5": "t ib vss vss",
    "m6": "ib ib vss vss",
}
HEAD, TAIL = ".subckt ota inp inn out ib vdd vss", ".ends"
SKY = {"n": "sky130_fd_pr__nfet_01v8", "p": "sky130_fd_pr__pfet_01v8"}
GF = {"n": "nfet_03v3", "p": "pfet_03v3"}


@dataclass(frozen=True)
class Size:
    """Total W and L in µm, fingers and units."""

    w: float
    l: float  # noqa: E741  # the field's letter
    nf: int = 1
    m: int = 1


def polarity(name: str) -> str:
    return "p" if name in {"m3", "m4"} else "n"


def drafted(folder: Path, text: str, file: str = "c.spice", *options: str) -> Problem:
    (folder / file).write_text(text)
    assert main(["init", str(folder / file), "--force", "--out", str(folder), *options]) == 0
    # fingers and junctions of a layout are no sizes of the netlist
    spec = folder / "spec.yaml"
    spec.write_text(
        "".join(line for line in spec.read_text().splitlines(keepends=True) if not line.startswith("layout:"))
    )
    return load_problem(spec)


def at_start(problem: Problem) -> dict[str, Size]:
    """What each device has at turn 0, in µm."""
    scale = problem.pdk.scale * 1e6
    edits = problem.space.edits(problem.space.initial)
    result = {}
    for device in Elaboration(problem.netlist, problem.subckt, stub_devices(problem.pdk), list(edits)).devices(edits):
        if device.kind == "m":
            got = device.values
            name = device.label.rpartition(".")[2].removeprefix("x")
            result[name] = Size(got["w"] * scale, got["l"] * scale, int(got.get("nf", 1)), int(got.get("m", 1)))
    return result


def sky_lines(sizes: dict[str, Size], number: str) -> str:
    """`number`: how micrometres are written: plain, magic's `5e+06u`, or in scientific notation."""

    def shown(value: float) -> str:
        return {"plain": f"{value!r}", "magic": f"{value * 1e6:.10g}u", "exponent": f"{value:.10e}"}[number]

    rows = [
        f"X{name} {NODES[name]} {SKY[polarity(name)]} w={shown(size.w)} l={shown(size.l)} nf={size.nf} m={size.m}"
        for name, size in sizes.items()
    ]
    return "\n".join(["* ota", HEAD, *rows, TAIL, ""])


def param_lines(sizes: dict[str, Size]) -> str:
    """Every size of every device a `.param` of its own."""
    params = [f".param w{name}={size.w!r} l{name} = {size.l!r} k{name}={size.m}" for name, size in sizes.items()]
    rows = [
        f"X{name} {NODES[name]} {SKY[polarity(name)]} w={{w{name}}} l='l{name}' nf={size.nf} m=k{name}"
        for name, size in sizes.items()
    ]
    return "\n".join(["* ota", *params, HEAD, *rows, TAIL, ""])


def cdl_lines(sizes: dict[str, Size], models: dict[str, str]) -> str:
    rows = [
        f"{name.upper()} {NODES[name]} {models[polarity(name)]} W={size.w!r}u L = {size.l!r}u m={size.m} nf={size.nf}"
        for name, size in sizes.items()
    ]
    return "\n".join(["* ota", HEAD, *rows, TAIL, ""])


def gf_lines(sizes: dict[str, Size]) -> str:
    rows = [
        f"X{name} {NODES[name]} {GF[polarity(name)]} L={size.l!r}u W={size.w * 1e-6!r} nf={size.nf} m={size.m}"
        for name, size in sizes.items()
    ]
    return "\n".join(["* ota", HEAD, *rows, TAIL, ""])


SIZE = st.builds(
    lambda finger, length, nf, m: Size(round(finger * nf, 3), length, nf, m),
    st.integers(450, 60_000).map(lambda nm: nm / 1000),
    st.integers(300, 9_000).map(lambda nm: nm / 1000),
    st.sampled_from([1, 1, 2, 20]),
    st.sampled_from([1, 2, 7, 150]),
)
SIZES = st.lists(SIZE, min_size=6, max_size=6).map(lambda found: dict(zip(NODES, found, strict=True)))
# as designers write: pairs are equal, the mirror has one unit
PAIRED = SIZES.map(
    lambda sizes: {
        **sizes,
        "m2": sizes["m1"],
        "m4": sizes["m3"],
        "m6": Size(sizes["m5"].w, sizes["m5"].l, sizes["m5"].nf, 1),
    }
)


def scaled_lines(sizes: dict[str, Size], scale: str, letter: str) -> str:
    """As magic writes with a scale: whole numbers of nanometres here."""
    rows = []
    for name, size in sizes.items():
        rows += [
            f"{letter}{name} {NODES[name]} {SKY[polarity(name)]}",
            f"+ w={size.w * 1e3:.0f} l={size.l * 1e3:.0f} nf={size.nf} m={size.m}",
        ]
    return "\n".join(["* ota", f".option scale={scale}", HEAD, *rows, TAIL, ""])


DIALECTS = {
    "magic's scale": lambda sizes: scaled_lines(sizes, "1000u", "X"),
    "scale in metres": lambda sizes: scaled_lines(sizes, "1n", "X"),
    "scale of M lines": lambda sizes: scaled_lines(sizes, "1m", ""),
    "plain": lambda sizes: sky_lines(sizes, "plain"),
    "magic": lambda sizes: sky_lines(sizes, "magic"),
    "exponent": lambda sizes: sky_lines(sizes, "exponent"),
    "params": param_lines,
    "cdl": lambda sizes: cdl_lines(sizes, SKY),
    "cdl gf180": lambda sizes: cdl_lines(sizes, GF),
    "gf180": gf_lines,
}


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.one_of(SIZES, PAIRED))
def test_turn_0_has_the_netlists_own_numbers(dialect: str, sizes: dict[str, Size], tmp_path: Path) -> None:
    problem = drafted(tmp_path, DIALECTS[dialect](sizes), "c.spice", "--no-sim")
    start = at_start(problem)
    for name, size in sizes.items():
        assert start[name] == Size(pytest.approx(size.w, rel=1e-9), pytest.approx(size.l, rel=1e-9), size.nf, size.m), (
            name
        )
    assert changed_at_start(problem.space, problem.netlist, problem.subckt) == []
    assert netlist_diff(problem, problem.space.initial) == ""
    assert problem.notes == ()
    # the netlist's own values stay legal for whoever proposes them again
    assert problem.space.snap(problem.space.initial) == problem.space.initial
    assert problem.space.from_unit(problem.space.to_unit(problem.space.initial)) == problem.space.initial


def supply_current(folder: Path, circuit: str) -> float:
    """Of the amplifier in `init`'s testbench at its operating point, by plain ngspice on the foundry's own files,
    in A.
    """
    pdk = find_pdk("sky130A")
    deck = folder / "plain.cir"
    lines = [
        "* plain",
        f".lib {pdk.library()} tt",
        circuit.split("\n", 1)[1],
        "Vdd vdd 0 1.8",
        "Vn inn 0 0.9",
        "Vp inp inn 0",
        "Ib vdd ib 5u",
        "Xdut inp inn out ib vdd 0 ota",
        ".op",
        ".print op i(vdd)",
        ".end",
        "",
    ]
    deck.write_text("\n".join(lines))
    (folder / ".spiceinit").write_text("set wnflag=1\n")
    done = subprocess.run(["ngspice", "-b", deck.name], capture_output=True, text=True, check=False, cwd=folder)
    found = re.search(r"^0\s+(\S+)", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return -float(found[1])


OTA = {
    "m1": Size(5, 0.5),
    "m2": Size(5, 0.5),
    "m3": Size(4, 0.5),
    "m4": Size(4, 0.5),
    "m5": Size(2, 1, 1, 4),
    "m6": Size(2, 1),
}
WIDE = {**OTA, "m1": Size(200, 0.5, 20), "m2": Size(200, 0.5, 20)}


@pytest.mark.parametrize(
    "text",
    [sky_lines(WIDE, "plain"), sky_lines(OTA, "magic"), param_lines(OTA)],
    ids=["wide by fingers", "magic", "params"],
)
def test_turn_0_measures_what_plain_ngspice_does(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drafted(tmp_path, text, "c.spice", "--no-sim")
    capsys.readouterr()
    main(["sim", str(tmp_path), "--json"])
    power = json.loads(capsys.readouterr().out)["specs"]["power"]["value"]
    # with the bias, which the supply feeds; the testbench closes the loop at DC, hence the tolerance
    assert power / 1.8 == pytest.approx(supply_current(tmp_path, text), rel=0.02)


def test_a_width_of_many_fingers_is_in_range_and_stays_on_the_fingers_grid(tmp_path: Path) -> None:
    problem = drafted(tmp_path, sky_lines(WIDE, "plain"), "c.spice", "--no-sim")
    width = next(parameter for parameter in problem.space.parameters if parameter.name == "XM1.w")
    assert (width.initial, width.minimum, width.step) == (
        pytest.approx(200e-6),
        pytest.approx(8.4e-6),
        pytest.approx(200e-9),
    )
    assert width.maximum / 20 <= 100e-6


def test_a_size_that_the_models_do_not_have_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem = drafted(
        tmp_path, sky_lines({**OTA, "m5": Size(0.3, 1), "m6": Size(0.3, 1)}, "plain"), "c.spice", "--no-sim"
    )
    said = "ota.xm5.w is 300 nm in the netlist; sizing starts at 420 nm: XM5.w is outside its range"
    assert said in capsys.readouterr().err
    assert main(["check", str(tmp_path)]) == 0
    assert re.search(rf"spec\.yaml:\d+: parameters\.XM5\.w: {re.escape(said)}", capsys.readouterr().out)
    # and the exported netlist has what is simulated
    assert "w=0.42" in sized_netlist(problem, problem.space.initial).lower()


def test_targets_of_a_first_sizing_that_is_not_the_netlists_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drafted(tmp_path, sky_lines({**OTA, "m1": Size(0.3, 0.5), "m2": Size(0.3, 0.5)}, "plain"), "c.spice")
    assert "beyond the values of the first sizing, which is not the netlist's" in capsys.readouterr().err


def test_what_a_match_of_unequal_devices_changes_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drafted(tmp_path, sky_lines({**OTA, "m2": Size(5.2, 0.5)}, "plain"), "c.spice", "--no-sim")
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        re.sub(r"^  XM2\..*\n|^match:.*\n", "", spec.read_text(), flags=re.MULTILINE) + "match: [[M1, M2]]\n"
    )
    capsys.readouterr()
    assert main(["check", str(tmp_path)]) == 0
    assert "ota.xm2.w is 5.2 um in the netlist; sizing starts at 5 um: it follows XM1.w" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("params", "changes", "parameters", "ratios"),
    [
        # one parameter each
        ("ma=2 mb=2", {"m1": "m=ma", "m2": "m=mb"}, {"ma"}, "{mb: {of: ma, ratio: 1}}"),
        ("wa=5 wb=5", {"m1": "w={wa}", "m2": "w={wb}"}, {"wa"}, "{wb: {of: wa, ratio: 1}}"),
        ("l5=1 l6=1", {"m5": "l={l5}", "m6": "l={l6}"}, {"l5"}, "{l6: {of: l5, ratio: 1}}"),
        # one by a parameter, one by a number
        ("wa=5", {"m1": "w={wa}"}, {"wa"}, "{XM2.w: {of: wa, ratio: 1}}"),
        ("mb=1", {"m2": "m={mb}"}, {"mb"}, "{XM1.m: {of: mb, ratio: 1}}"),
        # through factors, and through another parameter
        ("wa=5 wb=2.5", {"m1": "w={wa}", "m2": "w={2*wb}"}, {"wa"}, "{wb: {of: wa, ratio: 0.5}}"),
        ("wa=5 wb=2.5 wc={2*wb}", {"m1": "w={wa}", "m2": "w={wc}"}, {"wa"}, "{wb: {of: wa, ratio: 0.5}}"),
        # made different by the designer
        ("wa=5 wb=6", {"m1": "w={wa}", "m2": "w={wb}"}, {"wa", "wb"}, ""),
    ],
)  # fmt: skip
def test_a_pair_by_two_parameters_is_one_parameter_and_a_ratio(
    params: str, changes: dict[str, str], parameters: set[str], ratios: str, tmp_path: Path
) -> None:
    lines = []
    for line in sky_lines(OTA, "plain").splitlines():
        change = changes.get(line.split()[0].lower().removeprefix("x")) if line.startswith("X") else None
        lines.append(re.sub(rf"\b{change[0]}=\S+", change, line) if change else line)
    problem = drafted(tmp_path, "\n".join([lines[0], f".param {params}", *lines[1:], ""]), "c.spice", "--no-sim")
    assert {name for name in problem.space.names if "." not in name} == parameters
    written = re.search(r"^ratios: (.*)$", (tmp_path / "spec.yaml").read_text(), re.MULTILINE)
    assert (written[1] if written else "") == ratios
    if ratios:
        (name,) = parameters
        space = problem.space
        moved = space.edits({**space.initial, name: 2 * space.initial[name]})
        sides = {
            device.path[-2]: tuple(device.values[key] for key in ("w", "l", "m"))
            for device in Elaboration(problem.netlist, "ota", stub_devices(problem.pdk), list(moved)).devices(moved)
        }
        one, other = (f"x{name}" for name in (("m5", "m6") if "m5" in changes else ("m1", "m2")))
        # a mirror's ratio stays
        assert sides[one][:2] == sides[other][:2] and (sides[one] == sides[other] or "m5" in changes)
    assert changed_at_start(problem.space, problem.netlist, "ota") == []


@pytest.mark.parametrize(
    "source", ["VR vr vss {vref}", "VR vr vss dc 'vref'", "IR vr vss {vref*1u}", "BR vr vss V={vref}"]
)
def test_what_a_source_inside_has_is_a_condition(source: str, tmp_path: Path) -> None:
    text = (
        sky_lines(OTA, "plain")
        .replace("* ota\n", "* ota\n.param vref=0.6\n")
        .replace(".ends", f"{source}\nR1 vr out 1Meg\n.ends")
    )
    names = drafted(tmp_path, text, "c.spice", "--no-sim").space.names
    assert "vref" not in names and "R1" in names
