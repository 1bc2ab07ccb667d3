"""The values that a person can choose among, in plain words."""

from PySide6.QtCore import QCoreApplication

from tlgui.gui.setting_fields import Choice


def augmentations() -> tuple[Choice, ...]:
    """How much photos are changed at random."""
    translate = QCoreApplication.translate
    return (
        Choice(
            "none",
            translate("choices", "not at all"),
            translate("choices", "The model sees the photos as they are."),
        ),
        Choice(
            "light",
            translate("choices", "lightly"),
            translate(
                "choices",
                "Mirrored, shifted, zoomed and tilted a little, in several variations.",
            ),
        ),
        Choice(
            "strong",
            translate("choices", "strongly"),
            translate(
                "choices",
                "Also turned and zoomed further, with other light and colours. "
                "Not where colour tells the classes apart.",
            ),
        ),
    )


def optimizers() -> tuple[Choice, ...]:
    """The rule of the steps."""
    translate = QCoreApplication.translate
    return (
        Choice(
            "adam",
            "Adam",
            translate(
                "choices", "Finds a step size of its own for every weight. Safe."
            ),
        ),
        Choice(
            "adamw",
            "AdamW",
            translate(
                "choices", "Adam that also keeps weights small: good with few photos."
            ),
        ),
        Choice(
            "sgd",
            translate("choices", "SGD, momentum"),
            translate(
                "choices",
                "Plain steps with momentum. Needs a larger learning rate, "
                "about ten times.",
            ),
        ),
        Choice(
            "rmsprop",
            "RMSprop",
            translate("choices", "Adapts to recent changes. Older than Adam."),
        ),
    )


def losses() -> tuple[Choice, ...]:
    """What is made small."""
    translate = QCoreApplication.translate
    return (
        Choice(
            "cross-entropy",
            translate("choices", "Cross-entropy"),
            translate("choices", "The usual measure of how wrong the answers are."),
        ),
        Choice(
            "focal",
            translate("choices", "Focal"),
            translate(
                "choices", "Looks harder at the photos that it still gets wrong."
            ),
        ),
    )


def strategies() -> tuple[Choice, ...]:
    """In which order things start to change."""
    translate = QCoreApplication.translate
    return (
        Choice(
            "lp-ft",
            translate("choices", "Head first"),
            translate(
                "choices",
                "First the head alone, then the unfrozen blocks too, in small steps "
                "(LP-FT).",
            ),
        ),
        Choice(
            "direct",
            translate("choices", "All at once"),
            translate("choices", "Everything that may change does so from the start."),
        ),
    )
