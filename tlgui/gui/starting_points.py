"""Models of one's own that a run can start from: finished runs, and model files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from tlgui.core import events
from tlgui.core.events import Outcome, Stop
from tlgui.core.model_notes import ModelNotes
from tlgui.core.project_paths import RUNS, SUFFIX
from tlgui.core.starting_point import StartingPoint
from tlgui.gui.threads import Jobs, Reading
from tlgui.worker.jobs import ImportJob

_WEIGHTS, _PRESET_WEIGHTS = ".weights", "model.weights.h5"
_NONE = ModelNotes()


@dataclass(frozen=True)
class NamedRun:
    """What the project adds to a finished run.

    Attributes:
        folder: the run's.
        name: as the person calls it.
        starred: whether it is a favourite.
        begun: when, in ISO 8601.
    """

    folder: Path
    name: str
    starred: bool = False
    begun: str = ""


@dataclass(frozen=True)
class OwnModel:
    """A model of one's own, as it is offered.

    Attributes:
        point: what is in its folder.
        title: what it is called.
        starred: whether it is a favourite.
        begun: when it came into being, in ISO 8601.
    """

    point: StartingPoint
    title: str
    starred: bool
    begun: str


class StartingPoints(QObject):
    """Knows the models of one's own, and brings further ones in from files.

    Attributes:
        importing: the file that the engine looks at; None while there is none.
        progress: of the import: done, and in all; 0 in all while that is not known.
        fresh: what an import brought, until the person has decided about it.
        notes: with what `fresh` was read.

    Signals:
        changed: there are others, they are called otherwise, or `fresh` changed.
        import_changed: `importing` or `progress` changed.
        model_imported(StartingPoint): a file was taken in, and can be used.
        trouble_told(str): a sentence about a model that cannot be read.
    """

    changed = Signal()
    import_changed = Signal()
    model_imported = Signal(object)
    trouble_told = Signal(str)

    def __init__(
        self, jobs: Jobs, reading: Reading, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._reading = reading
        self._points: dict[str, StartingPoint] = {}
        self._runs: tuple[NamedRun, ...] = ()
        self._named: dict[Path, NamedRun] = {}
        self._start = ""
        self._awaited = ""
        self._told: set[str] = set()
        self._asked = 0
        self.importing: Path | None = None
        self.progress = (0, 0)
        self.fresh: StartingPoint | None = None
        self.notes = self._said = ModelNotes()
        self._file = Path()
        self._outdated: StartingPoint | None = None
        reading.starting_points_read.connect(self._on_read)

    @property
    def models(self) -> tuple[OwnModel, ...]:
        """Favourites first, then the newest; without what waits for a decision."""
        made = [self._own(p) for p in self._points.values() if self._is_offered(p)]
        return tuple(sorted(made, key=lambda m: (m.starred, m.begun), reverse=True))

    def _is_offered(self, point: StartingPoint) -> bool:
        if not point.is_run:
            return point not in (self.fresh, self._outdated)
        is_chosen = str(point.folder) == self._start
        return is_chosen or any(run.folder == point.folder for run in self._runs)

    def _own(self, point: StartingPoint) -> OwnModel:
        title, run = self.name(point.folder), self._named.get(point.folder)
        if run is None:
            return OwnModel(point, title, False, point.created)
        return OwnModel(point, title, run.starred, run.begun)

    def name(self, folder: Path) -> str:
        """What a model is called; a run of a project not seen yet goes by that, too."""
        run, point = self._named.get(folder), self._points.get(str(folder))
        if run is not None:
            return run.name
        if point is not None and not point.is_run:
            return point.title
        project = folder.parent.parent
        if folder.parent.name == RUNS and project.suffix == SUFFIX:
            return f"{project.stem}, {folder.name}"
        return folder.name

    def find(self, folder: str) -> OwnModel | None:
        """The model in a folder, if it is one that can be started from."""
        point = self._points.get(folder)
        return None if point is None else self._own(point)

    @property
    def chosen(self) -> OwnModel | None:
        """What the next run starts from; None for the catalogue's weights."""
        return self.find(self._start)

    @property
    def is_missing(self) -> bool:
        """Whether what the next run is to start from is not there any more."""
        return bool(self._start) and not self._asked and self._start not in self._points

    def follow(self, start: str) -> None:
        """Notes what the next run starts from; it may lie elsewhere than the rest."""
        self._start = start
        if start and start not in self._points:
            self.look()

    def look(self) -> None:
        """Has everything read anew."""
        self._asked += 1
        self._reading.request_starting_points(self._folders())

    def take_runs(self, runs: Sequence[NamedRun]) -> None:
        """Takes the finished runs of the project that is open now."""
        before, self._runs = self._runs, tuple(runs)
        # A run keeps its name when its project is left for new photos.
        self._named |= {run.folder: run for run in runs}
        if {run.folder for run in before} != {run.folder for run in runs}:
            self.look()
        elif before != self._runs:
            self.changed.emit()

    def _folders(self) -> tuple[str, ...]:
        runs = [str(run.folder) for run in self._runs]
        # What a file names as its start may be anywhere, but not on the network.
        if self._start and not self._start.startswith((r"\\", "//")):
            runs.append(self._start)
        return tuple(dict.fromkeys(runs))

    def import_model(self, file: Path, notes: ModelNotes = _NONE) -> None:
        """Has the engine look at a model file; nothing is used before it is passed."""
        self.settle()
        self._outdated = None
        self._have_read(file, notes)

    def read_again(self, notes: ModelNotes) -> None:
        """Reads the latest file once more, in the place of what it brought before.

        Args:
            notes: what the person says of it now.
        """
        if self.fresh is not None:
            self._outdated = self.fresh
            self._have_read(self._file, notes)

    def _have_read(self, file: Path, notes: ModelNotes) -> None:
        self._said, self._file = notes, file
        self.importing, self.progress = file, (0, 0)
        self._jobs.submit(ImportJob(str(file), _title(file), notes))
        self.import_changed.emit()

    def cancel_import(self) -> None:
        """Ends the import under way; nothing of it stays."""
        if self.importing is not None:
            self._jobs.request_stop(Stop.DROP)

    def settle(self) -> None:
        """Notes that the person has decided about what was imported."""
        if self.fresh is not None:
            self.fresh = None
            self.changed.emit()

    def remove(self, point: StartingPoint) -> None:
        """Deletes an imported model; the runs that started from it have their own."""
        self._asked += 1
        self._reading.request_removal(str(point.folder), self._folders())

    def take(self, event: events.Event) -> None:
        """Takes an event of the import under way."""
        match event:
            case events.ProgressMade(_, done, total):
                self.progress = (done, total)
                self.import_changed.emit()
            case events.ModelImported():
                self._awaited = event.folder
            case events.JobEnded(outcome):
                self.importing = None
                if outcome is not Outcome.COMPLETED:
                    self._awaited, self._outdated = "", None
                elif self._awaited:
                    self.look()
                self.import_changed.emit()

    @Slot(object, str)
    def _on_read(self, points: tuple[StartingPoint, ...], trouble: str) -> None:
        self._points = {str(point.folder): point for point in points}
        self._asked = max(0, self._asked - 1)
        found = self._points.get(self._awaited)
        if found is not None:
            self.fresh, self.notes, self._awaited = found, self._said, ""
            if self._outdated is not None:
                self.remove(self._outdated)
        elif self.importing is None and not self._awaited:
            self._outdated = None  # it is gone, or it is told why not
        if self.fresh is not None and self.fresh not in points:
            self.fresh = None
        self.changed.emit()
        if found is not None:
            self.model_imported.emit(found)
        self._tell(trouble)

    def _tell(self, trouble: str) -> None:
        """Says what cannot be read, each thing once."""
        news = [line for line in trouble.splitlines() if line not in self._told]
        self._told.update(news)
        if news:
            self.trouble_told.emit("\n".join(news))


def _title(file: Path) -> str:
    """What a model is called that comes from a file, or from a preset folder."""
    if file.name == _PRESET_WEIGHTS:
        file = file.parent
    return file.stem.removesuffix(_WEIGHTS) or file.name
