"""Downloads a file that may be large, over a network that may be bad.

What has arrived stays beside the target until all of it is there, so that a broken
download goes on where it was, also after the program was ended. Only a whole file
whose checksum is right gets the target's name.
"""

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlgui.core import storage
from tlgui.core.errors import Stopped, TlguiError, cannot_write
from tlgui.core.network_words import kind_of_trouble

if TYPE_CHECKING:
    from requests import Response

PART, ABOUT = ".part", ".part.json"
# A server that says nothing for so long is given up for this time.
_SECONDS_TO_CONNECT, _SECONDS_OF_SILENCE = 15.0, 30.0
# Waits between tries that bring nothing; every try that brings something begins anew.
_WAITS = (1.0, 3.0, 10.0)
_CHUNK = 1 << 18
_MARGIN = 50_000_000
_OK, _PARTIAL, _PAST_THE_END = 200, 206, 416
_COMES_AND_GOES = (408, 425, 429, 500, 502, 503, 504)
_OFFLINE = "Everything that is on this computer works without a network."


@dataclass(frozen=True)
class Published:
    """What is known of a file before it is downloaded.

    Attributes:
        address: where it is.
        size: in bytes; 0 if it is not known.
        checksums: from the name of a hash function to the digest, in hexadecimal.
    """

    address: str
    size: int = 0
    checksums: dict[str, str] = field(default_factory=dict)


class _BrokenOffError(Exception):
    """The connection ended too early; the text says how."""


