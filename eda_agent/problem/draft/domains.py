"""A domain is the part of a circuit on one supply. Its voltage is what its devices are made for: 1.8 V devices on a
second supply of a 5 V circuit get 1.8 V.
"""

from __future__ import annotations

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.groups import device_at
from eda_agent.problem.structure.circuit import Fet


def domain_of(draft: Draft, port: str) -> float:
    """The usual voltage (V) of the devices on a supply, the lowest if there are several; 0 if the PDK tells nothing.

    Devices whose well is on the supply decide, else those with a channel on it: a thick-oxide device may take a low
    voltage from the supply of another domain.
    """
    fets = draft.structure.fets
    wells = [fet for fet in fets if fet.bulk == port]
    return _lowest(draft, wells or [fet for fet in fets if port in (fet.drain, fet.source)])


def high_of(draft: Draft, port: str, supply: float) -> float | None:
    """V of a second supply, or of a control's high level, whose devices are not made for `supply`; None if they are.

    A control is as high as the most delicate device that it drives allows.
    """
    gates = [fet for fet in draft.structure.fets if fet.gate == port]
    own = _lowest(draft, gates) if gates else domain_of(draft, port)
    if not own or not mixed(draft):
        return None
    above = not gates and own > domain_of(draft, draft.structure.vdd)
    return own if own < supply or above else None


def main_rating(draft: Draft) -> float:
    """The usual voltage (V) of the devices on the main supply, the highest if there are several; 0 if it is the only
    supply of the circuit, which then serves devices of other ratings too.
    """
    structure = draft.structure
    wells = {fet.bulk for fet in structure.fets if fet.type == "pmos"} & {*structure.ports} - {structure.vdd}
    on = [fet for fet in structure.fets if structure.vdd in (fet.bulk, fet.drain, fet.source)]
    return max((_usual(draft, fet) for fet in on), default=0.0) if wells else 0.0


def mixed(draft: Draft) -> bool:
    """Whether a circuit has devices for different supplies."""
    return len({_usual(draft, fet) for fet in draft.structure.fets}) > 1


def _lowest(draft: Draft, fets: list[Fet]) -> float:
    return min((usual for fet in fets if (usual := _usual(draft, fet))), default=0.0)


def _usual(draft: Draft, fet: Fet) -> float:
    rule = draft.pdk.device(device_at(draft, fet.name).value)
    return (rule.supply or draft.pdk.supply) if rule is not None else 0.0
