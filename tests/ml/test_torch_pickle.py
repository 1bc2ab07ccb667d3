import os
import pickle
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ml.make_golden import FOLDER, NAMES, digest_weights
from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import TlguiError
from tlgui.ml.torch_pickle import read_torch_weights

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
SYSTEM = {"protocol_version": PROTOCOL, "little_endian": True, "type_sizes": {}}
FLOATS = np.arange(6, dtype="<f4")
DICTIONARY = b"ccollections\nOrderedDict\n)R"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"


def body(value: object) -> bytes:
    """The opcodes that put a plain value on the stack."""
    return pickle.dumps(value, 2)[2:-1]


def storage(
    key: object = "1", count: object = 6, kind: str = "Float", view: object = None
) -> bytes:
    name = f"ctorch\n{kind}Storage\n".encode()
    place = body(key) + body("cpu") + body(count) + body(view)
    return b"(" + body("storage") + name + place + b"tQ"


def tensor(
    shape: object = (2, 3),
    strides: object = (3, 1),
    offset: object = 0,
    numbers: bytes | None = None,
) -> bytes:
    window = body(offset) + body(shape) + body(strides) + body(False)
    return REBUILD + b"(" + (numbers or storage()) + window + DICTIONARY + b"tR"


def layout(*entries: tuple[object, bytes]) -> bytes:
    flat = b"".join(body(name) + value for name, value in entries)
    return b"\x80\x02" + DICTIONARY + b"(" + flat + b"u."


def weights(
    contents: bytes | None = None,
    arrays: Sequence[np.ndarray[Any, Any]] = (FLOATS,),
    *,
    magic: object = MAGIC,
    protocol: object = PROTOCOL,
    system: object = SYSTEM,
    keys: object = ("1",),
) -> bytes:
    """A whole file; what is not said is right, with one tensor called `kernel`."""
    order = list(keys) if isinstance(keys, tuple) else keys
    parts = [pickle.dumps(each, 2) for each in (magic, protocol, system)]
    parts += [contents or layout(("kernel", tensor())), pickle.dumps(order, 2)]
    parts += [struct.pack("<q", array.size) + array.tobytes() for array in arrays]
    return b"".join(parts)


def read(tmp_path: Path, data: bytes) -> dict[str, np.ndarray[Any, Any]]:
    file = tmp_path / "weights.pth"
    file.write_bytes(data)
    return read_torch_weights(file)


def one(value: bytes) -> bytes:
    return weights(layout(("kernel", value)))


def test_reads_windows_on_shared_storages(tmp_path: Path) -> None:
    contents = layout(
        ("rows", tensor()),
        ("columns", tensor(shape=(3, 2), strides=(1, 3))),
        ("tail", tensor(shape=(2,), strides=(1,), offset=4)),
        ("count", tensor((), (), numbers=storage("2", 1, "Long"))),
    )
    arrays = (FLOATS, np.array([7], dtype="<i8"))
    found = read(tmp_path, weights(contents, arrays, keys=("1", "2")))
    assert list(found) == ["rows", "columns", "tail", "count"]
    rows = FLOATS.reshape(2, 3)
    np.testing.assert_array_equal(found["rows"], rows)
    np.testing.assert_array_equal(found["columns"], rows.T)
    np.testing.assert_array_equal(found["tail"], [4, 5])
    assert found["count"] == np.array(7)
    assert found["count"].dtype == np.int64
    assert not any(array.flags.writeable for array in found.values())


def test_ignores_what_a_state_dict_remembers(tmp_path: Path) -> None:
    state = body({"_metadata": {"": {"version": 1}}})
    contents = layout(("kernel", tensor()))[:-1] + state + b"b."
    assert list(read(tmp_path, weights(contents))) == ["kernel"]


@pytest.mark.parametrize("name", NAMES)
def test_reads_what_pytorch_reads(name: str) -> None:
    file = find_backbone(name).weights_path
    assert file is not None
    with np.load(FOLDER / f"{name}.npz") as golden:
        expected = str(golden["weights_digest"])
    assert digest_weights(read_torch_weights(file)) == expected


class Call:
    """Pickles into a call of any function."""

    def __init__(self, function: Any, argument: str) -> None:
        self.call = function, (argument,)

    def __reduce__(self) -> Any:
        return self.call


def attack(kind: str, marker: Path) -> bytes:
    """A pickle that leaves a marker behind when it is loaded the plain way."""
    if kind == "system":
        return pickle.dumps(Call(os.system, f'echo ran > "{marker}"'), 2)
    return pickle.dumps(Call(eval, f"open({str(marker)!r}, 'w').close()"), 2)


PLACES = ("first", "layout", "entry", "state", "order")


def hostile(place: str, payload: bytes) -> bytes:
    """A file that is right but for one place."""
    if place == "first":
        return payload + weights()
    if place == "layout":
        return weights(payload)
    if place == "entry":
        return one(payload[2:-1])
    contents = layout(("kernel", tensor()))
    if place == "state":
        state = b"}" + body("hook") + payload[2:-1] + b"s"
        return weights(contents[:-1] + state + b"b.")
    return weights(contents).replace(pickle.dumps(["1"], 2), payload)


