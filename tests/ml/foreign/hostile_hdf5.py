"""HDF5 files that reach into others, blow up, run in circles or break."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5p, h5s, h5t

from tests.ml.foreign.hostile import (
    Attack,
    Place,
    hdf5_file,
    keras_file,
    packed_blanks,
    weights,
)

Fill = Callable[[h5py.File, Place], None]
ONES = np.ones((4, 2), "float32")


def _vars(file: h5py.File) -> Any:
    return file.require_group("layers/dense/vars")


def _external_link(file: h5py.File, place: Place) -> None:
    _vars(file)["0"] = h5py.ExternalLink(str(place.secrets / "secret.h5"), "/secret")


def _external_link_to_group(file: h5py.File, place: Place) -> None:
    file["layers"] = h5py.ExternalLink(str(place.secrets / "secret.h5"), "/")


def _external_link_keras2(file: h5py.File, place: Place) -> None:
    group = file.create_group("model_weights")
    group.attrs["layer_names"] = np.array([b"dense"])
    dense = group.create_group("dense")
    dense.attrs["weight_names"] = np.array([b"kernel"])
    dense["kernel"] = h5py.ExternalLink(str(place.secrets / "secret.h5"), "/secret")


def _soft_link(file: h5py.File, place: Place) -> None:
    file["other"] = np.full((4, 2), 42, "float32")
    _vars(file)["0"] = h5py.SoftLink("/other")


def _external_storage(file: h5py.File, place: Place) -> None:
    _vars(file).create_dataset(
        "0", (4, 2), "float32", external=[(str(place.secrets / "secret.bin"), 0, 32)]
    )


def _virtual(file: h5py.File, place: Place) -> None:
    layout = h5py.VirtualLayout((4, 2), "float32")
    layout[:] = h5py.VirtualSource(place.secrets / "secret.h5", "secret", (4, 2))
    _vars(file).create_virtual_dataset("0", layout)


def _user_link(place: Place) -> Path:
    """A link of a type that only a plugin could follow."""

    def fill(file: h5py.File, place: Place) -> None:
        _vars(file)["0"] = ONES
        _vars(file)["followme"] = h5py.ExternalLink("x.h5", "/y")

    path = hdf5_file(fill)(place)
    data = bytearray(path.read_bytes())
    start = data.rfind(b"followme") - 3
    while data[start] != 0x40:  # the type of external links
        start -= 1
    data[start] = 0x41
    path.write_bytes(data)
    return path


# -- bombs ---------------------------------------------------------------------


def _never_written(file: h5py.File, _: Place) -> None:
    """Three gigabytes declared, none stored."""
    _vars(file).create_dataset("0", (800_000_000,), "float32")


def _never_written_chunks(file: h5py.File, _: Place) -> None:
    _vars(file).create_dataset(
        "0", (800_000_000,), "float32", chunks=(1_000_000,), compression="gzip"
    )


def _gzip_bomb(file: h5py.File, _: Place) -> None:
    """Zeros shrink a thousandfold."""
    chunk, count = 2_000_000, 150
    group = _vars(file)
    data = group.create_dataset(
        "0", (chunk * count,), "float32", chunks=(chunk,), compression="gzip"
    )
    data[:chunk] = 0
    packed = data.id.read_direct_chunk((0,))[1]
    for index in range(1, count):
        data.id.write_direct_chunk((index * chunk,), packed)


def _gzip_bomb_in_chunk(file: h5py.File, _: Place) -> None:
    """One piece unpacks to far more than it declares."""
    data = _vars(file).create_dataset(
        "0", (1000,), "float32", chunks=(1000,), compression="gzip"
    )
    data.id.write_direct_chunk((0,), b"\x78\x9c" + packed_blanks(1200, b"\0"))


def _damaged_chunk(file: h5py.File, _: Place) -> None:
    """Nothing in the structure shows it; only reading does."""
    data = _vars(file).create_dataset(
        "0", (4,), "float32", chunks=(4,), compression="gzip"
    )
    data.id.write_direct_chunk((0,), b"\x78\x9c" + b"\xff" * 30)


def _gzip_spread(file: h5py.File, _: Place) -> None:
    """Each data set shrinks fiftyfold only, but there are many of them."""
    numbers = np.zeros(250_000, "float32")
    numbers[:4_000] = np.random.default_rng(0).normal(size=4_000)
    group = _vars(file)
    for index in range(60):
        group.create_dataset(str(index), data=numbers, compression="gzip")


def _huge_chunk(file: h5py.File, _: Place) -> None:
    """Ten numbers, in a piece for 500 million."""
    data = _vars(file).create_dataset(
        "0", (10,), "float32", maxshape=(None,), chunks=(500_000_000,), compression=1
    )
    data.id.write_direct_chunk((0,), b"\x78\x9c" + packed_blanks(2000, b"\0"))


def _many_views(place: Place) -> Path:
    """Many data sets over the same stored bytes."""
    count, numbers = 30, 1_000_000

    def fill(file: h5py.File, place: Place) -> None:
        group = _vars(file)
        group["0"] = np.ones(numbers, "float32")
        for index in range(1, count):
            group.create_dataset(str(index), (numbers,), "float32")

    path = hdf5_file(fill)(place)
    with h5py.File(path) as file:
        start = file["layers/dense/vars/0"].id.get_offset()
    # Where the numbers of the others are, their headers say nothing yet.
    size = (4 * numbers).to_bytes(8, "little")
    data = path.read_bytes().replace(
        b"\xff" * 8 + size, start.to_bytes(8, "little") + size
    )
    path.write_bytes(data)
    return path


def _huge_attribute(place: Place) -> Path:
    """Only the newer format of HDF5 has attributes of more than 64 kB."""
    path = place.file(".weights.h5")
    with h5py.File(path, "w", libver="latest") as file:
        group = _vars(file)
        group["0"] = ONES
        space = h5s.create_simple((4_000_000,))
        h5a.create(group.id, b"note", h5t.IEEE_F32LE, space)
    return path


def _long_text(file: h5py.File, _: Place) -> None:
    _vars(file)["0"] = ONES
    file.attrs["model_config"] = " " * 20_000_000


def _many_names(file: h5py.File, _: Place) -> None:
    _vars(file)["0"] = ONES
    space = h5s.create_simple((50_000,))
    h5a.create(file.id, b"layer_names", h5t.C_S1, space)


def _many_attributes(file: h5py.File, _: Place) -> None:
    group = _vars(file)
    group["0"] = ONES
    for index in range(1000):
        group.attrs[f"note{index}"] = index


def _many_groups(file: h5py.File, _: Place) -> None:
    for index in range(25_000):
        file.create_group(f"g{index}")


def _deep_groups(file: h5py.File, _: Place) -> None:
    group: Any = file
    for _index in range(1200):
        group = group.create_group("g")


def _long_name(file: h5py.File, _: Place) -> None:
    _vars(file)["9" * 5000] = ONES


# -- circles -------------------------------------------------------------------


def _cycle(file: h5py.File, _: Place) -> None:
    group = _vars(file)
    group["0"] = ONES
    group["again"] = file["layers"]


def _root_cycle(file: h5py.File, _: Place) -> None:
    _vars(file)["0"] = ONES
    file["again"] = file["/"]


def _twice(file: h5py.File, _: Place) -> None:
    group = _vars(file)
    group["0"] = np.ones(100_000, "float32")
    for index in range(1, 100):
        group[str(index)] = group["0"]


# -- types ---------------------------------------------------------------------


def _typed(kind: Any, shape: tuple[int, ...] = (4,)) -> Fill:
    def fill(file: h5py.File, _: Place) -> None:
        _vars(file).create_dataset("0", shape, kind)

    return fill


def _references(file: h5py.File, _: Place) -> None:
    group = _vars(file)
    group["1"] = ONES
    data = group.create_dataset("0", (1,), h5py.ref_dtype)
    data[0] = group["1"].ref


def _named_type(file: h5py.File, _: Place) -> None:
    file["kind"] = np.dtype("float32")
    _vars(file).create_dataset("0", data=ONES, dtype=file["kind"])


def _odd_float(file: h5py.File, _: Place) -> None:
    """Four bytes whose exponent lies elsewhere."""
    kind = h5t.IEEE_F32LE.copy()
    kind.set_fields(31, 20, 11, 0, 20)
    kind.set_ebias(1023)
    h5d.create(_vars(file).id, b"0", kind, h5s.create_simple((4,)))


def _overflow(file: h5py.File, _: Place) -> None:
    """2^32 x 2^32 numbers: the product of the sides is 0 in 64 bits."""
    creation = h5p.create(h5p.DATASET_CREATE)
    creation.set_chunk((1, 1))
    h5d.create(
        _vars(file).id,
        b"0",
        h5t.IEEE_F32LE,
        h5s.create_simple((2**32, 2**32)),
        creation,
    )


def _many_dimensions(file: h5py.File, _: Place) -> None:
    _vars(file)["0"] = np.ones((1,) * 20, "float32")


def _lzf(file: h5py.File, _: Place) -> None:
    _vars(file).create_dataset("0", data=ONES, compression="lzf")


def _scale_offset(file: h5py.File, _: Place) -> None:
    _vars(file).create_dataset("0", data=ONES, scaleoffset=2)


def _unknown_filter(place: Place) -> Path:
    """HDF5 looks for the filter's plugin on the disk."""
    path = hdf5_file(_lzf)(place)
    data = path.read_bytes()
    # 32000 is lzf's number; 32015 belongs to a plugin. Its name goes too.
    patched = data.replace((32000).to_bytes(2, "little"), (32015).to_bytes(2, "little"))
    path.write_bytes(patched.replace(b"lzf\0", b"zzz\0"))
    return path


