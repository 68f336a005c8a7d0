"""A circuit of AnalogGym (arXiv:2409.08534) is a netlist, a file of design variables with the same name, and the
testbenches of its class, in which its authors ask to replace the name of the circuit.

The netlist and its variables become one file, the testbenches the decks of one spec. The suite gives no targets with
these files: those of amplifiers are ours, those of the regulator are of the suite's own example
(RGNN_RL/ckt_graphs.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from eda_agent.bench.public.imported import Imported, NotRunnable
from eda_agent.errors import EdaAgentError
from eda_agent.files import read_file, write_text
from eda_agent.problem.draft.sections import with_sections
from eda_agent.run.drafting import draft_spec

_CLASSES = (
    ("Amplifier", "amp_spice_testbench", "{name}", "{name}"),
    ("Low Dropout Regulator", "ldo_spice_testbench", "LDO_netlist.txt", "LDO_variables.txt"),
)
"""(folder of the class, folder of its testbenches, file of the netlist, file of the variables)."""
_TARGETS = {
    "Amplifier": {
        "dcgain": "unit: dB, minimum: 100",
        "gain_bandwidth_product": "unit: Hz, minimum: 1M",
        "phase_in_deg": "unit: deg, minimum: 60, maximum: 120",
        "cmrrdc": "unit: dB, maximum: -60",
        "dcpsrp": "unit: dB, maximum: -60",
        "dcpsrn": "unit: dB, maximum: -60",
        "power": "unit: W, maximum: 1m",
        "vos25": "unit: V, minimum: -1m, maximum: 1m",
        "sr_rise": "minimum: 0.3",
    },
    "Low Dropout Regulator": {
        **{f"dcpsrp{load}": "unit: dB, maximum: -40" for load in "12"},
        **{f"gain_bandwidth_product{load}": "unit: Hz, minimum: 2M" for load in "12"},
        **{f"phase_margin{load}": "unit: deg, minimum: 60, maximum: 120" for load in "12"},
        **{f"lnr{load}": "maximum: 0.01" for load in "12"},
        **{f"vos{load}": "unit: V, minimum: -2m, maximum: 2m" for load in "12"},
        "v_undershoot": "unit: V, maximum: 0.1",
        "v_overshoot": "unit: V, maximum: 0.1",
    },
}
"""Class → result → bounds, as in a spec. The slew rate is in V/us, as the testbench computes it."""
_INCLUDE = re.compile(
    r"^[ \t]*\.include[ \t]+\S*(?P<part>spice_netlist|design_variables)/(?P<file>\S+)[ \t\r]*$", re.MULTILINE | re.I
)
_MAX = 2_000_000


def root_of(folder: Path) -> Path | None:
    """The folder of the suite's classes: the folder itself or one inside it."""
    for place in (folder, folder / "AnalogGym"):
        if (place / _CLASSES[0][0] / "spice_netlist").is_dir():
            return place
    return None


def circuits_of(root: Path) -> Iterator[tuple[str, str]]:
    """(class, name) of every circuit; a class without netlists for ngspice is one entry with the name ""."""
    for place in sorted(one for one in root.iterdir() if one.is_dir() and not one.name.startswith((".", "__"))):
        found = next((one for one in _CLASSES if one[0] == place.name), None)
        if found is None:
            yield place.name, ""
        elif found[2] == "{name}":
            both = {one.name for part in ("spice_netlist", "design_variables") for one in (place / part).glob("*")}
            yield from ((place.name, name) for name in sorted(both))
        else:
            yield place.name, "LDO"


def import_circuit(root: Path, kind: str, name: str, folder: Path) -> Imported:
    """Write the files and the spec of a circuit into a folder."""
    shown = name or kind
    try:
        if not name:
            raise NotRunnable(_other_simulator(root / kind))
        decks = _written(root / kind, name, folder)
    except (NotRunnable, OSError) as error:
        return Imported(shown, why=str(error))
    try:
        result = draft_spec(folder / "circuit.spice", folder, decks=decks, force=True)
    except EdaAgentError as error:
        return Imported(shown, why=str(error).replace(str(folder), "").strip())
    if result["faults"]:
        return Imported(shown, why="; ".join(result["faults"])[:300])
    _set_targets(folder / "spec.yaml", kind, decks)
    changed = tuple(one for one in result["noticed"] if "outside its range" in one)
    return Imported(shown, folder / "spec.yaml", remarks=changed)


def _written(place: Path, name: str, folder: Path) -> list[Path]:
    """The decks of a circuit, written beside its netlist."""
    text = netlist_of(place, name)
    benches = next(one[1] for one in _CLASSES if one[0] == place.name)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "circuit.spice", text)
    decks = []
    for bench in sorted((place / benches).glob("*.cir")):
        text = read_file(bench, _MAX).decode("utf-8", errors="replace")
        own = {found["file"] for found in _INCLUDE.finditer(text) if found["part"].lower() == "spice_netlist"}
        text = _INCLUDE.sub(
            lambda found: ".include circuit.spice" if found["part"].lower() == "spice_netlist" else "*", text
        )
        for other in own:
            # the step that the authors ask for: replace the circuit's name
            text = re.sub(rf"(?<!\w){re.escape(other)}(?!\w)", name, text)
        decks.append(folder / f"{bench.stem.lower()}.spice")
        write_text(decks[-1], text)
    return decks


def netlist_of(place: Path, name: str) -> str:
    """A circuit and its design variables as one netlist.

    Args:
        place: the folder of its class.

    Raises:
        NotRunnable: one of its files is missing or empty.
    """
    _, _, netlist, variables = next(one for one in _CLASSES if one[0] == place.name)
    texts = []
    for part, file in (("spice_netlist", netlist), ("design_variables", variables)):
        path = place / part / file.format(name=name)
        text = read_file(path, _MAX).decode("utf-8", errors="replace") if path.is_file() else ""
        if not text.strip():
            raise NotRunnable(f"{part}/{path.name} is {'empty' if path.is_file() else 'missing'}")
        texts.append(text)
    return f"* {name}\n" + "\n".join(texts) + "\n"


def _set_targets(spec: Path, kind: str, decks: Sequence[Path]) -> None:
    """Replace the targets of a drafted spec by those of the class; a result belongs to the deck that names it."""
    text = spec.read_text(encoding="utf-8")
    benches = {file.strip("'"): name for name, file in re.findall(r"^  (\w+): \{deck: ([^,}]+)", text, re.MULTILINE)}
    texts = {benches[deck.name]: deck.read_text(encoding="utf-8") for deck in decks if deck.name in benches}
    lines = []
    for name, bounds in _TARGETS[kind].items():
        named = [bench for bench, text in texts.items() if re.search(rf"(?<!\w){name}(?!\w)", text, re.IGNORECASE)]
        lines += [f"  {name}: {{testbench: {named[0]}, {bounds}}}"] if named else []
    write_text(spec, with_sections(text, lines))


def _other_simulator(place: Path) -> str:
    """Why a class without netlists for ngspice cannot run."""
    libraries: list[str] = []
    for file in sorted(one for one in place.rglob("*") if one.is_file() and one.stat().st_size < _MAX):
        text = read_file(file, _MAX).decode("utf-8", errors="replace")
        libraries += re.findall(r"^[ \t]*\.lib[ \t]+[\"']?(?:\S*[\\/])?([^\\/\"'\s]+)", text, re.MULTILINE | re.I)
    named = ", ".join(dict.fromkeys(libraries[:3]))
    return "no netlist for ngspice: it needs Spectre or HSPICE and a commercial PDK" + (f" ({named})" if named else "")
