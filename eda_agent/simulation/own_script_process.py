"""The program of a script's process: it reads one request a line, calls `postprocess` and writes one answer a line."""

import json
import os
import resource
import sys
from importlib.machinery import SourceFileLoader
from typing import Any

MEMORY = 8 * 1024**3
"""Bytes of address space."""
_MOST = 1000
"""Values of a result."""


def _plain(value: Any) -> list[float]:
    listed = list(value) if hasattr(value, "__iter__") and not isinstance(value, (str, bytes)) else [value]
    return [float(one) for one in listed[:_MOST]]


def main() -> None:
    """Answer requests until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    del sys.path[0]  # the folder of this file
    path = sys.argv[1]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the script prints is no answer
    sys.path.insert(0, os.path.dirname(path))
    module: Any = None
    for line in sys.stdin:
        asked = json.loads(line)
        answer: dict[str, Any]
        try:
            module = module or SourceFileLoader("user_script", path).load_module()
            found = module.postprocess(asked["results"], asked["conditions"])
            answer = {"values": {str(name): _plain(value) for name, value in found.items()}}
        except (Exception, SystemExit) as error:  # noqa: BLE001  # a user's script may fail in any way
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
