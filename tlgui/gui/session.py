"""The one place that knows what the window is about at this moment."""

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from tlgui import paths
from tlgui.core import events
from tlgui.core.backbone import Backbone
from tlgui.core.catalogue import find_backbone
from tlgui.core.costs import Speed
from tlgui.core.dataset import TRAIN, Dataset
from tlgui.core.events import Outcome, Stop
from tlgui.core.history import EpochRecord
from tlgui.core.layers import carry_over
from tlgui.core.project_paths import SUFFIX
from tlgui.core.project_shown import ShownRun
from tlgui.core.report import AnyEvaluation
from tlgui.core.run import Run
from tlgui.core.search import SearchSpec
from tlgui.core.search_events import SearchEvent
from tlgui.core.spec import TrainingSpec, suited_to
from tlgui.gui.comparison import Comparison
from tlgui.gui.current_run import CurrentRun
from tlgui.gui.folder_scan import FolderScan
from tlgui.gui.obstacles import Obstacles
from tlgui.gui.photo_answers import PhotoAnswers
from tlgui.gui.pretrained_weights import PretrainedWeights
from tlgui.gui.rate_search import RateSearch
from tlgui.gui.run_home import RunHome
from tlgui.gui.search import Search
from tlgui.gui.session_states import EngineState as EngineState
from tlgui.gui.session_states import Status as Status
from tlgui.gui.starting_points import StartingPoints
from tlgui.gui.threads import Fetching, Jobs, Reading
from tlgui.gui.training_orders import Order, training_order
from tlgui.worker.jobs import ResumeJob, WarmUp

# On these the frozen layers are compared in both runtimes.
_WARM_UP_FILES = 4


