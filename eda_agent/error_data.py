"""An error as plain data, for programs (`eda-agent schema error`).

    {"error": {"kind": "input", "message": "…", "exit_status": 2,
               "findings": [{"message": "…", "file": "spec.yaml", "line": 3, "where": "specs.gbw", "read": "…",
                             "fix": "…"}]}}

`kind` is usage, input, missing, storage, simulator, interrupted or other.
"""

from __future__ import annotations

from typing import Any

from eda_agent.errors import EdaAgentError, Finding, InputError, MissingError, StorageError, WorkerError

KINDS: dict[str, type[EdaAgentError]] = {
    "input": InputError,
    "missing": MissingError,
    "storage": StorageError,
    "simulator": WorkerError,
}


def kind_of(error: EdaAgentError) -> str:
    return next((name for name, kind in KINDS.items() if isinstance(error, kind)), "other")


def error_data(kind: str, message: str, status: int, error: BaseException | None = None) -> dict[str, Any]:
    """The object; `findings` are those of an `InputError`, else the message itself."""
    text, _, fix = message.partition("\n    → ")
    findings = error.findings if isinstance(error, InputError) else (Finding(text, fix=fix),)
    return {
        "error": {
            "kind": kind,
            "message": message,
            "exit_status": status,
            "findings": [finding_data(one) for one in findings],
        }
    }


def finding_data(one: Finding) -> dict[str, Any]:
    return {
        "message": one.message,
        "file": str(one.file) if one.file is not None else None,
        "line": one.line,
        "where": one.where,
        "read": one.read,
        "fix": one.fix,
    }
