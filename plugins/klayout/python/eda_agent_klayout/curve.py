"""The curve of a run shows the best score after each turn, and each turn's own score."""

from __future__ import annotations

from collections.abc import Sequence

import pya

from . import faults

HEIGHT = 120


class Curve(pya.QWidget):
    """Drawn into a pixmap: KLayout's Python cannot paint on a widget in a paint event."""

    def __init__(self, parent: pya.QWidget | None = None):
        super().__init__(parent)
        self.best: list[float] = []
        self.scores: list[float] = []
        self.setMinimumHeight(HEIGHT)
        # outside a layout: a label requests the size of its picture, and the dock would grow with each one
        self.picture = pya.QLabel(self)
        self._drawn: tuple[object, ...] = ()

    def show_run(self, best: Sequence[float], scores: Sequence[float]) -> None:
        self.best, self.scores = list(best), list(scores)
        self.draw()

    def resizeEvent(self, event: pya.QResizeEvent) -> None:
        faults.guarded(self.draw, once=True)()

    def draw(self) -> None:
        """Redraw if the numbers or the size have changed."""
        width, height = self.width, self.height
        now = (width, height, len(self.best), self.best[-1:], self.scores[-1:])
        if now == self._drawn or width < 80 or height < 60:
            return
        self._drawn = now
        picture = pya.QPixmap(width, height)
        picture.fill(self.palette.color(pya.QPalette.Base))
        painter = pya.QPainter(picture)
        try:
            painter.setRenderHint(pya.QPainter.Antialiasing, True)
            self._paint(painter, width, height)
        finally:
            painter.end()
        self.picture.setGeometry(0, 0, width, height)
        self.picture.setPixmap(picture)

    def _paint(self, painter: pya.QPainter, all_width: int, all_height: int) -> None:
        left, top, width, height = 56, 10, all_width - 68, all_height - 34
        painter.setPen(pya.QPen(pya.QColor(150, 150, 150)))
        painter.drawRect(left, top, width, height)
        if not self.best:
            return
        low = min(self.best)
        high = max(self.best[-1], low + 1e-6)

        def point(number: int, value: float) -> pya.QPointF:
            x = left + width * number / max(len(self.best) - 1, 1)
            return pya.QPointF(x, top + height * (1 - (max(value, low) - low) / (high - low)))

        painter.setPen(pya.QPen(pya.QBrush(pya.QColor(150, 150, 150)), 4.0))
        for number, value in enumerate(self.scores):
            if value >= low:
                painter.drawPoint(point(number, value))
        painter.setPen(pya.QPen(pya.QBrush(pya.QColor(60, 110, 200)), 2.0))
        for number in range(1, len(self.best)):
            # a step, not a slope: the best stays until a turn beats it
            before, after = point(number - 1, self.best[number - 1]), point(number, self.best[number])
            corner = pya.QPointF(after.x, before.y)
            painter.drawLine(before, corner)
            painter.drawLine(corner, after)
        painter.setPen(pya.QPen(self.palette.color(pya.QPalette.WindowText)))
        painter.drawText(6, top + 10, f"{high:.3f}")
        painter.drawText(6, top + height, f"{low:.3f}")
        painter.drawText(
            left, top + height + 18, f"best score after turn 0 … {len(self.best) - 1}; dots: each turn's own"
        )
