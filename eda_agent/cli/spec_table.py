"""The table of specs × corners that commands print, in as many columns as the screen has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from eda_agent.cli.fitting import Column, fitted, table_of, told, width_of
from eda_agent.cli.render import PIPED_WIDTH, status
from eda_agent.insight.complete import share_text
from eda_agent.record.labels import corner_summary, extremes, found_in, target_text
from eda_agent.spec_text import in_one_unit, result_margin, value_text

Row = Mapping[str, Any]

MOST_CORNERS = 5
"""Maximum number of corners that a table shows one by one, where there is room."""


def spec_table(
    specs: Sequence[Row],
    results: Mapping[str, Row],
    corners: Sequence[str],
    evaluation: Mapping[str, Any],
    width: int = PIPED_WIDTH,
) -> RenderableType:
    """Specs × corners with target and verdict. `results`: spec → result in its worst corner; `evaluation`: as in an
    event.

    Many corners are shown as the lowest value, the value in the first corner (typ) and the highest value, with the name
    of the worst corner. Where `width` columns of the screen are too few, values are numbers in the unit of their target
    and reasons stand below the table; then several corners are shown as many are; then typ, lowest and highest value
    give way to the worst one. Names, targets, verdicts and margins stay.
    """
    shown = _Shown(specs, results, corners, evaluation)
    forms = [(False, True), (False, False), (True, False)]
    if len(corners) > MOST_CORNERS:
        forms = [(True, True), (True, False)]
    for many, wordy in forms:
        columns = shown.columns(many=many, wordy=wordy)
        if wordy and width_of(columns) <= width:
            return _wide(columns)
        if not wordy and width_of([one for one in columns if one.heading != _WORST]) <= width:
            return Group(table_of([one for one in columns if one.heading != _WORST]), *shown.reasons())
    # the worst value is needed once the lowest and the highest are gone
    without = [one for one in columns if one.heading != _WORST]
    kept = fitted(without, width)
    if {"min", "max"} - {one.heading for one in kept}:
        kept = fitted([one for one in columns if one.drop == 0 or one.heading == _WORST], width)
    return Group(told(table_of(kept), without, kept, width), *shown.reasons())


_WORST = "worst"


def _wide(columns: Sequence[Column]) -> Table:
    table = table_of(columns)
    # where the screen is narrower than was said, words are shortened, numbers never
    for column in table.columns:
        column.no_wrap = column.header != "verdict"
    return table


class _Shown:
    """What the table shows of each spec, as columns."""

    def __init__(
        self, specs: Sequence[Row], results: Mapping[str, Row], corners: Sequence[str], evaluation: Mapping[str, Any]
    ):
        self.specs, self.results, self.corners = specs, results, corners
        self.found = {spec["name"]: found_in(evaluation, spec["name"], corners) for spec in specs}
        self.share = share_text({"evaluation": evaluation}, len(corners))

    def columns(self, *, many: bool, wordy: bool) -> list[Column]:
        """`many`: the corners as a range; `wordy`: with units and reasons."""
        values = [self._values(spec, many=many, wordy=wordy) for spec in self.specs]
        results = [self.results[spec["name"]] for spec in self.specs]
        if many:
            low, first, high, worst_in = corner_summary(self.corners)
            middle = [
                Column(heading, [row[place] for row in values], drop=drop)
                for place, (heading, drop) in enumerate(((low, 1), (first, 2), (high, 1)))
            ]
            worst = [] if wordy else [Column(_WORST, [row[3] for row in values])]
            middle += [*worst, Column(worst_in, [result["corner"] for result in results])]
        else:
            middle = [Column(corner, [row[place] for row in values]) for place, corner in enumerate(self.corners)]
        return [
            Column("spec", [spec["name"] for spec in self.specs], "left"),
            Column("target", [target_text(spec) for spec in self.specs]),
            *middle,
            Column("verdict", [self._verdict(spec, wordy=wordy) for spec in self.specs], "left"),
            Column("margin", [result_margin(spec, self.results[spec["name"]]) for spec in self.specs]),
        ]

    def _values(self, spec: Row, *, many: bool, wordy: bool) -> list[str]:
        """The values of the corners, or the lowest, typical, highest and worst one."""
        row, result = self.found[spec["name"]], self.results[spec["name"]]
        if many:
            low, high = extremes(row)
            row = [low, row[0], high, (result["value"], result.get("bound", ""))]
        return [value_text(spec, value, bound) for value, bound in row] if wordy else in_one_unit(spec, row)[1]

    def _verdict(self, spec: Row, *, wordy: bool) -> Text:
        result = self.results[spec["name"]]
        why = f" ({result['why']})" if wordy and result.get("why") else ""
        # a spec met in some corners is not met yet; a spec missed in one is missed
        open_ = self.share and result["met"]
        return (Text(f"· in {self.share}") if open_ else status(spec, result)) + why

    def reasons(self) -> list[Text]:
        """A line for each spec with a reason."""
        whys = [(spec, why) for spec in self.specs if (why := self.results[spec["name"]].get("why"))]
        return [Text(f"{spec['name']}: {_least(spec, why)}") for spec, why in whys]


def _least(spec: Row, why: str) -> str:
    """The reason of a result; of a saturation margin it is the name of a device."""
    named = spec.get("metric") == "saturation_margin" and len(why.split()) == 1
    return f"least margin in {why}" if named else why
