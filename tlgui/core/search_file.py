"""The file of a search: from it a search goes on, whatever ended it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tlgui.core import storage
from tlgui.core.errors import TlguiError, cannot_write
from tlgui.core.folder_lock import FolderLock, HeldError, LockNames
from tlgui.core.project_paths import is_plain_file, is_plain_name, read_json
from tlgui.core.search import (
    SEARCH_VERSION,
    Begun,
    SearchSpec,
    SearchState,
    Trial,
    TrialOutcome,
)
from tlgui.core.search_space import SETTINGS, Choices, Range, Span, Value
from tlgui.core.spec import spec_from_json

SEARCH = "search.json"


def search_file(folder: Path, stem: str) -> Path:
    """Where a search is kept among the runs of others.

    Args:
        folder: of the runs.
        stem: with which the names of its runs begin.
    """
    return folder / f"{stem} {SEARCH}"


def run_name(file: Path, number: int) -> str:
    """The name of a trial's run folder, beside the file of the search."""
    return f"{file.name.removesuffix(SEARCH)}trial {number}"


def write_search(file: Path, state: SearchState) -> None:
    """Writes a search whole.

    Raises:
        TlguiError: the system refused to write.
    """
    storage.write_json_compact(file, state.to_json())


def begin_search(file: Path, spec: SearchSpec) -> SearchState:
    """Makes the file of a new search.

    Raises:
        TlguiError: there is one, the spec does not do or nothing can be written there.
    """
    spec.check()
    if file.exists():
        raise TlguiError(
            f"Expected no search in {file.parent}, but found {file.name}. Go on with "
            "it (--resume), or choose another folder."
        )
    try:
        storage.make_folder(file.parent, exist_ok=True)
    except OSError as error:
        raise cannot_write(file.parent, error) from error
    state = SearchState(spec)
    write_search(file, state)
    return state


def read_search(file: Path) -> SearchState:
    """Reads a search.

    Raises:
        TlguiError: there is none, or it is damaged or of a newer version.
    """
    try:
        values = read_json(file)
        version = values["version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TlguiError(
            f"Expected a search in {file}, but it cannot be read ({error}). Choose the "
            "folder that a search was begun in."
        ) from error
    if version != SEARCH_VERSION:
        raise TlguiError(
            f"{file} has version {version}, but this program reads version "
            f"{SEARCH_VERSION}. Open it with a newer version of the program."
        )
    try:
        return _state(values, file)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TlguiError(
            f"{file} is damaged ({error}). Its runs are whole: begin another search."
        ) from error


def last_search(folder: Path) -> tuple[Path, SearchState] | None:
    """The search that was begun last among the runs of a folder; None for none.

    Raises:
        TlguiError: it is damaged.
    """
    try:
        names = sorted(p.name for p in folder.iterdir() if p.name.endswith(SEARCH))
    except OSError:  # there is no such folder yet
        return None
    files = [folder / name for name in names if not name.startswith(".")]
    plain = [file for file in files if is_plain_file(file)]
    return (plain[-1], read_search(plain[-1])) if plain else None


class SearchLock:
    """Holds a search while its trials are trained; ends with the process."""

    def __init__(self, file: Path) -> None:
        """Takes the lock.

        Raises:
            TlguiError: another process has it, or nothing may be written there.
        """
        stem = file.name.removesuffix(SEARCH)
        names = LockNames(f".{stem}search.lock", f".{stem}searching.json")
        try:
            self._lock = FolderLock(file.parent, names, leaves_traces=False)
        except HeldError as error:
            who = "" if error.holder is None else f" by {error.holder.described()}"
            raise TlguiError(
                f"The search in {file} goes on at this moment{who}. Wait for its end "
                "or stop it there, then try again."
            ) from error
        except OSError as error:
            raise cannot_write(file, error) from error

    def release(self) -> None:
        """Gives it back."""
        self._lock.release()


def _state(values: dict[str, Any], file: Path) -> SearchState:
    spec = SearchSpec(
        spec_from_json(values["base"], file),
        tuple((name, _range(read)) for name, read in values["ranges"].items()),
        values["trials"],
        float(values["seconds"]),
        int(values["seed"]),
    )
    spec.check()
    trials = tuple(_trial(read, spec) for read in values["tried"])
    if [trial.number for trial in trials] != [*range(1, len(trials) + 1)]:
        raise ValueError("its trials are not in order")
    begun = values["begun"]
    if begun is not None:
        begun = Begun(
            int(begun["number"]),
            _values(begun["values"], spec),
            int(begun["epochs"]),
            int(begun["times"]),
        )
    return SearchState(
        spec, trials, float(values["spent"]), begun, bool(values["is_exhausted"])
    )


def _range(values: dict[str, Any]) -> Range:
    if "values" in values:
        return Choices(tuple(values["values"]), bool(values["is_ordered"]))
    return Span(float(values["low"]), float(values["high"]))


def _trial(values: dict[str, Any], spec: SearchSpec) -> Trial:
    if values["run"] and not is_plain_name(values["run"]):
        raise ValueError(f"“{values['run']}” is not the name of a run")
    return Trial(
        int(values["number"]),
        _values(values["values"], spec),
        TrialOutcome(values["outcome"]),
        str(values["run"]),
        int(values["right"]),
        int(values["total"]),
        float(values["loss"]),
        float(values["seconds"]),
        tuple(float(value) for value in values["course"]),
        str(values["trouble"]),
    )


def _values(values: dict[str, Any], spec: SearchSpec) -> Mapping[str, Value]:
    ranges = dict(spec.ranges)
    if set(values) != set(ranges):
        raise ValueError("a trial has other settings than the search")
    for name, value in values.items():
        if not ranges[name].holds(value):
            raise ValueError(f"{SETTINGS[name]} {value} is not in the search")
    return {name: values[name] for name in ranges}
