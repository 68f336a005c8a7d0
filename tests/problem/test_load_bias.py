"""Specs on operating points as they are loaded: which devices a name, pattern, role or group means, and what is said of
one that means none.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Spec

from ..conftest import CIRCUITS

MILLER = CIRCUITS / "two_stage_miller"


def loaded(folder: Path, spec: str, circuit: str = "two_stage_miller") -> Spec:
    """The spec called `extra` beside those of a shipped circuit."""
    text = (CIRCUITS / circuit / "spec.yaml").read_text().replace("\ncorners:", f"\n  extra: {spec}\ncorners:")
    for netlist in (CIRCUITS / circuit).glob("*.spice"):
        (folder / netlist.name).write_text(netlist.read_text())
    path = folder / "spec.yaml"
    path.write_text(text)
    return next(one for one in load_problem(path).specs if one.name == "extra")


@pytest.mark.parametrize(
    ("devices", "labels"),
    [
        ("M5", "xm5"),
        ("[xm5, XM1]", "xm1 xm5"),
        ('"*"', "xm1 xm2 xm3 xm4 xm5 xm6 xm7 xm8"),
        ("['xm[12]', m5]", "xm1 xm2 xm5"),
        ("[role: input pair, role: tail source]", "xm1 xm2 xm5"),
        ('["role: input pair"]', "xm1 xm2"),
        ("{role: load mirror}", "xm3 xm4"),
        ("[group: M7]", "xm5 xm7 xm8"),
        ("{group: M3}", "xm3 xm4"),
    ],
)
def test_devices_are_named_in_many_ways(tmp_path: Path, devices: str, labels: str) -> None:
    spec = loaded(tmp_path, f"{{metric: saturation_margin, devices: {devices}, minimum: 50m}}")
    assert spec.devices == tuple(labels.split()) and spec.minimum == 0.05 and spec.testbench == "loop"


@pytest.mark.parametrize(
    ("devices", "labels"),
    [
        ("xs1.xmp1", "xs1.xmp1"),
        ("stage.mp1", "xs1.xmp1 xs2.xmp1 xs3.xmp1 xs4.xmp1 xs5.xmp1"),
        ('"xs?.xmn1"', "xs1.xmn1 xs2.xmn1 xs3.xmn1 xs4.xmn1 xs5.xmn1"),
        (
            "{role: starving}",
            "xs1.xmp1 xs1.xmn1 xs2.xmp1 xs2.xmn1 xs3.xmp1 xs3.xmn1 xs4.xmp1 xs4.xmn1 xs5.xmp1 xs5.xmn1",
        ),
    ],
)
def test_devices_of_cells(tmp_path: Path, devices: str, labels: str) -> None:
    spec = loaded(tmp_path, f"{{metric: vds, devices: {devices}, testbench: high, maximum: 1.8}}", "ring_vco")
    assert spec.devices == tuple(labels.split())


def test_a_region_is_short_for_a_bound(tmp_path: Path) -> None:
    for region, metric, low, high in (
        ("saturation", "saturation_margin", 0.0, None),
        ("triode", "saturation_margin", None, 0.0),
        ("off", "drain_current", None, 1e-9),
    ):
        spec = loaded(tmp_path, f"{{region: {region}, devices: M5, testbench: step}}")
        assert (spec.metric.name, spec.minimum, spec.maximum, spec.testbench) == (metric, low, high, "step")


def test_a_voltage_without_a_bound_takes_the_rated_one(tmp_path: Path) -> None:
    assert loaded(tmp_path, '{metric: vgd, devices: "*"}').maximum == 1.95
    assert loaded(tmp_path, '{metric: vgd, devices: "*", maximum: 1.8}').maximum == 1.8
    with pytest.raises(InputError, match="gf180mcuD has no rated voltage"):
        loaded(tmp_path, '{metric: vgd, devices: "*"}', "ota_5t")


@pytest.mark.parametrize(
    ("unit", "bound", "metric", "value"),
    [
        ("S/A", "15", "gm_id", 15.0),
        ("1/V", "15", "gm_id", 15.0),
        ("uA/um", "5", "current_density", 5.0),
        ("A/m", "5m", "current_density", 5e-3),
    ],
)
def test_units(tmp_path: Path, unit: str, bound: str, metric: str, value: float) -> None:
    assert loaded(
        tmp_path, f"{{metric: {metric}, devices: M5, unit: {unit}, maximum: {bound}}}"
    ).maximum == pytest.approx(value)


@pytest.mark.parametrize(
    ("spec", "says", "fix"),
    [
        ("{metric: saturation_margin, devices: M15, minimum: 50m}", "no device 'm15'", "did you mean"),
        (
            "{metric: saturation_margin, devices: input pair, minimum: 50m}",
            "no device 'input pair'",
            "role: input pair",
        ),
        (
            "{metric: saturation_margin, devices: [role: imput pair], minimum: 50m}",
            "role 'imput pair'",
            "did you mean input pair",
        ),
        (
            "{metric: saturation_margin, devices: [role: latch], minimum: 50m}",
            "role 'latch'",
            "roles here: bias diode, current source, input pair",
        ),
        ("{metric: saturation_margin, devices: Cc, minimum: 50m}", "cc is not a MOSFET", "MOSFETs are xm1"),
        (
            "{metric: saturation_margin, devices: 'c*', minimum: 50m}",
            "it matches cc, which are not MOSFETs",
            "MOSFETs are xm1",
        ),
        ("{metric: saturation_margin, devices: 'q*', minimum: 50m}", "no device has such a name", "MOSFETs are xm1"),
        (
            "{metric: saturation_margin, devices: [grup: M1], minimum: 50m}",
            "unknown key 'grup'",
            "did you mean 'group'",
        ),
        ("{metric: saturation_margin, devices: [group: M6], minimum: 50m}", "m6 is in no group", "match: and mirrors:"),
        ("{metric: saturation_margin, devices: [], minimum: 50m}", "there is no device", "at least one"),
        ("{metric: saturation_margin, minimum: 50m}", "which devices?", "role: input pair"),
        ("{metric: gm_id, devices: M1, minimum: 5, maximum: 15}", "one bound", "write two specs"),
        (
            "{metric: dc_gain, devices: M1, minimum: 5, testbench: loop}",
            "dc_gain is not a metric of devices",
            "saturation_margin",
        ),
        ("{region: linear, devices: M1}", "unknown region 'linear'", "saturation or triode or off"),
        ("{region: triode, devices: M1, minimum: 5m}", "does not go with minimum", "saturation_margin"),
        ("{metric: overdrive, devices: M1}", "minimum or maximum", ""),
        ("{metric: overdrive, devices: M1, minimum: 0.1, testbench: lop}", "no testbench 'lop'", "loop, step"),
    ],
)
def test_what_means_nothing_is_said_with_what_could_be_meant(tmp_path: Path, spec: str, says: str, fix: str) -> None:
    with pytest.raises(InputError) as error:
        loaded(tmp_path, spec)
    finding = next(one for one in error.value.findings if says in one.message)
    assert fix in finding.fix and finding.where.startswith("specs.extra") and finding.line


def test_a_circuit_without_operating_point_says_so(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(
        "* c\n.model n nmos level=1\n.subckt c inp inn out vdd vss\nM1 out inp vss vss n w=1u l=1u\nR1 vdd out {R}\nR2"
        " inn vss 1k\n.param R=1k\n.ends\n"
    )
    (tmp_path / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: c\npdk: own\nparameters: {R: {min: 100, max: 10k}}\ntestbenches: {t: {template:"
        " opamp_thd}}\nspecs: {thd: {maximum: 1}, sat: {metric: saturation_margin, devices: M1, minimum: 0}}\n"
    )
    with pytest.raises(InputError, match="no testbench has an operating point"):
        load_problem(tmp_path)
