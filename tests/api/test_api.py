"""The Python API: what it loads and when, and that its numbers are those of the other fronts."""

from __future__ import annotations

import ast
import gc
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

import eda_agent as ea
from eda_agent import api
from eda_agent.api.table import Table

from ..conftest import CIRCUITS, ROOT

OTA = CIRCUITS / "ota_5t"
HEAVY = ("torch", "textual", "klayout", "pandas", "transformers", "optuna")


def loaded(code: str) -> set[str]:
    text = f"import sys\n{code}\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_the_import_loads_nothing_and_a_name_what_it_needs() -> None:
    bare = loaded("import os")
    assert loaded("import eda_agent as ea; dir(ea)") - bare <= {"eda_agent"}
    after = loaded(f"import eda_agent as ea; ea.load({str(OTA)!r}); ea.size, ea.simulate, ea.open_run")
    assert "eda_agent.api" in after
    assert [name for name in HEAVY if name in after] == []


def test_the_stub_the_lazy_names_and_the_package_agree() -> None:
    stub = ast.parse((ROOT / "eda_agent" / "__init__.pyi").read_text())
    named = [one.asname for node in stub.body if isinstance(node, ast.ImportFrom) for one in node.names]
    assert list(ea.__all__) == api.__all__ == named
    assert set(ea.__all__) <= set(dir(ea))
    with pytest.raises(AttributeError, match="no attribute 'simulat'"):
        ea.simulat  # noqa: B018  # type: ignore[attr-defined]


def test_a_user_s_program_is_checked_by_its_types(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import eda_agent as ea\nfrom pathlib import Path\n"
        "amp = ea.load(Path('x'))\nreveal_type(ea.simulate(amp, {'W': 1e-6}))\n"
        "reveal_type(ea.simulate('x', [{'W': '4u'}]))\nreveal_type(ea.size(amp))\n"
        "reveal_type(ea.size('x', events=True))\nea.size(5)\n"
    )
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", "--cache-dir", str(tmp_path / "c"), "mine.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"MYPYPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    ).stdout
    kinds = [line.split('"')[1].rpartition(".")[2] for line in found.splitlines() if "Revealed type" in line]
    assert kinds == ["Simulation", "Batch", "Run", "SizingStream"], found
    assert "mine.py:8: error" in found


def test_simulate_is_the_command_sim(tmp_path: Path) -> None:
    sim = ea.simulate(OTA, {"W12": "8u", "mt": 4})
    command = [sys.executable, "-m", "eda_agent", "sim", str(OTA), "--set", "W12=8u", "--set", "mt=4", "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    assert told["specs"] == sim.data["specs"]
    assert told["operating_points"] == sim.data["operating_points"]
    # the worst corner of a minimum is the lowest of all corners
    assert sim["gbw"] == min(sim.corners[1][name] for name in ("nominal", "slow", "fast"))


def test_a_waveform_has_the_measured_value(tmp_path: Path) -> None:
    sim = ea.simulate(str(OTA), {"W12": "8u"})
    wave = sim.waveforms()["loop", "ac", "slow"]
    gain = np.abs(wave["loop"])
    # where the gain crosses 1, by straight lines in log coordinates: 20 points a decade are good to 1e-3
    place = int(np.argmax(gain < 1))
    logs = np.log(gain[place - 1 : place + 1])
    share = logs[0] / (logs[0] - logs[1])
    low, high = np.log(wave.axis[place - 1 : place + 1])
    assert np.exp(low + share * (high - low)) == pytest.approx(sim.corners[1]["slow"], rel=1e-3)
    with pytest.raises(KeyError, match="did you mean loop ac"):
        sim.waveforms()["lop", "ac"]


def test_a_frame_of_sizings_is_a_batch() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"W12": [4e-6, 8e-6], "mt": [2, 4]})
    batch = ea.simulate(OTA, frame)
    again = batch.table.to_pandas()
    assert list(again["W12"]) == [4e-6, 8e-6] and list(again["mt"]) == [2, 4]
    assert list(again["gbw"]) == [one["gbw"] for one in batch]
    assert batch[1:].best is batch[1] and len(ea.simulate(OTA, [])) == 0


def test_a_stream_that_is_dropped_stops_its_run(tmp_path: Path) -> None:
    stream = ea.size(OTA, events=True, policy="random", budget=5000, out=tmp_path / "run")
    first = next(event for event in stream if event["type"] == "turn.evaluated")
    del stream
    gc.collect()
    run = ea.open_run(tmp_path / "run")
    assert first["index"] == 1 and run.stop == "user" and run.simulations < 100


def test_a_run_that_cannot_start_raises_where_its_events_are_read(tmp_path: Path) -> None:
    with pytest.raises(ea.InputError, match="cannot read the file"):
        ea.size(tmp_path / "none", events=True)
    stream = ea.size(OTA, events=True, policy="chat", out=tmp_path / "run", options={"script": "x"})
    with pytest.raises(ea.InputError, match=r"^script is not an option of policy chat"):
        list(stream)
    with pytest.raises(ea.InputError, match="resume needs a run"):
        ea.size(OTA, resume=True)


def test_a_command_reaches_a_stream(tmp_path: Path) -> None:
    with ea.size(OTA, events=True, policy="random", budget=3, out=tmp_path / "run") as stream:
        stream.send("hint", text="wider")
        kinds = [event["type"] for event in stream]
        with pytest.raises(ea.InputError, match="unknown command"):
            stream.send("hurry")
    assert "hint" in kinds
    assert next(stream, "ended") == "ended" and stream.run.stop == "budget"


@given(some.lists(some.one_of(some.none(), some.floats(allow_nan=False, width=32)), min_size=1))
def test_a_column_keeps_its_numbers(values: list[float | None]) -> None:
    column = Table([{"x": value} for value in values], ["x"])["x"]
    assert column.dtype == np.float64
    assert [None if np.isnan(one) else one for one in column] == values


def test_a_table_shows_what_it_has_and_no_markup_of_others() -> None:
    table = Table(
        [{"name": "<b>\x1b[31m", "value": 4e-6, "unit": "m", "met": True}, {"name": "b", "value": None, "met": False}],
        ("name", "value", "met"),
        row_units={"value": "unit"},
    )
    assert repr(table) == "<Table 2 × 3: name, value, met>"
    page = table._repr_html_()
    assert "&lt;b&gt;\\x1b[31m" in page and "\x1b" not in page and "4 um" in page and "✓" in page
    assert table["met"].dtype == bool and "—" in str(table)
    long = Table([{"x": float(number)} for number in range(1000)], ["x"])
    assert long._repr_html_().count("<tr>") < 70 and len(long[10:20]) == 10


@pytest.mark.parametrize("kind", [ea.Circuit, ea.Simulation, ea.Batch, ea.Run, ea.MonteCarlo, ea.Sensitivity, ea.Draft])
def test_every_object_has_a_page_for_notebooks(kind: type) -> None:
    assert hasattr(kind, "_repr_html_") and kind.__repr__ is not object.__repr__
