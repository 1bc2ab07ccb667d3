"""Names and files of a project, which comes from a stranger until shown otherwise.

Nothing that a project says may lead out of its folder, or into a file that is none:
a name is one plain name, a link is never followed, and a pipe is never waited for.
"""

import json
import os
import stat
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from tlgui.core.errors import TlguiError

SUFFIX = ".tlgui"
PROJECT, MANIFEST, PICTURE = "project.json", "manifest.json", "picture.png"
RUNS, BIN = "runs", "bin"
LOCK, HOLDER = "lock", "holder.json"
_MOST_BYTES = 256_000_000


def is_plain_name(name: str) -> bool:
    """Whether a name is one part of a path, on every system.

    Example:
        >>> is_plain_name("Run 1"), is_plain_name("../x"), is_plain_name("C:x")
        (True, False, False)
    """
    if not name or name in (".", "..") or "\0" in name:
        return False
    parts = PurePosixPath(name).parts, PureWindowsPath(name).parts
    return all(found == (name,) for found in parts) and not PureWindowsPath(name).drive


def inside(project: Path, *names: str) -> Path:
    """A path in a project's folder.

    Args:
        project: the project's folder.
        names: the parts below it, as the project says them.

    Raises:
        TlguiError: it leads out of the folder, by its name or by a link.
    """
    path = project
    for name in names:
        if not is_plain_name(name):
            raise TlguiError(
                f"The project {project} names “{name}”, which is not a name inside "
                "its folder. It is left out. Ask whoever made the project."
            )
        path = path / name
        if is_link(path):
            raise TlguiError(
                f"{path} is a link to another place, and a project must not lead out "
                "of its folder. It is left out. Copy what it leads to in its place."
            )
    return path


def is_link(path: Path) -> bool:
    """Whether it is a symbolic link, or a junction on Windows."""
    try:
        found = path.lstat()
    except OSError:
        return False
    junction = getattr(found, "st_reparse_tag", 0) == getattr(
        stat, "IO_REPARSE_TAG_MOUNT_POINT", -1
    )
    return stat.S_ISLNK(found.st_mode) or junction


def is_plain_file(path: Path) -> bool:
    """Whether there is a file that is neither a link nor a pipe nor a device."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def read_json(file: Path) -> Any:
    """Reads a JSON file of a project.

    Raises:
        ValueError: it is no plain file, too large, or no JSON.
        OSError: the system refused to read it.
    """
    if not stat.S_ISREG(file.lstat().st_mode):
        raise ValueError("it is not a plain file")
    if (size := file.stat().st_size) > _MOST_BYTES:
        raise ValueError(f"it is too large ({size // 1_000_000} MB)")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def project_around(path: Path) -> Path | None:
    """The project that a run folder lies in, if it lies in one."""
    path = Path(os.path.abspath(path))  # noqa: PTH100 - keeps links, drops ".."
    parents = path.parents
    if len(parents) > 1 and parents[0].name == RUNS and is_project(parents[1]):
        return parents[1]
    return None


def is_project(folder: Path) -> bool:
    """Whether a folder is a project."""
    return is_plain_file(folder / PROJECT)


def new_project_folder(parent: Path, name: str) -> Path:
    """A free place for a project: `NAME.tlgui`, or `NAME 2.tlgui`, ….

    Args:
        parent: the folder in which it will lie.
        name: the wished name, in any script.
    """
    stem = tidy_name(name)
    path, number = parent / f"{stem}{SUFFIX}", 2
    while os.path.lexists(path):
        path, number = parent / f"{stem} {number}{SUFFIX}", number + 1
    return path


def tidy_name(name: str) -> str:
    """A name that every system accepts for a folder, as near to the wish as can be."""
    kept = "".join(" " if c in '<>:"/\\|?*' or ord(c) < 32 else c for c in name)
    kept = " ".join(kept.split()).rstrip(". ").lstrip(".")
    while len(kept.encode("utf-8")) > 200:
        kept = kept[:-1]
    return kept or "project"
