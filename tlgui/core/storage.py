"""Files that are written whole or not at all."""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tlgui.core.errors import cannot_write


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
        handle, name = tempfile.mkstemp(
            prefix=f".{path.name.split('.')[0]}-",
            suffix="".join(path.suffixes),
            dir=path.parent,
        )
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        _flush_file(temporary)
        temporary.chmod(0o666 & ~umask())
        temporary.replace(path)
        temporary = None
        flush_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


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


def _fill(file: Path, data: bytes) -> None:
    file.write_bytes(data)


def _flush_file(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def flush_folder(folder: Path) -> None:
    """Has the system put a folder's own entries on the disk."""
    if os.name == "nt":  # Windows cannot open a folder for flushing
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def umask() -> int:
    """The permissions that new files of this process do not get."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
