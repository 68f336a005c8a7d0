"""Mismatch of resistors, capacitors, bipolars and compiled MOSFETs: eda-agent's draws have the spread of ngspice's own
draws from the foundry's files.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import numpy as np
import pytest

from eda_agent.problem.pdk import Pdk, cut_library, find_pdk
from eda_agent.problem.pdk.bins import ANY

from .plain_ngspice import GF, currents, uncut

COUNT = 120
"""Devices of each kind: the ratio of two standard deviations of as many draws is within 35 % at 3.8 sigma."""
SKY = "sky130_fd_pr__"
CALLS = {
    "gf180mcuD": {"vpnp_10x10": "0 0 {node} vpnp_10x10"},
    "sky130A": {
        f"{SKY}res_xhigh_po_2p85": f"{{node}} 0 0 {SKY}res_xhigh_po_2p85 l=6",
        f"{SKY}pnp_05v5_W0p68L0p68": f"0 0 {{node}} {SKY}pnp_05v5_W0p68L0p68",
        f"{SKY}cap_mim_m3_1": f"{{node}} 0 {SKY}cap_mim_m3_1 w=4 l=5",
    },
    "ihp-sg13g2": {
        "sg13_lv_nmos": "{node} {node} 0 0 sg13_lv_nmos w=1u l=0.3u",
        "rhigh": "{node} 0 0 rhigh w=0.6u l=3u",
        "cap_cmim": "{node} 0 cap_cmim w=4u l=5u",
        "npn13G2": "{node} {node} 0 0 npn13G2 Nx=2",
    },
}


def spread(
    folder: Path, head: list[str], calls: dict[str, str], draws: dict[str, np.ndarray], program: str, before: list[str]
) -> dict[str, list[float]]:
    """Device → |I| of many equal ones, each with its own draws; without `draws`, ngspice makes them."""
    cards = []
    for place, (name, call) in enumerate(calls.items()):
        ac = " ac 1" if "cap_" in name else ""
        for index in range(COUNT):
            row = draws[name][index].tolist() if draws else []
            extra = " ".join(f"draw{number}={value:.9g}" for number, value in enumerate(row))
            node = f"n{place}_{index}"
            cards += [f"v{place}_{index} {node} 0 0.7{ac}", f"x{place}_{index} {call.format(node=node)} {extra}"]
    values = currents(folder, [*head, ".option seed=11"], cards, program=program, before=before)
    return {name: [abs(values[f"v{place}_{index}"]) for index in range(COUNT)] for place, name in enumerate(calls)}


def check(
    pdk: Pdk, statistical: list[str], folder: Path, program: str = "ngspice", before: list[str] | None = None
) -> None:
    calls = CALLS[pdk.name]
    cut = cut_library(pdk, "tt", {name.lower(): (ANY, ANY) for name in calls}, folder / "cuts")
    rng = np.random.default_rng(3)
    draws = {name: rng.standard_normal((COUNT, cut.drawn[name.lower()].draws)) for name in calls}
    text = [line for one in cut.drawn.values() for line in one.text.splitlines()]
    theirs = spread(folder, statistical, calls, {}, program, before or [])
    ours = spread(folder, text, calls, draws, program, before or [])
    for name in calls:
        deviation = statistics.stdev(theirs[name])
        assert draws[name].size and deviation > 1e-4 * statistics.mean(theirs[name]), name
        assert statistics.stdev(ours[name]) == pytest.approx(deviation, rel=0.35), name
        near = pytest.approx(statistics.mean(theirs[name]), abs=6 * deviation * (2 / COUNT) ** 0.5)
        assert statistics.mean(ours[name]) == near, name


def test_gf180(tmp_path: Path) -> None:
    check(find_pdk("gf180mcuD"), [*uncut(GF, "tt"), ".param sw_stat_mismatch=1"], tmp_path)


def test_sky130(tmp_path: Path) -> None:
    from .test_cut_sky130 import FOUNDRY, foundry

    if "combined_models" not in {one.name for one in FOUNDRY.iterdir()}:
        pytest.skip("the package sky130 is not installed")
    statistical = [line.replace("mc_mm_switch=0", "mc_mm_switch=1") for line in foundry("tt")]
    check(find_pdk("sky130A"), statistical, tmp_path)


def test_ihp(tmp_path: Path) -> None:
    try:
        from .test_cut_ihp import FOUNDRY, LOAD, PDK, PROGRAM
    except pytest.skip.Exception as missing:
        pytest.skip(str(missing))
    statistical = []
    for section in PDK.corners["tt"][:5]:
        file, _, part = section.rpartition(" ")
        statistical.append(f".lib {FOUNDRY / (file or PDK.library().name)} {part}_mismatch")
    check(PDK, statistical, tmp_path, PROGRAM, LOAD)
