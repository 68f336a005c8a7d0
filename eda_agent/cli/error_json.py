"""Errors as JSON: under `--json` a command that fails prints {"error": …} on stdout, beside its message on stderr."""

from __future__ import annotations

import sys

from eda_agent.error_data import error_data


def print_error(kind: str, message: str, status: int, error: BaseException | None = None) -> None:
    """Print the object on stdout. Letters that are no ASCII are escaped, so that no text controls a terminal."""
    import json

    sys.stdout.write(json.dumps(error_data(kind, message, status, error)) + "\n")
    sys.stdout.flush()
