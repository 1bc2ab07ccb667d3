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
class AppSettings:
    """What `settings.json` holds.

    Attributes:
        version: of the file's layout; a newer one stays as it is.
        recent_folders: data folders, the latest first.
        recent_runs: run folders, the latest first.
        appearance: "system", "light" or "dark".
        geometry: size and place of the window, in base64; "" for the usual ones.
        runs_dir: where new runs are put; "" for the usual place.
        unknown: fields of another version, kept as they were found.
    """

    version: int = SETTINGS_VERSION
    recent_folders: tuple[str, ...] = ()
    recent_runs: tuple[str, ...] = ()
    appearance: str = "system"
    geometry: str = ""
    runs_dir: str = ""
    unknown: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The content of `settings.json`."""
        values = dataclasses.asdict(self)
        return {**values.pop("unknown"), **values}


def settings_file() -> Path:
    """Where the settings lie."""
    return paths.config_dir() / "settings.json"


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
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return AppSettings()
    return settings_from_json(values) if isinstance(values, dict) else AppSettings()


def settings_from_json(values: Mapping[str, Any]) -> AppSettings:
    """Takes every field that fits, and keeps those that are not known."""
    usual = AppSettings()
    known = {f.name for f in dataclasses.fields(AppSettings)} - {"unknown"}
    taken: dict[str, Any] = {}
    for name in known & values.keys():
        value = values[name]
        if isinstance(value, list):
            value = tuple(entry for entry in value if isinstance(entry, str))
        if type(value) is type(getattr(usual, name)):
            taken[name] = value
    unknown = {name: value for name, value in values.items() if name not in known}
    return AppSettings(**taken, unknown=unknown)


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
