"""Hands on the screen: the mouse and the keyboard of somebody who uses KLayout (xdotool), guided by `eyes`. Nothing of
the plugin is called.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from PIL import ImageGrab

EYES = Path(__file__).with_name("eyes.py")
PATIENCE = float(os.environ.get("EDA_AGENT_PATIENCE", "60"))
"""Seconds that something may take to appear."""


class Hands:
    """One KLayout on a display."""

    def __init__(self, display: str, home: Path, folder: Path, *arguments: str, edit: bool = True, **more: str):
        self.eyes = folder / "eyes"
        self.eyes.mkdir(exist_ok=True)
        self.environment = {**os.environ, "DISPLAY": display, "KLAYOUT_HOME": str(home), "EYES": str(self.eyes), **more}
        self.number = 0
        self.log = (folder / "klayout.log").open("ab")
        self.process = subprocess.Popen(
            ["klayout", *(["-e"] if edit else []), "-rm", str(EYES), *arguments],
            stdout=self.log,
            stderr=self.log,
            cwd=folder,
            start_new_session=True,
            env=self.environment,
        )
        self.until(lambda: self.ask("tool is not None"))
        # without a window manager a window stands where it is put
        self.ask("(window.move(0, 0), window.resize(1400, 990)) and 1")

    def close(self) -> None:
        """Kill it, and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def ask(self, expression: str) -> Any:
        """The value of a Python expression inside KLayout."""
        self.number += 1
        path = self.eyes / f"{self.number:06d}.json"
        part = path.with_suffix(".wait")
        part.write_text(expression, encoding="utf-8")
        part.rename(path.with_suffix(".py"))
        end = time.monotonic() + PATIENCE
        while not path.exists():
            assert self.process.poll() is None, f"KLayout has ended ({self.process.returncode}): {self.said()}"
            assert time.monotonic() < end, f"KLayout does not answer: {expression}"
            time.sleep(0.01)
        reply = json.loads(path.read_text(encoding="utf-8"))
        path.unlink()
        assert not (isinstance(reply, dict) and "error" in reply), reply
        return reply

    def said(self) -> str:
        """The tail of what KLayout printed."""
        return Path(self.log.name).read_text(errors="replace")[-3000:]

    def until(self, true: Any, what: str = "", patience: float = PATIENCE) -> Any:
        """Wait for something, and give it."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            found = true()
            if found:
                return found
            time.sleep(0.05)
        shot = self.eyes.parent / "screen.png"
        self.picture(shot)
        raise AssertionError(f"not in {patience:g} s: {what}; the screen is {shot}\n{self.screen()}\n{self.said()}")

    def look(self, text: str, kind: str = "", exact: bool = True, **like: Any) -> list[dict[str, Any]]:
        """What is on the screen with these words."""
        return [
            one
            for one in self.ask("look()")
            if (one["text"] == text if exact else text in one["text"])
            and (not kind or one["kind"] == kind)
            and all(one.get(key) == value for key, value in like.items())
        ]

    def screen(self) -> str:
        """All words that can be read now, for a message."""
        return "\n".join(
            sorted(
                {f"{one['window']} | {one['kind']} | {one['text'][:200]}" for one in self.ask("look()") if one["text"]}
            )
        )

    def find(
        self, text: str, kind: str = "", exact: bool = True, patience: float = PATIENCE, **like: Any
    ) -> dict[str, Any]:
        """One of it, waited for; what a modal window blocks is not there."""
        found: list[dict[str, Any]] = self.until(
            lambda: [one for one in self.look(text, kind, exact, **like) if not one["blocked"]],
            f"{kind or 'anything'} with {text!r}",
            patience,
        )
        return found[-1]

    def still(self, text: str, kind: str = "", exact: bool = True, **like: Any) -> dict[str, Any]:
        """One of it that has come to rest: a window that opens or grows would move away under the mouse."""
        before: list[dict[str, Any]] = []

        def twice() -> dict[str, Any]:
            before.append(self.find(text, kind, exact, **like))
            return before[-1] if [one["at"] for one in before[-2:]] == [before[-1]["at"]] * 2 else {}

        found: dict[str, Any] = self.until(twice, f"{text!r} to stand still")
        return found

    def gone(self, text: str, kind: str = "", exact: bool = True, **like: Any) -> None:
        self.until(lambda: not self.look(text, kind, exact, **like), f"{text!r} to go")

    def tool(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self.environment, check=True, timeout=20)

    def press(self, one: dict[str, Any], count: int = 1) -> None:
        """The mouse on the middle of something."""
        assert one["on"], f"{one['text']} is disabled"
        x, y, width, height = one["at"]
        self.tool(
            "mousemove",
            str(x + min(width // 2, 60)),
            str(y + height // 2),
            "click",
            "--repeat",
            str(count),
            "--delay",
            "60",
            "1",
        )

    def click(self, text: str, kind: str = "QPushButton", exact: bool = True, **like: Any) -> None:
        self.press(self.still(text, kind, exact, on=True, **like))

    def menu(self, *path: str) -> None:
        """Through the menus of the window, one click each."""
        for number, text in enumerate(path):
            self.press(self.still(text, "action", exact=number < len(path) - 1 or text == path[-1], on=True))
            time.sleep(0.05)

    def front(self, window: str = "", line: bool = False) -> None:
        """Wait until keys arrive: at a window (any where it is "", but none that another blocks), in a line of text."""

        def ready() -> bool:
            found = self.ask("front()")
            return bool(found["open"] and found["line"] >= line and window in ("", found["window"]))

        self.until(ready, f"the keyboard at {window or 'a window'}{', in a line of text' if line else ''}")

    def type(self, text: str, enter: bool = False) -> None:
        self.front()
        self.tool("type", "--delay", "2", text)
        if enter:
            self.tool("key", "Return")

    def key(self, *names: str) -> None:
        self.front()
        self.tool("key", *names)

    def edit(self, cell: dict[str, Any], text: str) -> None:
        """Write a text into a cell of a table. Two clicks that a busy machine tears apart are none that edits."""
        for _ in range(5):
            self.press(cell, count=2)
            end = time.monotonic() + 3
            while time.monotonic() < end:
                if self.ask("front()")["line"]:
                    self.key("ctrl+a")
                    self.type(text, enter=True)
                    return
                time.sleep(0.05)
        raise AssertionError(f"{cell['text']!r} cannot be edited")

    def file(self, title: str, path: str | Path) -> None:
        """Write a path into KLayout's file dialog, and take it."""
        self.find(title, "QFileDialog")
        self.front(title, line=True)
        self.key("ctrl+a")
        self.type(str(path), enter=True)
        self.gone(title, "QFileDialog")

    def rows(self, window: str) -> list[str]:
        """The rows of the table in a window, its cells separated by bars."""
        found: dict[int, list[str]] = {}
        for one in sorted(
            (one for one in self.ask("look()") if one["kind"] == "cell" and one["window"] == window),
            key=lambda one: (one["row"], one["column"]),
        ):
            found.setdefault(one["row"], []).append(one["text"])
        return [" | ".join(cells) for cells in found.values()]

    def message(self, part: str, button: str = "OK") -> str:
        """Read a message box that says this, and press its button."""
        found = self.until(
            lambda: [one for one in self.ask("look()") if part in one["text"] and not one["blocked"]],
            f"a message with {part!r}",
        )
        self.click(button)
        self.until(
            lambda: not [one for one in self.ask("look()") if part in one["text"] and one["kind"] == found[-1]["kind"]],
            f"{part!r} to go",
        )
        return str(found[-1]["text"])

    def picture(self, path: Path) -> None:
        """The whole screen."""
        ImageGrab.grab(xdisplay=self.environment["DISPLAY"]).save(path)
