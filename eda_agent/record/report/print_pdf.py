"""A report becomes a PDF through a browser without a window, where one is installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from eda_agent.errors import Finding, InputError, MissingError
from eda_agent.files import write_file

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "brave-browser",
)
"""Programs that print a page by `--print-to-pdf`. Firefox has no such option."""
_OPTIONS = ("--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer")
PATIENCE = 120.0
"""Seconds for a page."""


def find_browser() -> str:
    """The path of a browser. Raises `MissingError` without one."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    raise MissingError(
        f"--pdf prints the page with a browser, and none of {', '.join(BROWSERS[:3])} is installed\n    → apt install"
        " chromium, or open the HTML page and print it"
    )


def print_pdf(page: str, target: Path, browser: str) -> None:
    """Write a page as a PDF file. Raises `InputError` if the browser does not make one."""
    # beside the target: a browser in a container of its own may not see /tmp
    with tempfile.TemporaryDirectory(prefix=".eda-agent-", dir=target.resolve().parent) as folder:
        source = Path(folder) / "report.html"
        source.write_text(page, encoding="utf-8")
        # the sandbox of a browser needs user namespaces, which containers often lack; the page's script is our own
        words = ""
        for options in ([], ["--no-sandbox"]):
            data, words = _printed(browser, source, options)
            if data.startswith(b"%PDF-"):
                _write(target, data)
                return
    raise InputError(
        Finding(f"{Path(browser).name} did not print the page: {words}", target, fix="open the HTML page and print it")
    )


def _printed(browser: str, source: Path, options: list[str]) -> tuple[bytes, str]:
    """(the PDF, empty without one; the last words of the browser)."""
    made = source.with_suffix(".pdf")
    command = [browser, *_OPTIONS, *options, f"--user-data-dir={source.parent / 'profile'}", f"--print-to-pdf={made}"]
    try:
        done = subprocess.run(
            [*command, source.as_uri()],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return b"", str(error)
    words = done.stderr.decode(errors="replace").strip().splitlines()
    return made.read_bytes() if made.is_file() else b"", words[-1] if words else "no message"


def _write(target: Path, data: bytes) -> None:
    write_file(target, lambda part: part.write_bytes(data))
