"""Walks an HDF5 file and reads only its structure; runs in the child process.

Hard links alone, each object once; plain numbers and texts alone; no data in other
files; and no more bytes declared than are stored. Nothing of a data set is read
here. The format: https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h5py
from h5py import h5a, h5d, h5f, h5g, h5l, h5o, h5s, h5t, h5z

from tlgui.ml.foreign import limits
from tlgui.ml.foreign.refusal import SAVE_AGAIN, Refusal

_LAYOUTS = (h5d.COMPACT, h5d.CONTIGUOUS, h5d.CHUNKED)
_FILTERS = (h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE)
_LINKS = {
    h5l.TYPE_SOFT: "a soft link",
    h5l.TYPE_EXTERNAL: "a link to another file",
}


@dataclass(frozen=True)
class DataSet:
    """A checked data set.

    Attributes:
        path: its place in the file, for example `layers/dense/vars/0`.
        shape: of the array.
        dtype: name of numpy's type, for example `float32`.
        handle: for reading it.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    handle: Any


@dataclass
class Structure:
    """What a file holds: its data sets, and its groups by path."""

    data_sets: list[DataSet]
    groups: dict[str, Any]
    declared: int = 0
    stored: int = 0


def check_structure(file: Any, size: int) -> Structure:
    """Walks the whole file.

    Args:
        file: an open `h5py.File`.
        size: bytes of the file.

    Raises:
        Refusal: something in it is not allowed.
    """
    root = h5g.open(file.id, b"/")
    found = Structure([], {"": root})
    seen = {h5o.get_info(root).addr}
    waiting: list[tuple[str, Any]] = [("", root)]
    while waiting:
        path, group = waiting.pop()
        _check_attributes(group, path)
        for name in _children(group, path):
            inner = f"{path}/{name}" if path else name
            _check_once(group, name, inner, seen)
            child = h5o.open(group, name.encode())
            if isinstance(child, h5g.GroupID):
                found.groups[inner] = child
                waiting.append((inner, child))
            elif isinstance(child, h5d.DatasetID):
                _check_attributes(child, inner)
                found.data_sets.append(_check_data_set(child, inner, found))
            else:
                raise Refusal(f"{inner!a:.100} in it is neither a group nor numbers")
    _check_totals(found, size)
    return found


def _children(group: Any, path: str) -> Iterator[str]:
    if path.count("/") >= limits.HDF5_DEPTH:
        raise Refusal("its groups are nested deeper than any model's")
    if group.get_num_objs() > limits.HDF5_OBJECTS:
        raise Refusal(f"it has a group of {group.get_num_objs():,} objects")
    names: list[bytes] = []
    group.links.iterate(names.append)
    for name in sorted(names):
        if len(name) > limits.HDF5_NAME_BYTES:
            raise Refusal(f"it has an object whose name has {len(name):,} letters")
        yield name.decode("utf-8")


def _check_once(group: Any, name: str, inner: str, seen: set[int]) -> None:
    """Lets only hard links through, and each object once: no cycles, no copies."""
    link = group.links.get_info(name.encode())
    if link.type != h5l.TYPE_HARD:
        kind = _LINKS.get(link.type, "a link of an unknown kind")
        raise Refusal(f"{inner!a:.100} in it is {kind}", SAVE_AGAIN)
    address = h5o.get_info(group, name.encode()).addr
    if address in seen:
        raise Refusal(f"{inner!a:.100} in it leads back to another place", SAVE_AGAIN)
    seen.add(address)
    if len(seen) > limits.HDF5_OBJECTS:
        raise Refusal(f"it holds more than {limits.HDF5_OBJECTS:,} objects")


def _check_attributes(place: Any, path: str) -> None:
    count = h5a.get_num_attrs(place)
    if count > limits.HDF5_ATTRIBUTES:
        raise Refusal(f"{path!a:.100} in it has {count:,} notes")
    for index in range(count):
        attribute = h5a.open(place, index=index)
        _check_attribute(attribute, path)


def _check_attribute(attribute: Any, path: str) -> None:
    kind, space = attribute.get_type(), attribute.get_space()
    is_text = isinstance(kind, h5t.TypeStringID)
    if not is_text and _number_type(kind) is None:
        raise Refusal(f"{path!a:.100} in it has a note that is no text or number")
    elements = _elements(space)
    declared = elements * kind.get_size()
    if elements > limits.HDF5_ATTRIBUTE_ELEMENTS:
        raise Refusal(f"{path!a:.100} in it has a note of {elements:,} parts")
    if declared > limits.HDF5_ATTRIBUTE_BYTES:
        raise Refusal(f"{path!a:.100} in it has a note of {declared:,} bytes")


