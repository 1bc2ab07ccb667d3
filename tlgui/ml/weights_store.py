"""Pretrained weights that were downloaded, or brought along from another computer.

Nothing gets into the store that is not the file that was published. Where its
publisher gives no checksum, the one of the first download is remembered, so that a
file that changes later is noticed.
"""

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlgui.core import storage
from tlgui.core.backbone import WeightsFile
from tlgui.core.errors import Stopped, TlguiError, cannot_write
from tlgui.core.folder_lock import FolderLock, HeldError, LockNames
from tlgui.ml.download import Published, download

KNOWN = "known.json"
_HDF5 = b"\x89HDF\r\n\x1a\n"
_CHUNK = 1 << 20
_PAUSE = 0.2


@dataclass(frozen=True)
class Brought:
    """What came of bringing files along.

    Attributes:
        taken: names of the files that are in the store now.
        refused: a sentence for each that looked like one and is none.
    """

    taken: tuple[str, ...]
    refused: tuple[str, ...]


class WeightsStore:
    """A folder of weights; it may be moved, and filled by hand."""

    def __init__(self, folder: Path) -> None:
        """Takes the folder; it is made when something is put into it."""
        self.folder = folder

    def find(self, wanted: WeightsFile) -> Path | None:
        """The file, if it is there; whether it is the right one says `check`."""
        file = self.folder / wanted.name
        return file if file.is_file() else None

    def check(self, wanted: WeightsFile) -> Path:
        """Makes sure that a file is there, and the one that was published.

        Raises:
            TlguiError: it is not; says what to do.
        """
        file = self.find(wanted)
        if file is None:
            raise TlguiError(
                f"The weights {wanted.name} are not on this computer: expected them in "
                f"{self.folder}. Download them, or take them from a folder."
            )
        trouble = self._trouble(file, wanted, lambda: False)
        if trouble:
            raise TlguiError(f"{trouble} Delete it and download it again.")
        return file

    def fetch(
        self,
        wanted: WeightsFile,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Path:
        """Downloads a file unless it is there.

        Raises:
            Stopped: `should_stop` said so.
            TlguiError: it cannot be had, or is not the file that was published.
        """
        file = self.find(wanted)
        if file is not None:
            return file
        self._make_folder()
        with self._alone(wanted, should_stop):
            return self.find(wanted) or self._download(wanted, on_progress, should_stop)

    def _download(
        self,
        wanted: WeightsFile,
        on_progress: Callable[[int, int], None],
        should_stop: Callable[[], bool],
    ) -> Path:
        file = self.folder / wanted.name
        checksums = {**wanted.checksums, **self._known(wanted)}
        published = Published(wanted.address, checksums=checksums)
        found = download(published, file, on_progress, should_stop)
        if not _is_hdf5(file):
            file.unlink(missing_ok=True)
            raise TlguiError(
                f"What {wanted.address} sent are no weights: it is no HDF5 file. It "
                "was deleted. Try again, perhaps in another network."
            )
        self._remember(wanted, found)
        return file

    @contextlib.contextmanager
    def _alone(
        self, wanted: WeightsFile, should_stop: Callable[[], bool]
    ) -> Iterator[None]:
        """Keeps others from downloading the same file; waits while they do."""
        names = LockNames(f"{wanted.name}.lock", f"{wanted.name}.lock.json")
        while True:
            try:
                lock = FolderLock(self.folder, names, leaves_traces=False)
                break
            except HeldError:
                if should_stop():
                    raise Stopped from None
                time.sleep(_PAUSE)
            except OSError as error:
                raise cannot_write(self.folder, error) from error
        try:
            yield
        finally:
            lock.release()

    def bring(
        self,
        source: Path,
        wanted: Iterable[WeightsFile],
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Brought:
        """Copies the files that this program knows out of a folder.

        Args:
            source: a folder, as on a USB stick; sub-folders are not looked into.
            wanted: the files that are known.
            should_stop: asked while they are read.

        Raises:
            Stopped: `should_stop` said so.
            TlguiError: the folder cannot be read, or the store not be written.
        """
        try:
            there = {path.name for path in source.iterdir() if path.is_file()}
        except OSError as error:
            raise TlguiError(
                f"Expected a folder with weights at {source}, but it cannot be read "
                f"({error.strerror}). Choose another one."
            ) from error
        taken, refused = [], []
        for one in wanted:
            if one.name in there and self.find(one) is None:
                trouble = self._trouble(source / one.name, one, should_stop)
                if trouble:
                    refused.append(f"{trouble} It was left out.")
                    continue
                self._copy(source / one.name, one)
                taken.append(one.name)
        return Brought(tuple(taken), tuple(refused))

    def _copy(self, source: Path, wanted: WeightsFile) -> None:
        self._make_folder()
        target = self.folder / wanted.name

        def write(draft: Path) -> None:
            shutil.copyfile(source, draft)

        storage.write_whole(target, write)
        if not wanted.checksums:
            self._remember(wanted, _digest(target, "sha256", lambda: False))

    def _trouble(
        self, file: Path, wanted: WeightsFile, should_stop: Callable[[], bool]
    ) -> str:
        """Why a file is not the one that was published, as a sentence; or ""."""
        if not _is_hdf5(file):
            return f"Expected weights in {file}, but it is no HDF5 file or damaged."
        for name, digest in {**wanted.checksums, **self._known(wanted)}.items():
            if _digest(file, name, should_stop) != digest:
                return (
                    f"{file} is not the file that was published, or damaged: its "
                    "checksum is another one."
                )
        return ""

    def _known(self, wanted: WeightsFile) -> dict[str, str]:
        """The checksum of the first download, where the publisher gives none."""
        if wanted.checksums:
            return {}
        digest = self._all_known().get(wanted.name)
        return {"sha256": digest} if isinstance(digest, str) else {}

    def _remember(self, wanted: WeightsFile, digest: str) -> None:
        if not wanted.checksums:
            values = {**self._all_known(), wanted.name: digest}
            storage.write_json(self.folder / KNOWN, values)

    def _all_known(self) -> dict[str, Any]:
        try:
            values = json.loads((self.folder / KNOWN).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return values if isinstance(values, dict) else {}

    def _make_folder(self) -> None:
        try:
            storage.make_folder(self.folder, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from error


def _is_hdf5(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(len(_HDF5)) == _HDF5
    except OSError:
        return False


def _digest(file: Path, name: str, should_stop: Callable[[], bool]) -> str:
    found = hashlib.new(name, usedforsecurity=False)
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                found.update(chunk)
                if should_stop():
                    raise Stopped
    except OSError as error:
        raise TlguiError(
            f"{file} cannot be read ({error.strerror or os.strerror(error.errno or 0)})"
            ". Check the disk, and try again."
        ) from error
    return found.hexdigest()
