"""A PDK is one data file: the place of its model library, its process corners, and the limits of its devices."""

from eda_agent.problem.pdk.cut import CutLibrary, cut_library, plain_card
from eda_agent.problem.pdk.registry import DeviceRule, Pdk, find_pdk, pdk_names

__all__ = ["CutLibrary", "DeviceRule", "Pdk", "cut_library", "find_pdk", "pdk_names", "plain_card"]
