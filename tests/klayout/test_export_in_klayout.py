"""`eda-agent export --gds --table` in a shell, with PCells that only the installed KLayout has: its macros register
them, as those of a foundry do, and it draws without a window.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pya
import pytest

from eda_agent.cli import klayout_process
from eda_agent.cli.layout import write_layout
from eda_agent.errors import InputError, MissingError
from tests.klayout.test_passives import circuit

pytestmark = pytest.mark.skipif(shutil.which("klayout") is None, reason="KLayout is installed by make test")
MACRO = """<?xml version="1.0" encoding="utf-8"?>
<klayout-macro><autorun>true</autorun><interpreter>python</interpreter><text>
import sys
sys.path.insert(0, {root!r})
from tests.klayout.stand_ins import Library, version
kept = Library(version("sky130A"))
</text></klayout-macro>
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """KLayout's home with a macro that registers the library, which is not registered in this process."""
    folder = tmp_path / "home"
    (folder / "pymacros").mkdir(parents=True)
    root = str(Path(__file__).resolve().parents[2])
    (folder / "pymacros" / "pcells.lym").write_text(MACRO.format(root=root))
    monkeypatch.setenv("KLAYOUT_HOME", str(folder))
    monkeypatch.setenv("KLAYOUT_PATH", str(folder))
    # of the shell's Python, not of KLayout's
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    assert pya.Library.library_by_name("skywater130") is None
    return tmp_path


def test_the_installed_klayout_draws_its_own_pcells(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = write_layout(circuit(Rz=20e3), home / "a.oas", None, "sky130A", None, home / "a.spice")
    assert first["placed"] == 8 and first["lvs"]["devices_match"], first["lvs"]["differences"]
    assert "are drawn by" in capsys.readouterr().err
    assert "extracted by KLayout" in (home / "a.spice").read_text() and first["extracted"]["devices"] > 8
    before = (home / "a.oas").read_bytes()
    # a write-back into it, in another format
    other = circuit(Rz=20e3, Cc=0.8e-12)
    second = write_layout(other, home / "b.gds", home / "a.oas", "sky130A", None)
    assert [line.partition(":")[0] for line in second["changes"]] == ["cc"]
    assert second["lvs"]["devices_match"], second["lvs"]["differences"]
    assert (home / "a.oas").read_bytes() == before
    layout = pya.Layout()
    layout.read(str(home / "b.gds"))
    assert layout.cell("opamp") is not None


def test_what_it_refuses_is_said_with_its_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "torn.oas").write_text("no layout")
    with pytest.raises(InputError, match=r"torn\.oas: the layout cannot be read"):
        write_layout(circuit(), home / "b.oas", home / "torn.oas", "sky130A", None)
    with pytest.raises(InputError, match=r"no library gf180mcu with .* there are .*skywater130"):
        write_layout(circuit(), home / "b.oas", None, "gf180mcuD", None)
    # one that ends without an answer
    monkeypatch.setattr(klayout_process, "program", lambda: shutil.which("true"))
    with pytest.raises(MissingError, match="did not draw the layout"):
        write_layout(circuit(), home / "b.oas", None, "sky130A", None)
    # without KLayout
    monkeypatch.setattr(klayout_process, "program", lambda: None)
    with pytest.raises(InputError, match="no library skywater130 or SKY130"):
        write_layout(circuit(), home / "b.oas", None, "sky130A", None)
    assert not list(home.glob("b.*"))
