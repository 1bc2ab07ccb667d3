"""The settings of a search and their values, in plain words."""

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QLocale

from tlgui.core.catalogue import find_backbone
from tlgui.core.search_space import BACKBONE, BLOCKS, Range, Span, Value, Values
from tlgui.gui import setting_choices
from tlgui.gui.setting_fields import Choice, number_text


def setting_titles() -> Mapping[str, str]:
    """What each setting that can be searched is called, as in the form."""
    translate = QCoreApplication.translate
    return {
        "learning_rate": translate("search", "Learning rate"),
        "head_decay": translate("search", "Keep the head simple"),
        BLOCKS: translate("search", "Blocks that learn"),
        "strategy": translate("search", "Order of training"),
        "l2_sp": translate("search", "Stay near the start"),
        "dropout": translate("search", "Leave out features"),
        "label_smoothing": translate("search", "Label smoothing"),
        "mixup": translate("search", "Mix photos"),
        "cutmix": translate("search", "Swap parts of photos"),
        "augmentation": translate("search", "Vary the photos"),
        "schedule": translate("search", "Size of the steps"),
        "optimizer": translate("search", "Optimiser"),
        "batch_size": translate("search", "Batch size"),
        "epochs": translate("search", "Epochs"),
        BACKBONE: translate("search", "Model"),
    }


def value_text(setting: str, value: Value) -> str:
    """One value, as the form shows it."""
    translate = QCoreApplication.translate
    if setting == BLOCKS:
        if not value:
            return translate("search", "head alone")
        return translate("search", "last {0}").format(value)
    if setting == BACKBONE:
        return find_backbone(str(value)).title
    for choice in _choices(setting):
        if choice.value == value:
            return choice.title
    return number_text(value, QLocale()) if isinstance(value, float) else str(value)


def value_lines(values: Values) -> list[str]:
    """The values of a trial, each with its name."""
    titles = setting_titles()
    text = QCoreApplication.translate("search", "{0}: {1}")
    return [text.format(titles[k], value_text(k, v)) for k, v in values.items()]


def range_text(setting: str, values: Range) -> str:
    """From where to where a setting is searched."""
    translate = QCoreApplication.translate
    if isinstance(values, Span) or values.is_ordered:
        ends = values.ends()
        return translate("search", "{0} to {1}").format(
            value_text(setting, ends[0]), value_text(setting, ends[-1])
        )
    return ", ".join(value_text(setting, value) for value in values.values)


def _choices(setting: str) -> tuple[Choice, ...]:
    known = {
        "strategy": setting_choices.strategies,
        "augmentation": setting_choices.augmentations,
        "schedule": setting_choices.schedules,
        "optimizer": setting_choices.optimizers,
    }
    return known[setting]() if setting in known else ()
