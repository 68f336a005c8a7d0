"""Comparable runs have the same circuit, PDK and corners; remarks say where two runs differ in these."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eda_agent.errors import InputError
from eda_agent.problem.located_node import read_plain
from eda_agent.record.fold import RunState
from eda_agent.units import counted


def differences(folders: Sequence[Path], states: Sequence[RunState]) -> list[str]:
    """One sentence for each thing in which two runs differ, so that their values mean different things."""
    result = []
    names = [str(state.started["problem"]) for state in states]
    if names[0] != names[1]:
        result.append(f"the circuits differ: {names[0]} and {names[1]}")
    else:
        sizes = [{entry["name"] for entry in state.started["parameters"]} for state in states]
        if only := sorted(sizes[0] ^ sizes[1]):
            result.append(f"the parameters differ: {', '.join(only[:6])}{' …' * (len(only) > 6)} in one run only")
    kits = [_pdk(folder) for folder in folders]
    if all(kits) and kits[0] != kits[1]:
        result.append(f"the PDKs differ: {kits[0]} and {kits[1]}")
    corners = [state.started["corners"] for state in states]
    if sorted(corners[0]) != sorted(corners[1]):
        texts = [", ".join(one) if len(one) <= 3 else counted(len(one), "corner") for one in corners]
        result.append(
            f"the corners differ: {texts[0]} and {texts[1]}"
            if texts[0] != texts[1]
            else f"the corners differ: {texts[0]} each, with other names"
        )
    return result


def _pdk(folder: Path) -> str:
    """The PDK in the run's copy of its spec; "" if that is not readable."""
    try:
        spec = read_plain(folder / "spec.yaml")
    except InputError:
        return ""
    named = spec.get("pdk") if isinstance(spec, dict) else None
    return Path(named).name if isinstance(named, str) else ""