def _no_text(file: h5py.File, _: Place) -> None:
    _vars(file)["0"] = ONES
    names = np.array([b"\xff\xfe"], dtype=object)
    file.attrs.create("layer_names", names, dtype=h5py.string_dtype("utf-8"))


def _valued(value: float) -> Fill:
    def fill(file: h5py.File, _: Place) -> None:
        numbers = ONES.copy()
        numbers[1, 1] = value
        _vars(file)["0"] = numbers

    return fill


def _missing_weights(file: h5py.File, _: Place) -> None:
    file.attrs["layer_names"] = np.array([b"dense"])
    file.create_group("dense").attrs["weight_names"] = np.array([b"kernel:0"])


def _no_layers(file: h5py.File, _: Place) -> None:
    file["numbers"] = ONES


def _config(text: str) -> Fill:
    def fill(file: h5py.File, _: Place) -> None:
        _vars(file)["0"] = ONES
        file.attrs["model_config"] = text

    return fill


# -- broken --------------------------------------------------------------------


def _changed(
    change: Callable[[bytearray], bytes | bytearray],
) -> Callable[[Place], Path]:
    def build(place: Place) -> Path:
        path = place.file(".weights.h5")
        path.write_bytes(change(bytearray(weights())))
        return path

    return build


def _cut(part: float) -> Callable[[Place], Path]:
    return _changed(lambda data: data[: int(len(data) * part)])


