"""A device type says what a foundry device is, and how many terminals it has where its entry gives no other number."""

TERMINALS = {"nmos": 4, "pmos": 4, "resistor": 2, "capacitor": 2, "npn": 4, "pnp": 3, "diode": 2}
FETS = frozenset(["nmos", "pmos"])
