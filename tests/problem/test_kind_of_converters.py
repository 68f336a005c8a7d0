"""A converter is told by what its bits switch: a pair with resistors, or a sum, has ports with numbers too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eda_agent.cli.main import main
from eda_agent.errors import InputError
from eda_agent.problem.draft import read_answers, read_circuit
from eda_agent.problem.load import load_problem
from eda_agent.record.export import sized_netlist
from eda_agent.spice_numbers import parse_spice_number

MODELS = ".model nch nmos level=1 vto=0.5 kp=200u\n.model pch pmos level=1 vto=-0.5 kp=80u\n"
SIZES = "W=2u L=1u"
GATES = "".join(
    f"MN{bit} s{bit} in{bit} vss vss nch {SIZES}\nMP{bit} s{bit} in{bit} vdd vdd pch {SIZES}\n" for bit in (1, 2)
)
LEGS = "R1 s1 x 20k\nR2 s2 out 20k\nRT x vss 20k\nR3 x out 10k\n"
# a tail current for each side
TAILS = f"MI ib ib vss vss nch {SIZES}\nMT1 t1 ib vss vss nch {SIZES}\nMT2 t2 ib vss vss nch {SIZES}\n"


@pytest.mark.parametrize(
    ("body", "converts"),
    [
        (f"{GATES}{LEGS}", True),
        (LEGS.replace("s1", "in1").replace("s2", "in2") + f"MD vdd vdd vss vss nch {SIZES}\n", True),
        # legs of two resistors in series
        (GATES + LEGS.replace("R1 s1 x 20k", "R1 s1 m 10k\nR4 m x 10k"), True),
        # a sum: both legs end at one net
        (f"{GATES}R1 s1 a 10k\nR4 a x 10k\nR2 s2 b 10k\nR5 b x 10k\nR3 x out 10k\n", False),
        # a foot that a device pulls to one level alone
        (GATES.replace("MP1", "RP1 s1 vdd 1k\n*").replace("MP2", "RP2 s2 vdd 1k\n*") + LEGS, False),
        (f"{TAILS}M1 out in1 t1 vss nch {SIZES}\nM2 out in2 t2 vss nch {SIZES}\n", True),
        # fingers of a pair share one current
        (
            f"{TAILS}M1 o in1 t1 vss nch {SIZES}\nM2 out in2 t1 vss nch {SIZES}\nM3 out in2 t1 vss nch {SIZES}\n"
            f"R4 vdd o 1k\nR5 vdd out 1k\n",
            False,
        ),
    ],
)
def test_bits_switch_a_ladder_or_currents_of_their_own(body: str, converts: bool, tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(f"* c\n{MODELS}.subckt c in2 in1 ib out vdd vss\n{body}.ends\n")
    found = read_circuit(tmp_path / "c.spice", tmp_path, "own")
    assert (found.kind.name == "digital-to-analog converter") == converts, found.kind


@pytest.mark.parametrize(
    ("body", "answers", "kind"),
    [
        # the names say no order, so that the answers alone tell the bits
        ("steer", "b0=k b1=l nb0=kb nb1=lb out=o outb=p", "dac_current"),
        ("ladder", "b0=k b1=l out=o", "dac_voltage"),
        ("ladder", "b0=k b1=l out=o outb=p", ""),
        ("steer", "b0=k b1=l out=o clk=p", ""),
        ("steer", "b0=k b1=l nb0=k out=o", ""),
    ],
)
def test_no_answer_is_dropped(body: str, answers: str, kind: str, tmp_path: Path) -> None:
    steer = TAILS + "".join(
        f"M{net} {out} {net} {tail} vss nch {SIZES}\n"
        for net, out, tail in (("k", "o", "t1"), ("kb", "p", "t1"), ("l", "o", "t2"), ("lb", "p", "t2"))
    )
    ladder = GATES.replace("in1", "k").replace("in2", "l") + LEGS.replace("out", "o")
    body = {"steer": steer, "ladder": ladder}[body]
    (tmp_path / "c.spice").write_text(f"* c\n{MODELS}.subckt c k l kb lb ib o p vdd vss\n{body}.ends\n")
    said = read_answers(kind="dac", ports=answers.split())
    if not kind:
        with pytest.raises(InputError, match=r"outb|clk|k cannot be b0 and nb0"):
            read_circuit(tmp_path / "c.spice", tmp_path, "own", answers=said)
        return
    found = read_circuit(tmp_path / "c.spice", tmp_path, "own", answers=said).kind
    assert [bench.template for bench in found.benches] == [kind] and found.benches[0].settings["bits"] == "2"
    assert found.ports.items() >= said.ports.items() and not found.bias.keys() & {*said.ports.values()}


@pytest.mark.parametrize(("ports", "found"), [("vcc gnd", ("vcc", "gnd")), ("one two", ("", ""))])
def test_a_resistor_alone_makes_no_port_two_rails(ports: str, found: tuple[str, str], tmp_path: Path) -> None:
    supply, ground = ports.split()
    body = f"Q1 m i {ground} q\nR1 m {supply} 1k\nC1 m o 1p\n"
    (tmp_path / "c.spice").write_text(f"* c\n.model q npn\n.subckt c i o {ports}\n{body}.ends\n")
    structure = read_circuit(tmp_path / "c.spice", tmp_path, "own").structure
    assert (structure.vdd, structure.vss) == found


@pytest.mark.parametrize(
    ("kind", "words"), [(None, "a digital-to-analog converter.*--kind names another"), ("dac", "converter[^-]*$")]
)
def test_a_setting_of_another_kind_names_the_kind_that_was_taken(kind: str | None, words: str, tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(f"* c\n{MODELS}.subckt c in2 in1 ib out vdd vss\n{GATES}{LEGS}.ends\n")
    said = read_answers(kind=kind, ports=["b0=in1", "b1=in2", "out=out"] if kind else [], settings=["frequency=5.8G"])
    with pytest.raises(InputError, match=re.compile(words, re.DOTALL)):
        read_circuit(tmp_path / "c.spice", tmp_path, "own", answers=said)


@pytest.mark.parametrize(("supply", "kind"), [("vdd!", "op-amp"), ("pw", "")])
def test_a_pair_with_resistors_is_no_converter(supply: str, kind: str, tmp_path: Path) -> None:
    """A global net is named with an exclamation mark; a supply without a name is a doubt."""
    pair = (
        f"M1 o in1 a a pch {SIZES}\nM2 out in2 b b pch {SIZES}\nR1 a t 1k\nR2 b t 1k\nR3 {supply} t 1k\n"
        f"R4 o gnd! 1k\nR5 out gnd! 1k\nMB ib ib gnd! gnd! nch {SIZES}\n"
    )
    (tmp_path / "c.spice").write_text(f"* c\n{MODELS}.subckt c ib in1 in2 out {supply} gnd!\n{pair}.ends\n")
    found = read_circuit(tmp_path / "c.spice", tmp_path, "own")
    assert found.kind.name == kind
    assert kind or any("no port is the vdd rail" in doubt for doubt in found.doubts)


@pytest.mark.parametrize("leg", ["20k", "19.5k", "{rb}"])
def test_one_parameter_sizes_a_ladder(leg: str, tmp_path: Path) -> None:
    body = f"{GATES}{LEGS}".replace("20k", leg).replace("10k", "{ra}" if leg == "{rb}" else "10k")
    text = f"* c\n{MODELS}.param ra=10k rb=20k\n.subckt c in2 in1 out vdd vss\n{body}.ends\n"
    (tmp_path / "c.spice").write_text(text)
    assert main(["init", str(tmp_path / "c.spice"), "--no-sim"]) in {0, 1}
    problem = load_problem(tmp_path)
    (name,) = (name for name in problem.space.names if name.startswith(("R", "r")))
    sized = sized_netlist(problem, {**problem.space.initial, name: 7e3}).lower()
    values = {device: parse_spice_number(value) for device, value in re.findall(r"(?m)^(r\w) .* (\S+)$", sized)}
    if leg == "{rb}":
        found = re.search(r"ra=(\S+) rb=(\S+)", sized)
        assert found and [parse_spice_number(one) for one in found.groups()] == [7e3, 14e3]
        return
    double = 7e3 * (2 if leg == "20k" else 1.95)
    assert [values[one] for one in ("r1", "r2", "rt", "r3")] == pytest.approx([double, double, double, 7e3])


def test_bits_without_an_order_are_named_and_their_ports_complete_the_draft(tmp_path: Path) -> None:
    body = (GATES + LEGS).replace("in1", "lo").replace("in2", "hi")
    (tmp_path / "dac.spice").write_text(f"* t\n{MODELS}.subckt dac lo hi out vdd vss\n{body}.ends\n")
    draft = read_circuit(tmp_path / "dac.spice", tmp_path)
    assert not draft.kind.name and any("lo, hi switch a ladder of resistors at out" in one for one in draft.doubts)
    ports = ("out=out", "b0=lo", "b1=hi")
    given = [word for port in ports for word in ("--port", port)]
    assert main(["init", str(tmp_path / "dac.spice"), "--kind", "dac", "--supply", "3", "--no-sim", *given]) == 0
    bench = load_problem(tmp_path / "spec.yaml").testbenches["codes"]
    assert float(bench.settings["bits"]) == 2 and bench.nets["hi"] != bench.nets["lo"]
