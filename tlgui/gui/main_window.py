"""The window: lays out the pages, nothing more."""

from PySide6.QtCore import QByteArray, QSize, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QDesktopServices
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QWidget,
)

from tlgui import paths
from tlgui.gui.about_dialog import AboutDialog
from tlgui.gui.banner import Banner
from tlgui.gui.bug_dialog import BugDialog
from tlgui.gui.closing import ClosingQuestion
from tlgui.gui.controls import GAP, PAGE_MARGIN, button, column, row
from tlgui.gui.data_page import DataPage
from tlgui.gui.model_drops import ModelDrops
from tlgui.gui.model_page import ModelPage
from tlgui.gui.preferences_dialog import PreferencesDialog
from tlgui.gui.project_menu import ProjectMenu
from tlgui.gui.project_questions import ProjectQuestions
from tlgui.gui.project_session import ProjectSession
from tlgui.gui.project_view import ProjectView
from tlgui.gui.result_page import ResultPage
from tlgui.gui.runs_page import RunsPage
from tlgui.gui.session import Session, Status
from tlgui.gui.settings import Settings
from tlgui.gui.step_rail import StepRail
from tlgui.gui.theme import Appearance, apply_theme
from tlgui.gui.training_page import TrainingPage
from tlgui.gui.updates import Updates

DATA, MODEL, TRAINING, RESULT, RUNS = range(5)
# As noted in a project; never the place of a page, which may change.
PAGES = ("photos", "model", "training", "result", "runs")
_USUAL_SIZE = (1360, 840)
_SMALLEST_SIZE = (960, 560)
_FRAME = (0, 40)


