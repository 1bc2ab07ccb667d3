"""What falls for the hostile files when there is no gate.

Run as `python -m tests.ml.foreign.controls FOLDER keras|plain`: reads names of
attacks with their files from standard input, lets the program that each is made for
open it, and prints one JSON line each: whether it did harm, or what stopped it.
The plain ones run in a forked process of their own, with 1 GB of memory.
"""

import contextlib
import io
import json
import math
import os
import pickle
import resource
import signal
import stat
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PureWindowsPath
from typing import Any

import h5py
import numpy as np

from tests.ml.foreign.hostile import SECRET, Place

Control = Callable[[Path, Place], bool]
_GIGABYTE = 2**30
_MUCH = 250 * 2**20  # of memory, for a file of at most a few megabytes


# -- pickles -------------------------------------------------------------------


def _unpickle(file: Path, place: Place) -> bool:
    with file.open("rb") as stream:
        pickle.load(stream)
    return place.marker.exists()


def _unpickle_zip(file: Path, place: Place) -> bool:
    with zipfile.ZipFile(file) as archive:
        pickle.loads(archive.read("archive/data.pkl"))
    return place.marker.exists()


def _load_numpy(file: Path, place: Place) -> bool:
    with np.load(file, allow_pickle=True) as arrays:
        assert arrays["objects"] is not None
    return place.marker.exists()


def _load_inner_numpy(file: Path, place: Place) -> bool:
    with zipfile.ZipFile(file) as archive:
        inner = io.BytesIO(archive.read("model.weights.npz"))
    with np.load(inner, allow_pickle=True) as arrays:
        assert arrays["objects"] is not None
    return place.marker.exists()


# -- archives ------------------------------------------------------------------


def _unzipped(file: Path, place: Place) -> Path:
    """What a few lines of code make of an archive that they trust."""
    target = place.folder / "unzipped" / place.name
    target.mkdir(parents=True)
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            out = target / info.filename.rstrip("/")
            data = archive.read(info)
            if stat.S_ISLNK(info.external_attr >> 16):
                out.symlink_to(data.decode())
                continue
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_bytes(data)
    return target


def _unzip(file: Path, place: Place) -> bool:
    _unzipped(file, place)
    return place.marker.exists()


def _unzip_link(file: Path, place: Place) -> bool:
    links = [path for path in _unzipped(file, place).iterdir() if path.is_symlink()]
    with h5py.File(links[0]) as secret:
        return bool(secret["secret"][0, 0] == SECRET)


def _windows_unzip(file: Path, _: Place) -> bool:
    """Where Windows would put a member; it cannot be tried everywhere."""
    with zipfile.ZipFile(file) as archive:
        outside = [
            PureWindowsPath("D:/out") / name
            for name in archive.namelist()
            if ".." in PureWindowsPath(name).parts or PureWindowsPath(name).drive
        ]
    return bool(outside)


def _plain_zip(file: Path, _: Place) -> bool:
    """Python's zipfile reads every member without objection."""
    with zipfile.ZipFile(file) as archive:
        return all(archive.read(info) is not None for info in archive.infolist())


def _read_zip(file: Path, _: Place) -> bool:
    """What Keras reads of an archive."""
    with zipfile.ZipFile(file) as archive:
        names = ("metadata.json", "config.json", "model.weights.h5")
        return all(archive.read(name) is not None for name in names)


def _two_names(file: Path, _: Place) -> bool:
    """The same member has another name for another reader."""
    data = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            start = info.header_offset + 30
            here = data[start : start + len(info.orig_filename)].decode()
            if here != info.filename:
                return True
    return False


def _overlap(file: Path, _: Place) -> bool:
    with zipfile.ZipFile(file) as archive:
        claimed = sum(info.compress_size for info in archive.infolist())
    return claimed > file.stat().st_size


def _claims_more(file: Path, _: Place) -> bool:
    with zipfile.ZipFile(file) as archive:
        return any(i.file_size > file.stat().st_size for i in archive.infolist())


def _unpack(file: Path, _: Place) -> bool:
    with zipfile.ZipFile(file) as archive:
        data = [archive.read(name) for name in archive.namelist()]
    return bool(data) and _peak() > _MUCH


