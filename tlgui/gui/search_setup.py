"""What is to be searched, and for how long."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QWidget

from tlgui.core.errors import TlguiError
from tlgui.core.search import MOST_TRIALS, USUAL_TRIALS, SearchSpec
from tlgui.core.search_space import BACKBONE, USUAL, Range, searchable, usual_range
from tlgui.gui import controls
from tlgui.gui.search_words import range_text, setting_titles
from tlgui.gui.session import Session, Status
from tlgui.gui.setting_fields import CalmSpinBox

_COLUMNS, _INDENT = 2, 21
_BOX_WIDTH = 104
_MOST_MINUTES = 9_999


class SearchSetup(QWidget):
    """Ticks of the settings, the number of trials and the minutes.

    Signals:
        asked(SearchSpec): the person wants this search.
    """

    asked = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.ticks: dict[str, QCheckBox] = {}
        self.ranges: dict[str, QLabel] = {}
        self.trials = CalmSpinBox()
        self.trials.setRange(2, MOST_TRIALS)
        self.trials.setValue(USUAL_TRIALS)
        self.minutes = CalmSpinBox()
        self.minutes.setRange(0, _MOST_MINUTES)
        self.minutes.setSpecialValueText(self.tr("none"))
        self.minutes.setSuffix(self.tr(" min"))
        self.start = controls.button(self.tr("Start the search"), "primary")
        self.reason = controls.label("", "warning", wrap=True)
        self._lay_out()
        self.start.clicked.connect(self._ask)
        for tick in self.ticks.values():
            tick.toggled.connect(self.show_state)
        for changed in (
            session.spec_changed,
            session.dataset_changed,
            session.status_changed,
        ):
            changed.connect(self.show_state)
        self.show_state()

    def _lay_out(self) -> None:
        intro = controls.label(
            self.tr(
                "Each trial is a training of its own, which stands in Runs. The first "
                "is as the form says; what is ticked here then changes, guided by the "
                "trials before (TPE). A trial that falls behind is ended early."
            ),
            "muted",
            wrap=True,
        )
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * controls.GAP)
        grid.setVerticalSpacing(controls.SMALL_GAP)
        titles = setting_titles()
        for place, name in enumerate(searchable()):
            tick = QCheckBox(titles[name])
            tick.setChecked(name in USUAL)
            values = controls.label("", "small", wrap=True)
            self.ticks[name], self.ranges[name] = tick, values
            below = controls.row(_INDENT, values, gap=0)
            row, column = divmod(place, _COLUMNS)
            grid.addLayout(controls.column(tick, below, None, gap=0), row, column)
        for column in range(_COLUMNS):
            grid.setColumnStretch(column, 1)
        holder = QWidget()
        holder.setLayout(controls.column(grid, None))
        self.setLayout(
            controls.column(
                intro,
                controls.scrolled(holder),
                self.reason,
                controls.row(
                    *self._limit(self.tr("Trials"), self.trials),
                    controls.GAP,
                    *self._limit(self.tr("Time limit"), self.minutes),
                    None,
                    self.start,
                ),
                gap=12,
            )
        )

    def _limit(self, title: str, box: CalmSpinBox) -> tuple[QLabel, CalmSpinBox]:
        named = controls.label(title)
        named.setBuddy(box)
        box.setAccessibleName(title)
        box.setFixedWidth(_BOX_WIDTH)
        return named, box

    def spec(self) -> SearchSpec:
        """The search as it is set up now."""
        base = self._session.spec
        ranges = tuple(
            (name, self._range(name))
            for name, tick in self.ticks.items()
            if tick.isChecked()
        )
        seconds = 60.0 * self.minutes.value()
        return SearchSpec(base, ranges, self.trials.value(), seconds, base.seed)

    def _range(self, name: str) -> Range:
        return usual_range(name, self._session.spec)

    def trouble(self) -> str:
        """Why the search cannot start now, as a sentence; "" when it can."""
        trouble = self._session.trouble()
        if trouble:
            return trouble
        if not any(tick.isChecked() for tick in self.ticks.values()):
            return self.tr("Tick at least one setting to search.")
        try:
            self.spec().check()
        except TlguiError as error:
            return str(error)
        return ""

    @Slot()
    def show_state(self) -> None:
        """Shows where each setting is searched, and whether the search can start."""
        is_idle = self._session.status is Status.IDLE
        for name, text in self.ranges.items():
            text.setText(range_text(name, self._range(name)))
        own_model = self.ticks[BACKBONE]
        own_model.setEnabled(is_idle and not self._session.spec.start)
        if self._session.spec.start:
            own_model.setChecked(False)
        trouble = self.trouble() if is_idle else ""
        self.reason.setText(trouble)
        self.reason.setVisible(bool(trouble))
        self.start.setEnabled(is_idle and not trouble)

    @Slot()
    def _ask(self) -> None:
        if not self.trouble():
            self.asked.emit(self.spec())
