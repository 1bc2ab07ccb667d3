"""Files that are written whole or not at all."""

import contextlib
import errno
import json
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tlgui.core.errors import cannot_write

# Some network disks cannot flush folders; that is no reason to write nothing there.
_CANNOT_FLUSH = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)
_RANDOM = "[a-z0-9_]{8}"  # what `tempfile` puts into a name


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Replaces `path` with what `write` puts into a temporary file beside it.

    The temporary file is flushed to the disk before it takes the place of the
    old one, and the folder after, so that a kill or a power cut at any moment
    leaves either the old file or the new one. The temporary file keeps the
    ending of `path`, because some writers choose their format by it.

    Args:
        path: the file to write.
        write: fills the file whose path it is given.

    Raises:
        TlguiError: the system refused to write.
    """
    temporary: Path | None = None
    try:
        start, end = _draft_parts(path)
        handle, name = tempfile.mkstemp(prefix=start, suffix=end, dir=path.parent)
        temporary = Path(name)
        os.close(handle)
        write(temporary)
        temporary.chmod(0o666 & ~umask())
        _flush_file(temporary)
        temporary.replace(path)
        temporary = None
        flush_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def drop_drafts(path: Path) -> None:
    """Removes what writers of `path` left that were killed.

    For the one who alone may write `path`: the draft of a living writer is removed
    as well.
    """
    start, end = map(re.escape, _draft_parts(path))
    with contextlib.suppress(OSError):  # they do no harm but take room
        for file in path.parent.iterdir():
            if re.fullmatch(start + _RANDOM + end, file.name):
                file.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Replaces `path` with `data`, whole or not at all."""
    write_whole(path, lambda file: _fill(file, data))


def write_text(path: Path, text: str) -> None:
    """Replaces `path` with `text` in UTF-8, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Replaces `path` with `value` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_json_compact(path: Path, value: Any) -> None:
    """Replaces `path` with `value` as JSON without blanks, whole or not at all."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    write_text(path, text + "\n")


def make_folder(folder: Path, *, exist_ok: bool = False) -> None:
    """Makes a folder, and those above it that are missing, so that they last.

    What is flushed in a folder survives a power cut only if the folder does.

    Raises:
        OSError: the system refused; nothing is left behind.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=exist_ok)
        for made in missing:
            flush_folder(made.parent)
    except FileExistsError:
        raise
    except OSError:
        for made in missing:
            with contextlib.suppress(OSError):
                made.rmdir()
        raise


def flush_folder(folder: Path) -> None:
    """Has the system put a folder's own entries on the disk.

    Raises:
        OSError: the disk reported a fault.
    """
    if os.name == "nt":  # Windows cannot open a folder for flushing
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_FLUSH:
            raise
    finally:
        os.close(descriptor)


def umask() -> int:
    """The permissions that new files of this process do not get."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _draft_parts(path: Path) -> tuple[str, str]:
    """How the name of a draft begins and ends."""
    return f".{path.name.split('.')[0]}-", "".join(path.suffixes)


def _fill(file: Path, data: bytes) -> None:
    file.write_bytes(data)


def _flush_file(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
