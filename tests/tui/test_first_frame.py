"""The first frame needs no numpy, no PDK and no simulator: they would take longer than all the rest."""

from __future__ import annotations

import subprocess
import sys


def test_the_app_is_imported_without_what_simulates() -> None:
    heavy = ("numpy", "jinja2", "eda_agent.metrics", "eda_agent.problem.spec", "eda_agent.simulation.evaluate")
    code = f"import sys, eda_agent.tui.app; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_name_of_the_runs_is_there() -> None:
    import eda_agent.run

    for name in eda_agent.run.__all__:
        assert callable(getattr(eda_agent.run, name)), name
    assert not hasattr(eda_agent.run, "no_such_name")
