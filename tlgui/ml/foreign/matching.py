"""Puts a stranger's numbers into the layers of a model that they fit.

Three ways, one after the other: layers of the same name and the same shapes; layers
at the same place among those of their class (how Keras 3 files its weights); and
layers of the same shapes in the same order, block by block. What is left over, a
head for other classes as a rule, keeps its new weights and is named.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tlgui.ml.backbones import block_of
from tlgui.ml.foreign.saved_layers import SavedLayer, plain_name

Shapes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Match:
    """A layer of the model, and the layer of the file that fits it.

    Attributes:
        layer: the name of the model's layer.
        index: which of the model's layers with weights it is.
        saved: the layer of the file.
    """

    layer: str
    index: int
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
        keras_model: any Keras model, also with models inside. It is not changed.
    """
    targets = _targets(keras_model)
    found: dict[int, SavedLayer] = {}
    _match(found, targets, saved, lambda t: t.name, lambda s: s.name)
    _match(
        found,
        targets,
        saved,
        lambda t: plain_name(t.name),
        lambda s: plain_name(s.name),
    )
    _match(found, targets, saved, lambda t: t.name, _last_name)
    _match(found, targets, saved, lambda t: t.place, lambda s: s.path)
    _match_in_order(found, targets, saved)
    used = {id(one) for one in found.values()}
    return MatchReport(
        tuple(
            Match(t.name, t.index, found[t.index]) for t in targets if t.index in found
        ),
        tuple(t.name for t in targets if t.index not in found),
        tuple(one.name for one in saved if id(one) not in used),
    )


def assign_matched(report: MatchReport, keras_model: Any) -> None:
    """Puts the matched weights into the model that the report was made for."""
    targets = _targets(keras_model)
    for match in report.matched:
        variables = targets[match.index].layer.weights
        for variable, weight in zip(variables, match.saved.weights, strict=True):
            variable.assign(weight)


@dataclass(frozen=True)
class _Target:
    """A layer of the model that has weights.

    Attributes:
        index: among the layers with weights.
        layer: the layer itself.
        place: where Keras 3 files it: the classes in snake case, counted.
    """

    index: int
    layer: Any
    place: str

    @property
    def name(self) -> str:
        return str(self.layer.name)

    @property
    def shapes(self) -> Shapes:
        return tuple(tuple(weight.shape) for weight in self.layer.weights)


def _targets(keras_model: Any) -> list[_Target]:
    placed = [(p, layer) for p, layer in _placed(keras_model, "") if layer.weights]
    return [_Target(index, layer, p) for index, (p, layer) in enumerate(placed)]


def _placed(model: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Each layer with its place, also the layers of models inside the model."""
    counts: dict[str, int] = {}
    for layer in model.layers:
        kind = _snake_case(type(layer).__name__)
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        place = (
            f"{prefix}layers/{kind}_{number}" if number else f"{prefix}layers/{kind}"
        )
        if hasattr(layer, "layers"):
            yield from _placed(layer, f"{place}/")
        else:
            yield place, layer


def _match(
    found: dict[int, SavedLayer],
    targets: Iterable[_Target],
    saved: Iterable[SavedLayer],
    target_key: Callable[[_Target], Hashable],
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
        fits = len(candidates) == 1 and candidates[0].shapes == target.shapes
        if target.index not in found and fits:
            found[target.index] = candidates.pop()


def _match_in_order(
    found: dict[int, SavedLayer],
    targets: Sequence[_Target],
    saved: Sequence[SavedLayer],
) -> None:
    """Pairs what is left by shapes in order: within blocks first, then anywhere.

    Only where the file has as many layers of these shapes left as the model, since
    otherwise nobody knows which belongs to which.
    """
    for group in (block_of, _anywhere):
        used = {id(one) for one in found.values()}
        ours = [(group(t.name), t.shapes, t) for t in targets if t.index not in found]
        theirs = [(group(s.name), s.shapes, s) for s in saved if id(s) not in used]
        others = _grouped(theirs)
        for key, members in _grouped(ours).items():
            if len(others.get(key, ())) == len(members):
                for target, one in zip(members, others[key], strict=True):
                    found[target.index] = one


def _anywhere(_: str) -> str:
    return ""


def _grouped(items: Iterable[tuple[str, Shapes, Any]]) -> dict[Hashable, list[Any]]:
    groups: dict[Hashable, list[Any]] = {}
    for group, shapes, item in items:
        groups.setdefault((group, shapes), []).append(item)
    return groups


def _last_name(saved: SavedLayer) -> str:
    return saved.name.rpartition("/")[2]


def _snake_case(name: str) -> str:
    """As `keras.src.utils.naming.to_snake_case` does it."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