def download(
    published: Published,
    file: Path,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> str:
    """Downloads a file, or the rest of it.

    Args:
        published: what it is.
        file: where to put it; its folder must exist.
        on_progress: told the bytes that are there and the bytes in all (0 if nobody
            knows).
        should_stop: asked all the time.

    Returns:
        The SHA-256 checksum of the file, in hexadecimal.

    Raises:
        Stopped: `should_stop` said so; what has arrived stays for the next time.
        TlguiError: it cannot be had, or is not the file that was published.
    """
    part = _Part(file, published)
    waits = iter(_WAITS)
    while True:
        before = part.size
        try:
            _go_on(part, on_progress, should_stop)
            break
        except _BrokenOffError as error:
            if part.size > before:
                waits = iter(_WAITS)
            wait = next(waits, None)
            if wait is None:
                raise _unreachable(published.address, str(error)) from error
            _sleep(wait, should_stop)
    return part.finish()


class _Part:
    """What has arrived so far, on the disk."""

    def __init__(self, file: Path, published: Published) -> None:
        self.published = published
        self._file = file
        self._part = file.with_name(file.name + PART)
        self._about = file.with_name(file.name + ABOUT)
        self.tag = self._read_tag()
        if not self.tag:
            self.forget()

    @property
    def size(self) -> int:
        """The bytes that have arrived."""
        with contextlib.suppress(OSError):
            return self._part.stat().st_size
        return 0

    def forget(self) -> None:
        """Begins from the first byte."""
        self.tag = ""
        for left in (self._part, self._about):
            with contextlib.suppress(OSError):
                left.unlink()

    def begin(self, tag: str, total: int) -> None:
        """Notes which version of the file arrives; without one it cannot go on later.

        Raises:
            TlguiError: there is not enough room on the disk.
        """
        self.tag = tag
        missing = total - self.size
        try:
            free = shutil.disk_usage(self._file.parent).free
        except OSError as error:
            raise cannot_write(self._file, error) from error
        if free < missing + _MARGIN:
            raise TlguiError(
                f"Expected {(missing + _MARGIN) / 1e6:.0f} MB free in "
                f"{self._file.parent} for the download, but found {free / 1e6:.0f} MB. "
                "Free some space and try again."
            )
        if tag:
            values = {"address": self.published.address, "tag": tag}
            storage.write_json(self._about, values)

    def append(self, chunks: Iterator[bytes], tell: Callable[[int], None]) -> None:
        """Writes what arrives.

        Raises:
            TlguiError: the disk does not take it.
        """
        try:
            target = self._part.open("ab", buffering=0)
        except OSError as error:
            raise cannot_write(self._file, error) from error
        with target:
            done = self.size
            for chunk in chunks:  # a network's trouble passes through
                try:
                    target.write(chunk)
                except OSError as error:
                    raise cannot_write(self._file, error) from error
                done += len(chunk)
                tell(done)

    def finish(self) -> str:
        """Gives the file its name, if it is the right one.

        Raises:
            TlguiError: it is not; nothing of it is left.
        """
        wanted = {"sha256": "", **self.published.checksums}
        found = _digests(self._part, wanted)
        if any(digest and found[name] != digest for name, digest in wanted.items()):
            self.forget()
            raise TlguiError(
                f"What {self.published.address} sent is not the file that was "
                "published: its checksum is another one. It was deleted. Try again, "
                "perhaps in another network."
            )
        try:
            with self._part.open("rb+") as written:
                os.fsync(written.fileno())
            self._part.replace(self._file)
            storage.flush_folder(self._file.parent)
        except OSError as error:
            raise cannot_write(self._file, error) from error
        self.forget()
        return found["sha256"]

    def _read_tag(self) -> str:
        try:
            values: Any = json.loads(self._about.read_text(encoding="utf-8"))
            is_same = values["address"] == self.published.address
            return str(values["tag"]) if is_same and self._part.is_file() else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""


def _go_on(
    part: _Part,
    on_progress: Callable[[int, int], None],
    should_stop: Callable[[], bool],
) -> None:
    """One connection: asks for what is missing and takes what comes.

    Raises:
        _BrokenOffError: the connection failed or ended too early; another may do.
    """
    import requests
    import urllib3

    if not part.tag:
        part.forget()  # nobody knows whether the rest would belong to it
    address, there = part.published.address, part.size
    headers = {"Accept-Encoding": "identity"}
    if there:
        headers |= {"Range": f"bytes={there}-", "If-Range": part.tag}
    waits = (_SECONDS_TO_CONNECT, _SECONDS_OF_SILENCE)
    try:
        with requests.get(address, headers=headers, timeout=waits, stream=True) as got:
            total = _check(got, part)
            on_progress(part.size, total)
            part.append(
                _chunks(got, should_stop), lambda done: on_progress(done, total)
            )
    except requests.exceptions.InvalidURL as error:
        raise TlguiError(f"{address} is no address that can be asked.") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _BrokenOffError(kind_of_trouble(error)) from error
    if total and part.size != total:
        if part.size > total:
            part.forget()
        raise _BrokenOffError("it ended too early")


def _check(got: "Response", part: _Part) -> int:
    """Makes sure that an answer is what was asked for; returns the size of it all.

    Raises:
        _BrokenOffError: another time it may be.
        TlguiError: it never will.
    """
    address, there = part.published.address, part.size
    if got.status_code in _COMES_AND_GOES:
        raise _BrokenOffError(f"it answered “{got.status_code} {got.reason}”")
    if got.status_code == _PAST_THE_END:
        part.forget()
        raise _BrokenOffError("it begins anew")
    if got.status_code not in (_OK, _PARTIAL):
        raise TlguiError(
            f"{address} answered “{got.status_code} {got.reason}”. The file may have "
            f"moved; a newer version of this program may know where. {_OFFLINE}"
        )
    if "html" in got.headers.get("Content-Type", ""):
        raise TlguiError(
            f"Expected a file from {address}, but a web page came. A page to sign in "
            "to the network may stand between: open it in a browser, then try again."
        )
    start, total = _extent(got)
    if start != there:
        part.forget()  # the server sends all of it, perhaps of another version
        if start:
            raise _BrokenOffError("it went on at another place")
    expected = part.published.size
    if expected and total and total != expected:
        part.forget()
        raise TlguiError(
            f"Expected {expected:,} bytes from {address}, but it has {total:,}. It is "
            "not the file that this program knows; a newer version may."
        )
    part.begin(_tag(got), total or expected)
    return total or expected


def _extent(got: "Response") -> tuple[int, int]:
    """Where the answer begins, and how large the whole file is (0 if unknown)."""
    length = got.headers.get("Content-Length", "")
    if got.status_code == _OK:
        return 0, int(length) if length.isdecimal() else 0
    # bytes START-END/TOTAL, https://www.rfc-editor.org/rfc/rfc9110#name-content-range
    span, _, total = (
        got.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    )
    start = span.partition("-")[0]
    if not start.isdecimal():
        raise _BrokenOffError("it did not say where it goes on")
    return int(start), int(total) if total.isdecimal() else 0


def _tag(got: "Response") -> str:
    """What tells this version of the file from another; "" if nothing does."""
    tag = str(got.headers.get("ETag", ""))
    if tag and not tag.startswith("W/"):  # a weak one may name different bytes
        return tag
    return str(got.headers.get("Last-Modified", ""))


def _chunks(got: "Response", should_stop: Callable[[], bool]) -> Iterator[bytes]:
    # `iter_content` would hold back a part of a chunk, and lose it with the connection.
    while chunk := got.raw.read1(_CHUNK):
        yield chunk
        if should_stop():
            raise Stopped


def _digests(file: Path, names: dict[str, str]) -> dict[str, str]:
    hashes = {name: hashlib.new(name, usedforsecurity=False) for name in names}
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                for one in hashes.values():
                    one.update(chunk)
    except OSError as error:
        raise cannot_write(file, error) from error
    return {name: one.hexdigest() for name, one in hashes.items()}


def _sleep(seconds: float, should_stop: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if should_stop():
            raise Stopped
        time.sleep(min(0.1, left))


def _unreachable(address: str, reason: str) -> TlguiError:
    return TlguiError(
        f"{address} cannot be had ({reason}). What has arrived is kept, and the next "
        f"try goes on there. {_OFFLINE}"
    )
