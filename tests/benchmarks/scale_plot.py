"""The results of the scale benchmark as a picture: `results/scale.png`."""

from collections.abc import Callable
from typing import Any

from tests.benchmarks.kept_results import RESULTS
from tests.benchmarks.pictures import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    save_picture,
    start_picture,
)
from tests.benchmarks.scale_table import by_size, later_epochs

BUDGET_MB = 2_000
Line = tuple[str, str, str, Callable[[dict[str, Any]], float]]

_TIMES: tuple[Line, ...] = (
    ("first run", BLUE, "o", lambda size: size["first"]["seconds"]),
    ("scan", ORANGE, "^", lambda size: size["first"]["scan"]),
    ("run again", PURPLE, "D", lambda size: size["again"]["seconds"]),
    ("an epoch after the first", GREEN, "s", lambda size: later_epochs(size["first"])),
)
_MEMORY: tuple[Line, ...] = (
    ("peak of the process", BLUE, "o", lambda size: size["first"]["peak_mb"]),
    ("warm engine alone", ORANGE, "^", lambda size: size["first"]["warm_mb"]),
    ("kept on the disk", PURPLE, "D", lambda size: size["first"]["cache_mb"]),
)


def draw_scale(values: dict[str, Any]) -> None:
    """Draws time and memory over the number of photos, both logarithmic."""
    sizes = by_size(values)
    if not sizes:
        return
    figure, _ = start_picture(9.6, 4.6)
    times, memory = figure.subplots(1, 2)
    _draw_lines(times, sizes, _TIMES, "Time, head only", "seconds")
    photos = list(sizes)
    whole = [size["first"]["seconds"] for size in sizes.values()]
    linear = [whole[-1] * count / photos[-1] for count in photos]
    times.plot(photos, linear, "--", color=GREY, linewidth=1, label="linear")
    _draw_lines(memory, sizes, _MEMORY, "Memory and disk", "megabytes")
    budget = [size["first"]["warm_mb"] + BUDGET_MB for size in sizes.values()]
    memory.plot(photos, budget, "--", color=GREY, linewidth=1, label="engine and 2 GB")
    for axes in (times, memory):
        axes.legend(frameon=False, fontsize=9)
    save_picture(figure, RESULTS / "scale.png")


def _draw_lines(
    axes: Any,
    sizes: dict[int, dict[str, Any]],
    lines: tuple[Line, ...],
    title: str,
    unit: str,
) -> None:
    photos = list(sizes)
    for name, colour, marker, value in lines:
        values = [value(size) for size in sizes.values()]
        axes.plot(photos, values, color=colour, marker=marker, label=name)
        axes.annotate(
            _short(values[-1]),
            (photos[-1], values[-1]),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.set_xticks([], minor=True)
    axes.set_yticks([], minor=True)
    axes.margins(x=0.12)
    axes.grid()
    axes.set_title(title)
    axes.set_xlabel("photos")
    axes.set_ylabel(unit)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
