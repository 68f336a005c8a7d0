"""A root confines a client: every path that it names, and every file that its specs name, lies inside one folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from eda_agent.errors import InputError
from eda_agent.files import read_file
from eda_agent.near_path import near_path
from eda_agent.record.journal import check_begun
from eda_agent.run.chosen import is_run
from eda_agent.run.spec_copy import original_spec


@dataclass(frozen=True)
class Root:
    """`folder` is absolute and has no symbolic links."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> Root:
        """Raises `InputError` if there is no such folder."""
        if not folder.is_dir():
            raise InputError(f"--root {folder}: no such folder")
        return cls(folder.resolve())

    def path(self, name: str) -> Path:
        """A path that a client names, relative to the folder or absolute. Raises `InputError` outside of it."""
        try:
            found = (self.folder / name).resolve()
        except (OSError, ValueError, RuntimeError):
            raise InputError(f"{name[:80]!r}: this is no path\n    → name a file or folder below the root") from None
        if not found.is_relative_to(self.folder):
            raise InputError(f"{name[:80]!r}: outside the folder of this server\n    → name a path below its root")
        return found

    def existing(self, name: str) -> Path:
        """The same; the path exists."""
        found = self.path(name)
        try:
            there = found.exists()
        except OSError:
            raise InputError(f"{name[:80]!r}: this is no path\n    → name a file or folder below the root") from None
        if not there:
            fix = self._near(found) or "check the path; it is relative to the root"
            raise InputError(f"{name[:200]!r}: no such file or folder below the root\n    → {fix}")
        return found

    def _near(self, path: Path) -> str:
        """The question whether what stands beside a missing path is meant; "" if nothing is near."""
        return near_path(path, lambda beside: beside.exists()) if path.is_relative_to(self.folder) else ""

    def name(self, path: Path) -> str:
        """How a client names a path."""
        found = path.resolve()
        return str(found.relative_to(self.folder)) if found.is_relative_to(self.folder) else found.name

    def target(self, name: str) -> Path:
        """A spec or a run whose files all lie inside. Raises `InputError`."""
        found = self.existing(name)
        if not (found / "spec.yaml").is_file():
            check_begun(found)
        specs = [found / "spec.yaml" if found.is_dir() else found]
        if is_run(found):
            specs.append(original_spec(found))
        for spec in specs:
            if spec.is_file():
                self.path(str(spec))
                for named in _named(spec):
                    self.path(str(spec.parent / named))
        return found


def _named(spec: Path) -> Iterator[str]:
    """The files and folders that a spec names, as far as its form allows."""
    try:
        data = yaml.safe_load(read_file(spec))
    except (OSError, yaml.YAMLError, RecursionError, ValueError):
        return  # loading it says what is wrong
    if not isinstance(data, dict):
        return
    include, pdk = data.get("include"), data.get("pdk")
    yield from (str(one) for one in include if one is not None) if isinstance(include, list) else ()
    if isinstance(data.get("circuit"), str):
        yield data["circuit"]
    if isinstance(pdk, str) and pdk.endswith((".yaml", ".yml")):
        yield pdk
    for section, key in (("testbenches", "deck"), ("measures", "python")):
        entries = data.get(section)
        for entry in entries.values() if isinstance(entries, dict) else ():
            if isinstance(entry, dict) and isinstance(entry.get(key), str):
                yield entry[key]
