"""The results of the fast engine as Markdown."""

import itertools
import statistics
from typing import Any

from tests.benchmarks.engine_rows import CUTS, HEAD_EPOCHS, ROWS
from tests.benchmarks.kept_results import machine_line

LIMITS = ("head.limit", "head.limit-overlapped")
_PHOTOS = f"Head only, {HEAD_EPOCHS} epochs"
WHOLE = {
    "head": f"{_PHOTOS}, warm engine, from pressing Train to the result on the disk",
    "command": f"{_PHOTOS}, as a whole command, imports included",
    "light": f"{_PHOTOS}, light augmentation, warm engine",
}
Rounds = dict[str, list[dict[str, Any]]]


def median(rounds: Rounds, key: str, what: str = "seconds") -> float | None:
    """The median of a row's rounds, or None where it was not measured."""
    values = [found[what] for found in rounds.get(key, ()) if what in found]
    return statistics.median(values) if values else None


def limit(rounds: Rounds) -> float | None:
    """The faster of the two limits."""
    found = [s for key in LIMITS if (s := median(rounds, key)) is not None]
    return min(found, default=None)


def per_epoch(rounds: Rounds, key: str) -> float | None:
    """Seconds of an epoch once everything is prepared: all but the first."""
    steps = [
        later - earlier
        for found in rounds.get(key, ())
        for earlier, later in itertools.pairwise(found.get("ends", ()))
    ]
    return statistics.median(steps) if steps else None


def whole_rows(rounds: Rounds, group: str) -> dict[str, float]:
    """Title and seconds of the measured rows of a group, the limit as one row."""
    found = {}
    for key, row in ROWS.items():
        seconds = median(rounds, key)
        if row.group == group and key not in LIMITS and seconds is not None:
            found[key] = seconds
    best = limit(rounds) if group == "head" else None
    if best is not None:
        found["head.limit"] = best
    return found


def engine_table(values: dict[str, Any]) -> str:
    """All tables that have rows."""
    rounds: Rounds = values["rows"]
    counts = sorted({len(found) for found in rounds.values() if found})
    measured = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else f"{counts[0]}"
    lines = [machine_line(values["machine"]), f"Medians of {measured} rounds.", ""]
    for group, title in WHOLE.items():
        lines += _whole_table(rounds, group, title)
    lines += _limit_lines(rounds)
    lines += _epoch_table(rounds)
    lines += _first_batch_table(rounds)
    return "\n".join(lines).rstrip() + "\n"


def _whole_table(rounds: Rounds, group: str, title: str) -> list[str]:
    rows = whole_rows(rounds, group)
    if group == "head" and (torch := median(rounds, "torch.head")) is not None:
        rows["torch.head"] = torch
    if not rows:
        return []
    default = rows.get(f"{group}.keras-default")
    theirs = [default, rows.get(f"{group}.keras")]
    faster = min((s for s in theirs if s is not None), default=None)
    lines = [
        f"## {title}",
        "",
        "| way | seconds | times faster than the faster Keras | than Keras' default "
        "| peak memory, MB | kept on the disk, MB |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for key, seconds in rows.items():
        memory, kept = median(rounds, key, "peak_mb"), median(rounds, key, "cache_mb")
        cells = (
            ROWS[key].title,
            _number(seconds, 2),
            _ratio(faster, seconds),
            _ratio(default, seconds),
            _number(memory, 0),
            _number(kept or None, 1),
        )
        lines.append(_line(cells))
    return [*lines, ""]


def _limit_lines(rounds: Rounds) -> list[str]:
    best, ours = limit(rounds), median(rounds, "head.ours-first")
    if best is None or ours is None:
        return []
    return [
        "The limit is decoding every file once and one pass through the fastest "
        f"runtime; our first run takes {ours / best:.2f} times as long.",
        "",
    ]


def epoch_keys(title: str) -> dict[str, str]:
    """The rows' keys of one cut, by way."""
    keys = {
        row.way + ("-default" if row.xla else ""): key
        for key, row in ROWS.items()
        if row.group == "epoch" and row.title == title
    }
    return keys | ({"torch": "torch.all"} if title == "everything" else {})


def _epoch_table(rounds: Rounds) -> list[str]:
    lines = []
    for title in ("head only", *CUTS):
        keys = _head_keys() if title == "head only" else epoch_keys(title)
        times = {way: per_epoch(rounds, key) for way, key in keys.items()}
        if times.get("ours") is None:
            continue
        theirs = [t for w in ("keras", "keras-default") if (t := times.get(w))]
        ours, torch = times["ours"], times.get("torch")
        memory = (median(rounds, keys[way], "peak_mb") for way in ("keras", "ours"))
        cells = (
            title,
            *(_number(times.get(way), 2) for way in ("keras-default", "keras")),
            _number(torch, 2),
            _number(ours, 2),
            _ratio(min(theirs, default=None), ours),
            _ratio(torch, ours),
            *(_number(peak, 0) for peak in memory),
            _number(median(rounds, keys["ours"], "cache_mb") or None, 1),
        )
        lines.append(_line(cells))
    if not lines:
        return []
    head = [
        "## Seconds an epoch, validation included, from the second epoch on",
        "",
        "| may change | Keras' default | Keras, XLA off | PyTorch | ours "
        "| times faster than the faster Keras | than PyTorch "
        "| peak memory of Keras, MB | of ours, MB | kept on the disk, MB |",
        "|---" + "|--:" * 9 + "|",
    ]
    return [*head, *lines, ""]


def _head_keys() -> dict[str, str]:
    return {
        "keras-default": "head.keras-default",
        "keras": "head.keras",
        "torch": "torch.head",
        "ours": "head.ours-first",
    }


def _first_batch_table(rounds: Rounds) -> list[str]:
    lines = []
    for title in ("head only", *CUTS):
        keys = _head_keys() if title == "head only" else epoch_keys(title)
        ways = ("keras-default", "keras", "torch", "ours")
        found = [median(rounds, keys.get(way, ""), "first_batch") for way in ways]
        if any(found):
            lines.append(_line((title, *(_number(value, 2) for value in found))))
    if not lines:
        return []
    head = [
        "## Seconds to the end of the first batch",
        "",
        "| may change | Keras' default | Keras, XLA off | PyTorch | ours |",
        "|---|--:|--:|--:|--:|",
    ]
    return [*head, *lines, ""]


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _ratio(theirs: float | None, ours: float | None) -> str:
    return "–" if theirs is None or not ours else f"{theirs / ours:.1f}"


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
