"""The plugin in the real application under Xvfb: its menu, a whole run on ngspice, placement, write-back, undo, LVS,
and what may go wrong.

A script inside KLayout prints one JSON object a line and leaves with `os._exit`: ended from a callback, KLayout 0.28
frees its window twice.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eda_agent.cli import main
from tests.conftest import CIRCUITS

RUN = Path(__file__).parent.parent / "fixtures" / "run" / "ota"
PROLOGUE = """
import json, os, sys, time, traceback
import pya
from eda_agent_klayout import plugin as module, compat, faults, lvs, writeback
said = []
faults.tell = lambda title, text: said.append([title, text])
window = pya.MainWindow.instance()

class Tool:
    # this script runs before the macro that makes the plugin
    def __getattr__(self, name):
        return getattr(module.instance(), name)

tool = Tool()
keep = []

def settle():
    # until work in slices is done; the window goes on
    while tool.slices.busy or any(command.alive for command in tool._commands):
        pya.Application.instance().process_events()
        time.sleep(0.002)

def place(folder):
    tool.place(folder)
    settle()
    return window.current_view().active_cellview().cell

def devices(folder):
    answers = []
    tool._ask_quietly(["export", folder, "--devices"], answers.append)
    settle()
    return json.loads(answers[0])

def write_back(folder):
    # gives the number of changes that were applied
    tool.write_back(folder)
    settle()
    preview = tool.writing.preview
    if preview is None or not preview.isVisible():
        return 0
    count = preview.changed.pcells
    preview.buttons["Apply"].click()
    settle()
    return count

def say(**data):
    print(json.dumps(data), flush=True)

def leave(status=0):
    window.resize(1200, 850)
    if "SHOT" in os.environ:
        window.grab().save(os.environ["SHOT"])
    tool.close()
    os._exit(status)

def guard(do):
    def run(*_):
        try:
            do()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return run

def after(milliseconds, do, repeat=False):
    timer = pya.QTimer(window)
    timer.singleShot = not repeat
    timer.timeout = guard(do)
    timer.start(milliseconds)
    keep.append(timer)
    return timer
"""

pytestmark = pytest.mark.skipif(
    shutil.which("klayout") is None or shutil.which("Xvfb") is None,
    reason="KLayout and Xvfb are installed by make test",
)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x1000x24"],
        pass_fds=[write],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        yield f":{os.read(read, 20).decode().strip()}"
    finally:
        # also where the generator is closed, outside pytest
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """KLayout's home with the plugin, as `klayout install` puts it there."""
    folder = tmp_path_factory.mktemp("klayout")
    os.environ["KLAYOUT_HOME"] = str(folder)
    assert main(["klayout", "install"]) == 0
    yield folder
    del os.environ["KLAYOUT_HOME"]


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    shutil.copytree(RUN, tmp_path / "ota")
    return tmp_path / "ota"


