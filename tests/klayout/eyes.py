"""Eyes inside KLayout: they answer what is on the screen and where, so that `hands` can click it. They look and press
nothing.

Run by KLayout itself (`-rm`): a request is a file of Python in the folder $EYES, its answer one of JSON beside it.
"""

from __future__ import annotations

import json
import os
import traceback
from pathlib import Path
from typing import Any

import pya

FOLDER = Path(os.environ["EYES"])
keep: list[Any] = []


def rectangle(widget: Any, box: Any = None) -> list[int]:
    """x, y, width, height on the screen, of a widget or a box inside it."""
    corner = widget.mapToGlobal(box.topLeft if box is not None else pya.QPoint(0, 0))
    size = box if box is not None else widget
    return [corner.x, corner.y, size.width, size.height]


def words(widget: Any) -> str:
    for name in ("text", "windowTitle", "title", "toPlainText"):
        try:
            found = getattr(widget, name)
            found = found() if callable(found) else found
        except (AttributeError, RuntimeError, TypeError):
            continue
        if isinstance(found, str) and found:
            return found.replace("&", "")
    return ""


def look() -> list[dict[str, Any]]:
    """Everything visible that can be read or clicked."""
    seen = []
    modal = pya.QApplication.activeModalWidget()
    for widget in pya.QApplication.allWidgets():
        try:
            if not widget.isVisible() or widget.width <= 0:
                continue
            corner = widget.mapToGlobal(pya.QPoint(0, 0))
            if corner.x + widget.width <= 0 or corner.y + widget.height <= 0:
                # a dock behind another
                continue
            kind = type(widget).__name__.removesuffix("_Native")
            window = widget.window()
            entry = {
                "kind": kind,
                "text": words(widget),
                "at": rectangle(widget),
                "on": widget.isEnabled(),
                "window": words(window),
                "tip": str(widget.toolTip),
                "name": str(widget.objectName),
                "blocked": modal is not None and window != modal and kind != "QMenu",
            }
            seen.append(entry)
            if kind in ("QMenu", "QMenuBar"):
                for action in widget.actions():
                    text = action.text.split("\t")[0].replace("&", "")
                    if action.isVisible() and text:
                        seen.append(
                            {
                                **entry,
                                "kind": "action",
                                "text": text,
                                "at": rectangle(widget, widget.actionGeometry(action)),
                                "on": action.isEnabled(),
                                "tip": str(action.toolTip),
                            }
                        )
            elif kind == "QTabBar":
                for number in range(widget.count):
                    text = widget.tabText(number).replace("&", "")
                    seen.append({**entry, "kind": "tab", "text": text, "at": rectangle(widget, widget.tabRect(number))})
            elif kind == "QTableWidget":
                port = widget.viewport
                port = port() if callable(port) else port
                for row in range(widget.rowCount):
                    for column in range(widget.columnCount):
                        item = widget.item(row, column)
                        if item is not None:
                            color = item.background.color.name()
                            seen.append(
                                {
                                    **entry,
                                    "kind": "cell",
                                    "text": item.text,
                                    "row": row,
                                    "column": column,
                                    "at": rectangle(port, widget.visualItemRect(item)),
                                    "color": color,
                                    "tip": item.toolTip,
                                }
                            )
        except (AttributeError, RuntimeError, TypeError):
            traceback.print_exc()
    return seen


def front() -> dict[str, Any]:
    """Who gets the keyboard: the title of the active window ("" for none), whether it is an open menu or the window
    that blocks the others, and whether a line of text is edited.
    """
    names = ("activeWindow", "activeModalWidget", "focusWidget", "activePopupWidget")
    # some are methods, some properties
    found = [getattr(pya.QApplication, name) for name in names]
    active, modal, focus, menu = [one() if callable(one) else one for one in found]
    return {
        "window": words(active) if active is not None else "",
        "open": menu is not None or (active is not None and (modal is None or active == modal)),
        "line": type(focus).__name__.removesuffix("_Native") == "QLineEdit",
    }


def close_window() -> int:
    """What a window manager asks for when its cross is pressed; there is none on a bare screen."""
    timer = pya.QTimer(pya.MainWindow.instance())
    timer.singleShot = True
    timer.timeout = lambda *_: pya.MainWindow.instance().close()
    timer.start(10)
    keep.append(timer)
    return 1


def answer() -> None:
    for path in sorted(FOLDER.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        path.unlink()
        from eda_agent_klayout import plugin

        try:
            reply: Any = eval(
                text,
                {
                    "pya": pya,
                    "look": look,
                    "front": front,
                    "tool": plugin.instance(),
                    "window": pya.MainWindow.instance(),
                    "close_window": close_window,
                },
            )
        except Exception:  # noqa: BLE001  # it is the answer
            reply = {"error": traceback.format_exc()}
        part = path.with_suffix(".part")
        # also of what is no JSON, such as the window itself
        part.write_text(json.dumps(reply, default=str), encoding="utf-8")
        part.rename(path.with_suffix(".json"))


# the first tips would cover what is to be clicked
pya.Application.instance().set_config(
    "tip-window-hidden", "only-top-level-shown-by-default=0,editor-mode=0,layout-view-closed=0"
)
timer = pya.QTimer(pya.MainWindow.instance())
timer.timeout = lambda *_: answer()
timer.start(20)
keep.append(timer)
