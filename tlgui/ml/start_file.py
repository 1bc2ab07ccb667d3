"""The weights that a training starts from, and the file that keeps them.

`start.weights.npz` is a numpy archive of plain float32 arrays, `layers/NAME/0`,
`layers/NAME/1`, … and `head/kernel`, `head/bias`, and of the bytes of a JSON text,
`about`. A run folder may come from a stranger, so the file is read member by member:
nothing in it is unpacked, and no memory is set aside for what it does not hold.
"""

import dataclasses
import functools
import hashlib
import json
import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tlgui.core import storage
from tlgui.core.backbone import Backbone
from tlgui.core.catalogue import find_backbone
from tlgui.core.checkpoint import Array
from tlgui.core.errors import TlguiError
from tlgui.core.project_paths import is_plain_file
from tlgui.core.types import Floats

Layers = Mapping[str, tuple[Floats, ...]]
Head = tuple[Floats, Floats]

_VERSION = 1
_ABOUT, _LAYERS, _KERNEL, _BIAS = "about", "layers/", "head/kernel", "head/bias"
_MOST_BYTES, _MOST_MEMBERS, _ABOUT_BYTES = 2**31, 20_000, 2**23
# How numpy begins a `.npy` file with a plain array in C order.
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(<f4|\|u1)', 'fortran_order': False, "
    rb"'shape': \(([0-9, ]{0,100})\), \} *\n",
    re.DOTALL,
)
_DAMAGED = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, AttributeError),
    *(NotImplementedError, RuntimeError, MemoryError, zipfile.BadZipFile),
)


@dataclass(frozen=True)
class StartingWeights:
    """What a training starts from.

    Attributes:
        backbone: a name of the catalogue.
        layers: the weights of the backbone by layer, in the order of Keras; None
            where they are those of the catalogue.
        head: kernel `(features, classes)` and bias `(classes,)`; None if there is
            none whose classes are known.
        class_names: of the head, in index order.
        multilabel: whether the head answers for each class by itself.
    """

    backbone: str
    layers: Layers | None
    head: Head | None = None
    class_names: tuple[str, ...] = ()
    multilabel: bool = False

    @functools.cached_property
    def sha256(self) -> str:
        """Names the backbone's weights, whatever file they are in."""
        if self.layers is None:
            return find_backbone(self.backbone).weights_id
        return digest_of(self.layers)

    def backbone_in(self, file: Path) -> Backbone:
        """The backbone with these weights.

        Args:
            file: where they are kept, or will be before they are needed.
        """
        catalogued = find_backbone(self.backbone)
        if self.layers is None:
            return catalogued
        return dataclasses.replace(catalogued, weights_id=self.sha256, own_weights=file)

    def head_for(
        self, class_names: Sequence[str], *, multilabel: bool = False
    ) -> list[Floats] | None:
        """The head with which training begins.

        A class that the old head knows keeps its weights. A new one begins as the
        mean of those: its logit is the mean of theirs, so that it never wins over
        the best of them, and every photo of an old class is answered as before. Where
        each class is answered by itself, a new one begins at zero, undecided.

        Args:
            class_names: of the run, in index order.
            multilabel: whether the run answers for each class by itself.

        Returns:
            Kernel and bias; None if the old head knows none of the classes, or
            answers in the other way.
        """
        places = {name: place for place, name in enumerate(self.class_names)}
        shared = [places[name] for name in class_names if name in places]
        if self.head is None or not shared or multilabel != self.multilabel:
            return None
        old = np.vstack(self.head)
        mean = old[:, shared].mean(axis=1) * (not multilabel)
        columns = [
            old[:, places[name]] if name in places else mean for name in class_names
        ]
        new = np.stack(columns, axis=1).astype(np.float32)
        return [new[:-1].copy(), new[-1].copy()]

    def notice_for(
        self, class_names: Sequence[str], *, multilabel: bool = False
    ) -> str:
        """What a person must know of the head; empty if it goes on as it was."""
        if self.head is None:  # told when the model was imported
            return ""
        if multilabel != self.multilabel:
            before, now = ("several", "exactly one")[:: 1 if self.multilabel else -1]
            return (
                f"The model that this starts from names {before} of its classes for a "
                f"photo, this run {now}, so its head begins anew."
            )
        new = [name for name in class_names if name not in self.class_names]
        if len(new) == len(class_names):
            return (
                "The model that this starts from knows none of these classes, so its "
                "head begins anew."
            )
        shown = ", ".join(new[:5]) + (f" and {len(new) - 5} more" if new[5:] else "")
        return f"New to the model that this starts from: {shown}." if new else ""


def digest_of(layers: Layers) -> str:
    """SHA-256 over names, shapes and numbers of layers, whatever their order."""
    total = hashlib.sha256()
    for name, arrays in sorted(layers.items()):
        for place, array in enumerate(arrays):
            total.update(f"{name}/{place} {array.shape}\0".encode())
            total.update(np.ascontiguousarray(array, "<f4").tobytes())
    return total.hexdigest()


def make_starting_weights(
    backbone: Backbone,
    layers: Mapping[str, Sequence[Array]],
    head: Sequence[Array] | None = None,
    class_names: Sequence[str] = (),
    *,
    multilabel: bool = False,
) -> StartingWeights:
    """Checks weights against the architecture; those of the catalogue are known again.

    Args:
        backbone: of the catalogue.
        layers: every layer of it that has weights, by name.
        head: kernel and bias.
        class_names: of the head.
        multilabel: whether it answers for each class by itself.

    Raises:
        ValueError: something is missing, left over or of another size.
    """
    plain = {name: tuple(map(_floats, arrays)) for name, arrays in layers.items()}
    _check_layers(backbone, plain)
    own = None if digest_of(plain) == backbone.weights_digest else plain
    made = _with_head(backbone, own, head, class_names)
    return dataclasses.replace(made, multilabel=multilabel)


