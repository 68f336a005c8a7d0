"""A draft is the spec that `eda-agent init` proposes for a bare netlist, and what it found in it."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eda_agent.api import arguments
from eda_agent.api.circuit import Circuit, Place
from eda_agent.api.circuit import load as load_circuit
from eda_agent.api.table import Table
from eda_agent.errors import InputError
from eda_agent.problem.draft import read_answers
from eda_agent.run.drafting import draft_spec

ARGUMENTS = {"port": "ports", "setting": "settings"}
"""Option of the command line that may be repeated → the argument with all of them."""
Amount = float | str
"""A number in SI units, or text such as "10u"."""


@dataclass(frozen=True, repr=False)
class Draft:
    """`data`: the object of `eda-agent init --json`."""

    data: Mapping[str, Any]

    @property
    def spec(self) -> Path:
        """The spec.yaml that was written."""
        return Path(self.data["spec"])

    @property
    def kind(self) -> str:
        """The kind of the circuit; "" if it was not recognised."""
        return str(self.data["kind"])

    @property
    def ready(self) -> bool:
        """Whether the draft can be sized as it is."""
        known = self.kind or self.data["results"]
        return bool(known) and not self.data["untested"] and not self.faults

    @property
    def roles(self) -> Table:
        """One row per device: its function."""
        return Table([{"device": name, "role": role} for name, role in self.data["roles"].items()], ("device", "role"))

    @property
    def guessed(self) -> Table:
        """One row per guess: what, value, why, and the argument of `ea.draft` that changes it (or the place in the
        spec).
        """
        rows = []
        for guess in self.data["guessed"]:
            name = argument_name(guess["option"].removeprefix("--"))
            value = f'{{"{guess["key"]}": …}}' if guess["key"] else "…"
            rows.append({**guess, "argument": f"{name}={value}" if name else guess["place"]})
        return Table(rows, ("what", "value", "why", "argument"))

    @property
    def doubts(self) -> list[str]:
        """What could not be told from the netlist and has no guess."""
        return list(self.data["doubts"])

    @property
    def noticed(self) -> list[str]:
        """What a user should know of the netlist."""
        return list(self.data["noticed"])

    @property
    def untested(self) -> list[str]:
        """Testbenches that do not test the circuit as it is; `noticed` says why."""
        return list(self.data["untested"])

    @property
    def faults(self) -> list[str]:
        """What keeps the spec from loading."""
        return list(self.data["faults"])

    @property
    def measured(self) -> dict[str, float | None]:
        """Spec → value of the netlist's own sizes in the nominal corner, in SI units; empty without a simulation."""
        return dict(self.data["measured"] or {})

    def load(self) -> Circuit:
        """The circuit of the spec."""
        return load_circuit(self.spec)

    def __repr__(self) -> str:
        said = "" if self.ready else ", not ready"
        return f"<Draft {self.spec}: {self.kind or 'unknown kind of circuit'}, {self.data['pdk']}{said}>"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>{self.guessed._repr_html_()}{self.roles._repr_html_()}"


def draft(
    netlist: Place,
    out: Place | None = None,
    *,
    pdk: Place | None = None,
    subckt: str | None = None,
    cace: Place | None = None,
    targets: Mapping[str, Mapping[str, Amount]] | None = None,
    kind: str | None = None,
    ports: Mapping[str, str] | None = None,
    bias: Mapping[str, Amount] | None = None,
    supply: Amount | None = None,
    load: Amount | None = None,
    vcm: Amount | None = None,
    settings: Mapping[str, Amount] | None = None,
    size: Sequence[str] | str = (),
    keep: Sequence[str] | str = (),
    corners: str | None = None,
    force: bool = False,
    simulate: bool = True,
) -> Draft:
    """Draft a spec.yaml from a netlist.

    Args:
        netlist: SPICE, CDL, or an xschem schematic.
        out: folder of the spec; None for the netlist's.
        pdk: its name or file; None for the one whose devices the netlist uses.
        subckt: the subcircuit to size; None for the one that no other calls.
        cace: a CACE datasheet with targets.
        targets: metric → bounds, {"gbw": {"minimum": "20M"}}; the other metrics keep drafted targets.
        kind: what the circuit is: op-amp, comparator, ldo, bandgap, oscillator, …
        ports: role → port, {"vdd": "AVDD", "inn": "vm"}.
        bias: port → how it is held, {"ib": "10u", "vb": "0.9V", "en": "high"}.
        supply: supply voltage, V.
        load: load at the output, F.
        vcm: common mode of the inputs, V.
        settings: of the testbenches, {"load_current": "10m", "vref": 1.2}.
        size: names or patterns of devices or parameters; only these are sized.
        keep: names or patterns of those that keep their sizes.
        corners: the corner set of the PDK (nominal, signoff, signoff_rc) that the spec simulates and in which its
            targets hold; None for nominal.
        force: replace an existing spec.
        simulate: measure the netlist's own sizes for the targets.

    Raises:
        InputError: the netlist cannot be read, an answer has no meaning, or a spec exists already.
    """
    answers = read_answers(
        kind=kind,
        ports=_pairs("ports", ports, '{"vdd": "AVDD"}'),
        bias=_pairs("bias", bias, '{"ib": "10u"}'),
        supply=supply,
        load=load,
        vcm=vcm,
        settings=_pairs("settings", settings, '{"load_current": "10m"}'),
        size=arguments.texts("size", size),
        keep=arguments.texts("keep", keep),
        option=argument_name,
    )
    return Draft(
        draft_spec(
            arguments.place("netlist", netlist),
            arguments.place("out", out) if out is not None else None,
            pdk=str(pdk) if pdk is not None else None,
            subckt=subckt,
            cace=arguments.place("cace", cace) if cace is not None else None,
            targets=arguments.mapping("targets", targets, '{"gbw": {"minimum": "20M"}}'),
            force=force,
            simulate=simulate,
            answers=answers,
            corners=corners,
        )
    )


def argument_name(option: str) -> str:
    """How a program names an answer of `init`."""
    return ARGUMENTS.get(option, option)


def _pairs(name: str, given: Mapping[str, Amount] | None, example: str) -> list[str]:
    pairs = arguments.mapping(name, given, example)
    for key, value in pairs.items():
        if "," in f"{key}{value}" or "=" in f"{key}{value}":
            raise InputError(f"{name} {key}: {value!r}\n    → {example}")
    return [f"{key}={value}" for key, value in pairs.items()]
