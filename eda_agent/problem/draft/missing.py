"""Missing files are those that a netlist includes and that are not there."""

from __future__ import annotations

import re
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem.model_libraries import pdk_in
from eda_agent.problem.source import read_text

_FILE = re.compile(r"""^\s*\.(?:include|inc|lib)\s+["']?(?P<file>[^"'\s]+)["']?\s*$""", re.IGNORECASE)
"""A file that is taken in whole. A `.lib` with a section is a model library, which `pdk:` replaces."""

_MODEL = re.compile(r"^\s*\.model\s+(\S+)", re.IGNORECASE | re.MULTILINE)
_BRINGS = re.compile(r"^\s*\.(?:model|subckt|include|inc|lib)\b", re.IGNORECASE | re.MULTILINE)


def brings_models(text: str, folder: Path) -> bool:
    """Whether a netlist has model cards, or includes a file that is there and may have them: a file of values alone
    has none.
    """
    if re.search(r"^\s*\.model\b", text, re.IGNORECASE | re.MULTILINE):
        return True
    found = [match for line in text.splitlines() if (match := _FILE.match(line)) and _absent(line, folder) is None]
    return any(_may_have_models(folder / match["file"].replace("\\", "/")) for match in found)


def models_of(text: str, folder: Path) -> set[str]:
    """The models, in lower case, that a netlist or a file beside it that it includes defines."""
    found = [match for line in text.splitlines() if (match := _FILE.match(line)) and _absent(line, folder) is None]
    files = [folder / match["file"].replace("\\", "/") for match in found]
    texts = [text, *(read_text(file, []) for file in files if file.is_file())]
    return {match[1].lower() for text in texts for match in _MODEL.finditer(text)}


def _may_have_models(file: Path) -> bool:
    """Whether a file has models, cells or includes, or cannot be read as text."""
    text = read_text(file, []) if file.is_file() else ""
    return not text or bool(_BRINGS.search(text))


def without_missing_files(text: str, folder: Path, path: Path, notes: list[str], *, pdk: bool) -> str:
    """The text without lines for files that are not there, if the user names a PDK: its models take their place.

    Raises `InputError` that names the files if no PDK is named.
    """
    lines = text.splitlines()
    missing = {number: found["file"] for number, line in enumerate(lines) if (found := _absent(line, folder))}
    if not missing:
        return text
    names = ", ".join(dict.fromkeys(missing.values()))
    if not pdk:
        raise InputError(
            Finding(
                f"the netlist includes what is not here: {names}",
                path,
                line=min(missing) + 1,
                fix="copy it beside the netlist; or, for models, name a PDK whose devices take their place: --pdk …",
            )
        )
    notes.append(f"{names} is not here and was left out: the models are those of the PDK")
    return "\n".join(line for number, line in enumerate(lines) if number not in missing) + "\n"


def _absent(line: str, folder: Path) -> re.Match[str] | None:
    found = _FILE.match(line)
    if found is None or pdk_in(line):
        # a PDK's library is left out later: its name tells the PDK and the process
        return None
    name = found["file"].replace("\\", "/")
    if re.match(r"[a-z]:|[~$]", name, re.IGNORECASE) or not (folder / name).exists():
        return found
    return None
