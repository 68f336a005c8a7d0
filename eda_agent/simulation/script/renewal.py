"""A renewal loads the circuit again after `sens`, and repeats the changes that the script had made to it.

`sens` of ngspice 44 and 46 varies parameters that the circuit does not have and leaves them as given, with the value 0:
a resistor loses its model's temperature coefficient, a level 1 MOSFET gets a substrate doping of 0 and fails. In
ngspice 39 the circuit stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from eda_agent.simulation.ngspice import Ngspice

_LAST_GOOD = 39
_TNOM = 27.0


class Renewal:
    """What a script did to the circuit since it was loaded, and whether `sens` has run since then."""

    def __init__(self, ngspice: Ngspice):
        self.ngspice = ngspice
        self._commands: list[str] = []
        self._waiting = self._varied = self._warned = False

    def changed(self, command: str) -> None:
        """Record a command that changes the circuit. `alterparam` changes its text, for the next loading."""
        if command.startswith("alterparam "):
            self._waiting = True
        else:
            self._commands.append(command)

    def loaded(self) -> None:
        """The circuit was loaded again."""
        self._commands.clear()
        self._waiting = self._varied = False

    def varied(self, names: Collection[str]) -> str:
        """`sens` has run, with results of these names. Returns a warning the first time, or "".

        At a temperature T other than tnom, ngspice 44 and 46 give the sensitivity to a resistor too large by R(T) / R.
        """
        self._varied = True
        if self._keeps() or self._warned:
            return ""
        for name in sorted(names):
            # a resistor, not one of its parameters
            if re.match(r"r\b|r\w*$", name) and f"{name}_temp" in names:
                found = self.ngspice.vector(f"@{name}[temp]")
                if found is not None and abs(found[0] - _TNOM) > 0.01:
                    self._warned = True
                    return (
                        f"sens of ngspice {self.ngspice.version} is wrong for resistors with a temperature coefficient"
                        f" at {found[0]:g} degC"
                    )
        return ""

    def _keeps(self) -> bool:
        """Whether this ngspice leaves the circuit as it was."""
        found = re.match(r"\d+", self.ngspice.version)
        return found is not None and int(found[0]) <= _LAST_GOOD

    def renew(self) -> bool:
        """Bring the circuit back to its state before `sens`. False if this ngspice has changed it and it cannot be
        brought back: `alterparam` waits for the script's own `reset`.
        """
        if not self._varied:
            return True
        self._varied = False
        if self._waiting:
            return self._keeps()
        for command in ("reset", *self._commands):
            self.ngspice.command(command)
        return True
