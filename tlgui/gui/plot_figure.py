"""The plots as a figure for a paper or a slide, written as SVG.

pyqtgraph's own SVG exporter fails on a layout of several plots, and Qt's drawing
of its scene to SVG misplaces axes and cuts markers apart, so the figure is made
from the numbers. It always looks the same, whatever the window's size and colours.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tlgui.core.history import EpochRecord, best_epoch
from tlgui.gui.batch_series import BatchSeries, Series, columns_of, thinned
from tlgui.gui.plot_ranges import last_shown, nice_ticks, value_range, whole_step
from tlgui.gui.theme import LIGHT as THEME

WIDTH, HEIGHT = 1_100, 430
_PANEL_WIDTH, _PANEL_HEIGHT = 440, 300
_LEFTS, _TOP = (80, 630), 66
_MOST_TICKS = 10
_MOST_MARKERS = 40
_FONT = "font-family='Helvetica, Arial, sans-serif'"


@dataclass(frozen=True)
class FigureWords:
    """The words in the figure, in the person's language."""

    title: str
    epoch: str
    loss: str
    accuracy: str
    training: str
    validation: str
    batches: str
    best: str


@dataclass(frozen=True)
class _Panel:
    """One plot and its mapping to the figure's coordinates."""

    left: float
    right_end: float
    low: float
    high: float

    def x(self, values: Series) -> Series:
        return self.left + values / self.right_end * _PANEL_WIDTH

    def y(self, values: Series) -> Series:
        inside = np.clip(values, self.low, self.high)
        share = (inside - self.low) / (self.high - self.low)
        return _TOP + (1.0 - share) * _PANEL_HEIGHT


def figure_of(
    series: BatchSeries, records: Sequence[EpochRecord], words: FigureWords
) -> bytes:
    """Draws loss and accuracy side by side.

    Args:
        series: single batches, or none.
        records: whole epochs, at least one.
        words: what is written in it.

    Returns:
        An SVG file.
    """
    epochs, loss, val_loss, accuracy, val_accuracy = columns_of(records)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{HEIGHT}' "
        f"viewBox='0 0 {WIDTH} {HEIGHT}'><title>{html.escape(words.title)}</title>",
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='{THEME.card}'/>",
        *_legend(words, with_batches=len(series) > 0),
    ]
    last = last_shown(float(epochs[-1]), 0) * 1.02
    panels = (
        (words.loss, series.loss, (loss, val_loss), False),
        (words.accuracy, series.accuracy, (accuracy, val_accuracy), True),
    )
    for left, (title, batches, curves, percent) in zip(_LEFTS, panels, strict=True):
        low, high = value_range(curves, batches, percent=percent)
        panel = _Panel(left, last, low, high)
        parts += _axes(panel, title, words.epoch)
        parts += _best(panel, records, words.best, at_top=not percent)
        parts.append(_batches(panel, series.x, batches))
        parts += _curve(panel, epochs, curves[0], validation=False)
        parts += _curve(panel, epochs, curves[1], validation=True)
    return "\n".join((*parts, "</svg>")).encode("utf-8")


def _text(x: float, y: float, text: str, anchor: str, colour: str, extra: str) -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{colour}' "
        f"{_FONT} {extra}>{html.escape(text)}</text>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str) -> str:
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' {stroke}/>"


def _axes(panel: _Panel, title: str, epoch: str) -> list[str]:
    left, bottom = panel.left, _TOP + _PANEL_HEIGHT
    small, grid = "font-size='13'", f"stroke='{THEME.border}' stroke-width='1'"
    parts = []
    for tick in nice_ticks(panel.low, panel.high, 6):
        y = float(panel.y(np.array([tick]))[0])
        parts.append(_line(left, y, left + _PANEL_WIDTH, y, grid))
        text = f"{tick:g}"
        parts.append(_text(left - 8, y + 4.5, text, "end", THEME.muted, small))
    step = whole_step(panel.right_end / _MOST_TICKS)
    for tick in range(0, int(panel.right_end) + 1, step):
        x = float(panel.x(np.array([float(tick)]))[0])
        parts.append(_line(x, bottom, x, bottom + 5, grid))
        parts.append(_text(x, bottom + 20, f"{tick}", "middle", THEME.muted, small))
    axis = f"stroke='{THEME.muted}' stroke-width='1'"
    middle_y, label_x = _TOP + _PANEL_HEIGHT / 2, left - 52
    turned = f"font-size='14' transform='rotate(-90 {label_x:.1f} {middle_y:.1f})'"
    return [
        *parts,
        _line(left, _TOP, left, bottom, axis),
        _line(left, bottom, left + _PANEL_WIDTH, bottom, axis),
        _text(label_x, middle_y, title, "middle", THEME.text, turned),
        _text(
            left + _PANEL_WIDTH / 2,
            bottom + 44,
            epoch,
            "middle",
            THEME.text,
            "font-size='14'",
        ),
    ]


