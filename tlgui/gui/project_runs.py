"""The runs of the open project: names, stars, the bin, and showing one."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from tlgui.core.events import Outcome
from tlgui.core.project import RunEntry
from tlgui.core.project_folder import now_text
from tlgui.core.project_paths import RUNS
from tlgui.core.project_shown import ShownRun
from tlgui.core.spec import TrainingSpec
from tlgui.gui.known_runs import KnownRuns
from tlgui.gui.project_state import ProjectState
from tlgui.gui.session import Session, Status
from tlgui.worker.project_desk import Listed
from tlgui.worker.project_files import ProjectFiles

MODEL_PAGE, TRAINING_PAGE, RESULT_PAGE = "model", "training", "result"


class ProjectRuns(KnownRuns):
    """Does with the runs what a person asks for.

    Signals:
        page_asked(str): the window should show a page.
    """

    page_asked = Signal(str)

    def __init__(
        self,
        session: Session,
        state: ProjectState,
        files: ProjectFiles,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(session, state, parent)
        self._files = files
        self._page = ""
        self._told: tuple[str, ...] = ()
        session.run.started.connect(self._on_run_started)
        session.run.ended.connect(self._on_run_ended)
        session.status_changed.connect(self._on_status)
        session.run.opened.connect(self._on_run_opened)
        files.listed.connect(self._on_listed)
        files.run_read.connect(self._on_run_read)
        files.moved.connect(self._on_moved)

    @property
    def can_change(self) -> bool:
        """Whether runs may be renamed, starred and deleted now."""
        return self._state.folder is not None and not self._state.read_only

    @property
    def shown(self) -> str:
        """The folder name of the run that the window shows."""
        return self._state.project.view.run

    @property
    def compared(self) -> tuple[str, ...]:
        """The folder names of the runs that are laid over each other."""
        return self._state.project.view.compared

    @property
    def sorting(self) -> tuple[str, bool]:
        """The column by which runs are sorted, and whether the largest is first."""
        view = self._state.project.view
        return view.sorted_by, view.descending

    def sort(self, column: str, *, descending: bool) -> None:
        """Notes by which column runs are sorted."""
        self._state.change_view(sorted_by=column, descending=descending)

    def compare(self, folders: Sequence[str]) -> None:
        """Notes which runs are laid over each other."""
        self._state.change_view(compared=tuple(folders))

    def show(self, folder: str, page: str = RESULT_PAGE) -> None:
        """Shows a run with its curves and its result; the settings stay."""
        if not self._is_busy():
            self._page = page
            self._files.request_run(folder, self._state.data_root)

    def do_again(self, folder: str) -> None:
        """Fills in the settings of a run, to be changed and trained once more."""
        run = self.find(folder)
        if run is None or self._is_busy():
            return
        start = self.placed(run.spec.start)
        self._session.change_spec(**{**choices(run.spec), "start": start})
        self.page_asked.emit(MODEL_PAGE)
        told = self.tr(
            "The settings of “{name}” are filled in. Change what you like, then train."
        ).format(name=self.name(folder))
        if run.spec.start and not start:
            told += " " + self.tr(
                "The model that it started from is none of this computer’s, so the "
                "pretrained weights are chosen."
            )
        self._session.noticed.emit(told)

    def go_on(self, folder: str, at_once: int = 0) -> None:
        """Goes on with a run that was interrupted.

        Args:
            folder: of the run.
            at_once: the most photos that go through the model at once, where memory
                ran out; 0 for as many as before.
        """
        run, home = self.find(folder), self._state.folder
        if run is None or home is None or not run.can_go_on or self._is_busy():
            return
        self._session.change_spec(**choices(run.spec))
        self._session.go_on(home / RUNS / folder, at_once)
        if self._session.status is not Status.IDLE:
            self.page_asked.emit(TRAINING_PAGE)

    def read_again(self) -> None:
        """Asks for the runs as they are on the disk now."""
        if self._state.folder is not None:
            self._files.request_runs()

    def rename(self, folder: str, name: str) -> None:
        """Calls a run something else; its folder keeps its name."""
        tidy = " ".join(name.split())
        self._change(dataclasses.replace(self.entry(folder), name=tidy))

    def star(self, folder: str, starred: bool) -> None:
        """Makes a run a favourite, or none."""
        self._change(dataclasses.replace(self.entry(folder), starred=starred))

    def bin(self, folders: Sequence[str]) -> None:
        """Moves runs into the bin."""
        if not self.can_change or self._is_busy():
            return
        for folder in folders:
            if folder == self.shown:
                self._session.show_run(None)
                self._state.change_view(run="")
            self._files.bin_run(folder)

    def undo_bin(self) -> None:
        """Takes the run out of the bin that went there last."""
        if not self.can_change or not self.binned or self._is_busy():
            return
        noted = [entry.folder for entry in self._state.project.bin]
        known = [folder for folder in noted if folder in self.binned]
        self._files.restore_run(known[-1] if known else self.binned[-1])

    def empty_bin(self) -> None:
        """Deletes for good what is in the bin."""
        if self.can_change and not self._is_busy():
            self._files.empty_bin()

    def _is_busy(self) -> bool:
        if self._session.status is Status.IDLE:
            return False
        self._session.trouble_told.emit(
            self.tr("A model is training. Wait for its end, or stop it first.")
        )
        return True

    def _change(self, entry: RunEntry) -> None:
        if self.can_change and entry != self.entry(entry.folder):
            self._state.change(runs=self._state.project.with_entry(entry).runs)
            self.changed.emit()

    @Slot()
    def _on_run_started(self) -> None:
        plan, state = self._session.run.plan, self._state
        if plan is None or state.folder is None:
            return
        place = Path(plan.run)
        if place.parent != state.folder / RUNS:
            return
        if not self.entry(place.name).name:  # a run that goes on has one
            trial = self._session.search.trial
            name = state.project.next_run_name(self.tr("Run {0}"))
            if trial is not None:
                name = self.tr("Trial {0}").format(trial.number)
            entry = RunEntry(place.name, name, created=now_text())
            state.change(runs=state.project.with_entry(entry).runs)
        state.change_view(run=place.name)
        state.flush()
        self._files.request_runs()

    @Slot()
    def _on_run_ended(self) -> None:
        # The list of runs comes later, perhaps when this project is left already.
        ended, state = self._session.run.ending, self._state
        if ended is not None and ended.kept and state.folder is not None:
            state.change(best=max(state.project.best, ended.accuracy))
            state.remember()
        self._files.request_runs()
        self._state.flush()

    @Slot()
    def _on_status(self) -> None:
        """A run that failed may have left what is needed to go on."""
        ended, state = self._session.run.job_ending, self._state
        is_over = self._session.status is Status.IDLE and state.folder is not None
        if is_over and ended is not None and ended.outcome is Outcome.FAILED:
            self._files.request_runs()

    @Slot()
    def _on_run_opened(self) -> None:
        run, state = self._session.run.folder, self._state
        if run is not None and state.folder is not None:
            is_ours = run.parent == state.folder / RUNS
            state.change_view(run=run.name if is_ours else "")

    @Slot(object)
    def _on_listed(self, listed: Listed) -> None:
        if listed.folder != self._state.folder:
            return
        kept = [run.accuracy for run in listed.runs if run.has_model]
        best = max((share for share in kept if share is not None), default=-1.0)
        noted = self._state.project.bin
        left = tuple(entry for entry in noted if entry.folder in listed.binned)
        self._state.change(best=best, bin=left)
        self._state.remember()
        # Nothing is drawn anew for no news: a name may be just being written.
        if (listed.runs, listed.binned) != (self.runs, self.binned):
            self.take(listed.runs, listed.binned)
        if listed.problems and listed.problems != self._told:
            self._session.trouble_told.emit("\n".join(listed.problems))
        self._told = listed.problems

    def offer_to_go_on(self) -> None:
        """Tells of a run that was interrupted; of several, the last one."""
        for run in reversed(self.runs):
            if not run.can_go_on or run.in_training:
                continue
            text = self.tr(
                "“{name}” was interrupted after {done} of {all} epochs. It can go on "
                "where it was: choose it under Runs, then Go on."
            )
            if not run.history:
                text = self.tr(
                    "“{name}” was interrupted before its first epoch was over. It can "
                    "begin again: choose it under Runs, then Go on."
                )
            self._session.noticed.emit(
                text.format(
                    name=self.name(run.folder),
                    done=len(run.history),
                    all=run.spec.epochs,
                )
            )
            return

    @Slot(object, str)
    def _on_run_read(self, shown: ShownRun | None, trouble: str) -> None:
        page, self._page = self._page, ""
        if shown is None:
            self._session.trouble_told.emit(trouble)
        elif self._session.status is Status.IDLE:
            self._state.change_view(run=shown.run.folder.name)
            self._session.show_run(shown)
            if page:
                self.page_asked.emit(page)

    @Slot(str, str, bool)
    def _on_moved(self, before: str, after: str, into_bin: bool) -> None:
        project = self._state.project
        if into_bin:
            entry = dataclasses.replace(project.entry(before), folder=after)
            runs = project.without_entry(before).runs
            self._state.change(runs=runs, bin=(*project.bin, entry))
            return
        found = [entry for entry in project.bin if entry.folder == before]
        entry = found[-1] if found else project.entry(before)
        entry = dataclasses.replace(entry, folder=after)
        rest = tuple(entry for entry in project.bin if entry.folder != before)
        self._state.change(runs=project.with_entry(entry).runs, bin=rest)


def choices(spec: TrainingSpec) -> dict[str, object]:
    """Everything of a spec but what it is trained on."""
    values = {f.name: getattr(spec, f.name) for f in dataclasses.fields(spec)}
    return {name: v for name, v in values.items() if name not in ("data", "task")}
