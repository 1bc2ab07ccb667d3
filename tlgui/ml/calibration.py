"""Measures once how fast this computer trains, and remembers it."""

import contextlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tlgui import paths
from tlgui.core import storage
from tlgui.core.backbone import Backbone
from tlgui.core.catalogue import DEFAULT_BACKBONE, find_backbone
from tlgui.core.costs import (
    FORWARD_AND_BACKWARD,
    Correction,
    Speed,
    Work,
    fitted,
    work_of,
)
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.spec import TrainingSpec
from tlgui.ml import models, runtime
from tlgui.ml.backbones import build_backbone
from tlgui.ml.cuts import POOLED, Cut, cut_output, find_cut
from tlgui.ml.prefix import convert_prefix, prefix_to_time
from tlgui.ml.rates import make_schedule
from tlgui.ml.run_identity import versions
from tlgui.ml.steps import KerasTrainStep

_FILE = "speed.json"
_BATCH, _TIMES, _CLASSES = 8, 3, 2
# Blocks at the beginning carry many numbers, those at the end multiply much.
_FIRST, _LAST = 4, 9


def known_speed() -> Speed | None:
    """What was measured on this computer with these versions; None if nothing was."""
    try:
        values = json.loads(_file().read_text(encoding="utf-8"))
        if values["versions"] != _versions():
            return None
        speed = dict(values["speed"])
        corrections = tuple(Correction(**one) for one in speed.pop("corrections"))
        return Speed(**{k: float(v) for k, v in speed.items()}, corrections=corrections)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def measure_speed(should_stop: Callable[[], bool] = lambda: False) -> Speed:
    """Measures, in a few steps of seconds each, and keeps the result.

    Args:
        should_stop: asked between the steps.

    Raises:
        Stopped: `should_stop` said so.
        TlguiError: the weights of the smallest backbone cannot be had.
    """

    def go_on() -> None:
        if should_stop():
            raise Stopped

    backbone = find_backbone(DEFAULT_BACKBONE)
    convert_prefix(Cut(backbone, POOLED), paths.prepared_dirs())
    go_on()
    frozen = _frozen_seconds(backbone) / work_of(backbone.blocks).products
    go_on()
    whole = build_backbone(backbone, pretrained=False)
    measured = [_first_blocks(backbone, whole)]
    go_on()
    measured.append(_last_blocks(backbone, whole))
    product, number = fitted(measured)
    speed = Speed(product, number, frozen, runtime.peak_memory() or 0)
    keep_speed(speed)
    return speed


def keep_speed(speed: Speed) -> None:
    """Remembers it; if that fails, it is measured again next time."""
    with contextlib.suppress(OSError, TlguiError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        values = {"versions": _versions(), "speed": asdict(speed)}
        storage.write_json(_file(), values)


def _file() -> Path:
    return paths.prefix_dir() / _FILE


def _versions() -> dict[str, str]:
    return {**versions(), "cores": str(os.cpu_count())}


def _frozen_seconds(backbone: Backbone) -> float:
    """The fastest runtime, for one sample."""
    size = backbone.input_size
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (_BATCH, size, size, 3), np.uint8)
    prefix = prefix_to_time(Cut(backbone, POOLED), paths.prepared_dirs())
    return _timed(lambda: prefix.run(pixels)) / _BATCH


def _first_blocks(backbone: Backbone, whole: Any) -> tuple[Work, float]:
    blocks = backbone.blocks[:_FIRST]
    end = cut_output(whole, Cut(backbone, blocks[-1].name))
    return work_of(blocks), _step_seconds(whole.input, end, "uint8")


def _last_blocks(backbone: Backbone, whole: Any) -> tuple[Work, float]:
    blocks = backbone.blocks[-_LAST:]
    cut = find_cut(backbone, tuple(block.name for block in blocks))
    assert cut is not None
    return work_of(blocks), _step_seconds(
        cut_output(whole, cut), whole.output, "float32"
    )


def _step_seconds(start: Any, end: Any, dtype: str) -> float:
    """A third of a training step of some layers and a head, for one sample."""
    import keras

    pooled = keras.layers.GlobalAveragePooling2D()(end)
    head = keras.layers.Dense(_CLASSES, "softmax")(pooled)
    part = keras.Model(start, head)
    spec = TrainingSpec(data="")
    schedule = make_schedule("constant", 1e-4, 1)
    step = KerasTrainStep(
        part, models.make_loss(spec), models.make_optimizer("adam", schedule), dtype
    )
    random = np.random.default_rng(0)
    inputs = random.integers(0, 256, (_BATCH, *part.input_shape[1:])).astype(dtype)
    labels = np.eye(_CLASSES, dtype=np.float32)[np.arange(_BATCH) % _CLASSES]
    ones = np.ones(_BATCH, np.float32)
    took = _timed(lambda: step(inputs, labels, ones))
    return took / _BATCH / FORWARD_AND_BACKWARD


def _timed(work: Callable[[], Any]) -> float:
    """The fastest of some times, after one that prepares."""
    work()
    found = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)
