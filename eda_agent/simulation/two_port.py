"""A two-port's scattering parameters come from two AC analyses: a source at either port, each behind its resistance."""

from __future__ import annotations

from collections.abc import Callable

from eda_agent.metrics.waveform import PORTS, Waveform


def with_parameters(
    wave: Waveform, probes: dict[str, str], alter: Callable[[str, float], None], again: Callable[[], Waveform]
) -> Waveform:
    """The waveform of an AC analysis, driven with 1 V behind the resistance of port 1, with `s11`, `s21`, `s12`, `s22`.

    Both resistances are equal, so that a wave that leaves a port is twice its voltage, less what its source sends.

    Args:
        wave: has `in` and `out`, the voltages of both ports.
        probes: role → source or node.
        alter: sets a source's AC magnitude.
        again: runs the analysis again.
    """
    one, other = (probes[role] for role in PORTS)
    alter(one, 0.0)
    alter(other, 1.0)
    try:
        back = again()
    finally:
        alter(one, 1.0)
        alter(other, 0.0)
    found = {
        "s11": 2 * wave.probes["in"] - 1,
        "s21": 2 * wave.probes["out"],
        "s12": 2 * back.probes["in"],
        "s22": 2 * back.probes["out"] - 1,
    }
    return Waveform(wave.kind, wave.axis, {**wave.probes, **found})
