"""The way in for models made by others."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tlgui.core.errors import TlguiError
from tlgui.ml.foreign import archive, bounded_json, config_check, kinds
from tlgui.ml.foreign.child import Window
from tlgui.ml.foreign.reader import Weights, read_weights
from tlgui.ml.foreign.refusal import Refusal, refused
from tlgui.ml.foreign.saved_layers import SavedLayer, saved_layers


@dataclass(frozen=True)
class ForeignModel:
    """A file that passed the gate: names and numbers, nothing that could run.

    Attributes:
        path: the file.
        config: the checked description of its architecture, as Keras writes it; None
            where the file holds weights alone.
        layers: its layers that have weights.
    """

    path: Path
    config: Mapping[str, Any] | None
    layers: tuple[SavedLayer, ...]

    @property
    def numbers(self) -> int:
        """How many numbers its weights are together."""
        return sum(w.size for layer in self.layers for w in layer.weights)


def open_foreign(path: Path) -> ForeignModel:
    """Opens a model made by somebody else: `.keras`, `.weights.h5` or `.h5`.

    Nothing in the file can run: Python's own JSON parser and HDF5, the latter in a
    child process with limits, are all that reads it. Keras never does.

    Args:
        path: the file.

    Raises:
        TlguiError: it is refused (a `RefusedFileError`) or cannot be read; the
            sentence says why and what to do.
    """
    try:
        with kinds.open_regular(path) as stream:
            if kinds.kind_of(path, stream) is kinds.Kind.KERAS:
                return _open_keras(path, stream)
            return _open_hdf5(path, stream)
    except Refusal as refusal:
        raise refused(path, refusal) from refusal
    except OSError as error:
        raise TlguiError(
            f"The model {path} cannot be read: {error.strerror}. Choose another file."
        ) from error


def _open_keras(path: Path, stream: BinaryIO) -> ForeignModel:
    members = archive.check_archive(stream)
    bounded_json.parse(
        archive.read_member(stream, members[archive.METADATA]), archive.METADATA
    )
    config = _checked_config(
        archive.read_member(stream, members[archive.CONFIG]), archive.CONFIG
    )
    part = members[archive.WEIGHTS]
    window = Window(part.offset, part.stored, part.size, part.deflated, part.crc)
    return _model(path, config, read_weights(stream, window))


def _open_hdf5(path: Path, stream: BinaryIO) -> ForeignModel:
    size = stream.seek(0, 2)
    weights = read_weights(stream, Window(0, size, size))
    texts = weights.notes.get("", {}).get("model_config", ())
    config = _checked_config(texts[0].encode(), "model_config") if texts else None
    return _model(path, config, weights)


def _checked_config(data: bytes, name: str) -> Mapping[str, Any]:
    return config_check.check_config(bounded_json.parse(data, name))


def _model(
    path: Path, config: Mapping[str, Any] | None, weights: Weights
) -> ForeignModel:
    layers = saved_layers(weights)
    if not layers:
        raise Refusal("it holds no weights of layers")
    return ForeignModel(path, config, layers)
