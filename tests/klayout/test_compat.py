"""What differs between versions: pip's KLayout here is 0.30, the application of the window tests may be 0.28."""

from __future__ import annotations

from types import SimpleNamespace

import pya
import pytest

from eda_agent.klayout import compat


def test_the_active_cellview_is_read_in_both_versions() -> None:
    """Of a real view of pip's version, and of one that has a method there, as 0.28 has."""
    view = pya.LayoutView(True)
    assert compat.active_cellview(view) == -1
    view.create_layout(True)
    assert compat.active_cellview(view) == 0
    assert compat.active_cellview(SimpleNamespace(active_cellview_index=lambda: 3)) == 3


@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: lambda: value])
def test_answers_of_dialogs_are_read_in_both_versions(wrap: object) -> None:
    """File dialogs answer with an object, whose parts are methods or properties; input dialogs with a text, or None
    where they are cancelled.
    """
    assert callable(wrap)
    assert compat.chosen(SimpleNamespace(has_value=wrap(True), value=wrap("/a/spec.yaml"))) == "/a/spec.yaml"
    assert compat.chosen(SimpleNamespace(has_value=wrap(False), value=wrap(None))) == ""
    assert compat.chosen("sky130A") == "sky130A" and compat.chosen(None) == ""
