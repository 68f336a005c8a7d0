"""Settings of the terminal app are a theme and the user's keys, in the platform's settings folder.

theme: textual-light
keys: {pause: space, stop: ctrl+x}
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs
import yaml

from eda_agent.errors import Finding, InputError
from eda_agent.files import write_text
from eda_agent.problem.located_node import read_plain


@dataclass(frozen=True)
class Settings:
    """`theme`: a name of Textual's, "" for the default. `keys`: action → key."""

    theme: str = ""
    keys: dict[str, str] = field(default_factory=dict)


def settings_file() -> Path:
    """`EDA_AGENT_CONFIG` overrides the platform's folder."""
    given = os.environ.get("EDA_AGENT_CONFIG")
    return (Path(given) if given else Path(platformdirs.user_config_dir("eda-agent"))) / "tui.yaml"


def read_settings(actions: Collection[str]) -> Settings:
    """The user's settings; defaults without a file. Raises `InputError` for an invalid file."""
    path = settings_file()
    if not path.exists() or path.stat().st_size == 0:
        return Settings()
    data = read_plain(path)
    keys = data.get("keys", {}) if isinstance(data, dict) else None
    if (
        not isinstance(keys, dict)
        or not all(isinstance(entry, str) for pair in keys.items() for entry in pair)
        or not isinstance(data.get("theme", ""), str)
    ):
        raise InputError(
            Finding("this is not a settings file", path, fix="write  theme: NAME  and  keys: {pause: space}")
        )
    unknown = sorted(set(keys) - set(actions))
    if unknown:
        raise InputError(
            Finding(f"keys: no action {', '.join(unknown)}", path, fix=f"one of {', '.join(sorted(actions))}")
        )
    return Settings(data.get("theme", ""), dict(keys))


def write_settings(settings: Settings) -> None:
    """Raises `OSError`."""
    path = settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, yaml.safe_dump({"theme": settings.theme, "keys": settings.keys}, sort_keys=False))


def checked_settings(actions: Collection[str], themes: Collection[str]) -> Settings:
    """The user's settings, with a theme that exists. Raises `InputError`."""
    found = read_settings(actions)
    if found.theme and found.theme not in themes:
        raise InputError(f"settings: there is no theme {found.theme!r}\n    → one of {', '.join(sorted(themes))}")
    return found