def _unpack_raw(file: Path, _: Place) -> bool:
    with zipfile.ZipFile(file) as archive:
        info = archive.getinfo("model.weights.h5")
    start = info.header_offset + 30 + len(info.filename)
    packed = file.read_bytes()[start : start + info.compress_size]
    data = zlib.decompressobj(-15).decompress(packed)
    return bool(data) and _peak() > _MUCH


# -- JSON ----------------------------------------------------------------------


def _text(file: Path) -> Any:
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            return archive.read("config.json")
    with h5py.File(file) as hdf5:
        return hdf5.attrs["model_config"]


def _json(file: Path, _: Place) -> bool:
    try:
        value = json.loads(_text(file))
    except RecursionError:
        return True
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return False


def _units(file: Path) -> Any:
    return json.loads(_text(file))["config"]["layers"][-1]["config"]["units"]


def _json_infinite(file: Path, _: Place) -> bool:
    return not math.isfinite(_units(file))


def _json_two_values(file: Path, _: Place) -> bool:
    return bool(_units(file) == 3 and b'"units": 2' in _text(file))


def _json_memory(file: Path, _: Place) -> bool:
    before = _peak()
    value = json.loads(_text(file))
    return bool(value) and _peak() - before > 100 * 2**20


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


# -- HDF5 ----------------------------------------------------------------------


