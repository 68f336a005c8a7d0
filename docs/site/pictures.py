"""The pictures of the present version: the report of the regulator in 17 corners, and a first session of the app.

    python docs/site/pictures.py        writes docs/report-specs.png and docs/tui-first-hour.svg

It runs real sizings and needs Chromium or another browser of `eda_agent.record.report.print_pdf`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from eda_agent.record.report.print_pdf import find_browser

TOP = Path(__file__).resolve().parents[2]
SIZE = (1440, 1280)
"""Pixels of the report's picture: the summary and the specs in every corner."""


def report(target: Path) -> None:
    """Size the shipped regulator, write its report and take a picture of its top."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "ldo"
        for words in (
            ["size", str(TOP / "circuits" / "ldo"), "--corners", "signoff", "--out", str(run)],
            ["report", str(run), "--author", "A. Designer"],
        ):
            subprocess.run([sys.executable, "-m", "eda_agent", *words], check=True)
        width, height = SIZE
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        page = (run / "report.html").as_uri()
        subprocess.run(
            [find_browser(), *options, f"--window-size={width},{height}", f"--screenshot={target}", page],
            check=True,
            stderr=subprocess.DEVNULL,
        )
    # a palette is a third of the size
    Image.open(target).convert("RGB").quantize(64).save(target, optimize=True)


if __name__ == "__main__":
    report(TOP / "docs" / "report-specs.png")
    subprocess.run(
        [sys.executable, "-m", "tests.tui.flow", str(TOP / "docs" / "tui-first-hour.svg")], check=True, cwd=TOP
    )
