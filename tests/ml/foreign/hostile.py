"""What a hostile file is, and the small honest model that most of them start from."""

import json
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np

SECRET = 42.0
MEGABYTE = 2**20


@dataclass(frozen=True)
class Place:
    """Where an attack is built, and what it is after.

    Attributes:
        folder: holds everything.
        name: of the attack.
    """

    folder: Path
    name: str

    @property
    def marker(self) -> Path:
        """A file that exists once code of the attack has run."""
        return self.folder / "markers" / self.name

    @property
    def secrets(self) -> Path:
        """A folder of files that no attack may open."""
        return self.folder / "secrets"

    def file(self, suffix: str) -> Path:
        """Where the hostile file is written."""
        return self.folder / "files" / f"{self.name}{suffix}"


@dataclass(frozen=True)
class Attack:
    """A hostile file.

    Attributes:
        name: of the attack.
        build: writes the file and returns its path.
        control: the name of the program in `controls` that falls for it.
        fires: whether it does; False where Keras or Python refuse by themselves.
        reason: words that the refusal must have.
    """

    name: str
    build: Callable[[Place], Path]
    control: str
    reason: str
    fires: bool = True


def make_secrets(folder: Path) -> None:
    """Writes the files that attacks try to reach."""
    for name in ("markers", "secrets", "files"):
        (folder / name).mkdir()
    secrets = folder / "secrets"
    numbers = np.full((4, 2), SECRET, "float32")
    with h5py.File(secrets / "secret.h5", "w") as file:
        file["secret"] = numbers
    (secrets / "secret.bin").write_bytes(numbers.tobytes())
    (secrets / "saved").mkdir()
    (secrets / "saved" / "saved_model.pb").write_bytes(b"")  # `controls` makes it real
    (secrets / "secret.txt").write_text("hush\nsecret\n", encoding="utf-8")


# -- an honest model -----------------------------------------------------------


def layer(kind: str, module: str = "keras.layers", /, **config: Any) -> dict[str, Any]:
    """A layer as Keras 3 describes it."""
    return {
        "module": module,
        "class_name": kind,
        "config": config,
        "registered_name": None,
    }


def sequential(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """A Sequential model from four numbers, ending in a Dense layer of two."""
    first = layer("InputLayer", batch_shape=[None, 4], dtype="float32", name="numbers")
    last = layer("Dense", units=2, name="answer", activation="linear")
    config = {"name": "stranger", "layers": [first, *layers, last]}
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": config,
        "registered_name": "Sequential",
        "build_config": {"input_shape": [None, 4]},
    }


def weights(fill: Callable[[h5py.File], None] | None = None) -> bytes:
    """The HDF5 file that goes with `sequential`, and what `fill` adds to it."""
    stream = BytesIO()
    with h5py.File(stream, "w") as file:
        if fill is None:
            dense = file.create_group("layers/dense/vars")
            dense.attrs["name"] = "answer"
            dense["0"] = np.ones((4, 2), "float32")
            dense["1"] = np.zeros(2, "float32")
        else:
            fill(file)
    return stream.getvalue()


Members = list[tuple[str | zipfile.ZipInfo, bytes]]


def members(config: Any = None, data: bytes | None = None) -> Members:
    """The members of an honest archive."""
    described = config if isinstance(config, bytes) else None
    if described is None:
        described = json.dumps(config or sequential()).encode()
    return [
        ("metadata.json", json.dumps({"keras_version": "3.15.1"}).encode()),
        ("config.json", described),
        ("model.weights.h5", weights() if data is None else data),
    ]


def write_zip(path: Path, parts: Members, packed: bool = False) -> Path:
    """Writes an archive, whatever its members are called."""
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that occur twice
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, data in parts:
                archive.writestr(name, data)
    return path


def packed_blanks(size: int, byte: bytes = b" ") -> bytes:
    """As many megabytes of one byte, deflated: one is packed and repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(byte * MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * size + packer.flush()


def keras_file(
    config: Callable[[Place], Any] | None = None, data: bytes | None = None
) -> Callable[[Place], Path]:
    """A builder of an archive with another description or other weights."""

    def build(place: Place) -> Path:
        described = config(place) if config else None
        return write_zip(place.file(".keras"), members(described, data))

    return build


def hdf5_file(
    fill: Callable[[h5py.File, Place], None], suffix: str = ".weights.h5"
) -> Callable[[Place], Path]:
    """A builder of an HDF5 file."""

    def build(place: Place) -> Path:
        path = place.file(suffix)
        with h5py.File(path, "w") as file:
            fill(file, place)
        return path

    return build