def _elements(space: Any) -> int:
    if space.get_simple_extent_type() not in (h5s.SCALAR, h5s.SIMPLE):
        return 0
    return math.prod(space.get_simple_extent_dims())


def _check_data_set(data_set: Any, path: str, found: Structure) -> DataSet:
    kind = _number_type(data_set.get_type())
    if kind is None:
        raise Refusal(f"{path!a:.100} in it holds something other than plain numbers")
    creation = data_set.get_create_plist()
    if creation.get_layout() not in _LAYOUTS:
        raise Refusal(f"{path!a:.100} in it takes its numbers from other files")
    if creation.get_external_count():
        raise Refusal(f"{path!a:.100} in it keeps its numbers in another file")
    space = data_set.get_space()
    if space.get_simple_extent_type() not in (h5s.SCALAR, h5s.SIMPLE):
        raise Refusal(f"{path!a:.100} in it has no shape")
    shape = tuple(space.get_simple_extent_dims())
    if len(shape) > limits.HDF5_RANK:
        raise Refusal(f"{path!a:.100} in it has {len(shape)} dimensions")
    _check_bytes(data_set, creation, path, found)
    return DataSet(path, shape, kind, data_set)


def _check_bytes(data_set: Any, creation: Any, path: str, found: Structure) -> None:
    filters = creation.get_nfilters()
    codes = [creation.get_filter(index)[0] for index in range(filters)]
    if filters > limits.HDF5_FILTERS or not set(codes) <= set(_FILTERS):
        raise Refusal(f"{path!a:.100} in it is packed in an unusual way", SAVE_AGAIN)
    item = data_set.get_type().get_size()
    declared = _elements(data_set.get_space()) * item
    stored = data_set.get_storage_size()
    ratio = limits.HDF5_GZIP_RATIO if h5z.FILTER_DEFLATE in codes else 1
    if declared > stored * ratio:
        raise Refusal(
            f"{path!a:.100} in it would need {declared:,} bytes of memory, but only "
            f"{stored:,} are stored",
        )
    if creation.get_layout() == h5d.CHUNKED:
        chunk = math.prod(creation.get_chunk()) * item
        if chunk > limits.HDF5_CHUNK_BYTES:
            raise Refusal(f"{path!a:.100} in it is packed in pieces of {chunk:,} bytes")
    found.declared += declared
    found.stored += stored


def _check_totals(found: Structure, size: int) -> None:
    if found.stored > size:
        raise Refusal(
            f"its parts claim {found.stored:,} bytes, but the file has only {size:,}"
        )
    if found.declared > limits.most_numbers(size):
        raise Refusal(f"it would need {found.declared:,} bytes of memory")


def _number_type(kind: Any) -> str | None:
    """The name of numpy's type for a plain number of HDF5, or None."""
    if kind.committed():
        return None
    if isinstance(kind, h5t.TypeEnumID):  # how h5py stores truth values
        return "bool" if kind.dtype == bool else None
    size = kind.get_size()
    if isinstance(kind, h5t.TypeOpaqueID) and size == 2:  # Keras' way of bfloat16
        return "bfloat16"
    if isinstance(kind, h5t.TypeIntegerID) and size in (1, 2, 4, 8):
        sign = "uint" if kind.get_sign() == h5t.SGN_NONE else "int"
        return f"{sign}{size * 8}"
    if isinstance(kind, h5t.TypeFloatID) and size in (2, 4, 8):
        plain = (h5t.IEEE_F16LE, h5t.IEEE_F32LE, h5t.IEEE_F64LE)
        other = (h5t.IEEE_F16BE, h5t.IEEE_F32BE, h5t.IEEE_F64BE)
        if any(kind.equal(known) for known in (*plain, *other)):
            return f"float{size * 8}"
    return None


def open_hdf5(stream: Any) -> Any:
    """Opens a file object read-only.

    Raises:
        OSError: it is damaged.
    """
    file = h5py.File(stream, "r")
    if h5f.get_obj_count(file.id, h5f.OBJ_FILE) != 1:
        raise Refusal("it opened another file")
    return file
