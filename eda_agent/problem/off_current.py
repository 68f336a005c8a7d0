"""The off current is the drain current below which a device is off. It stands alone: fronts need no PDK for it."""

OFF = 1e-9
"""A device with less current (A) is off."""
