"""The natural modes of a circuit at its operating point are the zeros of the determinant of its admittances: with one
in the right half plane the circuit does not stay there.

Currents into the nets give their impedances Z(jω). Nets that no current moves (held by a source), or that move as one,
are left out: the determinant over the others is that of the whole circuit over that of the rest with these nets
grounded, which is passive where every net of a transistor is among them. In an equivalent circuit of resistances,
capacitances, inductances and transconductances Z⁻¹ = G + sC + Γ/s with constant matrices, and det(s²C + sG + Γ) = 0
gives the modes. A device that delays its current has no such form. It is compared at every measured frequency: where
‖Z (G + sC + Γ/s) − 1‖ < 1 all along the axis, both determinants have equally many zeros in the right half plane
(Rouché's theorem).

A growing mode below the band counts if the form of a band that begins below it has it too. Modes far below the band
are read from Z itself: where no inductance matters (G + sC) v = 0, and CZ(jω) then has the eigenvalue 1/(jω - s), most
exact at ω = |s|.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eda_agent.metrics.measurable import Complex, Real

TOGETHER = 1e-9
"""Nets whose difference in voltage is a smaller share of their voltage move as one."""
UNLIKE = 0.3
"""Largest ‖Z (G + sC + Γ/s) − 1‖: Rouché's theorem allows 1, between the measured frequencies it may be larger."""
NO_COIL = 1e-7
"""Share of the admittance at the lowest frequency: a smaller 1/s part is rounding."""
FLAT = 1e-6
"""Share of its frequency by which a mode must grow."""
LEAST = 5
"""Frequencies that a band must have. Where the form does not hold up to the highest one, such as behind the gate
resistance of a model, it is that of the band below, and nothing is said of modes above it."""
BELOW, ABOVE = 1e-3, 30.0
"""Modes are judged from the lowest measured frequency times the first to the highest times the second."""
SLOWEST = 10.0
"""rad/s from which a mode follows from the form of the band; a slower one is read at frequencies like its own."""
NEAR = 3.0
"""Largest ratio of a slow mode's rad/s and those of the frequency at which it is read."""


@dataclass(frozen=True)
class Mode:
    """`growth`: 1/s, positive where it grows. `frequency`: Hz, 0 of one that does not oscillate. `known_to`: Hz up to
    which none grows faster.
    """

    growth: float
    frequency: float
    known_to: float = math.inf


def fastest_growing(frequency: Real, impedance: Complex, band: float = 0.0) -> Mode | None:
    """The natural mode with the largest growth per frequency.

    Args:
        frequency: (n,) Hz, rising, at least 3 of them in the band.
        impedance: (n, nets, nets) Ohm: voltage of a net per current into another.
        band: Hz at which the band begins; below it only modes as slow as the frequencies there are read.

    Returns:
        None if the circuit has no such form, or no modes.
    """
    first = int(np.searchsorted(frequency, band * (1 - FLAT)))
    kept = independent(impedance[first:])
    if not kept:
        return None
    impedance = impedance[:, kept][:, :, kept]
    every = frequency, impedance
    slow = 2 * math.pi * frequency[:first], impedance[:first]
    frequency, impedance = frequency[first:], impedance[first:]
    scale = 1 / np.sqrt(np.maximum(np.abs(impedance).max(0).diagonal(), 1e-300))
    scaled = impedance * scale[:, None] * scale[None, :]
    back = 2 * math.pi * math.sqrt(frequency[0] * frequency[-1])
    omega = 2 * math.pi * frequency / back
    for end in range(len(omega), LEAST - 1, -1):
        try:
            form = _form(omega[:end], np.linalg.inv(scaled[:end]))
        except np.linalg.LinAlgError:
            return None
        if _unlike(omega[:end], scaled[:end], form) <= UNLIKE:
            whole = end == len(omega)
            low, high = max(BELOW * omega[0], SLOWEST / back), omega[end - 1] * (ABOVE if whole else 1.0)
            modes = _modes(*form)
            modes = modes[(np.abs(modes) > low) & (np.abs(modes) < high)] * back
            slower = _slow(*slow, form[1] * np.outer(scale, scale) / back)
            slower = slower[np.abs(slower) <= low * back]
            known_to = math.inf if whole else float(frequency[end - 1])
            beyond = (
                _grow(modes) & (np.abs(modes) < omega[0] * back) if first else np.zeros(modes.shape, dtype=np.bool_)
            )
            found = _worst(np.append(modes[~beyond], slower), known_to)
            return _worse(found, _below(modes[beyond], *every), known_to) if beyond.any() else found
    return None


