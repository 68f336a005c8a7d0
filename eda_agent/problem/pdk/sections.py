"""Sections are the parts of a foundry's library that a PDK file names for a process; here they are read."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from eda_agent.problem.pdk.library import Library, has_section, read_library
from eda_agent.problem.pdk.registry import Pdk


def library_of(pdk: Pdk, path: Path, sections: tuple[str, ...], devices: Sequence[str]) -> Library:
    """The foundry's library, read as far as these devices need it."""
    needed = [file for name in devices if name in pdk.devices for file in pdk.devices[name].files]

    def wanted(file: Path) -> bool:
        of_one_device = pdk.device_files and fnmatchcase(file.name, pdk.device_files)
        return not of_one_device or any(file.name.startswith(prefix) for prefix in needed)

    library = read_library(path, sections, wanted=wanted)
    for name in pdk.include:
        library.params.update(read_library(path.parent / name, ()).params)
    for name in devices:
        for file in pdk.devices[name].own if name in pdk.devices else ():
            if name not in library.blocks and (path.parent / file).is_file():
                library.blocks.update(read_library(path.parent / file, ()).blocks)
    return library


def with_mismatch(pdk: Pdk, path: Path, sections: Sequence[str]) -> tuple[str, ...]:
    """The sections with mismatch where the library has one beside a section."""
    return tuple(
        varied if has_section(path, varied := f"{section}{pdk.mismatch_suffix}") else section for section in sections
    )
