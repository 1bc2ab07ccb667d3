"""Archives and JSON texts that lie, escape, blow up or break."""

import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from tests.ml.foreign.hostile import (
    MEGABYTE,
    Attack,
    Members,
    Place,
    keras_file,
    members,
    packed_blanks,
    sequential,
    weights,
    write_zip,
)


def _with(*extra: tuple[str, bytes]) -> Callable[[Place], Path]:
    return lambda place: write_zip(place.file(".keras"), [*members(), *extra])


def _symlink(name: str) -> Callable[[Place], Path]:
    def build(place: Place) -> Path:
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        target = str(place.secrets / "secret.h5").encode()
        rest = [part for part in members() if part[0] != name]
        return write_zip(place.file(".keras"), [*rest, (info, target)])

    return build


def _escaping(name: Callable[[Place], str]) -> Callable[[Place], Path]:
    return lambda place: write_zip(
        place.file(".keras"), [*members(), (name(place), b"escaped")]
    )


def _patched(
    change: Callable[[bytearray], bytes | bytearray],
) -> Callable[[Place], Path]:
    """An honest archive whose bytes are changed."""

    def build(place: Place) -> Path:
        path = write_zip(place.file(".keras"), members())
        path.write_bytes(change(bytearray(path.read_bytes())))
        return path

    return build


def _nul(place: Place) -> Path:
    """Some programs stop reading a name at its NUL."""
    path = write_zip(place.file(".keras"), [*members(), ("config.json_.py", b"x")])
    path.write_bytes(path.read_bytes().replace(b"json_.py", b"json\0.py"))
    return path


def _all_at(data: bytearray, sign: bytes) -> list[int]:
    found, start = [], data.find(sign)
    while start >= 0:
        found.append(start)
        start = data.find(sign, start + 1)
    return found


def _encrypted(data: bytearray) -> bytearray:
    for start in _all_at(data, b"PK\x01\x02"):
        data[start + 8] |= 1
    return data


def _other_local_name(data: bytearray) -> bytearray:
    start = data.find(b"config.json")  # the header in front of the member
    data[start : start + 11] = b"konfig.json"
    return data


def _overlapping(data: bytearray) -> bytearray:
    """The entry of the weights claims every byte of the archive from the start on."""
    entries = _all_at(data, b"PK\x01\x02")
    size = entries[0]
    first = next(e for e in entries if data[e + 46 : e + 59] == b"metadata.json")
    struct.pack_into("<LL", data, first + 20, size - 43, size - 43)
    return data


def _bomb(member: str, size: int) -> Callable[[Place], Path]:
    """A member of blanks; its megabytes are packed once and repeated."""

    def build(place: Place) -> Path:
        packed = packed_blanks(size)
        parts = [(n, packed if n == member else d) for n, d in members()]
        path = write_zip(place.file(".keras"), parts)
        data = bytearray(path.read_bytes())
        name = member.encode()
        for sign, method, crc, where in (
            (b"PK\x03\x04", 8, 14, 30),
            (b"PK\x01\x02", 10, 16, 46),
        ):
            for start in _all_at(data, sign):
                if data[start + where :].startswith(name):
                    struct.pack_into("<H", data, start + method, zipfile.ZIP_DEFLATED)
                    struct.pack_into("<L", data, start + crc, _blank_crc(size))
                    struct.pack_into("<L", data, start + crc + 8, size * MEGABYTE)
        path.write_bytes(data)
        return path

    return build


def _blank_crc(size: int) -> int:
    crc = 0
    for _ in range(size):
        crc = zlib.crc32(b" " * MEGABYTE, crc)
    return crc


def _lying_bomb(place: Place) -> Path:
    """Says that it unpacks to 1,000 bytes, and unpacks to 300 MB."""
    name, size = "model.weights.h5", 300
    path = _bomb(name, size)(place)
    data = bytearray(path.read_bytes())
    for sign, where in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        for start in _all_at(data, sign):
            if struct.unpack_from("<L", data, start + where)[0] > 99 * MEGABYTE:
                struct.pack_into("<L", data, start + where, 1000)
    path.write_bytes(data)
    return path


def _stored_lie(data: bytearray) -> bytearray:
    """A stored member that claims to be larger than its bytes."""
    for start in _all_at(data, b"PK\x01\x02"):
        struct.pack_into("<L", data, start + 24, 2**31)
    return data


def _many(place: Place) -> Path:
    extra: Members = [(f"assets/{i}", b"") for i in range(2_000)]
    return write_zip(place.file(".keras"), [*members(), *extra])


def _packed_otherwise(place: Place) -> Path:
    path = place.file(".keras")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, data in members():
            archive.writestr(name, data)
    return path


def _cut(part: float) -> Callable[[Place], Path]:
    return _patched(lambda data: data[: int(len(data) * part)])


def _wrong_checksum(data: bytearray) -> bytearray:
    start = data.find(b"\x89HDF")
    data[start + 4000] ^= 0xFF
    return data


