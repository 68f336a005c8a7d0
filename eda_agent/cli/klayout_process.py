"""An export in a KLayout process: the installed KLayout, without a window, has the PCells that its macros register,
which KLayout's Python package has not.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from eda_agent.errors import MissingError

NAME = "eda_agent_export"
"""The plugin's code under a name that no installed plugin has: both are in one process."""
START = f"""
import sys
sys.path.insert(0, FOLDER)
from {NAME} import export_job
export_job.main(JOB)
import pya
pya.Application.instance().exit(0)
"""
LIMIT = 900
"""Seconds that an export may take."""


def program() -> str | None:
    """The path of the installed KLayout."""
    return shutil.which("klayout")


def done(klayout: str, job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The answer of an export job (`eda_agent.klayout.export_job`), whose files are in `folder`.

    Raises `MissingError` for a KLayout that fails.
    """
    package = Path(__file__).resolve().parent.parent / "klayout"
    shutil.copytree(package.resolve(), folder / NAME, ignore=shutil.ignore_patterns("__pycache__", "salt"))
    job |= {"result": str(folder / "result.json")}
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    script = folder / "start.py"
    script.write_text(START.replace("FOLDER", repr(str(folder))).replace("JOB", repr(str(folder / "job.json"))))
    # its Python and its packages are its own
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    log = folder / "log"
    try:
        with log.open("wb") as said:
            subprocess.run(
                [klayout, "-zz", "-r", str(script)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                timeout=LIMIT,
                env=environment,
                check=False,
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingError(f"{klayout} did not draw the layout: {error}\n    → place it in KLayout's window") from None
    if not (folder / "result.json").is_file():
        words = log.read_text(errors="replace").strip()[-1500:]
        raise MissingError(
            f"{klayout} did not draw the layout:\n{words or 'it said nothing'}\n    → place it in KLayout's window"
        )
    answer: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    faults = [line[:300] for line in log.read_text(errors="replace").splitlines() if line.startswith("ERROR")]
    if "refused" in answer:
        # the first ones say which macro failed
        answer["refused"] += "".join(f"\n    KLayout said: {line}" for line in dict.fromkeys(faults[:3]))
    return answer
