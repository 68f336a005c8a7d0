"""A cache stores replies of simulations by content, on disk, shared by all runs of a user.

SQLite in WAL mode: a killed process loses only what it has not handed over, several runs can use it at once, and a
look-up in 100,000 results takes microseconds. Values are JSON and never executed.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import platformdirs

from eda_agent.files import check_own


def cache_folder() -> Path:
    """The user's cache folder (`EDA_AGENT_CACHE` overrides the platform's)."""
    given = os.environ.get("EDA_AGENT_CACHE")
    return Path(given) if given else Path(platformdirs.user_cache_dir("eda-agent"))


class ResultCache(Protocol):
    """The interface of a cache: JSON objects by key."""

    def get_many(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The stored values of these keys; missing ones are left out."""

    def put(self, key: str, value: dict[str, Any]) -> None:
        """Store a value; an entry may be lost."""

    def close(self) -> None: ...


class Cache:
    """`get` and `put` of JSON objects by key. A damaged file is set aside and a new one started. If there can be no
    file, results are kept for this process: a cache may always be lost.
    """

    def __init__(self, path: Path):
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            check_own(path)
            self._database = self._open(str(path))
        except (sqlite3.OperationalError, OSError):
            # a full disk, a read-only folder, a database that stays locked: the file may be intact
            self._database = self._open(":memory:")
        except sqlite3.DatabaseError:
            path.replace(path.with_suffix(".damaged"))
            self._database = self._open(str(path))

    def _open(self, place: str) -> sqlite3.Connection:
        # autocommit: every result is handed over at once; used from one thread at a time
        database = sqlite3.connect(place, timeout=30.0, isolation_level=None, check_same_thread=False)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
        return database

    def get(self, key: str) -> dict[str, Any] | None:
        """The value of a key, or None."""
        return self.get_many([key]).get(key)

    def get_many(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The stored keys with their values; one query for all, because each query locks and unlocks the file."""
        marks = ",".join("?" * len(keys))
        try:
            rows = self._database.execute(
                f"SELECT key, value FROM results WHERE key IN ({marks})",  # noqa: S608  # question marks only
                list(keys),
            ).fetchall()
        except (sqlite3.DatabaseError, ValueError):
            return {}
        return {key: found for key, value in rows if (found := _object(value)) is not None}

    def put(self, key: str, value: dict[str, Any]) -> None:
        """Store a value; a full disk or a locked database only costs the entry."""
        with contextlib.suppress(sqlite3.DatabaseError):
            self._database.execute(
                "INSERT OR REPLACE INTO results VALUES (?, ?)", (key, json.dumps(value, separators=(",", ":")))
            )

    def close(self) -> None:
        self._database.close()


def _object(text: object) -> dict[str, Any] | None:
    """A JSON object, None for anything else in the file."""
    try:
        found = json.loads(text)  # type: ignore[arg-type]  # that too raises TypeError
    except (ValueError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


class MemoryCache:
    """The latest results of this process: for training, where a disk would only slow it down."""

    def __init__(self, size: int = 50_000):
        self.size = size
        self._entries: dict[str, dict[str, Any]] = {}

    def get(self, key: str) -> dict[str, Any] | None:
        return self._entries.get(key)

    def get_many(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {key: self._entries[key] for key in keys if key in self._entries}

    def put(self, key: str, value: dict[str, Any]) -> None:
        if len(self._entries) >= self.size:
            self._entries.pop(next(iter(self._entries)), None)
        self._entries[key] = value

    def close(self) -> None:
        self._entries.clear()


class NoCache:
    """A cache that stores nothing."""

    def get_many(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {}

    def put(self, key: str, value: dict[str, Any]) -> None:
        pass

    def close(self) -> None:
        pass