_ZIP = (
    Attack("symlink_weights", _symlink("model.weights.h5"), "unzip_link", "a link"),
    Attack("symlink_assets", _symlink("assets/"), "unzip_link", "assets/"),
    Attack(
        "traversal",
        _escaping(lambda p: f"../../markers/{p.name}"),
        "unzip",
        "../../markers",
    ),
    Attack(
        "traversal_deep",
        _escaping(lambda p: f"assets/../../../markers/{p.name}"),
        "unzip",
        "assets/../..",
    ),
    Attack("absolute_name", _escaping(lambda p: str(p.marker)), "unzip", "markers"),
    Attack("drive_letter", _escaping(lambda _: "C:\\evil.dll"), "windows_unzip", "C:"),
    Attack(
        "backslashes", _escaping(lambda _: "..\\..\\evil.dll"), "windows_unzip", "evil"
    ),
    Attack("nul_in_name", _nul, "two_names", "config.json"),
    Attack(
        "config_twice",
        _with(("config.json", b'{"class_name": "Lambda"}')),
        "plain_zip",
        "twice",
    ),
    Attack("weights_twice", _with(("model.weights.h5", b"x")), "plain_zip", "twice"),
    Attack("asset", _with(("assets/vocabulary.txt", b"x")), "plain_zip", "assets"),
    Attack("script", _with(("setup.py", b"x")), "plain_zip", "setup.py"),
    Attack("encrypted", _patched(_encrypted), "read_zip", "encrypted", fires=False),
    Attack("packed_otherwise", _packed_otherwise, "plain_zip", "unusual way"),
    Attack(
        "two_local_names", _patched(_other_local_name), "two_names", "two different"
    ),
    Attack("overlapping", _patched(_overlapping), "overlap", "overlaps"),
    Attack("many_members", _many, "plain_zip", "members"),
    Attack(
        "behind_the_end", _patched(lambda d: d + b"\x90" * 100), "plain_zip", "follows"
    ),
    Attack(
        "before_the_start",
        _patched(lambda d: bytearray(b"PK\x03\x04" + b"#!/bin/sh\n") + d),
        "plain_zip",
        "damaged",
    ),
    Attack(
        "no_config",
        lambda p: write_zip(p.file(".keras"), members()[::2]),
        "read_zip",
        "missing",
        fires=False,
    ),
    Attack("config_bomb", _bomb("config.json", 700), "unpack", "would unpack"),
    Attack("weights_bomb", _bomb("model.weights.h5", 700), "unpack", "unpack"),
    Attack("lying_bomb", _lying_bomb, "unpack_raw", "contradicts"),
    Attack("stored_lie", _patched(_stored_lie), "claims_more", "contradicts"),
    Attack("checksum", _patched(_wrong_checksum), "read_zip", "checksum", fires=False),
    *(
        Attack(f"cut_zip_{percent}", _cut(percent / 100), "read_zip", "", fires=False)
        for percent in (5, 35, 70, 99)
    ),
)


# -- JSON ----------------------------------------------------------------------


def _raw(data: bytes) -> Callable[[Place], Path]:
    return keras_file(lambda _: data)


def _with_setting(text: bytes) -> bytes:
    honest = json.dumps(sequential()).encode()
    return honest.replace(b'"units": 2', b'"units": ' + text)


_JSON = (
    Attack(
        "json_deep_lists",
        _raw(b"[" * 100_000 + b"]" * 100_000),
        "json",
        "nested deeper",
    ),
    Attack(
        "json_deep_objects",
        _raw(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
        "json",
        "nested deeper",
    ),
    Attack("json_open_lists", _raw(b"[" * 5_000_000), "json", "nested deeper"),
    Attack(
        "json_huge_integer",
        _raw(_with_setting(b"9" * 1_000_000)),
        "json",
        "digits",
        fires=False,  # Python itself refuses since 3.11
    ),
    Attack(
        "json_huge_exponent", _raw(_with_setting(b"1e99999")), "json_infinite", "large"
    ),
    Attack("json_nan", _raw(_with_setting(b"NaN")), "json_infinite", "not a number"),
    Attack(
        "json_key_twice",
        _raw(_with_setting(b'2, "units": 3')),
        "json_two_values",
        "twice",
    ),
    Attack(
        "json_wide", _raw(b"[" + b"[]," * 2_500_000 + b"[]]"), "json_memory", "longer"
    ),
    Attack("json_not_utf8", _raw(b'{"a": "\xff"}'), "json", "not proper", fires=False),
    Attack("json_no_object", _raw(b"[1, 2]"), "json", "description", fires=False),
    Attack("json_cut", _raw(b'{"class_name": "Seq'), "json", "JSON", fires=False),
)


# -- bytes of nothing ----------------------------------------------------------


def _bytes(suffix: str, data: bytes) -> Callable[[Place], Path]:
    def build(place: Place) -> Path:
        path = place.file(suffix)
        path.write_bytes(data)
        return path

    return build


def _noise(size: int) -> bytes:
    """Bytes that look random and are the same each time."""
    return b"".join(
        struct.pack("<L", zlib.crc32(index.to_bytes(4, "little")))
        for index in range(size // 4)
    )


_OTHER = (
    Attack("empty", _bytes(".keras", b""), "read_zip", "empty", fires=False),
    Attack("noise_keras", _bytes(".keras", _noise(5000)), "read_zip", "", fires=False),
    Attack("noise_h5", _bytes(".h5", _noise(5000)), "read_hdf5", "", fires=False),
    Attack(
        "noise_behind_zip",
        _bytes(".keras", b"PK\x03\x04" + _noise(5000)),
        "read_zip",
        "",
        fires=False,
    ),
    Attack("onnx", _bytes(".onnx", b"\x08\x07"), "read_hdf5", "an ONNX", fires=False),
    Attack(
        "tflite_as_h5",
        _bytes(".h5", b"\x1c\0\0\0TFL3" + _noise(100)),
        "read_hdf5",
        "TFLite",
        fires=False,
    ),
    Attack(
        "web_page",
        _bytes(".h5", b"<!DOCTYPE html><html></html>"),
        "read_hdf5",
        "web page",
        fires=False,
    ),
    Attack(
        "weights_as_name",
        _bytes(".exe", weights()),
        "plain_hdf5",
        "its name ends in",
    ),
)
ATTACKS = (*_ZIP, *_JSON, *_OTHER)
