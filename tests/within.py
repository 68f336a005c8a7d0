"""A command of eda-agent within this process: its words and status are those of a process, without its start.

What is about a process (signals, streams that close, its environment) starts one: `tests/cli/test_cli.py`.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from eda_agent.cli.main import main


def run(*words: object, cwd: Path | str = ".", stdin: str = "", **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a command.

    Args:
        words: its arguments.
        cwd: its working folder.
        stdin: what it can read.
        extra: environment variables.

    Returns:
        Its exit status and what it wrote.
    """
    arguments = [str(word) for word in words]
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for name in ("stdout", "stderr")}
    kept = signal.getsignal(signal.SIGTERM)
    with (
        patch.dict(os.environ, {"NO_COLOR": "1", "COLUMNS": "140", **extra}),
        patch.multiple(sys, stdin=io.StringIO(stdin), **streams),
        contextlib.chdir(cwd),
    ):
        try:
            status = main(arguments)
        except SystemExit as left:
            # argparse leaves with a status, or with words
            status = left.code if isinstance(left.code, int) else int(left.code is not None)
        finally:
            signal.signal(signal.SIGTERM, kept)
            said = {}
            for name, stream in streams.items():
                stream.flush()
                said[name] = stream.buffer.getvalue().decode()  # type: ignore[attr-defined]  # the buffer is made above
    return subprocess.CompletedProcess(arguments, status, **said)