def start(script: str, display: str, home: Path, folder: Path, **more: str) -> subprocess.Popen[str]:
    path = folder / "script.py"
    path.write_text(PROLOGUE + textwrap.dedent(script))
    return subprocess.Popen(
        ["klayout", "-e", "-rm", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        start_new_session=True,
        env={**os.environ, "DISPLAY": display, "KLAYOUT_HOME": str(home), **more},
    )


def drive(script: str, display: str, home: Path, folder: Path, **more: str) -> list[dict[str, Any]]:
    process = start(script, display, home, folder, **more)
    try:
        out, words = process.communicate(timeout=90)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, words = process.communicate()
        raise AssertionError(f"KLayout did not end: {out[-2000:]} {words[-2000:]}") from None
    assert process.returncode == 0, f"{out[-2000:]} {words[-3000:]}"
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


@pytest.mark.evidence
def test_a_run_is_started_watched_paused_and_stopped(display: str, home: Path, tmp_path: Path) -> None:
    """A whole life of a run, KLayout's own timer ticking all the while."""
    shutil.copytree(CIRCUITS / "two_stage_miller", tmp_path / "miller")
    spec = tmp_path / "miller" / "spec.yaml"
    # nobody meets this before it is stopped
    spec.write_text(spec.read_text().replace("unit: Hz, minimum: 30M", "unit: Hz, minimum: 20G"))
    rows = drive(
        """
        gaps, last = [], [time.perf_counter()]
        def tick():
            now = time.perf_counter()
            gaps.append(now - last[0] - 0.01)
            last[0] = now
        def begin():
            say(menu=window.menu().items("tools_menu.eda_agent"))
            dock = tool.size(os.path.join(os.getcwd(), "miller", "spec.yaml"))
            after(10, tick, True)
            stage = []
            def look():
                run = dock.runner.run
                if not stage and len(run.turns) > 6:
                    stage.append("pause")
                    dock.pause()
                elif stage == ["pause"] and run.paused:
                    stage.append("on")
                    say(status=run.status, specs=run.spec_rows(), turns=dock.turns.rowCount, shown=dock.specs.item(0, 1).text)
                    dock.pause()
                elif stage == ["pause", "on"] and not run.paused:
                    stage.append("stop")
                    dock.stop()
                elif run.finished and not dock.runner.alive:
                    gaps.sort()
                    say(stop=run.finished["stop"], status=run.status, said=said, gap=gaps[int(len(gaps) * 0.99)], folder=run.folder)
                    leave()
            after(50, look, True)
        after(500, begin)
        """,
        display,
        home,
        tmp_path,
        SHOT=str(tmp_path / "shot.png"),
    )
    assert len(rows[0]["menu"]) == 9
    assert (
        "paused" in rows[1]["status"]
        and rows[1]["turns"] >= 6
        and rows[1]["shown"] == rows[1]["specs"][0][1] == "dc_gain"
    )
    assert rows[2]["stop"] == "user" and "stopped" in rows[2]["status"] and rows[2]["said"] == []
    assert (tmp_path / rows[2]["folder"] / "best.json").exists() and (tmp_path / "shot.png").stat().st_size > 10_000


@pytest.mark.evidence
def test_a_circuit_is_placed_resized_undone_and_checked(display: str, home: Path, run_folder: Path) -> None:
    rows = drive(
        """
        wrong = set()
        def begin():
            cell = place("ota")
            layout = cell.layout()
            before = {str(i.pcell_parameters_by_name()) for i in cell.each_inst()}
            say(said=said, placed=len(before))
            # asked for the same sizes again: nothing to do
            write_back("ota")
            say(said=said)
            for i in cell.each_inst():
                if i.pcell_parameters_by_name().get("device") == "xm1":
                    i.change_pcell_parameter("length", 2.0)
            wrong.update({str(i.pcell_parameters_by_name()) for i in cell.each_inst()})
            found = devices("ota")
            say(wrong=lvs.check(layout, cell, found).devices_match)
            changes = write_back("ota")
            now = {str(i.pcell_parameters_by_name()) for i in cell.each_inst()}
            say(changes=changes, restored=now == before, match=lvs.check(layout, cell, found).devices_match, markers=window.current_view().num_rdbs())
            # what is open is a netlist, drafted and started
            os.mkdir("open")
            tool.size_open("open")
            keep.append(time.perf_counter())
            waiting = after(20, drafted, True)
            keep.append(waiting)
        def drafted():
            # the window is drawn on while the draft is made
            if tool.form is None:
                assert time.perf_counter() - next(one for one in keep if isinstance(one, float)) < 60
                return
            keep[-1].stop()
            form = tool.form
            specs = [form.specs.item(row, 0).text for row in range(form.specs.rowCount)]
            sizes = [form.sizes.item(row, 0).text for row in range(form.sizes.rowCount)]
            assert form.orders() == [] and form.arguments() == []
            form.specs.item(specs.index("gbw"), 1).setText("3M")
            form.sizes.item(0, 3).setCheckState(pya.Qt.Checked)
            form.sizes.item(1, 2).setText("999k")
            form.budget.value = 7
            say(orders=form.orders(), arguments=form.arguments(), sizes=sizes)
            form.resize(760, 560)
            form.grab().save("form.png")
            form.start()
            started = tool.docks[-1]
            say(started=started.runner.alive, said=said[1:])
            keep.append(after(50, lambda: watch(started, sizes), True))
        def watch(started, sizes):
            run = started.runner.run
            if started.runner.alive:
                return
            keep[-1].stop()
            bound = next(spec["minimum"] for spec in run.started["specs"] if spec["name"] == "gbw")
            say(bound=bound, locked=[one["name"] for one in run.started["parameters"] if one["locked"]], turns=len(run.turns), said=said[1:])
            rest()
        def rest():
            cell = window.current_view().active_cellview().cell
            found = devices("ota")
            # cross-probe: a parameter marks its devices, a device its parameters
            dock = tool.runs.shown("ota")
            dock._draw()
            dock.sizes.selectRow([row[0] for row in dock.runner.run.size_rows()].index("W12"))
            settle()
            marked = len(tool.probe.marks)
            view = window.current_view()
            path = pya.ObjectInstPath()
            path.top = cell.cell_index()
            path.cv_index = 0
            path.append_path(pya.InstElement(next(i for i in cell.each_inst() if i.pcell_parameters_by_name().get("device") == "xm5")))
            view.object_selection = [path]
            tool.probe.selected(view)
            rows = [dock.sizes.item(row, 0).text for row in range(dock.sizes.rowCount) if dock.sizes.item(row, 0).isSelected()]
            say(marked=marked, pair=sum(i.pcell_parameters_by_name().get("device") in ("xm1", "xm2") for i in cell.each_inst()), rows=rows)
            tool.writing.undo()
            say(undone={str(i.pcell_parameters_by_name()) for i in cell.each_inst()} == wrong)
            after(800, leave)
        after(500, begin)
        """,
        display,
        home,
        run_folder.parent,
        SHOT=str(run_folder.parent / "shot.png"),
    )
    assert rows[0]["said"] == [] and rows[0]["placed"] > 5
    assert rows[1]["said"][0][0] == "nothing to write back"
    assert rows[2] == {"wrong": False}
    assert rows[3]["changes"] > 0 and rows[3]["restored"] and rows[3]["match"] and rows[3]["markers"] == 0
    orders, first, second = rows[4]["orders"], *rows[4]["sizes"][:2]
    assert orders == [
        {"do": "target", "spec": "gbw", "minimum": "3M"},
        {"do": "lock", "parameter": first},
        {"do": "range", "parameter": second, "maximum": "999k"},
    ]
    assert rows[4]["arguments"] == ["--budget", "7"] and (run_folder.parent / "form.png").stat().st_size > 5_000
    assert rows[5] == {"started": True, "said": []}
    # the run has the edits, and what could not be obeyed was said
    assert rows[6]["bound"] == 3e6 and rows[6]["locked"] == [first] and rows[6]["turns"] <= 8
    first, second, *others = [text for _, text in rows[6]["said"]]
    assert "plain ngspice ignores m=" in first and "must stay within" in second
    assert all("out of saturation" in text for text in others)
    text = (run_folder.parent / "open" / "spec.yaml").read_text()
    assert "role: input pair" in text and "pdk: gf180mcuD" in text
    del rows[4:7]
    assert rows[4]["marked"] == rows[4]["pair"] > 2 and sorted(rows[4]["rows"]) == ["Lb", "Wb", "mt"]
    assert rows[5] == {"undone": True}


def test_what_is_missing_is_a_message_and_changes_nothing(display: str, home: Path, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("name: broken\ncircuit: nowhere.spice\n")
    (tmp_path / "old").write_text(
        f'#!{sys.executable}\nprint(\'{{"v": 99, "seq": 0, "type": "hello"}}\', flush=True)\nimport time;'
        " time.sleep(30)\n"
    )
    (tmp_path / "old").chmod(0o755)
    rows = drive(
        """
        here = os.getcwd()
        config = lambda path: pya.Application.instance().set_config("eda-agent-executable", path)
        def begin():
            faults.guarded(lambda: tool.write_back(here))()
            faults.guarded(lambda: tool.place(here))()
            settle()
            say(said=said[:])
            said.clear()
            dock = tool.size(os.path.join(here, "spec.yaml"))
            def wrong():
                if dock.runner.alive:
                    return
                look.stop()
                say(said=said[:])
                said.clear()
                config(os.path.join(here, "old"))
                again = tool.size(os.path.join(here, "spec.yaml"))
                def old():
                    if again.runner.alive:
                        return
                    other.stop()
                    say(said=said[:])
                    config("/nowhere/eda-agent")
                    os.environ["PATH"] = "/nowhere"
                    from eda_agent_klayout import runner
                    runner.BESIDE = runner.BESIDE.with_name("gone")
                    said.clear()
                    faults.guarded(lambda: tool.size(os.path.join(here, "spec.yaml")))()
                    say(said=said[:])
                    leave()
                other = after(50, old, True)
            look = after(50, wrong, True)
        after(500, begin)
        """,
        display, home, tmp_path,
    )  # fmt: skip
    assert "no layout is open" in rows[0]["said"][0][1] and "journal" in rows[0]["said"][1][1]
    assert "nowhere.spice" in rows[1]["said"][0][1] or "subckt" in rows[1]["said"][0][1]
    assert "version 99" in rows[2]["said"][0][1] and "klayout install" in rows[2]["said"][0][1]
    assert "pip install eda-agent" in rows[3]["said"][0][1]


@pytest.mark.evidence
def test_a_run_whose_klayout_is_killed_ends_and_can_be_resumed(display: str, home: Path, tmp_path: Path) -> None:
    shutil.copytree(CIRCUITS / "two_stage_miller", tmp_path / "miller")
    # a run that does not end by itself
    spec = tmp_path / "miller" / "spec.yaml"
    text = spec.read_text()
    assert "unit: dB, minimum: 70}" in text
    spec.write_text(text.replace("unit: dB, minimum: 70}", "unit: dB, minimum: 170}"))
    process = start(
        """
        def begin():
            dock = tool.size(os.path.join(os.getcwd(), "miller", "spec.yaml"))
            def look():
                if len(dock.runner.run.turns) > 3:
                    say(folder=dock.runner.run.folder, turns=len(dock.runner.run.turns))
                    time.sleep(60)
            after(50, look, True)
        after(500, begin)
        """,
        display, home, tmp_path,
    )  # fmt: skip
    assert process.stdout is not None
    line = next(line for line in process.stdout if line.startswith("{"))
    process.kill()
    process.wait()
    folder = tmp_path / json.loads(line)["folder"]
    journal = folder / "journal.jsonl"
    import fcntl

    with journal.open("rb") as file:
        for _ in range(200):
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise AssertionError("the run goes on without anyone to hear it")
        fcntl.flock(file, fcntl.LOCK_UN)
    assert main(["size", str(folder), "--resume", "--budget", str(json.loads(line)["turns"] + 3), "--json"]) in (0, 1)


def test_install_keeps_what_is_not_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KLAYOUT_HOME", str(tmp_path))
    assert main(["klayout", "doctor"]) == 3
    assert main(["klayout", "remove"]) == 0
    assert main(["klayout", "install"]) == 0 and main(["klayout", "install"]) == 0
    assert main(["klayout", "doctor"]) == (0 if shutil.which("klayout") else 3)
    assert main(["klayout", "remove"]) == 0 and not (tmp_path / "salt" / "eda-agent").exists()
    (tmp_path / "salt" / "eda-agent").mkdir(parents=True)
    (tmp_path / "salt" / "eda-agent" / "mine").write_text("x")
    capsys.readouterr()
    assert main(["klayout", "install"]) == 2 and "not the eda-agent plugin" in capsys.readouterr().err
    assert (tmp_path / "salt" / "eda-agent" / "mine").exists()
