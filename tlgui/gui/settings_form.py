"""The hyper-parameters: everything about a run but its data and its model."""

from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, Signal, Slot
from PySide6.QtWidgets import QLayout, QToolButton, QWidget

from tlgui.core.dataset import TRAIN, Dataset
from tlgui.core.errors import TlguiError
from tlgui.core.spec import TrainingSpec, losses_for
from tlgui.core.task import IMAGE_CLASSIFICATION, find_task
from tlgui.gui import controls, setting_choices
from tlgui.gui.augmentation_preview import AugmentationPreview
from tlgui.gui.rate_link import RateLink
from tlgui.gui.session import Session, Status
from tlgui.gui.setting_fields import (
    ChoiceSetting,
    Setting,
)
from tlgui.gui.setting_list import expert_settings, plain_settings
from tlgui.gui.strategy_picture import StrategyPicture
from tlgui.gui.validation_field import ValidationField

_UNEVEN = 1.5


class SettingsForm(QWidget):
    """The settings of the next run; wrong values stay here and are explained.

    Signals:
        validity_changed: `is_valid` changed.
        search_asked: the person wants the settings to be searched.
    """

    validity_changed = Signal()
    search_asked = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.is_valid = True
        self.fixed = controls.label(
            self.tr("The settings are fixed while the model trains."),
            "muted",
            wrap=True,
        )
        self.loss = ChoiceSetting(self.tr("Loss"), setting_choices.losses())
        experts = expert_settings(self.loss)
        self.fields: dict[str, Setting] = {**plain_settings(), **experts}
        self.validation = ValidationField()
        self.preview = AugmentationPreview(session)
        self.picture = StrategyPicture(session, self)
        self.find_rate = RateLink(session, self)
        self.more = self._make_fold()
        self.expert = QWidget()
        self.search = controls.button(self.tr("Search for better settings…"), "link")
        self.search.setToolTip(
            self.tr("Has many settings tried, one after the other, and keeps the best")
        )
        self._lay_out(experts)
        for name, field in self.fields.items():
            field.edited.connect(partial(self._take, name))
        self.validation.edited.connect(partial(self._take, "validation"))
        self.more.toggled.connect(self._unfold)
        self.search.clicked.connect(self.search_asked)
        session.spec_changed.connect(self.show_spec)
        session.dataset_changed.connect(self._on_dataset)
        session.status_changed.connect(self._on_status)
        self._unfold(False)
        self._on_status()
        self._on_dataset()

    def _make_fold(self) -> QToolButton:
        fold = QToolButton()
        fold.setProperty("role", "link")
        fold.setText(self.tr("More settings"))
        fold.setCheckable(True)
        fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        fold.setToolTip(self.tr("Learning rate, batch size, optimiser, loss, seed"))
        return fold

    def _lay_out(self, experts: dict[str, Setting]) -> None:
        folded: list[QWidget | QLayout] = [*experts.values()]
        folded.insert([*experts].index("strategy") + 1, self.picture)
        folded.append(self.search)
        place = [*experts].index("learning_rate")
        rate = controls.column(experts["learning_rate"], self.find_rate, gap=0)
        rate.setAlignment(self.find_rate, Qt.AlignmentFlag.AlignLeft)
        folded[place] = rate
        self.expert.setLayout(controls.column(*folded, gap=controls.GAP))
        self.setLayout(
            controls.column(
                self.fixed,
                self.fields["epochs"],
                controls.column(self.fields["augmentation"], self.preview, gap=6),
                self.validation,
                self.fields["patience"],
                self.fields["class_weights"],
                self.more,
                self.expert,
                None,
                gap=controls.GAP,
            )
        )

    def _take(self, name: str, value: object) -> None:
        """Hands a value to the session, or says what is wrong with it."""
        trouble = spec_trouble(name, value)
        everything: dict[str, Setting | ValidationField] = {
            **self.fields,
            "validation": self.validation,
        }
        everything[name].complain(trouble)
        valid = not any(field.problem for field in everything.values())
        if not trouble:
            self._session.change_spec(**{name: value})
        if valid != self.is_valid:
            self.is_valid = valid
            self.validity_changed.emit()

    @Slot()
    def show_spec(self) -> None:
        """Shows the session's values."""
        spec, dataset = self._session.spec, self._session.dataset
        offered = losses_for(find_task(spec.task))
        self.loss.offer([c for c in setting_choices.losses() if c.value in offered])
        for name, field in self.fields.items():
            field.show_value(getattr(spec, name))
        self.validation.show_state(dataset, spec.validation)
        self.fields["label_smoothing"].setVisible(spec.loss != "focal")
        self.fields["focal_gamma"].setVisible(spec.loss == "focal")
        self.preview.setVisible(spec.task in IMAGE_CLASSIFICATION.kinds)
        self._explain_strategy(spec)

    def _explain_strategy(self, spec: TrainingSpec) -> None:
        strategy = self.fields["strategy"]
        strategy.setEnabled(bool(spec.trainable))
        if not spec.trainable:
            strategy.explain(
                self.tr(
                    "Only the head is trained, so there is nothing to put in order."
                )
            )
            return
        for choice in setting_choices.strategies():
            if choice.value == spec.strategy:
                strategy.explain(choice.meaning)

    @Slot()
    def _on_dataset(self) -> None:
        self._explain_weights(self._session.dataset)
        self.show_spec()

    def _explain_weights(self, dataset: Dataset | None) -> None:
        counts = dataset.counts(TRAIN) if dataset else ()
        filled = [count for count in counts if count]
        if dataset is None or len(filled) < 2:
            text = self.tr("Helps when some classes have far fewer photos.")
        elif max(filled) / min(filled) < _UNEVEN:
            text = self.tr("Not needed here: your classes are about the same size.")
        else:
            text = self.tr(
                "Advised here: “{0}” has {1} photos, “{2}” only {3}."
            ).format(
                dataset.class_names[counts.index(max(filled))],
                max(filled),
                dataset.class_names[counts.index(min(filled))],
                min(filled),
            )
        self.fields["class_weights"].explain(text)

    @Slot()
    def _on_status(self) -> None:
        idle = self._session.status is Status.IDLE
        for field in (*self.fields.values(), self.validation):
            field.setEnabled(idle)
        if idle:
            self._explain_strategy(self._session.spec)
        self.fixed.setVisible(not idle)

    @Slot(bool)
    def _unfold(self, opened: bool) -> None:
        self.expert.setVisible(opened)
        self.more.setArrowType(
            Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow
        )


def spec_trouble(name: str, value: Any) -> str:
    """What is wrong with one value of the spec, as a sentence; "" for nothing."""
    if isinstance(value, str) and not value:
        value = QCoreApplication.translate("SettingsForm", "nothing")
    try:
        TrainingSpec(data="", **{name: value}).check()
    except TlguiError as error:
        return str(error)
    return ""
