"""$PDK_ROOT: a tree as ciel and open_pdks install it is used instead of the packages, and doctor says so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from eda_agent.errors import MissingError
from eda_agent.problem.pdk import cut_library, find_pdk
from eda_agent.problem.pdk.bins import ANY
from eda_agent.problem.pdk.verilog import compiled_models, find_compiled

PLACES = {
    "sky130A": ("sky130A/libs.tech/ngspice", ["sky130_fd_pr__nfet_01v8", "sky130_fd_pr__res_high_po_0p69"]),
    "gf180mcuD": ("gf180mcuD/libs.tech/ngspice", ["nfet_06v0", "ppolyf_u_1k"]),
    "ihp-sg13g2": ("ihp-sg13g2/libs.tech/ngspice/models", ["sg13_lv_nmos", "rhigh"]),
}
"""PDK → its folder of models below $PDK_ROOT, and devices to cut from it."""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with the packages' models; like ciel's, each PDK is a link to one of its versions."""
    for name, (place, devices) in PLACES.items():
        try:
            models = find_pdk(name).library(devices).parent
        except MissingError as missing:
            pytest.skip(str(missing))
        version = tmp_path / "ciel" / name / "versions" / "0123abcd" / name
        folder = version / Path(place).relative_to(name)
        folder.parent.mkdir(parents=True)
        folder.symlink_to(models)
        if name == "ihp-sg13g2":
            (version / "libs.tech" / "verilog-a").symlink_to(models.parent / "va")
        (tmp_path / name).symlink_to(version)
    monkeypatch.setenv("PDK_ROOT", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", PLACES)
def test_a_tree_of_open_pdks_is_used(name: str, root: Path, tmp_path: Path) -> None:
    place, devices = PLACES[name]
    pdk = find_pdk(name)
    assert pdk.library(devices).parent == root / place
    cut = cut_library(pdk, "tt", {device.lower(): (ANY, ANY) for device in devices}, tmp_path / "cuts")
    assert all(f".subckt {device.lower()} " in cut.devices for device in devices)


def test_compiled_models_of_the_tree_are_used_as_they_are(root: Path, tmp_path: Path) -> None:
    pdk, osdi = find_pdk("ihp-sg13g2"), root / "ihp-sg13g2/libs.tech/ngspice/osdi"
    osdi.mkdir()
    (osdi / "r3_cmc.osdi").write_bytes(b"compiled before")
    assert compiled_models(pdk, ["rhigh"], tmp_path / "cache") == (osdi / "r3_cmc.osdi",)
    # what the tree does not have is a kept one of the same source, never another's
    kept = find_compiled(pdk, "psp103", tmp_path / "cache")
    assert kept is None or osdi not in kept.parents


def test_doctor_says_what_serves_each_pdk(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "eda_agent", "doctor", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    rows = {row["name"]: row for row in json.loads(done.stdout)["checks"]}
    assert rows["PDK_ROOT"]["found"] == f"{root}: gf180mcuD, ihp-sg13g2, sky130A"
    for name, (place, _) in PLACES.items():
        if rows[name]["ok"]:
            assert str(root / place) in rows[name]["found"] and "libngspice" in rows[name]["found"]