@contextlib.contextmanager
def _hdf5(file: Path) -> Iterator[h5py.File]:
    """Opens a file, or the weights in an archive."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            data = archive.read("model.weights.h5")
        file = file.with_suffix(".unpacked.h5")
        file.write_bytes(data)
    with h5py.File(file) as opened:
        yield opened


def _data_sets(group: Any) -> Iterator[Any]:
    for name in group:
        child = group[name]
        if isinstance(child, h5py.Group):
            yield from _data_sets(child)
        elif isinstance(child, h5py.Dataset):
            yield child


def _secret(file: Path, _: Place) -> bool:
    with _hdf5(file) as opened:
        values = [np.asarray(data) for data in _data_sets(opened)]
    return any((value == SECRET).all() for value in values)


def _plain_hdf5(file: Path, _: Place) -> bool:
    """h5py reads every number and note without objection."""
    with _hdf5(file) as opened:
        places = [opened, *_data_sets(opened)]
        opened.visititems(lambda name, place: places.append(place))
        read = [place[()] for place in places if isinstance(place, h5py.Dataset)]
        notes = [list(p.attrs.values()) for p in places if isinstance(p, h5py.Group)]
    return bool(read or notes)


_read_hdf5 = _plain_hdf5


def _read_all(file: Path, place: Place) -> bool:
    """Asks for more memory than there is; see `_apart`."""
    _plain_hdf5(file, place)
    return _peak() > _MUCH


def _read_more_than_stored(file: Path, _: Place) -> bool:
    with _hdf5(file) as opened:
        read = int(sum(data[()].nbytes for data in _data_sets(opened)))
    return read > 5 * file.stat().st_size


def _walk(file: Path, _: Place) -> bool:
    try:
        with _hdf5(file) as opened:
            list(_data_sets(opened))
    except RecursionError:
        return True
    return False


def _user_link(file: Path, _: Place) -> bool:
    with _hdf5(file) as opened:
        group = opened["layers/dense/vars"]
        kind = group.id.links.get_info(b"followme").type
    return bool(kind > h5py.h5l.TYPE_EXTERNAL)


def _filters(file: Path, _: Place) -> bool:
    """HDF5 runs whatever filter the file names, or looks for it on the disk."""
    with _hdf5(file) as opened:
        data = next(_data_sets(opened))
        plan = data.id.get_create_plist()
        return bool(plan.get_filter(0)[0] not in (1, 2, 3))


def _fooled_size(file: Path, _: Place) -> bool:
    """In 64 bits the product of the sides is nothing."""
    with _hdf5(file) as opened:
        shape = next(_data_sets(opened)).shape
    return math.prod(shape) > 0 and int(np.prod(shape, dtype=np.int64)) == 0


def _not_finite(file: Path, _: Place) -> bool:
    with _hdf5(file) as opened:
        return not all(np.isfinite(data[()]).all() for data in _data_sets(opened))


PLAIN: dict[str, Control] = {
    name[1:]: function
    for name, function in list(globals().items())
    if name.startswith("_") and callable(function) and name[1:2].isalpha()
}


def _apart(control: Control, file: Path, place: Place) -> tuple[bool, str]:
    """Runs a control in a process of its own with 1 GB; running out of it is harm."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (_GIGABYTE, _GIGABYTE))
        signal.alarm(20)
        try:
            harm, told = control(file, place), "nothing"
        except MemoryError:
            harm, told = True, "out of memory"
        except BaseException as error:  # noqa: BLE001 - told to the parent
            told = f"{type(error).__name__}: {error}"
            harm = "allocat" in told or _peak() > _MUCH
        os.write(writing, json.dumps([harm, told[:300]]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if not answer:
        return True, f"its process died ({status})"
    harm, told = json.loads(answer)
    return bool(harm), str(told)


# -- Keras ---------------------------------------------------------------------


def _written(place: Place) -> bool:
    return place.marker.exists() or (place.secrets / "written").exists()


def _load(file: Path, place: Place) -> bool:
    _keras_model(file)
    return _written(place)


def _keras_model(file: Path) -> Any:
    import keras

    return keras.saving.load_model(file, safe_mode=False)


def _load_and_call(file: Path, place: Place) -> bool:
    model = _keras_model(file)
    assert not place.marker.exists()
    model(np.ones((1, 4), "float32"))
    assert model.losses is not None
    return _written(place)


def _load_and_train(file: Path, place: Place) -> bool:
    model = _keras_model(file)
    assert not place.marker.exists()
    model.train_on_batch(np.ones((1, 4), "float32"), np.ones((1, 2), "float32"))
    return _written(place)


def _load_with_registered(file: Path, place: Place) -> bool:
    import keras

    @keras.saving.register_keras_serializable(package="evil")
    class Evil(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, **kwargs: Any) -> None:
            place.marker.touch()
            super().__init__(**kwargs)

    with contextlib.suppress(Exception):  # what follows the harm does not matter
        _keras_model(file)
    return _written(place)


def _load_with_package(file: Path, place: Place) -> bool:
    package = place.folder / "path" / "keras_hub"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    code = f"open({str(place.marker)!r}, 'w').close()"
    (package / "evil.py").write_text(code, encoding="utf-8")
    sys.path.insert(0, str(package.parent))
    with contextlib.suppress(Exception):
        _keras_model(file)
    return _written(place)


def _load_vocabulary(file: Path, _: Place) -> bool:
    """A file of this computer ends up in the model."""
    with contextlib.suppress(Exception):
        model = _keras_model(file)
        return bool("hush" in model.layers[0].get_vocabulary())
    import keras

    with zipfile.ZipFile(file) as archive:
        config = json.loads(archive.read("config.json"))["config"]["layers"][1]
    layer = keras.saving.deserialize_keras_object(config, safe_mode=False)
    return bool("hush" in layer.get_vocabulary())


def _call_saved_model(file: Path, place: Place) -> bool:
    import tensorflow as tf

    tf.saved_model.load(str(file)).serve(tf.ones((1, 4)))
    return _written(place)


def _make_saved_model(folder: Path) -> None:
    import tensorflow as tf

    class Writes(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])  # type: ignore[untyped-decorator]
        def serve(self, x: Any) -> Any:
            tf.io.write_file(str(folder / "written"), "x")
            return x

    tf.saved_model.save(Writes(), str(folder / "saved"))


KERAS: dict[str, Control] = {
    "load": _load,
    "load_and_call": _load_and_call,
    "load_and_train": _load_and_train,
    "load_with_registered": _load_with_registered,
    "load_with_package": _load_with_package,
    "load_vocabulary": _load_vocabulary,
    "call_saved_model": _call_saved_model,
}


def _in_keras(control: Control, file: Path, place: Place) -> tuple[bool, str]:
    (place.secrets / "written").unlink(missing_ok=True)
    try:
        return control(file, place), "nothing"
    except Exception as error:  # noqa: BLE001 - told to the test
        told = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        return _written(place), told


def main() -> None:
    folder, kind = Path(sys.argv[1]), sys.argv[2]
    if kind == "keras":
        _make_saved_model(folder / "secrets")
    for line in sys.stdin:
        name, control, file = json.loads(line)
        place = Place(folder, name)
        if kind == "keras":
            harm, told = _in_keras(KERAS[control], Path(file), place)
        else:
            harm, told = _apart(PLAIN[control], Path(file), place)
        sys.stdout.write(json.dumps([name, harm, told]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