def _best(
    panel: _Panel, records: Sequence[EpochRecord], words: str, *, at_top: bool
) -> list[str]:
    best = best_epoch(records)
    if best is None:
        return []
    x = float(panel.x(np.array([float(best.epoch)]))[0])
    dotted = f"stroke='{THEME.muted}' stroke-width='1.2' stroke-dasharray='2 3'"
    is_left = x < panel.left + _PANEL_WIDTH / 2
    y = _TOP + 14 if at_top else _TOP + _PANEL_HEIGHT - 8
    return [
        _line(x, _TOP, x, _TOP + _PANEL_HEIGHT, dotted),
        _text(
            x + (6 if is_left else -6),
            y,
            words.format(best.epoch),
            "start" if is_left else "end",
            THEME.muted,
            "font-size='13'",
        ),
    ]


def _points(panel: _Panel, x: Series, y: Series) -> str:
    there = np.isfinite(y)
    pairs = zip(panel.x(x[there]), panel.y(y[there]), strict=True)
    return " ".join(f"{px:.1f},{py:.1f}" for px, py in pairs)


def _batches(panel: _Panel, x: Series, y: Series) -> str:
    points = _points(panel, *thinned(x, y))
    return (
        f"<polyline points='{points}' fill='none' stroke='{THEME.training}' "
        "stroke-width='0.8' stroke-opacity='0.4'/>"
    )


def _curve(panel: _Panel, x: Series, y: Series, *, validation: bool) -> list[str]:
    colour, dashes = _style(validation=validation)
    line = (
        f"<polyline points='{_points(panel, *thinned(x, y))}' fill='none' "
        f"stroke='{colour}' stroke-width='2' {dashes}/>"
    )
    there = np.flatnonzero(np.isfinite(y))
    stride = max(1, -(-len(there) // _MOST_MARKERS))
    spots = there[::-1][::stride]
    return [
        line,
        *(
            _marker(float(px), float(py), validation=validation)
            for px, py in zip(panel.x(x[spots]), panel.y(y[spots]), strict=True)
        ),
    ]


def _style(*, validation: bool) -> tuple[str, str]:
    if validation:
        return THEME.validation, "stroke-dasharray='7 4'"
    return THEME.training, ""


def _marker(x: float, y: float, *, validation: bool) -> str:
    colour, _ = _style(validation=validation)
    look = f"fill='{colour}' stroke='{THEME.card}' stroke-width='1'"
    if validation:
        side = 8.0
        return (
            f"<rect x='{x - side / 2:.1f}' y='{y - side / 2:.1f}' width='{side:g}' "
            f"height='{side:g}' {look}/>"
        )
    return f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4.4' {look}/>"


def _legend(words: FigureWords, *, with_batches: bool) -> list[str]:
    parts: list[str] = []
    x, y, size = float(_LEFTS[0]), 30.0, "font-size='14'"
    for validation, word in ((False, words.training), (True, words.validation)):
        colour, dashes = _style(validation=validation)
        stroke = f"stroke='{colour}' stroke-width='2' {dashes}"
        parts.append(_line(x, y, x + 44, y, stroke))
        parts.append(_marker(x + 22, y, validation=validation))
        parts.append(_text(x + 54, y + 5, word, "start", THEME.text, size))
        x += 180
    if with_batches:
        faint = f"stroke='{THEME.training}' stroke-width='0.8' stroke-opacity='0.6'"
        parts.append(_line(x, y, x + 44, y, faint))
        parts.append(_text(x + 54, y + 5, words.batches, "start", THEME.text, size))
    return parts
