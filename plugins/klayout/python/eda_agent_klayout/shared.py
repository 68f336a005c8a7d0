"""Modules shared by the plugin and eda-agent: they turn events into the state of a run and its texts.

KLayout's Python does not have eda-agent. `eda-agent klayout install` puts a package of this name in this module's
place: copies of the same modules (`SHARED` in `eda_agent/cli/commands/klayout.py`), and these imports from them.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __package__ == "eda_agent_klayout":
    # the folder plugins/klayout of a checkout, linked into KLayout's home
    sys.path.append(str(Path(__file__).resolve().parents[4]))

from eda_agent.closeness import is_close
from eda_agent.insight.complete import share_text
from eda_agent.record.event import VERSION
from eda_agent.record.fold import RunState
from eda_agent.stop_reasons import BUDGET, stop_text

__all__ = ["BUDGET", "VERSION", "RunState", "is_close", "share_text", "stop_text"]
