"""The results of the scale benchmark as Markdown."""

import itertools
import statistics
from typing import Any

from tests.benchmarks.kept_results import machine_line

_TITLES = {"first": "first run", "again": "again"}


def later_epochs(found: dict[str, Any]) -> float:
    """Seconds of an epoch after the first."""
    ends: list[float] = found["ends"]
    pairs = itertools.pairwise(ends)
    return statistics.median(later - earlier for earlier, later in pairs)


def by_size(values: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The results in order of the number of photos."""
    return {
        int(size): values["sizes"][size] for size in sorted(values["sizes"], key=int)
    }


def scale_table(values: dict[str, Any]) -> str:
    """Times, memory, and how right the estimates of the time left were."""
    sizes = by_size(values)
    lines = [
        machine_line(values["machine"]),
        "",
        "Head only, no augmentation, photos of 64 pixels, one run each, in a warm "
        "engine. A fifth of the photos validates.",
        "",
        "## Seconds",
        "",
        "| photos | classes | epochs | run | scan | first epoch | later epochs | from "
        "Start to the result | milliseconds a photo |",
        "|--:|--:|--:|---|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {photos:,} | {size['classes']:,} | {size['epochs']} | {title} | "
        f"{size[run]['scan']:.1f} | {size[run]['ends'][0]:.2f} | "
        f"{later_epochs(size[run]):.2f} | {size[run]['seconds']:.1f} | "
        f"{1000 * size[run]['seconds'] / photos:.1f} |"
        for photos, size in sizes.items()
        for run, title in _TITLES.items()
    ]
    lines += [
        "",
        "## Memory and disk, megabytes",
        "",
        "| photos | run | warm engine alone | peak | beside the engine | kept on the "
        "disk |",
        "|--:|---|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {photos:,} | {title} | {size[run]['warm_mb']:,.0f} | "
        f"{size[run]['peak_mb']:,.0f} | "
        f"{size[run]['peak_mb'] - size[run]['warm_mb']:,.0f} | "
        f"{size[run]['cache_mb']:,.1f} |"
        for photos, size in sizes.items()
        for run, title in _TITLES.items()
    ]
    lines += [
        "",
        "## Time left as the window tells it, against what was left",
        "",
        "| photos | run | after a tenth of the run | worst until nine tenths |",
        "|--:|---|--:|--:|",
    ]
    lines += [
        f"| {photos:,} | {title} | {_error(size[run], 'at_tenth')} | "
        f"{_error(size[run], 'worst')} |"
        for photos, size in sizes.items()
        for run, title in _TITLES.items()
    ]
    return "\n".join(lines) + "\n"


def _error(found: dict[str, Any], which: str) -> str:
    error = found["forecast"].get(which)
    if error is None:
        return "nothing told"
    return f"{100 * error['share']:+.0f} % ({error['seconds']:+.1f} s)"
