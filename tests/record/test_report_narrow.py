"""At 400 pixels, as on a phone, a summary and the numbers of the axes are whole; an axis without a unit has a title."""

from __future__ import annotations

import copy
import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from eda_agent.record.axis import Axis
from eda_agent.record.best_turn import best_turn
from eda_agent.record.distribution import histogram
from eda_agent.record.fold import RunState
from eda_agent.record.plot import line_plot
from eda_agent.record.plot_data import Line, Plot
from eda_agent.record.report import html_report

from .test_report_browser import BROWSER, needs_browser

MEASURE = """
<script>
const frame = document.querySelector("iframe");
frame.addEventListener("load", () => {
  const page = frame.contentDocument, box = page.querySelector(".summary .scroll"), noise = page.querySelector("#noise svg");
  const left = Math.min(...[...noise.querySelectorAll("text.tick")].map((one) => one.getBoundingClientRect().left));
  const note = document.createElement("pre");
  note.className = "found";
  note.textContent = JSON.stringify({
    room: box.clientWidth, needed: box.scrollWidth, clipped: noise.getBoundingClientRect().left - left,
    hint: frame.contentWindow.getComputedStyle(box).backgroundAttachment,
  });
  document.body.append(note);
});
</script>
"""


def measured(folder: Path, page: str) -> dict[str, Any]:
    """What the browser finds on the page in a frame of 400 pixels."""
    outer = folder / "outer.html"
    frame = f'<iframe style="width: 400px; height: 800px; border: 0" srcdoc="{html.escape(page)}"></iframe>'
    outer.write_text(f"<!doctype html><meta charset=utf-8><body>{frame}{MEASURE}")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile", "--dump-dom"]
    done = subprocess.run(
        [str(BROWSER), *options, outer.as_uri()], capture_output=True, text=True, timeout=100, check=True
    )
    found = re.search(r'<pre class="found">(.*?)</pre>', done.stdout)
    assert found is not None
    return dict(json.loads(html.unescape(found[1])))


@needs_browser
def test_nothing_is_cut_at_400_pixels(state: RunState, tmp_path: Path) -> None:
    run = copy.deepcopy(state)
    for result in best_turn(run)["specs"].values():
        result["corner"] = "fs_1.98V_125C"
    x = [10.0**power for power in range(1, 8)]
    density = [Line("nominal", x, [3e-7 / (k + 1) ** 2 for k in range(7)])]
    noise = line_plot(Plot("noise", Axis("frequency", "Hz", log=True), Axis("density", "V/√Hz", log=True), density))
    page = html_report(run).replace("</main>", f'<figure id="noise">{noise}</figure></main>')
    found = measured(tmp_path, page)
    assert found["needed"] <= found["room"] + 1, found
    assert found["clipped"] <= 0, found
    # the shadow at an end that scrolls further
    assert "local" in found["hint"]


def test_the_y_axis_of_a_histogram_has_its_title() -> None:
    drawing = histogram("gain", [60.0, 61.0, 62.0], Axis("gain", "dB"), {})
    # over the right end of the frame, apart from the title at its left
    assert ' text-anchor="end">↑ samples</text>' in drawing and ' class="title">gain</text>' in drawing
    drawn = line_plot(Plot("gain", Axis("frequency", "Hz"), Axis("dB", "dB"), [Line("tt", [1.0, 2.0], [3.0, 4.0])]))
    assert ">dB</text>" not in drawn
