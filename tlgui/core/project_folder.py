"""Reads and writes the folder of a project."""

import os
import shutil
from datetime import datetime
from pathlib import Path

from tlgui.core import storage
from tlgui.core.errors import TlguiError, cannot_write
from tlgui.core.project import Project
from tlgui.core.project_json import ProjectRead, project_from_json, project_to_json
from tlgui.core.project_paths import PROJECT, RUNS, inside, is_link, read_json

DAMAGED = "project.damaged.json"


def create_project(folder: Path, project: Project) -> None:
    """Makes the folder of a new project; its file, which tells that it is one, last.

    Raises:
        TlguiError: it exists, or cannot be written; nothing is left behind.
    """
    try:
        storage.make_folder(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        storage.make_folder(folder / RUNS)
        write_project(folder, project)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise cannot_write(folder, error) from error
    except TlguiError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def write_project(folder: Path, project: Project) -> None:
    """Writes `project.json`, whole or not at all.

    Raises:
        TlguiError: the system refused to write.
    """
    storage.write_json(folder / PROJECT, project_to_json(project))


def read_project(folder: Path) -> ProjectRead:
    """Reads `project.json`.

    Where its text is damaged, an empty project is answered, whose runs are still in
    its folder.

    Raises:
        TlguiError: the folder is no project.
    """
    file = folder / PROJECT
    if not os.path.lexists(file):
        found = f"{PROJECT} is missing" if folder.is_dir() else "there is none"
        raise TlguiError(
            f"Expected a project at {folder}, but {found}. Choose a folder whose name "
            "ends with .tlgui, or begin a new project."
        )
    inside(folder, PROJECT)
    try:
        return project_from_json(read_json(file), file)
    except OSError as error:
        raise TlguiError(
            f"The project {folder} cannot be read ({error.strerror}). Check its "
            "permissions, or choose another project."
        ) from error
    except ValueError as error:
        told = (
            f"{file} cannot be read ({error}). The runs of the project were found "
            "again, but not which photos and settings were chosen: choose them again. "
            f"The damaged file is kept as {DAMAGED}."
        )
        return ProjectRead(Project(), (told,), damaged=True)


def keep_damaged(folder: Path) -> None:
    """Puts a copy of a damaged `project.json` aside, before it is written again.

    Raises:
        TlguiError: the system refused to write.
    """
    aside = folder / DAMAGED
    if is_link(aside) or (folder / PROJECT).is_symlink():
        return
    try:
        content = (folder / PROJECT).read_bytes()
    except OSError as error:
        raise cannot_write(aside, error) from error
    storage.write_bytes(aside, content)


def now_text() -> str:
    """This moment, in ISO 8601, to the second."""
    return datetime.now().isoformat(timespec="seconds")