class Session(QObject):
    """The current data set, spec, status and run.

    Widgets take it in their constructor, call its methods and listen to its
    signals; they never call each other.

    Signals:
        dataset_changed: `dataset` is another one (or None).
        spec_changed: `spec` has other values.
        status_changed: `status` changed.
        engine_changed: `engine` changed.
        speed_changed: `speed` is known.
        noticed(str): a sentence for the person, about nothing bad.
        project_asked(Path): somebody wants to open a project.
        home_wanted: a run is to begin, and there is no project yet to put it into.
        trouble_told(str): a sentence for the person.
        bug_found(str): a traceback of a fault of ours.
    """

    dataset_changed = Signal()
    spec_changed = Signal()
    status_changed = Signal()
    engine_changed = Signal()
    speed_changed = Signal()
    noticed = Signal(str)
    project_asked = Signal(object)
    home_wanted = Signal()
    trouble_told = Signal(str)
    bug_found = Signal(str)

    def __init__(
        self,
        jobs: Jobs,
        reading: Reading,
        fetching: Fetching | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._reading = reading
        self.dataset: Dataset | None = None
        self.scan = FolderScan(reading, self)
        self.spec = TrainingSpec(data="")
        self.runs_dir: Path = paths.default_runs_dir()
        self.home = RunHome()
        self.status = Status.IDLE
        self._order: Order | None = None
        self.speed: Speed | None = None
        self.engine = EngineState.STARTING
        self.run = CurrentRun(self)
        self.starts = StartingPoints(jobs, reading, self)
        self.answers = PhotoAnswers(jobs, self)
        self.comparison = Comparison(jobs, self)
        self.search = Search(self)
        self.search.trial_began.connect(self.run.empty)
        self.rate_search = RateSearch(self, jobs)
        self.weights = PretrainedWeights(fetching, self)
        self.weights.arrived.connect(self._on_weights)
        self._obstacles = Obstacles(self)
        self.run.noticed.connect(self.noticed)
        self.starts.trouble_told.connect(self.trouble_told)
        jobs.event_received.connect(self._on_event)
        jobs.engine_changed.connect(self._on_engine)
        self.scan.found.connect(self.take_dataset)
        self.scan.trouble_told.connect(self.trouble_told)
        reading.run_opened.connect(self._on_run_opened)

    @property
    def reading(self) -> Reading:
        """The reader thread, for widgets that show thumbnails."""
        return self._reading

    @property
    def backbone(self) -> Backbone:
        """The chosen backbone."""
        return find_backbone(self.spec.backbone)

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the data set tells apart; empty while there is none."""
        return () if self.dataset is None else self.dataset.class_names

    @property
    def head_is_new(self) -> bool:
        """Whether the head knows none of the present classes before it learns."""
        own = self.starts.chosen
        return own is None or not own.point.knows(self.class_names, self.spec.task)

    def occupied(self) -> str:
        """What the engine is busy with, as a sentence; "" while it is free."""
        return self._obstacles.occupied()

    def trouble(self) -> str:
        """Why training cannot start now, as a sentence; "" when it can."""
        return self._obstacles.to_starting()

    def open_folder(self, folder: Path) -> None:
        """Reads a data folder in the background; a project is asked for instead."""
        if self.status is not Status.IDLE:
            self.trouble_told.emit(
                self.tr("A model is training on the present photos. Stop it first.")
            )
            return
        if folder.suffix == SUFFIX:
            self.project_asked.emit(folder)
            return
        self.scan.begin(folder)

    def change_spec(self, **changes: Any) -> None:
        """Takes new values of the spec; says so only if they differ."""
        changed = dataclasses.replace(self.spec, **changes)
        if changed == self.spec:
            return
        is_other = changed.backbone != self.spec.backbone
        self._take_spec(changed)
        if is_other:
            self._warm_up()
        self.spec_changed.emit()

    def _take_spec(self, spec: TrainingSpec) -> None:
        # A run that is opened may be of data of another kind.
        self.spec = spec if self.dataset is None else suited_to(spec, self.dataset.task)
        self.starts.follow(spec.start)

    def choose_model(self, backbone: str, start: str = "") -> None:
        """Chooses what the next run starts from; the choice of blocks is carried over.

        Args:
            backbone: a name of the catalogue.
            start: the folder of a model of one's own with this backbone; "" for the
                catalogue's weights.
        """
        blocks = find_backbone(backbone).blocks
        trainable = carry_over(self.spec.trainable, self.backbone.blocks, blocks)
        self.change_spec(backbone=backbone, start=start, trainable=trainable)

    def import_model(self, file: Path) -> None:
        """Has a model file looked at; `starts` says what came of it."""
        if busy := self.occupied():
            self.trouble_told.emit(busy)
        else:
            self.starts.import_model(file)

    @Slot()
    def compare_models(self) -> None:
        """Has the models on this computer tried on the present photos."""
        if (trouble := self._obstacles.to_comparing()) or self.dataset is None:
            self.trouble_told.emit(trouble)
            return
        self.comparison.start(self.dataset)
        self.status_changed.emit()

    @Slot()
    def _on_weights(self) -> None:
        """The engine can prepare now what it could not before."""
        if self.backbone.published is not None:
            self._warm_up()

    def _warm_up(self) -> None:
        """Lets the engine prepare the present choice."""
        files: tuple[str, ...] = ()
        if self.dataset is not None:
            samples = self.dataset.samples.get(TRAIN, ())[:_WARM_UP_FILES]
            files = tuple(str(self.dataset.file(sample)) for sample in samples)
        self._jobs.submit(WarmUp(self.spec.backbone, files))

    def start(self, seconds: float = 0.0) -> None:
        """Begins a run with the present spec and data set.

        Args:
            seconds: in which the program is to find out by itself how to train best;
                0 to train as the spec says.
        """
        self._begin(training_order(self.spec, seconds), self.trouble())

    def search_settings(self, searched: SearchSpec) -> None:
        """Begins a search over settings."""
        self._begin(partial(self.search.job, searched), self.trouble())

    def go_on_searching(self) -> None:
        """Goes on with the search that was interrupted."""
        if self.search.can_go_on and self._may_begin(self._obstacles.to_any_run()):
            assert self.dataset is not None
            self._jobs.submit(self.search.job_to_go_on(self.dataset))

    def go_on(self, run: Path, at_once: int = 0) -> None:
        """Goes on with an interrupted run of the present data set; see `ResumeJob`."""
        if self._may_begin(self._obstacles.to_any_run()):
            assert self.dataset is not None
            self._jobs.submit(ResumeJob(str(run), self.dataset, at_once))

    def _begin(self, order: Order, trouble: str) -> None:
        if not self._may_begin(trouble):
            return
        self._order = order
        if self.home.must_be_made:
            self.home_wanted.emit()
        else:
            self._submit_run()

    def _may_begin(self, trouble: str) -> bool:
        """Whether nothing is in the way of a run; if so, it counts as running."""
        if self.answers.are_coming:
            trouble = trouble or self.tr("Photos are being named. One moment.")
        if trouble or self.dataset is None:
            self.trouble_told.emit(trouble)
            return False
        if self.status is not Status.IDLE:
            return False
        self.search.step_back()
        self.run.empty()
        self._set_status(Status.RUNNING)
        return True

    def take_home(self, trouble: str) -> None:
        """Goes on with a run that waited for a project to put it into.

        Args:
            trouble: why there is none, as a sentence; "" if `home` is there.
        """
        if self.status is Status.IDLE:
            return
        if trouble:
            self._on_job_ended(events.JobEnded(Outcome.FAILED, trouble))
        elif self.status is Status.STOPPING:
            self._on_job_ended(events.JobEnded(Outcome.STOPPED))
        else:
            self._submit_run()

    def _submit_run(self) -> None:
        assert self.dataset is not None
        assert self._order is not None
        place = self.home.place(self.runs_dir, self.dataset.root.name)
        self._jobs.submit(self._order(self.dataset, *place))

    def stop(self, stop: Stop) -> None:
        """Asks the run to stop after the current batch."""
        if self.status is Status.RUNNING:
            self._set_status(Status.STOPPING)
            self._jobs.request_stop(stop)

    def predict(self, sources: Sequence[str | tuple[str, bytes]]) -> None:
        """Asks the current result for the classes of pictures."""
        folder = self.run.folder
        if folder is None or not sources or self.occupied():
            return
        self.answers.ask(folder, sources)

    def open_run(self, folder: Path) -> None:
        """Reads a run from its folder in the background."""
        if self.status is Status.IDLE:
            self._reading.request_run(str(folder))

    def restore(
        self, dataset: Dataset | None, spec: TrainingSpec, shown: ShownRun | None
    ) -> None:
        """Takes everything that a project remembers."""
        is_news = dataset is not None or spec.backbone != self.spec.backbone
        self.dataset = dataset
        self._take_spec(spec)
        if is_news:
            self._warm_up()
        self.comparison.follow(dataset)
        self.dataset_changed.emit()
        self.spec_changed.emit()
        self.show_run(shown)

    @Slot(object)
    def take_dataset(self, dataset: Dataset) -> None:
        """Takes a data set that is known already."""
        self.dataset = dataset
        self.change_spec(data=str(dataset.source), task=dataset.task)
        self._warm_up()
        self.comparison.follow(dataset)
        self.dataset_changed.emit()

    def show_run(self, shown: ShownRun | None) -> None:
        """Shows a run with its result; the settings of the next one stay."""
        self.search.step_back()
        self.run.empty()
        if shown is not None:
            self.run.show(shown)

    def _set_status(self, status: Status) -> None:
        if status is not self.status:
            self.status = status
            self.status_changed.emit()

    @Slot(object)
    def _on_event(self, event: events.Event) -> None:
        is_import = self.starts.importing is not None
        is_comparison = self.comparison.is_running
        match event:
            case events.Prediction():
                self.answers.take(event)
            case events.JobEnded():
                self._on_job_ended(event)
            case events.ModelImported() | events.ProgressMade() if is_import:
                self.starts.take(event)
            case events.SpeedMeasured(speed):
                self.speed = speed
                self.speed_changed.emit()
            case events.RankingMade() | events.ProgressMade() if is_comparison:
                self.comparison.take(event)
            case SearchEvent():
                self.search.take(event)
            case _ if not self.rate_search.is_running:
                self.run.take(event)

    def _on_job_ended(self, event: events.JobEnded) -> None:
        was_running = self.status is not Status.IDLE
        self.run.stage = None
        if was_running:
            self.run.job_ending = event
            self._set_status(Status.IDLE)
            self.run.end(event.outcome)
            self.search.end(event.outcome)
            if self.run.verdict is not None:  # another attempt may have been the last
                self._reading.request_run(self.run.verdict.run)
        elif self.starts.importing is not None:
            self.starts.take(event)
        elif self.comparison.is_running:
            self.comparison.take(event)
            self.status_changed.emit()
        elif self.answers.are_coming:
            self.answers.take(event)
        self.run.stage_changed.emit()
        if event.trouble:
            self.trouble_told.emit(event.trouble)
        if event.outcome is Outcome.FAILED and event.bug:
            self.bug_found.emit(event.bug)

    @Slot(str)
    def _on_engine(self, state: str) -> None:
        self.engine = EngineState(state)
        self.engine_changed.emit()

    @Slot(object, object, object, str)
    def _on_run_opened(
        self,
        run: Run | None,
        history: tuple[EpochRecord, ...] | None,
        evaluation: AnyEvaluation | None,
        trouble: str,
    ) -> None:
        if run is None:
            self.trouble_told.emit(trouble)
            return
        self.search.step_back()
        self.run.empty()
        self._take_spec(run.spec)
        self.run.fill(run, history or (), evaluation)
        self.spec_changed.emit()
        self.run.opened.emit()
