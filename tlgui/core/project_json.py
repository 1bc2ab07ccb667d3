"""The content of `project.json`: its schema, and the steps from older versions."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlgui.core.errors import TlguiError
from tlgui.core.project import PROJECT_VERSION, DataPlace, Project, RunEntry, View
from tlgui.core.project_paths import is_plain_name
from tlgui.core.spec import TrainingSpec, spec_from_json

Values = dict[str, Any]
# From each version to the next; a test holds each step.
STEPS: Mapping[int, Callable[[Values], Values]] = {}
_MOST_RUNS = 100_000


@dataclass(frozen=True)
class ProjectRead:
    """A project as it was read.

    Attributes:
        project: what of it made sense.
        problems: what did not, in whole sentences.
        damaged: whether writing it again would lose something that was in the file.
        newer: whether it comes from a newer version of the program.
    """

    project: Project
    problems: tuple[str, ...] = ()
    damaged: bool = False
    newer: bool = False


def project_to_json(project: Project) -> Values:
    """The content of `project.json`."""
    return {
        **project.unknown,
        "version": PROJECT_VERSION,
        "created": project.created,
        "best": project.best,
        "data": None if project.data is None else _plain(project.data),
        "spec": {**project.spec_unknown, **project.spec.to_json()},
        "view": _plain(project.view),
        "runs": [_plain(entry) for entry in project.runs],
        "bin": [_plain(entry) for entry in project.bin],
    }


def _plain(part: DataPlace | RunEntry | View) -> Values:
    values = dataclasses.asdict(part)
    return {**values.pop("unknown"), **values}


def project_from_json(values: Any, file: Path) -> ProjectRead:
    """Reads the content of `project.json`, leaving out what makes no sense.

    Args:
        values: what the JSON file held.
        file: named in sentences.

    Raises:
        TlguiError: it is no project at all.
    """
    version = values.get("version") if isinstance(values, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise TlguiError(
            f"Expected a project in {file}, but found something else. "
            "Choose a folder that this program has made."
        )
    for step in range(version, PROJECT_VERSION):
        values = STEPS[step](values)
    reading = _Reading(file)
    project = reading.project(values)
    newer = version > PROJECT_VERSION
    if newer:
        reading.problems.insert(
            0,
            f"{file.parent} was written by a newer version of this program (its file "
            f"has version {version}, this program knows {PROJECT_VERSION}). It is "
            "opened for reading only, so that nothing in it is lost. Install the "
            "newer version to work with it.",
        )
    return ProjectRead(project, tuple(reading.problems), reading.damaged, newer)


class _Reading:
    """Takes what fits and says what does not."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.problems: list[str] = []
        self.damaged = False

    def project(self, values: Values) -> Project:
        taken, unknown = self._fields(Project, values)
        unknown.pop("version", None)
        return Project(
            created=taken.get("created", ""),
            best=taken.get("best", -1.0),
            data=self._data(values.get("data")),
            spec=self._spec(values.get("spec")),
            spec_unknown=_unknown_of(values.get("spec")),
            view=self._view(values.get("view", {})),
            runs=self._entries("runs", values.get("runs", [])),
            bin=self._entries("bin", values.get("bin", [])),
            unknown=unknown,
        )

    def _data(self, values: Any) -> DataPlace | None:
        if values is None:
            return None
        taken, unknown = self._part(DataPlace, "data", values)
        if not taken.get("root") or "\0" in taken["root"]:
            return None
        return DataPlace(**taken, unknown=unknown)

    def _view(self, values: Any) -> View:
        taken, unknown = self._part(View, "view", values)
        return View(**taken, unknown=unknown)

    def _spec(self, values: Any) -> TrainingSpec:
        try:
            return spec_from_json(values, self._file)
        except TlguiError as error:
            self._complain(
                f"The settings in {self._file} cannot be used; the usual ones are "
                f"there in their place. {error}"
            )
        return TrainingSpec(data="")

    def _entries(self, what: str, values: Any) -> tuple[RunEntry, ...]:
        if not isinstance(values, list) or len(values) > _MOST_RUNS:
            self._misfit(what, "a list of runs")
            return ()
        found: dict[str, RunEntry] = {}
        for value in values:
            taken, unknown = self._part(RunEntry, what, value)
            folder = taken.get("folder", "")
            if is_plain_name(folder):
                found[folder] = RunEntry(**taken, unknown=unknown)
            else:
                self._complain(
                    f"{self._file} names a run “{folder}”, which is not a name inside "
                    "the project. It is left out. Ask whoever made the project."
                )
        return tuple(found.values())

    def _part(self, kind: type[Any], what: str, values: Any) -> tuple[Values, Values]:
        if not isinstance(values, dict):
            self._misfit(what, "a JSON object")
            return {}, {}
        return self._fields(kind, values)

    def _fields(self, kind: type[Any], values: Values) -> tuple[Values, Values]:
        taken: Values = {}
        fields = _known(kind)
        for name in fields.keys() & values.keys():
            wanted = _EXPECTED.get(fields[name].type)
            if wanted is None:
                continue
            value = wanted.take(values[name])
            if value is None:
                self._misfit(name, wanted.told)
            else:
                taken[name] = value
        return taken, {n: v for n, v in values.items() if n not in fields}

    def _misfit(self, what: str, expected: str) -> None:
        self._complain(
            f"Expected {expected} as “{what}” in {self._file}, but found something "
            "else. The usual value is there in its place."
        )

    def _complain(self, sentence: str) -> None:
        self.damaged = True
        self.problems.append(sentence)


def _known(kind: type[Any]) -> dict[str, dataclasses.Field[Any]]:
    found = {field.name: field for field in dataclasses.fields(kind)}
    return {name: field for name, field in found.items() if "unknown" not in name}


def _unknown_of(spec: Any) -> Values:
    known = {"version", *_known(TrainingSpec)}
    given = spec if isinstance(spec, dict) else {}
    return {name: value for name, value in given.items() if name not in known}


@dataclass(frozen=True)
class _Expected:
    """What a field must be: how it is told, and what takes it or answers None."""

    told: str
    take: Callable[[Any], Any]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _switch(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool)
    return value if fits and 0 <= value <= 2**53 else None


def _number(value: Any) -> float | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if fits and -1 <= value <= 1 else None


def _names(value: Any) -> tuple[str, ...] | None:
    fits = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return tuple(value) if fits else None


_EXPECTED: Mapping[object, _Expected] = {
    str: _Expected("a text", _text),
    bool: _Expected("true or false", _switch),
    int: _Expected("a whole number", _whole),
    float: _Expected("a share", _number),
    tuple[str, ...]: _Expected("a list of names", _names),
}