class PlainUnpickler(pickle.Unpickler):
    """As careless as `torch.load` was, without torch."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("torch"):
            return lambda *arguments: {}
        return super().find_class(module, name)

    def persistent_load(self, pid: object) -> object:
        return pid


@pytest.mark.parametrize("kind", ["system", "eval"])
@pytest.mark.parametrize("place", PLACES)
def test_runs_nothing(kind: str, place: str, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    data = hostile(place, attack(kind, marker))
    with pytest.raises(TlguiError, match=r"weights\.pth was not taken"):
        read(tmp_path, data)
    assert not marker.exists()
    with (tmp_path / "weights.pth").open("rb") as stream:
        while not marker.exists():  # else loading ends in an EOFError
            PlainUnpickler(stream).load()


REFUSED = {
    "no words": (b"", "magic number"),
    "zip": (b"PK\x03\x04" + bytes(30), "zip archive"),
    "wrong magic": (weights(magic=MAGIC + 1), "magic number"),
    "wrong protocol": (weights(protocol=1000), "protocol version is not 1001"),
    "big-endian": (weights(system={"little_endian": False}), "little-endian"),
    "no facts": (weights(system=[]), "little-endian"),
    "a list": (weights(pickle.dumps([], 2)), "single object"),
    "a number": (
        weights(layout(("kernel", tensor()), ("step", body(3)))),
        "the entry 'step' is not a tensor",
    ),
    "no name": (weights(layout((3, tensor()))), "without a name"),
    "other class": (one(b"ctorch\nBoolStorage\n"), "names 'torch.BoolStorage'"),
    "other function": (one(b"ctorch\nload\n"), "names 'torch.load'"),
    "endless name": (one(b"c" + b"x" * 999 + b"\ny\n"), "names 'xxx"),
    "new protocol": (one(b"\x8c\x01a\x8c\x01b\x93"), r"opcode b'\\x8c'"),
    "newer pickle": (weights(pickle.dumps({}, 4)), r"opcode b'\\x94'"),
    "new object": (one(DICTIONARY + b")\x81"), r"opcode b'\\x81'"),
    "call of nothing": (one(b"NNR"), "wants something called"),
    "call of a type": (one(b"ctorch\nLongStorage\n)R"), "wants something called"),
    "full dictionary": (one(b"ccollections\nOrderedDict\nNR"), "something called"),
    "short tensor": (one(REBUILD + b")R"), "contents is damaged"),
    "unknown memo": (one(b"h\x63"), "contents is damaged"),
    "empty stack": (weights(b"\x80\x02."), "contents is damaged"),
    "short tuple": (weights(b"\x80\x02\x86."), "contents is damaged"),
    "half an entry": (weights(b"\x80\x02}(Nu."), "without a name"),
    "append to nothing": (weights(b"\x80\x02NNa."), "not a list"),
    "state of a list": (weights(b"\x80\x02]}b."), "not a dictionary"),
    "not a storage": (one(tensor(numbers=body(1))), "without a storage"),
    "named module": (one(body(("module", 1, 2, 3, 4, 5)) + b"Q"), "unknown kind"),
    "a view": (one(tensor(numbers=storage(view=("1", 0, 1)))), "unknown kind"),
    "dictionary of numbers": (
        one(storage().replace(b"torch\nFloatStorage", b"collections\nOrderedDict")),
        "contents is damaged",
    ),
    "numbered storage": (one(tensor(numbers=storage(key=1))), "without a name"),
    "negative storage": (one(tensor(numbers=storage(count=-1))), "without a name"),
    "oversize": (one(tensor(numbers=storage(count=2**40))), "cut off after"),
    "enormous": (one(tensor(numbers=storage(count=2**200))), "cut off after"),
    "other length": (
        weights(arrays=[np.arange(7, dtype="<f4")]),
        "7 numbers instead of 6",
    ),
    "two lengths": (
        weights(
            layout(("kernel", tensor()), ("bias", tensor(numbers=storage(count=5))))
        ),
        "twice and differently",
    ),
    "too many storages": (weights(keys=("1", "2")), "list of storages"),
    "storage twice": (weights(keys=("1", "1")), "list of storages"),
    "no order": (weights(keys=None), "list of storages"),
    "numbered order": (weights(keys=(1,)), "list of storages"),
    "something follows": (weights() + b"\0", "1 unknown bytes follow"),
    "beyond": (one(tensor(shape=(3, 3))), "does not fit"),
    "overlapping": (one(tensor(shape=(6, 6), strides=(0, 1))), "does not fit"),
    "far stride": (one(tensor(strides=(4, 1))), "does not fit"),
    "endless stride": (one(tensor(shape=(1,), strides=(2**70,))), "does not fit"),
    "endless shape": (one(tensor(shape=(0, 2**70))), "does not fit"),
    "late start": (one(tensor(offset=1)), "does not fit"),
    "negative start": (one(tensor(offset=-1)), "without a storage"),
    "negative stride": (one(tensor(strides=(-3, 1))), "impossible shape"),
    "text for a shape": (one(tensor(shape="ab")), "impossible shape"),
    "three strides": (one(tensor(strides=(3, 1, 1))), "impossible shape"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(case: str, tmp_path: Path) -> None:
    data, reason = REFUSED[case]
    with pytest.raises(TlguiError, match=reason):
        read(tmp_path, data)


def test_refuses_every_shortened_file(tmp_path: Path) -> None:
    whole = weights()
    assert len(read(tmp_path, whole)) == 1
    for length in range(len(whole)):
        with pytest.raises(TlguiError, match="was not taken"):
            read(tmp_path, whole[:length])


def test_random_damage_is_the_only_trouble(tmp_path: Path) -> None:
    whole = weights()
    outcomes: set[type[object]] = set()
    for bit in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            outcomes.add(type(read(tmp_path, bytes(damaged))))
        except TlguiError:
            outcomes.add(TlguiError)
    assert outcomes == {dict, TlguiError}  # a changed number is not noticed here


def test_refuses_noise(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    for _ in range(100):
        with pytest.raises(TlguiError, match="magic number"):
            read(tmp_path, noise.bytes(400))
        with pytest.raises(TlguiError, match="was not taken"):
            read(tmp_path, weights(noise.bytes(400)))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(TlguiError, match=r"none\.pth cannot be read: No such file"):
        read_torch_weights(tmp_path / "none.pth")