def _below(modes: NDArray[np.complex128], frequency: Real, impedance: Complex) -> Mode | None:
    """The mode that grows fastest by a form of a band that begins below these modes (1/s).

    A form that holds in its band alone has modes below it that are none: a capacitance that falls with frequency passes
    for a negative inductance.
    """
    start = int(np.searchsorted(frequency, np.abs(modes).min() / (2 * math.pi * NEAR))) - 1
    return fastest_growing(frequency, impedance, float(frequency[max(start, 0)]))


def _worse(one: Mode | None, other: Mode | None, known_to: float) -> Mode | None:
    """The one of two modes with the larger growth per frequency."""
    found = [mode for mode in (one, other) if mode is not None]
    shares = [mode.growth / math.hypot(mode.growth, 2 * math.pi * mode.frequency) for mode in found]
    return replace(found[int(np.argmax(shares))], known_to=known_to) if found else None


def _slow(omega: Real, impedance: Complex, capacitance: Real) -> NDArray[np.complex128]:
    """Modes (1/s) at about the frequencies `omega` (rad/s) of impedances (Ohm) between nets with capacitances (F)."""
    found = [np.zeros(0, dtype=np.complex128)]
    for at, measured in zip(omega, impedance, strict=True):
        if np.isfinite(measured).all():
            share = np.linalg.eigvals(capacitance @ measured)
            modes = 1j * at - 1 / share[share != 0]
            found.append(modes[(np.abs(modes) < NEAR * at) & (np.abs(modes) > at / NEAR)])
    return np.concatenate(found)


def _worst(modes: NDArray[np.complex128], known_to: float) -> Mode | None:
    """The mode (1/s) with the largest growth per frequency."""
    if not modes.size:
        return None
    worst = modes[np.argmax(modes.real / np.abs(modes))]
    turns = abs(worst.imag) > FLAT * abs(worst)
    return Mode(float(worst.real), float(abs(worst.imag) / (2 * math.pi)) if turns else 0.0, known_to)


def _grow(modes: NDArray[np.complex128]) -> NDArray[np.bool_]:
    return modes.real > FLAT * np.abs(modes)


def grows(mode: Mode) -> bool:
    """Whether the circuit leaves its operating point by this mode."""
    return mode.growth > FLAT * math.hypot(mode.growth, 2 * math.pi * mode.frequency)


def independent(impedance: Complex) -> list[int]:
    """The nets that move, without those that move as others do: elimination with the largest diagonal first."""
    rest = impedance.astype(np.complex128)
    own = np.abs(rest).max(0).diagonal()
    left, kept = [net for net in range(rest.shape[1]) if own[net] > 0 and math.isfinite(own[net])], []
    while left:
        share = np.abs(rest[:, left, left]).max(0) / own[left]
        place = int(np.argmax(share))
        if share[place] < TOGETHER:
            break
        net = left.pop(place)
        kept.append(net)
        pivot = rest[:, net, net]
        if (np.abs(pivot) == 0).any():
            kept.pop()
            continue
        rest = rest - rest[:, :, net, None] * rest[:, None, net, :] / pivot[:, None, None]
    return sorted(kept)


def _form(omega: Real, admittance: Complex) -> tuple[Real, Real, Real]:
    """(G, C, Γ) of scaled admittances: capacitances where they are largest, at the highest frequency."""
    low, high = omega[0], omega[-1]
    first, last = admittance[0], admittance[-1]
    coil = (last.imag / high - first.imag / low) * low**2 * high**2 / (high**2 - low**2)
    coil[np.abs(coil) / low < NO_COIL * np.abs(first).max()] = 0.0
    return first.real, (last.imag + coil / high) / high, coil


def _unlike(omega: Real, scaled: Complex, form: tuple[Real, Real, Real]) -> float:
    conductance, capacitance, coil = form
    one = np.eye(len(conductance))
    return max(
        float(np.linalg.norm(measured @ (conductance + 1j * at * capacitance + coil / (1j * at)) - one, 2))
        for at, measured in zip(omega, scaled, strict=True)
    )


def _modes(conductance: Real, capacitance: Real, coil: Real) -> NDArray[np.complex128]:
    from scipy.linalg import eigvals

    if not coil.any():
        found = eigvals(-conductance, capacitance)
    else:
        none, one = np.zeros_like(coil), np.eye(len(coil))
        found = eigvals(np.block([[-conductance, -coil], [one, none]]), np.block([[capacitance, none], [none, one]]))
    return np.asarray(found[np.isfinite(found)], dtype=np.complex128)
