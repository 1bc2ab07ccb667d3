"""The choices that are remembered from one start to the next."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tlgui import paths
from tlgui.core import storage
from tlgui.core.errors import cannot_write

SETTINGS_VERSION = 1
RECENT_KEPT = 8


@dataclass(frozen=True)
class RecentProject:
    """A project as it was when it was last open here.

    Attributes:
        folder: where it is.
        best: the best validation accuracy of its runs, 0..1; -1 for none.
        samples: how many usable files its data set has.
        classes: how many classes.
        data: the folder of its data set; "" for none.
    """

    folder: str
    best: float = -1.0
    samples: int = 0
    classes: int = 0
    data: str = ""


@dataclass(frozen=True)
class AppSettings:
    """What `settings.json` holds.

    Attributes:
        version: of the file's layout; a newer one stays as it is.
        recent_folders: data folders, the latest first.
        recent_runs: run folders, the latest first.
        recent_projects: the latest first.
        last_project: the project that was open last; "" for none.
        draft: a project that has no folder yet, as `project.json` would hold it.
        appearance: "system", "light" or "dark".
        geometry: size and place of the window, in base64; "" for the usual ones.
        runs_dir: where new projects are put; "" for the usual place.
        weights_dir: where downloaded weights are kept; "" for the usual place.
        looks_for_updates: whether to look for a newer version by itself.
        looked_for_updates: the day of the last look, in ISO 8601; "" for never.
        unknown: fields of another version, kept as they were found.
    """

    version: int = SETTINGS_VERSION
    recent_folders: tuple[str, ...] = ()
    recent_runs: tuple[str, ...] = ()
    recent_projects: tuple[RecentProject, ...] = ()
    last_project: str = ""
    draft: Mapping[str, Any] = field(default_factory=dict)
    appearance: str = "system"
    geometry: str = ""
    runs_dir: str = ""
    weights_dir: str = ""
    looks_for_updates: bool = False
    looked_for_updates: str = ""
    unknown: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The content of `settings.json`."""
        values = dataclasses.asdict(self)
        return {**values.pop("unknown"), **values}


def settings_file() -> Path:
    """Where the settings lie."""
    return paths.config_dir() / "settings.json"


def weights_dir() -> Path:
    """Where downloaded weights are kept; every process asks anew."""
    chosen = read_settings(settings_file()).weights_dir
    return Path(chosen) if chosen else paths.default_weights_dir()


def remembered(recent: Sequence[str], latest: str) -> tuple[str, ...]:
    """Puts the latest first, once, and forgets the oldest.

    Example:
        >>> remembered(("b", "a"), "a")
        ('a', 'b')
    """
    others = [entry for entry in recent if entry != latest]
    return (latest, *others)[:RECENT_KEPT]


def read_settings(file: Path) -> AppSettings:
    """Reads the settings; what is missing or damaged is as at the first start."""
    return find_settings(file) or AppSettings()


def find_settings(file: Path) -> AppSettings | None:
    """Reads the settings; None if they are missing or damaged as a whole."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return settings_from_json(values) if isinstance(values, dict) else None


def settings_from_json(values: Mapping[str, Any]) -> AppSettings:
    """Takes every field that fits, and keeps those that are not known."""
    usual = AppSettings()
    known = {f.name for f in dataclasses.fields(AppSettings)} - {"unknown"}
    taken: dict[str, Any] = {}
    for name in known & values.keys():
        value = values[name]
        if name == "recent_projects":
            value = _recent_projects(value)
        elif isinstance(value, list):
            value = tuple(entry for entry in value if isinstance(entry, str))
        if type(value) is type(getattr(usual, name)):
            taken[name] = value
    unknown = {name: value for name, value in values.items() if name not in known}
    return AppSettings(**taken, unknown=unknown)


def _recent_projects(values: Any) -> tuple[RecentProject, ...]:
    found = []
    for value in values if isinstance(values, list) else []:
        known = value if isinstance(value, dict) else {}
        folder, best = known.get("folder"), known.get("best")
        if not isinstance(folder, str):
            continue
        data = known.get("data")
        data = data if isinstance(data, str) else ""
        counts = [known.get(name) for name in ("samples", "classes")]
        samples, classes = (c if isinstance(c, int) else 0 for c in counts)
        share = float(best) if isinstance(best, int | float) else -1.0
        found.append(RecentProject(folder, share, samples, classes, data))
    return tuple(found)


def write_settings(settings: AppSettings, file: Path) -> None:
    """Writes the settings, whole or not at all.

    Raises:
        TlguiError: the system refused to write.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(file, error) from error
    storage.write_json(file, settings.to_json())
