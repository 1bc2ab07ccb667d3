"""Looks through a `.keras` archive without unpacking it.

Exactly the members that Keras writes may be there. The directory at the archive's
end and the header in front of each member must agree, and members must not
overlap, so that no other program sees other contents than were checked here. The
format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from tlgui.ml.foreign import limits
from tlgui.ml.foreign.kinds import ZIP_MAGIC
from tlgui.ml.foreign.refusal import SAVE_AGAIN, Refusal

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MEMBERS = {CONFIG, METADATA, WEIGHTS}
_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED = 0x1 | 0x40 | 0x2000


@dataclass(frozen=True)
class Member:
    """Where the bytes of a member lie in the archive.

    Attributes:
        name: one of the allowed names.
        offset: of its first byte.
        stored: bytes in the archive.
        size: bytes when unpacked.
        deflated: whether it has to be unpacked.
        crc: checksum of the unpacked bytes.
    """

    name: str
    offset: int
    stored: int
    size: int
    deflated: bool
    crc: int


def check_archive(stream: BinaryIO) -> dict[str, Member]:
    """Finds the three members of a Keras archive.

    Raises:
        Refusal: anything else is in it, or it is damaged.
    """
    _check_end(stream)
    try:
        with zipfile.ZipFile(stream) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Refusal(f"it is a damaged zip archive ({error})") from error
    _check_names(infos)
    members = [_member(stream, info) for info in infos if info.filename != "assets/"]
    _check_overlaps(stream, infos, members)
    return {member.name: member for member in members}


def read_member(stream: BinaryIO, member: Member) -> bytes:
    """Unpacks a small member.

    Raises:
        Refusal: it is larger than it said, or damaged.
    """
    if member.size > limits.JSON_BYTES:
        raise Refusal(f"{member.name} in it has {member.size:,} bytes")
    stream.seek(member.offset)
    data = stream.read(member.stored)
    if member.deflated:
        try:
            data = zlib.decompressobj(-15).decompress(data, member.size + 1)
        except zlib.error as error:
            raise Refusal(f"{member.name} in it is damaged ({error})") from error
    if len(data) != member.size or zlib.crc32(data) != member.crc:
        raise Refusal(f"{member.name} in it is damaged (its checksum differs)")
    return data


def _check_end(stream: BinaryIO) -> None:
    """Bounds the directory before Python's zipfile reads it."""
    length = stream.seek(0, 2)
    if length < _END.size:
        raise Refusal("it is cut off")
    stream.seek(length - _END.size)
    magic, disk, start_disk, here, count, size, offset, comment = _END.unpack(
        stream.read(_END.size)
    )
    if magic != b"PK\x05\x06" or comment:
        raise Refusal("it is cut off, or something follows the end of the archive")
    if disk or start_disk or here != count or count > limits.ARCHIVE_MEMBERS:
        raise Refusal(f"its archive has {count} members instead of 3", SAVE_AGAIN)
    directory_ends = offset + size
    if size > limits.ARCHIVE_DIRECTORY_BYTES or directory_ends != length - _END.size:
        raise Refusal("the directory of its archive is damaged")
    stream.seek(0)


def _check_names(infos: Sequence[zipfile.ZipInfo]) -> None:
    names = [info.orig_filename for info in infos]
    strange = [name for name in names if name not in {*_MEMBERS, "assets/"}]
    if strange:
        raise Refusal(f"its archive holds {strange[0]!a:.80}", SAVE_AGAIN)
    if len(set(names)) != len(names):
        raise Refusal("its archive holds a member twice", SAVE_AGAIN)
    if any(info.file_size for info in infos if info.filename == "assets/"):
        raise Refusal("its archive holds 'assets/' with contents", SAVE_AGAIN)
    missing = sorted(_MEMBERS - set(names))
    if missing:
        raise Refusal(f"{missing[0]} is missing in its archive", SAVE_AGAIN)


def _member(stream: BinaryIO, info: zipfile.ZipInfo) -> Member:
    name, kind = info.filename, stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise Refusal(f"{name} in its archive is a link or a folder, not a file")
    if info.flag_bits & _ENCRYPTED:
        raise Refusal(f"{name} in its archive is encrypted", SAVE_AGAIN)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refusal(f"{name} in its archive is packed in an unusual way", SAVE_AGAIN)
    deflated = info.compress_type == zipfile.ZIP_DEFLATED
    if not deflated and info.file_size != info.compress_size:
        raise Refusal(f"{name} in its archive contradicts itself about its size")
    _check_sizes(info)
    return Member(
        name,
        _data_offset(stream, info),
        info.compress_size,
        info.file_size,
        deflated,
        info.CRC,
    )


def _check_sizes(info: zipfile.ZipInfo) -> None:
    largest = limits.FILE_BYTES if info.filename == WEIGHTS else limits.JSON_BYTES
    if info.compress_type == zipfile.ZIP_DEFLATED:
        largest = min(largest, limits.DEFLATED_WEIGHTS_BYTES)
        largest = min(largest, max(4096, info.compress_size * limits.DEFLATE_RATIO))
    if info.file_size > largest:
        raise Refusal(
            f"{info.filename} in its archive would unpack from "
            f"{info.compress_size:,} to {info.file_size:,} bytes",
            SAVE_AGAIN,
        )


def _data_offset(stream: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Reads the header in front of a member and compares it with the directory."""
    stream.seek(info.header_offset)
    header = stream.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        raise Refusal(f"{info.filename} lies outside its archive")
    magic, _, flags, method, *_, name_length, extra = _LOCAL.unpack(header)
    name = stream.read(name_length)
    same = name == info.filename.encode("ascii") and method == info.compress_type
    if magic != ZIP_MAGIC or not same or flags & _ENCRYPTED:
        raise Refusal(f"its archive says two different things about {info.filename}")
    return info.header_offset + _LOCAL.size + int(name_length) + int(extra)


def _check_overlaps(
    stream: BinaryIO, infos: Sequence[zipfile.ZipInfo], members: Sequence[Member]
) -> None:
    starts = sorted(info.header_offset for info in infos)
    starts.append(stream.seek(0, 2))
    for member in members:
        follower = next(start for start in starts if start >= member.offset)
        if member.offset + member.stored > follower:
            raise Refusal(f"{member.name} overlaps another member of its archive")
