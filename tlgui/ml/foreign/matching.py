"""Puts a stranger's numbers into the layers of a model that they fit.

Three ways, one after the other: layers of the same name and the same shapes; layers
at the same place among those of their class (how Keras 3 files its weights); and
layers of the same shapes in the same order, block by block. What is left over, a
head for other classes as a rule, keeps its new weights and is named.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tlgui.ml.backbones import block_of
from tlgui.ml.foreign.saved_layers import SavedLayer

Shapes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Match:
    """A layer of the model, and the layer of the file that fits it."""

    layer: str
    saved: SavedLayer


@dataclass(frozen=True)
class MatchReport:
    """What of a file fits a model; shown before it is used.

    Attributes:
        matched: the layers that get weights from the file.
        new: names of the model's layers with weights that nothing in the file fits;
            they stay as they are.
        unused: names of the file's layers that fit nothing in the model.
    """

    matched: tuple[Match, ...]
    new: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many layers of the model have weights."""
        return len(self.matched) + len(self.new)

    def sentence(self) -> str:
        """The report for the person, in plain words."""
        counted = f"{len(self.matched)} of {self.total} layers matched."
        if not self.matched:
            return f"{counted} The file is of another architecture."
        if not self.new:
            return counted
        return f"{counted} New, to be trained on your photos: {_some(self.new)}."


def match_weights(saved: Sequence[SavedLayer], keras_model: Any) -> MatchReport:
    """Finds for each layer of a model the layer of a file that fits it.

    Args:
        saved: the file's layers.
        keras_model: a flat functional model. It is not changed.
    """
    targets = [layer for layer in keras_model.layers if layer.weights]
    found: dict[str, SavedLayer] = {}
    places = _places(keras_model.layers)
    _match(found, targets, saved, lambda t: t.name, lambda s: s.name)
    _match(found, targets, saved, lambda t: _flat(t.name), lambda s: _flat(s.name))
    _match(found, targets, saved, lambda t: t.name, _last_name)
    _match(found, targets, saved, lambda t: places[t.name], lambda s: s.path)
    _match_in_order(found, targets, saved)
    used = {id(one) for one in found.values()}
    return MatchReport(
        tuple(Match(t.name, found[t.name]) for t in targets if t.name in found),
        tuple(t.name for t in targets if t.name not in found),
        tuple(one.name for one in saved if id(one) not in used),
    )


def assign_matched(report: MatchReport, keras_model: Any) -> None:
    """Puts the matched weights into the model that the report was made for."""
    for match in report.matched:
        layer = keras_model.get_layer(match.layer)
        for variable, weight in zip(layer.weights, match.saved.weights, strict=True):
            variable.assign(weight)


def _match(
    found: dict[str, SavedLayer],
    targets: Iterable[Any],
    saved: Iterable[SavedLayer],
    target_key: Callable[[Any], Hashable],
    saved_key: Callable[[SavedLayer], Hashable],
) -> None:
    """Pairs what is left with equal keys, where a key is used once in the file."""
    used = {id(one) for one in found.values()}
    by_key: dict[Hashable, list[SavedLayer]] = {}
    for one in saved:
        if id(one) not in used:
            by_key.setdefault(saved_key(one), []).append(one)
    for target in targets:
        candidates = by_key.get(target_key(target), [])
        fits = len(candidates) == 1 and candidates[0].shapes == _shapes(target)
        if target.name not in found and fits:
            found[target.name] = candidates.pop()


def _match_in_order(
    found: dict[str, SavedLayer], targets: Sequence[Any], saved: Sequence[SavedLayer]
) -> None:
    """Pairs what is left by shapes in order: within blocks first, then anywhere.

    Only where the file has as many layers of these shapes left as the model, since
    otherwise nobody knows which belongs to which.
    """
    for group in (block_of, _anywhere):
        used = {id(one) for one in found.values()}
        ours = [(group(t.name), _shapes(t), t) for t in targets if t.name not in found]
        theirs = [(group(s.name), s.shapes, s) for s in saved if id(s) not in used]
        others = _grouped(theirs)
        for key, members in _grouped(ours).items():
            if len(others.get(key, ())) == len(members):
                for target, one in zip(members, others[key], strict=True):
                    found[target.name] = one


def _anywhere(_: str) -> str:
    return ""


def _grouped(items: Iterable[tuple[str, Shapes, Any]]) -> dict[Hashable, list[Any]]:
    groups: dict[Hashable, list[Any]] = {}
    for group, shapes, item in items:
        groups.setdefault((group, shapes), []).append(item)
    return groups


def _shapes(layer: Any) -> Shapes:
    return tuple(tuple(weight.shape) for weight in layer.weights)


def _flat(name: str) -> str:
    return name.replace("/", "_")


def _last_name(saved: SavedLayer) -> str:
    return saved.name.rpartition("/")[2]


def _places(layers: Iterable[Any]) -> dict[str, str]:
    """Where Keras 3 files a layer: its class in snake case, counted."""
    counts: dict[str, int] = {}
    places: dict[str, str] = {}
    for layer in layers:
        kind = _snake_case(type(layer).__name__)
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        places[layer.name] = f"layers/{kind}_{number}" if number else f"layers/{kind}"
    return places


def _snake_case(name: str) -> str:
    """As `keras.src.utils.naming.to_snake_case` does it."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