def _overwritten(start: int) -> Callable[[Place], Path]:
    def change(data: bytearray) -> bytearray:
        data[start : start + 200] = b"\xff" * 200
        return data

    return _changed(change)


_DEEP_CONFIG = (
    '{"class_name": "Sequential", "config": ' + "[" * 90_000 + "]" * 90_000 + "}"
)
_LAMBDA_CONFIG = json.dumps(
    {"class_name": "Sequential", "config": [{"class_name": "Lambda", "config": {}}]}
)
_UNUSUAL = "unusual way"
_NUMBERS = "other than plain numbers"

_LINKS = (
    Attack("external_link", hdf5_file(_external_link), "secret", "another file"),
    Attack(
        "external_link_group",
        hdf5_file(_external_link_to_group),
        "secret",
        "another file",
    ),
    Attack(
        "external_link_keras2",
        hdf5_file(_external_link_keras2, ".h5"),
        "secret",
        "another file",
    ),
    Attack(
        "external_link_in_keras",
        lambda p: keras_file(None, weights(lambda f: _external_link(f, p)))(p),
        "secret",
        "another file",
    ),
    Attack("soft_link", hdf5_file(_soft_link), "secret", "a soft link"),
    Attack("external_storage", hdf5_file(_external_storage), "secret", "another file"),
    Attack("virtual", hdf5_file(_virtual), "secret", "other files"),
    Attack("user_link", _user_link, "user_link", "unknown kind"),
)
_BOMBS = (
    Attack("never_written", hdf5_file(_never_written), "read_all", "only 0 are stored"),
    Attack(
        "never_written_chunks", hdf5_file(_never_written_chunks), "read_all", "stored"
    ),
    Attack("gzip_bomb", hdf5_file(_gzip_bomb), "read_all", "are stored"),
    Attack("gzip_bomb_in_chunk", hdf5_file(_gzip_bomb_in_chunk), "read_all", "damaged"),
    Attack(
        "gzip_spread",
        hdf5_file(_gzip_spread),
        "read_more_than_stored",
        "bytes of memory",
    ),
    Attack("huge_chunk", hdf5_file(_huge_chunk), "read_all", "pieces of"),
    Attack("many_views", _many_views, "read_more_than_stored", "claim"),
    Attack("huge_attribute", _huge_attribute, "plain_hdf5", "a note of 4,000,000"),
    Attack("long_text", hdf5_file(_long_text), "plain_hdf5", "more text"),
    Attack("many_names", hdf5_file(_many_names), "plain_hdf5", "50,000 parts"),
    Attack("many_attributes", hdf5_file(_many_attributes), "plain_hdf5", "1,000 notes"),
    Attack("many_groups", hdf5_file(_many_groups), "plain_hdf5", "25,000 objects"),
    Attack("deep_groups", hdf5_file(_deep_groups), "walk", "nested deeper"),
    Attack("long_name", hdf5_file(_long_name), "plain_hdf5", "5,000 letters"),
)
_CIRCLES = (
    Attack("cycle", hdf5_file(_cycle), "walk", "leads back"),
    Attack("root_cycle", hdf5_file(_root_cycle), "walk", "leads back"),
    Attack("twice", hdf5_file(_twice), "read_more_than_stored", "leads back"),
)
_TYPES = (
    Attack("references", hdf5_file(_references), "plain_hdf5", _NUMBERS),
    Attack(
        "region_references",
        hdf5_file(_typed(h5py.regionref_dtype)),
        "plain_hdf5",
        _NUMBERS,
    ),
    Attack(
        "compound",
        hdf5_file(_typed([("a", "f4"), ("b", "i4")])),
        "plain_hdf5",
        _NUMBERS,
    ),
    Attack(
        "lists",
        hdf5_file(_typed(h5py.vlen_dtype(np.dtype("f4")))),
        "plain_hdf5",
        _NUMBERS,
    ),
    Attack("texts", hdf5_file(_typed(h5py.string_dtype())), "plain_hdf5", _NUMBERS),
    Attack("opaque", hdf5_file(_typed(np.dtype("V1000"))), "plain_hdf5", _NUMBERS),
    Attack("arrays", hdf5_file(_typed(np.dtype("(1000,)f4"))), "plain_hdf5", _NUMBERS),
    Attack(
        "enumeration",
        hdf5_file(_typed(h5py.enum_dtype({"a": 1, "b": 2}))),
        "plain_hdf5",
        _NUMBERS,
    ),
    Attack("complex", hdf5_file(_typed("complex64")), "plain_hdf5", _NUMBERS),
    Attack("plain_hdf5", hdf5_file(_odd_float), "plain_hdf5", _NUMBERS),
    Attack("no_text", hdf5_file(_no_text), "plain_hdf5", "damaged"),
    Attack("named_type", hdf5_file(_named_type), "plain_hdf5", "neither a group"),
    Attack("overflow", hdf5_file(_overflow), "fooled_size", "are stored"),
    Attack(
        "many_dimensions", hdf5_file(_many_dimensions), "plain_hdf5", "20 dimensions"
    ),
    Attack("lzf", hdf5_file(_lzf), "filters", _UNUSUAL),
    Attack("scale_offset", hdf5_file(_scale_offset), "filters", _UNUSUAL),
    Attack("unknown_filter", _unknown_filter, "filters", _UNUSUAL),
    Attack("nan", hdf5_file(_valued(np.nan)), "not_finite", "NaN"),
    Attack("infinite", hdf5_file(_valued(-np.inf)), "not_finite", "infinite"),
    Attack(
        "missing_weights",
        hdf5_file(_missing_weights),
        "plain_hdf5",
        "listed",
    ),
    Attack("no_layers", hdf5_file(_no_layers), "plain_hdf5", "no weights of layers"),
    Attack("config_deep", hdf5_file(_config(_DEEP_CONFIG), ".h5"), "json", "deeper"),
    Attack(
        "config_lambda",
        hdf5_file(_config(_LAMBDA_CONFIG), ".h5"),
        "plain_hdf5",
        "Lambda",
    ),
)
_BROKEN = (
    Attack(
        "damaged_chunk",
        hdf5_file(_damaged_chunk),
        "read_hdf5",
        "damaged",
        fires=False,
    ),
    *(
        Attack(f"cut_h5_{percent}", _cut(percent / 100), "read_hdf5", "", fires=False)
        for percent in (1, 10, 30, 50, 80, 97)
    ),
    *(
        Attack(
            f"overwritten_{start}", _overwritten(start), "read_hdf5", "", fires=False
        )
        for start in (24, 100, 700)
    ),
    Attack(
        "behind_a_block",
        _changed(lambda data: bytes(512) + data),
        "plain_hdf5",
        "something else",
    ),
    Attack(
        "wrong_magic",
        _changed(lambda data: b"\x88" + data[1:]),
        "read_hdf5",
        "something else",
        fires=False,
    ),
)
ATTACKS = (*_LINKS, *_BOMBS, *_CIRCLES, *_TYPES, *_BROKEN)
