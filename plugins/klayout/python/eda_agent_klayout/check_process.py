"""A check process is this KLayout once more, without a window: it runs this file (`-b -r`) with the path of a job in
the variable `job`.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent

if "job" in globals():
    sys.path.insert(0, str(PACKAGE.parent))
    importlib.import_module(f"{PACKAGE.name}.check_job").main(globals()["job"])
