"""The results of the fast engine as a picture: `results/engine.png`."""

from typing import Any

from tests.benchmarks.engine_rows import CUTS, ROWS, Way
from tests.benchmarks.engine_table import (
    WHOLE,
    Rounds,
    epoch_keys,
    median,
    per_epoch,
    whole_rows,
)
from tests.benchmarks.kept_results import RESULTS
from tests.benchmarks.pictures import (
    BLUE,
    GREY,
    ORANGE,
    PURPLE,
    VERMILION,
    save_picture,
    start_picture,
)

_BAR = 0.32  # inches
_WAYS = {
    "keras-default": ("Keras' default", VERMILION),
    "keras": ("Keras, XLA off", ORANGE),
    "torch": ("PyTorch", PURPLE),
    "ours": ("ours", BLUE),
}
_COLOURS = {
    Way.OURS: BLUE,
    Way.OUR_COMMAND: BLUE,
    Way.TORCH: PURPLE,
    Way.LIMIT: GREY,
}
Bar = tuple[str, float, str]


def draw_engine(values: dict[str, Any]) -> None:
    """Draws every table as bars on a logarithmic scale."""
    rounds: Rounds = values["rows"]
    panels = {title: _whole_bars(rounds, group) for group, title in WHOLE.items()}
    panels["Seconds an epoch, from the second on"] = _epoch_bars(rounds)
    panels = {title: bars for title, bars in panels.items() if bars}
    if not panels:
        return
    heights = [len(bars) + 2.4 for bars in panels.values()]
    figure, _ = start_picture(8.6, sum(heights) * _BAR)
    axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)
    for place, (title, bars) in zip(axes[:, 0], panels.items(), strict=True):
        _draw_bars(place, title, bars)
    RESULTS.mkdir(exist_ok=True)
    save_picture(figure, RESULTS / "engine.png")


def _whole_bars(rounds: Rounds, group: str) -> list[Bar]:
    rows = whole_rows(rounds, group)
    if group == "head" and (torch := median(rounds, "torch.head")) is not None:
        rows["torch.head"] = torch
    return [(ROWS[key].title, seconds, _colour(key)) for key, seconds in rows.items()]


def _colour(key: str) -> str:
    row = ROWS[key]
    return _COLOURS.get(row.way, VERMILION if row.xla else ORANGE)


def _epoch_bars(rounds: Rounds) -> list[Bar]:
    bars = []
    for title in CUTS:
        keys = epoch_keys(title)
        for way, (name, colour) in _WAYS.items():
            seconds = per_epoch(rounds, keys.get(way, ""))
            if seconds is not None:
                bars.append((f"{title}: {name}", seconds, colour))
    return bars


def _draw_bars(axes: Any, title: str, bars: list[Bar]) -> None:
    """Horizontal bars, the first on top, with their values behind them."""
    names = [name for name, _, _ in bars]
    seconds = [value for _, value, _ in bars]
    places = list(range(len(bars)))
    drawn = axes.barh(places, seconds, color=[colour for _, _, colour in bars])
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set_xscale("log")
    # A bar on a logarithmic scale has no natural beginning.
    axes.set_xlim(min(seconds) / 2, max(seconds) * 2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.bar_label(drawn, [f"{value:.3g} s" for value in seconds], padding=3)
    axes.grid(axis="x")
    axes.set_title(title)
    axes.set_xlabel("seconds, logarithmic")