def write_start_file(file: Path, weights: StartingWeights) -> None:
    """Writes weights, whole or not at all.

    Raises:
        TlguiError: the file cannot be written.
    """
    about = {
        "version": _VERSION,
        "backbone": weights.backbone,
        "class_names": weights.class_names,
        **({"multilabel": True} if weights.multilabel else {}),
    }
    text = json.dumps(about).encode()
    arrays: dict[str, Array] = {_ABOUT: np.frombuffer(text, np.uint8)}
    for name, layer in (weights.layers or {}).items():
        arrays |= {f"{_LAYERS}{name}/{i}": array for i, array in enumerate(layer)}
    if weights.head is not None:
        arrays |= dict(zip((_KERNEL, _BIAS), weights.head, strict=True))

    def write(draft: Path) -> None:
        with draft.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)

    storage.write_whole(file, write)


def read_start_file(file: Path) -> StartingWeights:
    """Reads what `write_start_file` wrote; nothing in it can run code.

    Raises:
        TlguiError: it is missing or damaged.
    """
    try:
        return _from_arrays(_read_arrays(file))
    except _DAMAGED as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise TlguiError(
            f"The weights to start from in {file} are missing or damaged ({reason}). "
            "Train anew, from the model itself or from another one."
        ) from error


# -- reading -------------------------------------------------------------------


def _read_arrays(file: Path) -> dict[str, Array]:
    if not is_plain_file(file):
        raise ValueError("there is no such file")
    size = file.stat().st_size
    if size > _MOST_BYTES:
        raise ValueError(f"it has {size:,} bytes")
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        names = {member.filename for member in members}
        if len(names) != len(members) or len(members) > _MOST_MEMBERS:
            raise ValueError("it has too many parts")
        packed = any(m.compress_type != zipfile.ZIP_STORED for m in members)
        if packed or sum(member.file_size for member in members) > size:
            raise ValueError("its parts are larger than the file")
        return {
            member.filename.removesuffix(".npy"): _array(archive.read(member))
            for member in members
        }


def _array(content: bytes) -> Array:
    """One `.npy` file, as numpy has written them for arrays of this kind."""
    found = _HEADER.match(content)
    if found is None:
        raise ValueError("a part of it is no plain array")
    shape = tuple(int(side) for side in found[2].split(b",") if side.strip())
    dtype, start = np.dtype(found[1].decode()), found.end()
    if math.prod(shape) * dtype.itemsize != len(content) - start:
        raise ValueError("a part of it contradicts itself about its size")
    return np.frombuffer(content, dtype, offset=start).reshape(shape)


def _from_arrays(arrays: dict[str, Array]) -> StartingWeights:
    text = arrays.pop(_ABOUT).tobytes()
    if len(text) > _ABOUT_BYTES:
        raise ValueError("it has more text than any model")
    about = json.loads(text)
    if about["version"] != _VERSION:
        raise ValueError("it comes from another version of the program")
    backbone = find_backbone(str(about["backbone"]))
    names = about["class_names"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("its class names are no names")
    head = None
    if _KERNEL in arrays:
        head = arrays.pop(_KERNEL), arrays.pop(_BIAS)
    multilabel = about.get("multilabel", False) is True
    if not arrays:
        if backbone.is_network and backbone.parameters:
            raise ValueError("its layers are missing")
        made = _with_head(backbone, None, head, names)
        return dataclasses.replace(made, multilabel=multilabel)
    layers = _by_layer(arrays)
    return make_starting_weights(backbone, layers, head, names, multilabel=multilabel)


def _by_layer(arrays: Mapping[str, Array]) -> dict[str, list[Array]]:
    """From `layers/NAME/PLACE` to the arrays of each layer, in order."""
    found: dict[str, dict[int, Array]] = {}
    for path, array in arrays.items():
        layer, _, place = path.removeprefix(_LAYERS).rpartition("/")
        found.setdefault(layer, {})[int(place)] = array
    return {
        name: [parts[place] for place in range(len(parts))]
        for name, parts in found.items()
    }


def _check_layers(backbone: Backbone, layers: Layers) -> None:
    expected = {
        layer.name: layer.parameters
        for block in backbone.blocks
        for layer in block.layers
        if layer.parameters
    }
    for name in sorted(expected.keys() ^ layers.keys()):
        what = "missing" if name in expected else "unknown"
        raise ValueError(f"the layer {name!a:.60} is {what}")
    for name, arrays in layers.items():
        if (found := sum(array.size for array in arrays)) != expected[name]:
            raise ValueError(
                f"the layer {name} has {found} numbers instead of {expected[name]}"
            )


def _with_head(
    backbone: Backbone,
    layers: Layers | None,
    head: Sequence[Array] | None,
    class_names: Sequence[str],
) -> StartingWeights:
    if head is None:
        return StartingWeights(backbone.name, layers)
    kernel, bias = map(_floats, head)
    classes = len(class_names)
    shapes, expected = (
        (kernel.shape, bias.shape),
        ((backbone.features, classes), (classes,)),
    )
    if shapes != expected or len(set(class_names)) != classes:
        raise ValueError(f"its head has the shapes {shapes} for {classes} classes")
    return StartingWeights(backbone.name, layers, (kernel, bias), tuple(class_names))


def _floats(array: Array) -> Floats:
    return np.ascontiguousarray(array, np.float32)
