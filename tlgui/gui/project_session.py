"""Opens, begins, copies and closes projects."""

import dataclasses
import threading
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from tlgui.core.errors import TlguiError
from tlgui.core.project import Project
from tlgui.core.project_folder import now_text
from tlgui.core.project_json import project_from_json
from tlgui.core.project_opening import Opened
from tlgui.core.project_paths import SUFFIX
from tlgui.core.settings import settings_file
from tlgui.core.spec import TrainingSpec
from tlgui.gui.project_data import ProjectData
from tlgui.gui.project_runs import ProjectRuns
from tlgui.gui.project_search import ProjectSearch
from tlgui.gui.project_starts import ProjectStarts
from tlgui.gui.project_state import ProjectState
from tlgui.gui.session import Session, Status
from tlgui.gui.settings import Settings
from tlgui.worker.project_files import ProjectFiles

FIRST_PAGE = "photos"


class ProjectSession(QObject):
    """Brings back what was open, and keeps it current by itself.

    Attributes:
        state: the open project.
        data: its photos.
        runs: its runs.
        search: its last search over settings.
        starts: what a run can start from.

    Signals:
        page_asked(str): the window should show a page.
        restored: everything of a project is there again.
        held(str, str): a folder that another window has open, and a sentence.
        copy_begun: the copying of a project began.
        copy_progressed(int, int): bytes done, bytes in all.
        copied(str, str): the folder of the copy, or "" and a sentence.
    """

    page_asked = Signal(str)
    restored = Signal()
    held = Signal(str, str)
    copy_begun = Signal()
    copy_progressed = Signal(object, object)
    copied = Signal(str, str)

    def __init__(
        self,
        session: Session,
        settings: Settings,
        files: ProjectFiles,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._settings = settings
        self._files = files
        self._stop_copy: threading.Event | None = None
        self._run_to_show = ""
        self.state = ProjectState(session, settings, files, self)
        self.runs = ProjectRuns(session, self.state, files, self)
        self.search = ProjectSearch(session, self.runs, self)
        self.starts = ProjectStarts(session, self.state, self.runs, self)
        self.data = ProjectData(session, settings, self.state, files, self)
        self.runs.page_asked.connect(self.page_asked)
        self.starts.page_asked.connect(self.page_asked)
        self.data.outgrown.connect(self._on_outgrown)
        session.project_asked.connect(self.open)
        session.home_wanted.connect(self._on_home_wanted)
        files.opened.connect(self._on_opened)
        files.refused.connect(self._on_refused)
        files.held.connect(self.held)
        files.made.connect(self._on_made)
        files.copy_progressed.connect(self.copy_progressed)
        files.copied.connect(self._on_copied)
        files.trouble_told.connect(session.trouble_told)
        files.bug_found.connect(session.bug_found)

    @Slot(object)
    def open(self, folder: Path, *, read_only: bool = False, run: str = "") -> None:
        """Opens a project; the present one is written before.

        Args:
            folder: where it is.
            read_only: whether to leave it as it is, because another window has it.
            run: the run to show; "" for the one that was shown last.
        """
        if self._is_busy():
            return
        self._run_to_show = run
        self.state.flush()
        known = self._settings.values.recent_projects
        trusted = str(folder) in {recent.folder for recent in known}
        self._files.request_open(str(folder), read_only=read_only, trusted=trusted)

    def open_last(self) -> None:
        """Brings back what was open last, if anything was."""
        values = self._settings.values
        if values.last_project:
            self.open(Path(values.last_project))
        elif values.draft:
            self._restore_draft()

    def begin_anew(self) -> None:
        """Begins an empty project without a name; the present one is kept."""
        if self._is_busy():
            return
        self._leave()
        self.state.is_restoring = True
        self._session.restore(None, TrainingSpec(data=""), None)
        self.state.is_restoring = False
        self.page_asked.emit(FIRST_PAGE)
        self.state.flush()

    def save_as(self, target: Path) -> None:
        """Makes a copy and goes on in it; gives a project without a name one."""
        if self._is_busy():
            return
        if target.suffix != SUFFIX:
            target = target.with_name(target.name + SUFFIX)
        self.state.flush()
        if self.state.folder is None:
            name, project = target.name.removesuffix(SUFFIX), self.state.current()
            self._files.request_new(str(target.parent), name, project)
        else:
            self._stop_copy = self._files.request_copy(str(target))
            self.copy_begun.emit()

    @Slot()
    def cancel_copy(self) -> None:
        """Ends the copying; nothing of the copy stays."""
        if self._stop_copy is not None:
            self._stop_copy.set()

    def close(self) -> None:
        """Writes the rest and gives the project back; the thread ends."""
        self.state.flush()
        self._files.close()

    def _is_busy(self) -> bool:
        if self._session.status is Status.IDLE:
            return False
        self._session.trouble_told.emit(
            self.tr("A model is training in this project. Stop it first.")
        )
        return True

    def _leave(self) -> None:
        self.state.flush()
        self._files.request_leave()
        self._settings.change(last_project="", draft={})
        self.state.take(None, Project(created=now_text()), read_only=False)
        self.data.is_missing = False
        self.runs.take((), ())
        self.search.take(None)

    @Slot()
    def _on_outgrown(self) -> None:
        """Other photos are another project; the runs of this one stay with it."""
        name = self.state.name
        self._leave()
        self._session.show_run(None)
        self._session.noticed.emit(
            self.tr(
                "These photos begin a new project. “{name}” stays as it was, with its "
                "runs: File, Recent projects."
            ).format(name=name)
        )

    def _restore_draft(self) -> None:
        try:
            draft = dict(self._settings.values.draft)
            project = project_from_json(draft, settings_file()).project
        except TlguiError:
            return  # of another version: as at the first start
        self.state.is_restoring = True
        self.state.take(None, project, read_only=False)
        self._session.restore(None, project.spec, None)
        if project.data is not None:
            self._session.open_folder(project.data.source)
        self.page_asked.emit(project.view.page)
        self.restored.emit()
        self.state.is_restoring = False

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        project = opened.project
        if opened.data is not None and project.data is not None:
            data = dataclasses.replace(project.data, root=str(opened.data))
            project = dataclasses.replace(project, data=data)
        self.state.is_restoring = True
        self.state.take(opened.folder, project, read_only=opened.read_only)
        self.runs.take(opened.runs, opened.binned)
        spec = dataclasses.replace(
            project.spec,
            data="" if project.data is None else str(project.data.source),
            start=self.runs.placed(project.spec.start),
        )
        self._session.restore(opened.dataset, spec, opened.shown)
        self.search.take(opened.search)
        found = project.data if opened.data is not None else None
        if opened.dataset is None and found is not None:
            self._session.open_folder(found.source)
        self.page_asked.emit(project.view.page)
        self.restored.emit()
        self.state.is_restoring = False
        if not self.search.offer_to_go_on():
            self.runs.offer_to_go_on()
        problems = list(opened.problems)
        if project.spec.start and not spec.start:
            problems.append(self._strange_start(project.spec.start))
        if problems:
            self._session.trouble_told.emit("\n".join(problems))
        self.data.is_missing = False
        if opened.misses_data:
            self.data.tell_missed()
        if self._run_to_show:
            self.runs.show(self._run_to_show)

    def _strange_start(self, start: str) -> str:
        text = self.tr(
            "The next training was to start from {folder}, which is no model of this "
            "computer. The pretrained weights are chosen in its place."
        )
        return text.format(folder=start)

    @Slot(str, str, bool)
    def _on_refused(self, folder: str, trouble: str, is_gone: bool) -> None:
        if self.state.folder == Path(folder):  # it was open, and is no more
            self.state.take(None, Project(created=now_text()), read_only=False)
            self.runs.take((), ())
        if is_gone:
            self._settings.forget_project(folder)
        elif self._settings.values.last_project == folder:
            self._settings.change(last_project="")
        self._session.trouble_told.emit(trouble)

    @Slot()
    def _on_home_wanted(self) -> None:
        dataset = self._session.dataset
        name = dataset.root.name if dataset is not None else ""
        parent = str(self._session.runs_dir)
        self._files.request_new(parent, name, self.state.current())

    @Slot(str, str)
    def _on_made(self, folder: str, trouble: str) -> None:
        waits = self._session.status is not Status.IDLE
        if trouble:
            self._session.take_home(trouble)
            if not waits:
                self._session.trouble_told.emit(trouble)
            return
        self.state.take(Path(folder), self.state.project, read_only=False)
        self._session.take_home("")
        self.data.note()
        self.state.touch()

    @Slot(str, str)
    def _on_copied(self, folder: str, trouble: str) -> None:
        self._stop_copy = None
        self.copied.emit(folder, trouble)
        if trouble:
            self._session.trouble_told.emit(trouble)
        elif folder:
            self.open(Path(folder))
