"""What a reader does with a report: a browser runs the page's script, and prints it."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from eda_agent.cli.main import main
from eda_agent.errors import InputError, MissingError
from eda_agent.record.axis import Axis
from eda_agent.record.plot import Line, Mark, Plot, stacked
from eda_agent.record.report import print_pdf as printing
from eda_agent.record.report.page import _file
from eda_agent.record.report.print_pdf import BROWSERS, find_browser, print_pdf
from eda_agent.run import Request, size

from ..conftest import CIRCUITS

BROWSER = next((found for name in BROWSERS if (found := shutil.which(name))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="needs Chromium or Chrome")

ACTS = """
function at(panel, x, y) {
  const [left, top] = panel.dataset.box.split(",").map(Number);
  return new DOMPoint(left + x, top + y).matrixTransform(panel.getScreenCTM());
}
function act(target, kind, point) {
  target.dispatchEvent(new PointerEvent(kind, { clientX: point.x, clientY: point.y, bubbles: true, pointerType: "mouse", button: 0 }));
}
function seen(name, plot) {
  const note = document.createElement("pre");
  note.className = name;
  note.textContent = JSON.stringify([...plot.querySelectorAll(".ticks text")].map((text) => text.textContent));
  document.body.append(note);
}
const plot = document.querySelector("svg.plot"), panel = plot.querySelector(".panel");
seen("before", plot);
plot.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
seen("drawn", plot);
act(plot, "pointermove", at(panel, 268, 50));
const read = document.querySelector(".read").cloneNode(true);
read.className = "middle";
document.body.append(read);
act(plot, "pointerdown", at(panel, 100, 20));
act(plot, "pointermove", at(panel, 300, 120));
act(window, "pointerup", at(panel, 300, 120));
seen("zoomed", plot);
plot.querySelectorAll(".entry")[1].dispatchEvent(new MouseEvent("click", { bubbles: true }));
plot.querySelectorAll(".entry")[0].dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
"""


def acted(folder: Path, drawing: str) -> str:
    """The page of a drawing after the acts, as the browser has it."""
    page = folder / "page.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><body>{drawing}<script>{_file('script.js')}{ACTS}</script>")
    command = [
        str(BROWSER),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder}/profile",
        "--dump-dom",
    ]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=100, check=True)
    return done.stdout


def texts(page: str, name: str) -> list[str]:
    found = re.search(rf'<pre class="{name}">(.*?)</pre>', page)
    assert found is not None, page[-2000:]
    return [str(text) for text in json.loads(html.unescape(found[1]))]


@needs_browser
def test_the_script_draws_the_same_marks_reads_values_zooms_and_hides(tmp_path: Path) -> None:
    x = [10.0**power for power in range(1, 10)]
    shown = Line("slow", x, [60.0 - 20 * k for k in range(9)])
    hidden = Line("fast", x, [70.0 - 20 * k for k in range(9)], hidden=True)
    turned = [Line(name, x, [-30.0 * k for k in range(9)], hidden=name == "fast") for name in ("slow", "fast")]
    gain = Plot(
        "gain",
        Axis("f", "Hz", log=True),
        Axis("dB", "dB", step=20),
        [shown, hidden],
        {"": 0.0},
        marks=[Mark(1e4, 0, "0 dB")],
    )
    phase = Plot("phase", Axis("f", "Hz", log=True), Axis("deg", "deg", step=45), turned)
    page = acted(tmp_path, stacked("bode", [gain, phase]))
    # the marks of Python and of the script are the same
    assert texts(page, "drawn") == texts(page, "before") and len(texts(page, "drawn")) > 15
    # at the middle of the x axis, 100 kHz: −20 dB and −120°, of the shown line alone
    read = re.search(r'<div class="middle">(.*?)</div>', page)
    assert read is not None
    assert re.sub(r"<[^>]*>", " ", read[1]).split() == ["100", "kHz", "-20", "dB,", "-120", "deg"]
    # 100 to 300 of 536 pixels: 10^2.5 to 10^5.5 Hz
    assert texts(page, "zoomed")[:3] != texts(page, "drawn")[:3] and "1 kHz" in texts(page, "zoomed")
    assert not {"10 Hz", "1 GHz"} & set(texts(page, "zoomed"))
    assert 'transform="matrix(2.68 0 0 ' in page
    lines = re.findall(r'<polyline [^>]*class="([^"]*)"[^>]*data-line="(\d)"', page)
    # a click shows the hidden line and the key hides the other, in both panels
    assert {(number, "off" in kind) for kind, number in lines} == {("0", True), ("1", False)} and len(lines) == 4


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("print") / "run"
    size(Request(CIRCUITS / "ota_5t", "random", simulations=2, out=folder, corners="nominal"))
    return folder


@needs_browser
def test_a_report_is_printed(run: Path) -> None:
    assert main(["report", str(run), "--no-sim", "--pdf"]) == 0
    data = (run / "report.pdf").read_bytes()
    assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF") and len(data) > 20_000
    # the summary is one page, and the table of specs is on a page of its own across
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert len(boxes) >= 3 and any(float(wide) > float(high) for wide, high in boxes)
    assert not [path for path in run.iterdir() if path.name.startswith(".eda-agent")]


def test_without_a_browser_one_message_says_what_to_do(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingError, match="apt install"):
        find_browser()
    (run / "report.html").unlink(missing_ok=True)
    assert main(["report", str(run), "--no-sim", "--pdf"]) != 0
    assert "--pdf prints the page with a browser" in capsys.readouterr().err
    assert main(["report", str(run), "--format", "csv", "--pdf"]) != 0
    assert "leave out --format" in capsys.readouterr().err


def program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_browser_that_fails_is_named_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.pdf"
    with pytest.raises(InputError, match="broken did not print the page: no display"):
        print_pdf("<p>x</p>", target, program(tmp_path / "broken", "echo no display >&2; exit 1"))
    monkeypatch.setattr(printing, "PATIENCE", 0.2)
    with pytest.raises(InputError, match="slow did not print"):
        print_pdf("<p>x</p>", target, program(tmp_path / "slow", "exec sleep 5"))
    monkeypatch.undo()
    # one that needs its sandbox off, as in many containers
    sandboxed = 'for one; do case $one in --no-sandbox) ok=1;; --print-to-pdf=*) out=${one#*=};; esac; done; [ "$ok" ] && echo %PDF-1.4 > "$out"'
    print_pdf("<p>x</p>", target, program(tmp_path / "chromium", sandboxed))
    assert target.read_bytes() == b"%PDF-1.4\n"
    assert sorted(os.listdir(tmp_path)) == ["broken", "chromium", "report.pdf", "slow"]
