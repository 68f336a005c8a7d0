"""Symmetry is the set of devices that are exchanged with the two sides of a pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from eda_agent.problem.structure.circuit import Fet


def exchanged(
    fets: Sequence[Fet], rails: frozenset[str], seeds: Sequence[tuple[str, str]], taken: set[str]
) -> list[tuple[str, str]]:
    """Devices that are exchanged if these nets are."""
    swap: dict[str, str] = {}

    def exchange(one: str, other: str) -> bool:
        if swap.get(one, other) != other or swap.get(other, one) != one:
            return False
        swap[one], swap[other] = other, one
        return True

    for mine, its in seeds:
        if mine in rails or its in rails or not exchange(mine, its):
            return []
    twins: list[tuple[str, str]] = []
    changed = True
    while changed:
        changed = False
        for fet in fets:
            if fet.name in taken or not {fet.source, fet.gate, fet.drain} & swap.keys():
                continue
            fits = [
                other
                for other in fets
                if other.name != fet.name
                and other.name not in taken
                and other.type == fet.type
                and _twins(rails, fet, other, swap)
            ]
            # if several fit, another device will decide
            if len(fits) == 1 and _exchange_all(fet, fits[0], exchange):
                twins.append((fet.name, fits[0].name))
                taken |= {fet.name, fits[0].name}
                changed = True
    return twins


def _twins(rails: frozenset[str], fet: Fet, other: Fet, swap: Mapping[str, str]) -> bool:
    """Whether `other` is the mirror image of `fet`: sources and gates correspond, and one of the known nets is
    exchanged.
    """
    if fet.gate == other.gate and swap.get(fet.source) == other.source != fet.source:
        return True  # cascodes: devices on top of them need not be symmetric, because one side may be the output
    proof = False
    for mine, its in ((fet.source, other.source), (fet.gate, other.gate), (fet.drain, other.drain)):
        if mine in swap:
            if swap[mine] != its:
                return False
            proof = proof or mine != its
        elif its in swap or (mine != its and (mine in rails or its in rails)):
            return False
    if fet.gate != other.gate and fet.gate not in swap:
        return False
    return proof and (fet.source == other.source or fet.source in swap or fet.drain in swap)


def _exchange_all(fet: Fet, other: Fet, exchange: Callable[[str, str], bool]) -> bool:
    return all(
        exchange(mine, its) for mine, its in ((fet.source, other.source), (fet.gate, other.gate)) if mine != its
    ) and (fet.drain == other.drain or exchange(fet.drain, other.drain) or fet.gate == other.gate)
