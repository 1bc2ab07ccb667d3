"""Puts a file's arrays together into layers, in the two ways Keras writes them.

Keras 3 keeps the weights of a layer as `…/vars/0`, `…/vars/1`; the group `vars`
notes the layer's name. Keras 2 and `.h5` files list names: `layer_names` at the
top, `weight_names` at each layer, where a nested model counts as one layer whose
weights are called `layer/weight`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tlgui.ml.foreign.reader import Array, Weights
from tlgui.ml.foreign.refusal import Refusal

_STRANGE = re.compile(r"[^A-Za-z0-9_.\-]")
_DIGITS = re.compile(r"(\d+)")
_TOP_LEVEL = "top_level_model_weights"
# What a layer of ours never has: states of random numbers, counters.
_NO_WEIGHTS = ("seed_generator", "seed_generator_state")


@dataclass(frozen=True)
class SavedLayer:
    """The weights of one layer, as the file has them.

    Attributes:
        name: the layer's name, or its place in the file where no name is kept.
        path: its place in the file.
        weights: in the file's order.
    """

    name: str
    path: str
    weights: tuple[Array, ...]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the weights, in order."""
        return tuple(weight.shape for weight in self.weights)


def plain_name(name: str) -> str:
    """A layer's name in the letters that Keras 3 and our sentences take."""
    return _STRANGE.sub("_", name) or "_"


def saved_layers(weights: Weights) -> tuple[SavedLayer, ...]:
    """The layers of a file that have weights.

    Returns:
        In the file's order where it keeps one, else in the order of their paths.

    Raises:
        Refusal: the lists of names do not fit the arrays.
    """
    for root in ("model_weights", ""):
        if _names(weights, root, "layer_names"):
            return tuple(_legacy_layers(weights, root))
    return tuple(_keras3_layers(weights))


def _keras3_layers(weights: Weights) -> Iterator[SavedLayer]:
    by_layer: dict[str, list[str]] = {}
    for path in sorted(weights.arrays, key=_natural):
        place, _, last = path.rpartition("/")
        if last.isdigit() and place.split("/")[-1] == "vars":
            by_layer.setdefault(place, []).append(path)
    for place, paths in by_layer.items():
        layer = place.rpartition("/")[0]
        if layer.rpartition("/")[2] in _NO_WEIGHTS:
            continue
        name = (*_names(weights, place, "name"), layer)[0]
        yield SavedLayer(name, layer, tuple(weights.arrays[p] for p in paths))


def _legacy_layers(weights: Weights, root: str) -> Iterator[SavedLayer]:
    for layer in _names(weights, root, "layer_names"):
        group = f"{root}/{layer}" if root else layer
        by_owner: dict[str, list[Array]] = {}
        for weight in _names(weights, group, "weight_names"):
            path = f"{group}/{weight}"
            if path not in weights.arrays:
                raise Refusal(f"its weights {path!a:.100} are listed but missing")
            owner = weight.rpartition("/")[0]
            if owner.rpartition("/")[2] not in _NO_WEIGHTS:
                by_owner.setdefault(owner, []).append(weights.arrays[path])
        for owner, arrays in by_owner.items():
            name = layer if len(by_owner) == 1 else owner or layer
            yield SavedLayer(name, f"{group}/{owner}", tuple(arrays))


def _names(weights: Weights, path: str, name: str) -> Sequence[str]:
    """A list of names; long ones are kept in pieces (`layer_names0`, …)."""
    notes = weights.notes.get(path, {})
    if name in notes:
        return notes[name]
    names: list[str] = []
    piece = 0
    while f"{name}{piece}" in notes:
        names.extend(notes[f"{name}{piece}"])
        piece += 1
    return names


def _natural(path: str) -> list[tuple[str, int]]:
    """Sorts `dense_2` before `dense_10`."""
    parts = _DIGITS.split(path)
    return [
        (text, int(number))
        for text, number in zip(parts[::2], [*parts[1::2], "-1"], strict=True)
    ]
