"""Reads the weights out of a PyTorch file without PyTorch and without running it.

A `.pth` file written by `torch.save` before PyTorch 1.6 is five pickles in a row
(magic number, protocol, facts about the writing machine, the tensors' layout, the
storages' order) followed by the numbers themselves, each storage preceded by its
length. The layout is described by what wrote and reads it, the "legacy" half of
https://github.com/pytorch/pytorch/blob/main/torch/serialization.py.

Unpickling calls whatever the file names, so a file could run anything. Here no
pickle module is at work: as PyTorch's own `weights_only` reader does, a small
machine steps through the few opcodes (https://docs.python.org/3/library/pickletools.html)
that a file of weights needs, and the names in it stay names. It builds nothing but
dictionaries, lists, tuples, texts, numbers and descriptions of tensors.
"""

import io
import math
import pickletools
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tlgui.core.errors import TlguiError

Arrays = dict[str, np.ndarray[Any, np.dtype[Any]]]

_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the first pickle
_PROTOCOL = 1001
_DICTIONARY = "collections.OrderedDict"
_TENSOR = "torch._utils._rebuild_tensor_v2"
_STORAGES: Mapping[str, np.dtype[Any]] = {
    "torch.HalfStorage": np.dtype("<f2"),
    "torch.FloatStorage": np.dtype("<f4"),
    "torch.DoubleStorage": np.dtype("<f8"),
    "torch.IntStorage": np.dtype("<i4"),
    "torch.LongStorage": np.dtype("<i8"),
}
_KNOWN_NAMES = {_DICTIONARY, _TENSOR, *_STORAGES}
_OPCODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}


class _RefusedError(Exception):
    """Why a file is not taken, as the middle of a sentence."""


def read_torch_weights(path: Path) -> Arrays:
    """Reads a file of named tensors (a `state_dict`) in the pre-1.6 format.

    Args:
        path: the `.pth` file.

    Returns:
        The tensors by name, in the file's order, as read-only arrays with the
        file's shapes and types. They share the memory the file was read into.

    Raises:
        TlguiError: the file cannot be read, is cut off or damaged, is in another
            format, or holds anything but named tensors.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TlguiError(
            f"The weights file {path} cannot be read: {error.strerror}."
        ) from error
    try:
        return _read(data)
    except _RefusedError as reason:
        raise TlguiError(
            f"The weights file {path} was not taken: expected named tensors saved "
            f"by PyTorch before 1.6, but {reason}. Get the file again from where it "
            "came from."
        ) from reason


def _read(data: bytes) -> Arrays:
    if data.startswith(b"PK"):
        _refuse("it is a zip archive, the format of PyTorch 1.6 and later")
    if not data.startswith(_MAGIC):
        _refuse("it does not begin with PyTorch's magic number")
    stream = io.BytesIO(data)
    stream.seek(len(_MAGIC))
    if _Machine().run(stream) != _PROTOCOL:
        _refuse(f"its protocol version is not {_PROTOCOL}")
    system = _Machine().run(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        _refuse("it was not written on a little-endian machine")
    machine = _Machine()
    tensors = machine.run(stream)
    if not isinstance(tensors, dict):
        _refuse("it holds a single object instead of named tensors")
    order = _Machine().run(stream)
    storages = _read_storages(stream, machine.storages, order)
    return {name: _array(name, tensor, storages) for name, tensor in tensors.items()}


def _refuse(reason: str) -> NoReturn:
    raise _RefusedError(reason)


# -- the layout: a machine for the opcodes of pickle protocol 2 ----------------


@dataclass(frozen=True)
class _Name:
    """A class or function that the file names, and that nobody calls."""

    text: str


@dataclass(frozen=True)
class _Storage:
    """Numbers that follow later in the file."""

    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True)
class _Tensor:
    """A window on a storage, in elements: `offset + sum(index * stride)`."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass
class _Machine:
    """Runs one pickle. `storages` are the ones it mentioned, by key."""

    storages: dict[str, _Storage] = field(default_factory=dict)
    stack: list[Any] = field(default_factory=list)
    below: list[list[Any]] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def run(self, stream: io.BytesIO) -> Any:
        """Runs from the stream's position to the end of the pickle there."""
        while True:
            code = stream.read(1)
            opcode = _OPCODES.get(code)
            if not code:
                _refuse("it ends in the middle of its table of contents")
            if opcode is None or opcode.name not in _STEPS:
                _refuse(f"it asks for something else (opcode {code!r})")
            try:
                argument = opcode.arg.reader(stream) if opcode.arg else None
                if opcode.name == "STOP":
                    return self.stack.pop()
                _STEPS[opcode.name](self, argument)
            except (ValueError, IndexError, KeyError, TypeError) as error:
                _refuse(f"its table of contents is damaged ({error})")

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def get(self, index: int) -> None:
        self.push(self.memo[index])

    def put(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def mark(self, _: None) -> None:
        self.below.append(self.stack)
        self.stack = []

    def pop_marked(self) -> list[Any]:
        marked, self.stack = self.stack, self.below.pop()
        return marked

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            _refuse("its table of contents is damaged (a tuple is too short)")
        values = tuple(self.stack[-count:])
        del self.stack[-count:]
        self.push(values)

    def append_all(self, values: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            _refuse("it appends to something that is not a list")
        target.extend(values)

    def set_all(self, flat: list[Any]) -> None:
        target = self.stack[-1]
        keys = flat[::2]
        if not isinstance(target, dict) or not all(isinstance(k, str) for k in keys):
            _refuse("it has entries without a name")
        target.update(zip(keys, flat[1::2], strict=True))

    def set_one(self, _: None) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.set_all([key, value])

    def name(self, words: str) -> None:
        text = words.replace(" ", ".")
        if text not in _KNOWN_NAMES:
            _refuse(f"it names {text!a:.80}, which no file of weights needs")
        self.push(_Name(text))

    def call(self, _: None) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if function == _Name(_DICTIONARY) and arguments == ():
            self.push({})
        elif function == _Name(_TENSOR):
            self.push(_tensor(arguments))
        else:
            _refuse("it wants something called that is not a tensor")

    def set_state(self, _: None) -> None:
        """Drops what a `state_dict` remembers about PyTorch's own versions."""
        state, target = self.stack.pop(), self.stack[-1]
        if not isinstance(state, dict) or not isinstance(target, dict):
            _refuse("it changes the state of something that is not a dictionary")

    def storage(self, _: None) -> None:
        kind, name, key, _place, count, view = self.stack.pop()
        if kind != "storage" or not isinstance(name, _Name) or view is not None:
            _refuse("it has a storage of an unknown kind")
        if not isinstance(key, str) or not _is_count(count):
            _refuse("it has a storage without a name or a size")
        storage = _Storage(key, _STORAGES[name.text], count)
        if self.storages.setdefault(key, storage) != storage:
            _refuse(f"it describes the storage {key!a:.80} twice and differently")
        self.push(storage)


_STEPS: Mapping[str, Callable[[_Machine, Any], None]] = {
    "PROTO": lambda machine, version: None,
    "STOP": lambda machine, _: None,
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "BININT": _Machine.push,
    "BININT1": _Machine.push,
    "BININT2": _Machine.push,
    "LONG1": _Machine.push,
    "BINUNICODE": _Machine.push,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MARK": _Machine.mark,
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_marked())),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "APPEND": lambda machine, _: machine.append_all([machine.stack.pop()]),
    "APPENDS": lambda machine, _: machine.append_all(machine.pop_marked()),
    "SETITEM": _Machine.set_one,
    "SETITEMS": lambda machine, _: machine.set_all(machine.pop_marked()),
    "GLOBAL": _Machine.name,
    "REDUCE": _Machine.call,
    "BUILD": _Machine.set_state,
    "BINPERSID": _Machine.storage,
}


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _tensor(arguments: Any) -> _Tensor:
    storage, offset, shape, strides, _needs_gradient, _hooks = arguments
    if not isinstance(storage, _Storage) or not _is_count(offset):
        _refuse("it has a tensor without a storage")
    for sizes in (shape, strides):
        if not isinstance(sizes, tuple) or not all(map(_is_count, sizes)):
            _refuse("it has a tensor with an impossible shape")
    if len(shape) != len(strides):
        _refuse("it has a tensor with an impossible shape")
    return _Tensor(storage, offset, shape, strides)


# -- the numbers ---------------------------------------------------------------


def _read_storages(
    stream: io.BytesIO, described: Mapping[str, _Storage], order: Any
) -> Arrays:
    """Reads every storage behind the layout, and nothing may follow them."""
    keys = order if isinstance(order, list) else []
    named = sorted(key for key in keys if isinstance(key, str))
    if len(named) != len(keys) or named != sorted(described):
        _refuse("its list of storages does not match its tensors")
    buffer, position = stream.getbuffer().toreadonly(), stream.tell()
    arrays: Arrays = {}
    for key in keys:
        storage = described[key]
        start = position + 8
        position = start + storage.count * storage.dtype.itemsize
        if position > len(buffer):
            _refuse(f"it is cut off after {len(buffer)} bytes")
        (count,) = struct.unpack_from("<q", buffer, start - 8)
        if count != storage.count:
            _refuse(f"a storage has {count} numbers instead of {storage.count}")
        arrays[key] = np.frombuffer(buffer, storage.dtype, storage.count, start)
    if position != len(buffer):
        _refuse(f"{len(buffer) - position} unknown bytes follow the last tensor")
    return arrays


def _array(name: str, tensor: Any, storages: Arrays) -> np.ndarray[Any, np.dtype[Any]]:
    """Lays a tensor's window on its storage, after checking that it fits."""
    if not isinstance(tensor, _Tensor):
        _refuse(f"the entry {name!a:.80} is not a tensor")
    numbers = storages[tensor.storage.key]
    steps = zip(tensor.shape, tensor.strides, strict=True)
    last = tensor.offset + sum((size - 1) * stride for size, stride in steps)
    fits = all(0 < n <= numbers.size for n in tensor.shape + tensor.strides)
    if not fits or math.prod(tensor.shape) > numbers.size or last >= numbers.size:
        _refuse(f"the tensor {name!a:.80} does not fit into its storage")
    return np.lib.stride_tricks.as_strided(
        numbers[tensor.offset :],
        tensor.shape,
        tuple(stride * numbers.itemsize for stride in tensor.strides),
        writeable=False,
    )
