"""Every setting of a run: its name, its editor and what it means."""

from PySide6.QtCore import QCoreApplication

from tlgui.gui import setting_choices
from tlgui.gui.setting_fields import (
    ChoiceSetting,
    NumberSetting,
    Setting,
    SwitchSetting,
    WholeSetting,
)

_MOST_SEED = 2**31 - 1


def plain_settings() -> dict[str, Setting]:
    """Those that everybody sees, by their names in the spec."""
    translate = QCoreApplication.translate
    epochs = WholeSetting(
        translate("SettingsForm", "Epochs"),
        translate(
            "SettingsForm", "How often every photo is learned from. More takes longer."
        ),
        1,
        10_000,
    )
    patience = WholeSetting(
        translate("SettingsForm", "Stop early"),
        translate(
            "SettingsForm",
            "Ends when nothing has improved for this many epochs. "
            "The best epoch is kept in any case.",
        ),
        0,
        10_000,
    )
    patience.box.setSpecialValueText(translate("SettingsForm", "never"))
    patience.title.setToolTip(
        translate("SettingsForm", "Early stopping: the patience, in epochs")
    )
    augmentation = ChoiceSetting(
        translate("SettingsForm", "Vary the photos"), setting_choices.augmentations()
    )
    augmentation.title.setToolTip(translate("SettingsForm", "Data augmentation"))
    weights = SwitchSetting(
        translate("SettingsForm", "Rare classes count as much"),
        translate("SettingsForm", "Helps with uneven classes."),
    )
    weights.title.setToolTip(translate("SettingsForm", "Class weights"))
    return {
        "epochs": epochs,
        "augmentation": augmentation,
        "class_weights": weights,
        "patience": patience,
    }


def expert_settings(loss: ChoiceSetting) -> dict[str, Setting]:
    """Those below *More settings*, in their order.

    Args:
        loss: of the loss; its choices depend on the data.
    """
    translate = QCoreApplication.translate
    return {
        "learning_rate": NumberSetting(
            translate("SettingsForm", "Learning rate"),
            translate(
                "SettingsForm",
                "The size of the largest steps. Too large never settles, too small "
                "takes for ever.",
            ),
        ),
        "schedule": ChoiceSetting(
            translate("SettingsForm", "Size of the steps"), setting_choices.schedules()
        ),
        "batch_size": WholeSetting(
            translate("SettingsForm", "Batch size"),
            translate(
                "SettingsForm", "Photos a step. A smaller number needs less memory."
            ),
            1,
            4_096,
        ),
        "optimizer": ChoiceSetting(
            translate("SettingsForm", "Optimiser"), setting_choices.optimizers()
        ),
        "loss": loss,
        "label_smoothing": NumberSetting(
            translate("SettingsForm", "Label smoothing"),
            translate(
                "SettingsForm",
                "From 0 to 0.5. Keeps the model from being too sure of itself; "
                "0.1 is usual.",
            ),
        ),
        "focal_gamma": NumberSetting(
            translate("SettingsForm", "Focus on hard photos"),
            translate(
                "SettingsForm",
                "From 0 to 5: how much less a photo counts once it is right; "
                "2 is usual.",
            ),
        ),
        "mixup": NumberSetting(
            translate("SettingsForm", "Mix photos"),
            translate(
                "SettingsForm",
                "From 0 to 4: shows two photos as one, with both answers in part "
                "(mixup, its alpha). 0.2 is usual, 0 mixes nothing.",
            ),
        ),
        "cutmix": NumberSetting(
            translate("SettingsForm", "Swap parts of photos"),
            translate(
                "SettingsForm",
                "From 0 to 4: puts a piece of one photo into another, with both "
                "answers in part (CutMix, its alpha). 1 is usual, 0 swaps nothing.",
            ),
        ),
        "ema": NumberSetting(
            translate("SettingsForm", "Average the weights"),
            translate(
                "SettingsForm",
                "From 0 to 0.9999: keeps an average of the weights, which forgets "
                "chance moves (EMA). 0.99 is usual, 0 averages nothing.",
            ),
        ),
        "dropout": NumberSetting(
            translate("SettingsForm", "Leave out features"),
            translate(
                "SettingsForm",
                "From 0 to 0.9: the share of the features that the head must do "
                "without at each step (dropout). 0.2 is usual, 0 leaves out none.",
            ),
        ),
        "head_decay": NumberSetting(
            translate("SettingsForm", "Keep the head simple"),
            translate(
                "SettingsForm",
                "From 0 to 10: draws the head's weights to zero (L2). Helps with "
                "few photos; 0.001 is a start.",
            ),
        ),
        "l2_sp": NumberSetting(
            translate("SettingsForm", "Stay near the start"),
            translate(
                "SettingsForm",
                "From 0 to 10: draws unfrozen blocks to what they were pretrained "
                "to (L2-SP). 0.01 is a start.",
            ),
        ),
        "strategy": ChoiceSetting(
            translate("SettingsForm", "Order of training"), setting_choices.strategies()
        ),
        "seed": WholeSetting(
            translate("SettingsForm", "Random seed"),
            translate(
                "SettingsForm", "The same number gives the same split and the same run."
            ),
            0,
            _MOST_SEED,
        ),
    }
