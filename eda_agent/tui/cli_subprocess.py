"""A CLI subprocess runs an `eda-agent` command beside the app, so that the screen does not wait. It returns JSON or one
message.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eda_agent.errors import InputError

OK = (0, 1)
"""Exit statuses of successful commands: specs met, and not met."""


async def run_program(
    command: str, target: Path, sizing: Mapping[str, float], arguments: Sequence[str] = ()
) -> dict[str, Any]:
    """`eda-agent COMMAND TARGET --set … --json` for a sizing; `target`: a spec, or the folder of a run. `said`: its
    messages. Raises `InputError` with its message.
    """
    sizes = [word for name, value in sizing.items() for word in ("--set", f"{name}={value!r}")]
    out, words = await run_command(command, str(target), *sizes, "--json", *arguments)
    return {**json.loads(out), "said": words}


async def run_command(*arguments: str) -> tuple[str, str]:
    """The output of `eda-agent …` on stdout and stderr. Raises `InputError` with its message if it failed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "eda_agent", *arguments, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    try:
        out, words = await process.communicate()
    except asyncio.CancelledError:
        # the screen was left
        if process.returncode is None:
            process.terminate()
        raise
    if process.returncode not in OK:
        raise InputError(
            words.decode("utf-8", errors="replace").strip() or f"it ended with status {process.returncode}"
        )
    return out.decode("utf-8", errors="replace"), words.decode("utf-8", errors="replace").strip()
