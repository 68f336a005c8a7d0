"""A loop gain is the gain of a signal once around a feedback loop, measured with the loop closed.

Double injection: M. Tian, V. Visvanathan, J. Hantgan and K. Kundert, "Striving for small-signal stability", IEEE
Circuits and Devices Magazine 17 (1), 2001; after R. D. Middlebrook, "Measurement of loop gain in feedback systems",
Int. J. Electronics 38 (4), 1975.

A 0 V source in the loop, from net x to net y, carries the loop's whole signal. Without it the circuit is a two-port
with admittances Y: i_x = Yxx v_x + Yxy v_y and i_y = Yyx v_x + Yyy v_y, currents into the circuit. With the wire
closed, v_x = v_y = v and the circuit's natural modes satisfy S v = 0 with S = Yxx + Yyy + Yxy + Yyx. The loop's
transmission is Yxy in one direction and Yyx in the other, its load Yxx + Yyy on both sides of the wire:

    T = (Yxy + Yyx) / (Yxx + Yyy),        1 + T = S / (Yxx + Yyy)

Negative feedback has T > 0 at DC. The closed loop's poles are the zeros of 1 + T, for any impedances. T does not depend
on the direction of the source. In a unilateral loop (Yyx = 0) it does not depend on the place of the source either: it
is the return ratio.

Two analyses give it. (1) The source has 1 V AC, v_y − v_x = 1: a = v_y = (Yxx + Yyx) / S and c = i_y = (Yxx Yyy − Yxy
Yyx) / S. (2) The source has 0 V and 1 A AC goes into x: d = v_y = 1 / S and b = i_y = (Yyx + Yyy) / S. Then ab − cd =
Yyx / S, and

    1 / (1 + T) = a + b − 2 (ab − cd)

A loop inside a circuit, where no source can stand, is probed at two nets x and o that it passes as a whole. Held at x
or at o it is open, so that its gain is the way from o to x with o held, times that back with x held:

    T = −(Yxo Yox) / (Yxx Yoo),        1 + T = (Yxx Yoo − Yxo Yox) / (Yxx Yoo)

The closed loop's poles are the zeros of 1 + T. Currents into the closed loop give Z = Y⁻¹, and T = −(Zxo Zox) / (Zxx
Zoo). In a unilateral loop it is the return ratio.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from eda_agent.problem.loop_probe import Injection

Complex = NDArray[np.complex128]


def loop_gain(voltage: tuple[Complex, Complex], current: tuple[Complex, Complex]) -> Complex:
    """T from (v_y, i_y) with 1 V injected and (v_y, i_y) with 1 A injected; i_y flows into the circuit at y. Arrays
    over frequency, V and A.
    """
    a, c = voltage
    d, b = current
    return 1 / (a + b - 2 * (a * b - c * d)) - 1


@contextmanager
def _set(alter: Callable[[str, float], None], source: str, magnitude: float, then: float) -> Iterator[None]:
    alter(source, magnitude)
    try:
        yield
    finally:
        alter(source, then)


def measure_loop(
    injection: Injection,
    alter: Callable[[str, float], None],
    analyse: Callable[[], str],
    read: Callable[[str], Complex],
) -> tuple[str, Complex]:
    """The loop gain of a loaded circuit, and the plot of its first analysis.

    Args:
        alter: sets a source's AC magnitude; the old value is restored.
        analyse: runs the AC analysis and returns the plot's name.
        read: returns a vector by its name, such as `ac3.out`.
    """

    def response() -> tuple[str, tuple[Complex, Complex]]:
        plot = analyse()
        # a source's branch current flows from its plus to its minus terminal, out of the circuit at y
        return plot, (read(f"{plot}.{injection.node}"), -read(f"{plot}.{injection.voltage}#branch"))

    for source in injection.silent:
        alter(source, 0.0)
    if injection.other:
        found = _between(injection, alter, analyse, read)
        for source, magnitude in injection.silent.items():
            alter(source, magnitude)
        return found
    with _set(alter, injection.voltage, 1.0, 0.0):
        plot, by_voltage = response()
    with _set(alter, injection.current, 1.0, 0.0):
        _, by_current = response()
    for source, magnitude in injection.silent.items():
        alter(source, magnitude)
    return plot, loop_gain(by_voltage, by_current)


def _between(
    injection: Injection,
    alter: Callable[[str, float], None],
    analyse: Callable[[], str],
    read: Callable[[str], Complex],
) -> tuple[str, Complex]:
    """The loop gain from the voltages at two nets, with a current into one and then into the other."""

    def excited(source: str) -> tuple[str, Complex, Complex]:
        with _set(alter, source, 1.0, 0.0):
            plot = analyse()
            return plot, read(f"{plot}.{injection.node}"), read(f"{plot}.{injection.other}")

    plot, near, across = excited(injection.voltage)
    _, back, far = excited(injection.current)
    return plot, -(across * back) / (near * far)
