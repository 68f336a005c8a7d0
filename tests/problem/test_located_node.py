"""YAML as plain data: what is read, and what is refused while it is read."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.errors import InputError
from eda_agent.problem.located_node import MAX_DEPTH, MAX_NODES, read_marked, read_plain

PLAIN = st.recursive(
    st.integers() | st.booleans() | st.text(st.characters(codec="ascii", exclude_categories=["Cc"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_plain_data_comes_back(data: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.yaml"
        file.write_text(yaml.safe_dump(data))
        assert read_plain(file) == data


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested too deeply"),
        ("".join(f"{'  ' * depth}a:\n" for depth in range(MAX_DEPTH + 1)), "nested too deeply"),
        ("[" * 300_000, "nested too deeply"),
        ("\n".join(f"k{place}: 1" for place in range(MAX_NODES // 2)), "too many values"),
        ("- 1\n" * MAX_NODES, "too many values"),
    ],
)
def test_too_deep_and_too_much_are_refused_while_reading(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    start = time.process_time()
    with pytest.raises(InputError, match=says):
        read_marked(file)
    assert time.process_time() - start < 20  # 300,000 brackets would take the square of them


def test_what_is_just_allowed_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("[" * (MAX_DEPTH - 1) + "1" + "]" * (MAX_DEPTH - 1))
    read_marked(file)
    file.write_text("- 1\n" * (MAX_NODES - 1))
    assert len(read_marked(file).items("a list")) == MAX_NODES - 1
