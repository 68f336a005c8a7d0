"""Compatibility code for the versions of KLayout: 0.28 has methods where 0.30 has properties, and the reverse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pya


def read(thing: Any, name: str) -> Any:
    """An attribute that is a property in some versions and a method without arguments in others."""
    found = getattr(thing, name)
    return found() if callable(found) else found


def answered(answer: Any) -> str | None:
    """The text of a file or input dialog, None if it was cancelled."""
    if answer is None or isinstance(answer, str):
        return answer
    return str(read(answer, "value") or "") if read(answer, "has_value") else None


def chosen(answer: Any) -> str:
    """The text of a file or input dialog, "" if it was cancelled."""
    return answered(answer) or ""


def active_cellview(view: pya.LayoutView) -> int:
    """The index of the active cellview, -1 without one."""
    return int(read(view, "active_cellview_index"))


def home() -> Path:
    """KLayout's folder of the user."""
    return Path(read(pya.Application.instance(), "application_data_path"))


def editable() -> bool:
    """Whether KLayout was started in edit mode; in viewer mode no PCell can be created or changed."""
    return bool(read(pya.Application.instance(), "is_editable"))