class MainWindow(QMainWindow):
    """Steps at the left, the page of the present step beside them.

    Signals:
        closed: the window is gone; time to end threads and write settings.
    """

    closed = Signal()

    def __init__(
        self,
        session: Session,
        settings: Settings,
        projects: ProjectSession,
        updates: Updates,
    ) -> None:
        super().__init__()
        self._session = session
        self._settings = settings
        self._projects = projects
        self._updates = updates
        self.setMinimumSize(*_SMALLEST_SIZE)
        self.rail = StepRail(session, projects)
        self.banner = Banner(session)
        self.pages = QStackedWidget()
        self.data_page = DataPage(session, settings)
        self.model_page = ModelPage(session)
        self.training_page = TrainingPage(session)
        self.result_page = ResultPage(session)
        self.runs_page = RunsPage(session, projects.runs)
        for page in (
            self.data_page,
            self.model_page,
            self.training_page,
            self.result_page,
            self.runs_page,
        ):
            page.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            self.pages.addWidget(page)
        self.back_button = button(self.tr("Back"))
        self.next_button = button("", "primary")
        self._lay_out()
        self.project_menu = ProjectMenu(session, settings, projects, self)
        self.questions = ProjectQuestions(session, projects, self)
        self._make_menus()
        self.closing_question = ClosingQuestion(session, self)
        self.model_drops = ModelDrops(session, self)
        self.view = ProjectView(
            projects.state, self.model_page, self.training_page, self.result_page, self
        )
        self._connect()
        self._restore()
        self._show_project()
        self.show_step(DATA)

    def _lay_out(self) -> None:
        footer = row(self.back_button, None, self.next_button, gap=GAP)
        footer.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, 12)
        banner = column(self.banner)
        banner.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        right = column(banner, self.pages, footer, gap=0)
        right.setStretch(1, 1)
        content = QWidget()
        content.setLayout(row(self.rail, right, gap=0))
        self.setCentralWidget(content)

    def _make_menus(self) -> None:
        files = self.menuBar().addMenu(self.tr("&File"))
        self._act(files, self.tr("Open photos…"), self._open_photos, "Ctrl+O")
        self._act(files, self.tr("Open a table of photos…"), self._open_table)
        self._act(files, self.tr("Open an earlier run…"), self._open_run, "Ctrl+R")
        files.addSeparator()
        self.project_menu.add_to(files)
        files.addSeparator()
        self._act(files, self.tr("Preferences…"), self._show_preferences, "Ctrl+,")
        files.addSeparator()
        self._act(files, self.tr("Quit"), self.close, "Ctrl+Q")
        appearance = self.menuBar().addMenu(self.tr("&View"))
        group = QActionGroup(self)
        names = {
            Appearance.SYSTEM: self.tr("As the system"),
            Appearance.LIGHT: self.tr("Light"),
            Appearance.DARK: self.tr("Dark"),
        }
        for which, name in names.items():
            action = QAction(name, self)
            action.setCheckable(True)
            action.setData(which.value)
            action.setChecked(which.value == self._settings.values.appearance)
            group.addAction(action)
            appearance.addAction(action)
        group.triggered.connect(self._on_appearance_chosen)
        assistance = self.menuBar().addMenu(self.tr("&Help"))
        self._act(assistance, self.tr("Show the log files"), self._show_logs)
        self._act(assistance, self.tr("Look for a new version"), self._look_for_news)
        self._act(assistance, self.tr("About and licences"), self._show_about)

    def _act(self, menu: QMenu, text: str, slot: object, shortcut: str = "") -> None:
        action = QAction(text, self)
        if shortcut:
            action.setShortcut(shortcut)
        action.triggered.connect(slot)
        menu.addAction(action)

    def _connect(self) -> None:
        session = self._session
        self.rail.step_chosen.connect(self.show_step)
        self.back_button.clicked.connect(self._go_back)
        self.next_button.clicked.connect(self._go_on)
        session.dataset_changed.connect(self._show_footer)
        session.status_changed.connect(self._show_footer)
        session.run.ended.connect(self._show_footer)
        session.scan.started.connect(self._show_data)
        session.run.opened.connect(self._show_result)
        session.bug_found.connect(self.show_bug)
        self._updates.found.connect(self.banner.note)
        self._projects.page_asked.connect(self.show_page)
        self.runs_page.continuing.asked.connect(self._projects.starts.continue_from)
        self.training_page.search.run_asked.connect(self._projects.search.show_trial)
        self.model_drops.taken.connect(self._show_model)
        self._projects.restored.connect(self._restore_view)
        self._projects.state.moved.connect(self._show_project)
        self.closing_question.settled.connect(self.close)

    def _restore(self) -> None:
        room = self.screen().availableSize() - QSize(*_FRAME)
        self.resize(QSize(*_USUAL_SIZE).boundedTo(room))
        stored = QByteArray.fromBase64(self._settings.values.geometry.encode("ascii"))
        if not stored.isEmpty():
            self.restoreGeometry(stored)

    @Slot(int)
    def show_step(self, index: int) -> None:
        """Shows the page of a step; the keyboard goes on where it was on this page."""
        page = self.pages.widget(index)
        assert page is not None
        was_here = page.focusWidget()
        self.pages.setCurrentIndex(index)
        self.rail.show_step(index)
        self._projects.state.change_view(page=PAGES[index])
        self._show_footer()
        focused = self.focusWidget()
        if was_here is None or focused is None or not page.isAncestorOf(focused):
            # Qt would pass it on to the rail, or to whatever comes first on the page.
            page.setFocus()

    @Slot(str)
    def show_page(self, name: str) -> None:
        """Shows a page by the name that a project notes."""
        self.show_step(PAGES.index(name) if name in PAGES else DATA)

    @Slot()
    def _restore_view(self) -> None:
        self.view.restore()

    @Slot()
    def _show_project(self) -> None:
        state = self._projects.state
        title = paths.APP_NAME
        if state.name and state.read_only:
            title = self.tr("{project} (for reading only) – {program}").format(
                project=state.name, program=title
            )
        elif state.name:
            title = f"{state.name} – {title}"
        self.setWindowTitle(title)

    @Slot(str)
    def show_bug(self, trace: str) -> None:
        """Shows a fault of ours."""
        dialog = BugDialog(trace, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @Slot()
    def _show_footer(self) -> None:
        step = self.pages.currentIndex()
        names = {
            DATA: self.tr("Next: choose a model"),
            MODEL: self.tr("Next: training"),
            TRAINING: self.tr("Next: the result"),
        }
        ready = {
            DATA: self._session.dataset is not None,
            MODEL: True,
            TRAINING: self._session.run.has_result,
        }
        self.back_button.setVisible(step not in (DATA, RUNS))
        self.next_button.setVisible(ready.get(step, False))
        self.next_button.setText(names.get(step, ""))

    @Slot()
    def _go_back(self) -> None:
        self.show_step(max(DATA, self.pages.currentIndex() - 1))

    @Slot()
    def _go_on(self) -> None:
        self.show_step(min(RESULT, self.pages.currentIndex() + 1))

    @Slot()
    def _show_data(self) -> None:
        if not self._projects.state.is_restoring:
            self.show_step(DATA)

    @Slot()
    def _show_model(self) -> None:
        self.show_step(MODEL)

    @Slot()
    def _show_result(self) -> None:
        if not self._projects.state.is_restoring:
            self.show_step(RESULT)

    @Slot()
    def _open_photos(self) -> None:
        self.show_step(DATA)
        self.data_page.choose_folder()

    @Slot()
    def _open_table(self) -> None:
        self.show_step(DATA)
        self.data_page.choose_table()

    @Slot()
    def _open_run(self) -> None:
        if self._session.status is Status.IDLE:
            self.show_step(RESULT)
            self.result_page.open_first.click()

    @Slot(QAction)
    def _on_appearance_chosen(self, action: QAction) -> None:
        self._settings.change(appearance=action.data())
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_theme(application, Appearance(action.data()))

    @Slot()
    def _show_logs(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(paths.log_dir())))

    @Slot()
    def _show_preferences(self) -> PreferencesDialog:
        dialog = PreferencesDialog(self._session, self._settings, self._updates, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    @Slot()
    def _look_for_news(self) -> None:
        dialog = self._show_preferences()
        dialog.area.ensureWidgetVisible(dialog.updates)
        if self._updates.source is not None:
            dialog.updates.now.click()

    @Slot()
    def _show_about(self) -> None:
        dialog = AboutDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Asks while a model trains."""
        if not self.closing_question.may_close():
            event.ignore()
            return
        geometry = bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        self._settings.change(geometry=geometry)
        event.accept()
        self.closed.emit()
