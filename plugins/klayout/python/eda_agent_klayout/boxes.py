"""A box index finds the numbered boxes that overlap a box or contain a point, with KLayout's search tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pya


class Boxes:
    """Boxes by number, in database units; empty boxes overlap nothing."""

    def __init__(self, boxes: Iterable[pya.Box]):
        self._boxes = list(boxes)
        self._tree: pya.Shapes | None = None

    def __getitem__(self, number: int) -> pya.Box:
        return self._boxes[number]

    def move(self, places: Mapping[int, pya.Box]) -> None:
        """Move some boxes."""
        for number, box in places.items():
            self._boxes[number] = box
        self._tree = None

    def overlapping(self, number: int) -> list[int]:
        """The numbers of the other boxes that share an area with this one."""
        box = self._boxes[number]
        found = [] if box.empty() else self._found(self.tree.each_overlapping(box))
        return [one for one in found if one != number and (self._boxes[one] & box).area() > 0]

    def touching(self, box: pya.Box) -> list[int]:
        """The numbers of the boxes that share a point with a box, which a single point is too."""
        return list(self._found(self.tree.each_touching(box)))

    @property
    def tree(self) -> pya.Shapes:
        if self._tree is None:
            self._tree = pya.Shapes()
            for number, box in enumerate(self._boxes):
                if not box.empty():
                    # the number of a property is free for ours, except 0
                    self._tree.insert(box, number + 1)
        return self._tree

    @staticmethod
    def _found(shapes: Iterable[pya.Shape]) -> Iterator[int]:
        return (shape.prop_id - 1 for shape in shapes)
