"""A second supply gets the voltage that its devices are made for, not that of the first supply."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.run.test_signoff_circuits import run

N18, P18 = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
N50, P50 = "sky130_fd_pr__nfet_g5v0d10v5", "sky130_fd_pr__pfet_g5v0d10v5"


def inverter(number: int, out: str, gate: str, rail: str, kinds: tuple[str, str], length: str) -> list[str]:
    n, p = kinds
    return [
        f"XN{number} {out} {gate} avss avss {n} W=1 L={length}",
        f"XP{number} {out} {gate} {rail} {rail} {p} W=2 L={length}",
    ]


THICK, THIN = (N50, P50), (N18, P18)
CORE = [line for stage, (out, gate) in enumerate(("ab", "ca", "bc")) for line in inverter(stage, out, gate, "avdd", THICK, "2")]  # fmt: skip


def circuit(ports: str, *lines: str) -> str:
    return "\n".join([f".subckt osc {ports}", *CORE, *lines, ".ends", ""])


def drafted(folder: Path, text: str, *options: str) -> tuple[str, str]:
    """(what `init` says, the spec)."""
    (folder / "osc.spice").write_text(text)
    answer = run(folder, "init", "osc.spice", *options)
    return answer, (folder / "spec.yaml").read_text()


BUFFERED = circuit(
    "dvdd avdd avss out",
    # thick oxide takes the ring's 5 V, thin oxide follows
    f"XN8 q a avss avss {N50} W=2 L=0.5",
    f"XP8 q a dvdd avdd {P50} W=8 L=0.5",
    *inverter(9, "out", "q", "dvdd", THIN, "0.15"),
)


def test_thin_oxide_on_a_second_supply_gets_its_own_voltage(tmp_path: Path) -> None:
    said, spec = drafted(tmp_path, BUFFERED)
    assert re.search(r"voltage of dvdd +1.8 V +what its devices are made for +--bias dvdd=", said)
    assert "bias: {dvdd: {voltage: 1.8}}" in spec and "vdd: 5," in spec and "vdd: avdd" in spec
    # the ring swings with the low supply at its output: targets are from a measurement
    assert re.search(r"oscillation_frequency: .*# now ", spec)


@pytest.mark.parametrize(
    ("option", "bias"), [(("--bias", "dvdd=1.6"), "1.6"), (("--supply", "1.5"), "vdd"), (("--supply", "3.3"), "1.8")]
)
def test_answers_come_first_and_a_supply_below_the_domain_is_shared(
    tmp_path: Path, option: tuple[str, ...], bias: str
) -> None:
    assert f"bias: {{dvdd: {{voltage: {bias}}}}}" in drafted(tmp_path, BUFFERED, "--no-sim", *option)[1]


def test_a_control_of_thin_oxide_is_as_high_as_it_endures(tmp_path: Path) -> None:
    gated = [
        f"XN8 q a s avss {N50} W=2 L=0.5",
        f"XN7 s en avss avss {N18} W=1 L=0.15",
        f"XP8 q a dvdd avdd {P50} W=8 L=0.5",
        f"XP7 q en dvdd dvdd {P18} W=1 L=0.15",
        *inverter(9, "out", "q", "dvdd", THIN, "0.15"),
    ]
    assert "en: {voltage: 1.8}" in drafted(tmp_path, circuit("dvdd avdd avss en out", *gated), "--no-sim")[1]


def test_one_kind_of_devices_shares_the_supply(tmp_path: Path) -> None:
    thick = [*inverter(8, "q", "a", "dvdd", THICK, "0.5"), *inverter(9, "out", "q", "dvdd", THICK, "0.5")]
    assert "bias: {dvdd: {voltage: vdd}}" in drafted(tmp_path, circuit("dvdd avdd avss out", *thick), "--no-sim")[1]


def test_the_stages_of_a_ring_that_are_drawn_alike_are_one_set_of_parameters(tmp_path: Path) -> None:
    spec = drafted(tmp_path, BUFFERED, "--no-sim")[1]
    names = re.findall(r"^  (XN\d)\.w:", spec, re.MULTILINE)
    assert "[XN0, XN1, XN2]" in spec and names == ["XN0", "XN8", "XN9"]
