"""Copies a project, whole or not at all."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tlgui.core import storage
from tlgui.core.dataset import Progress, ShouldStop
from tlgui.core.errors import Stopped, TlguiError, cannot_write
from tlgui.core.project_paths import BIN, HOLDER, LOCK, is_link, is_plain_file

_PIECE = 1 << 20
_LEFT_BEHIND = (LOCK, HOLDER, BIN)


def copy_project(
    source: Path,
    target: Path,
    on_progress: Progress = lambda done, total: None,
    should_stop: ShouldStop = lambda: False,
) -> None:
    """Copies a project's folder, without its bin.

    The copy grows under another name and takes its own when it is whole and on the
    disk, so that a kill or a full disk leaves no half of one.

    Args:
        source: the project.
        target: the new folder.
        on_progress: told (bytes done, bytes in all).
        should_stop: asked between pieces.

    Raises:
        TlguiError: the copy exists already, lies in the project, or cannot be written.
        Stopped: `should_stop` said so; nothing is left behind.
    """
    _check_place(source, target)
    files = list(_files(source))
    total = sum((source / name).stat().st_size for name in files)
    draft: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _check_room(target, total)
        draft = Path(tempfile.mkdtemp(prefix=".copy-", dir=target.parent))
        _copy_all(source, draft, files, total, on_progress, should_stop)
        if os.path.lexists(target):
            raise _exists(target)
        draft.chmod(0o777 & ~storage.umask())
        draft.rename(target)
        draft = None
        storage.flush_folder(target.parent)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)


def _check_place(source: Path, target: Path) -> None:
    if os.path.lexists(target):
        raise _exists(target)
    if source.resolve() in target.resolve().parents:
        raise TlguiError(
            f"Expected a place outside of the project, but {target} lies in it. "
            "Choose another folder."
        )


def _exists(target: Path) -> TlguiError:
    return TlguiError(
        f"Expected a new name for the copy, but {target} exists already. "
        "Choose another name, so that nothing there is lost."
    )


def _check_room(target: Path, needed: int) -> None:
    free = shutil.disk_usage(target.parent).free
    if needed > free:
        raise TlguiError(
            f"Expected {needed / 1e6:.0f} MB free for the copy in {target.parent}, but "
            f"found {free / 1e6:.0f} MB. Free some space, or choose another disk."
        )


def _files(source: Path) -> Iterator[Path]:
    """Every plain file, relative to the project; links are not followed."""
    for folder, folders, names in os.walk(source, followlinks=False):
        here = Path(folder)
        is_top = here == source
        kept = [n for n in folders if not is_link(here / n)]
        folders[:] = [n for n in kept if not (is_top and n in _LEFT_BEHIND)]
        for name in names:
            wanted = not (is_top and name in _LEFT_BEHIND)
            if wanted and is_plain_file(here / name):
                yield (here / name).relative_to(source)


def _copy_all(
    source: Path,
    draft: Path,
    files: list[Path],
    total: int,
    on_progress: Progress,
    should_stop: ShouldStop,
) -> None:
    done = 0
    for name in files:
        (draft / name.parent).mkdir(parents=True, exist_ok=True)
        with (source / name).open("rb") as read, (draft / name).open("wb") as written:
            while piece := read.read(_PIECE):
                if should_stop():
                    raise Stopped
                written.write(piece)
                done += len(piece)
                on_progress(done, max(total, done))
            written.flush()
            os.fsync(written.fileno())
        with contextlib.suppress(OSError):  # times of change are a nicety
            shutil.copystat(source / name, draft / name)
        if should_stop():
            raise Stopped
    for folder, _, _ in os.walk(draft):
        storage.flush_folder(Path(folder))
