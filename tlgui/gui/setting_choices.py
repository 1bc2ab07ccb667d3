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
        Choice(
            "randaugment",
            translate("choices", "RandAugment"),
            translate(
                "choices",
                "Two changes at random out of fourteen: light, colours, contrast, "
                "turns, shifts. Quite strong; wants more epochs.",
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
        Choice(
            "binary-cross-entropy",
            translate("choices", "Class by class"),
            translate(
                "choices",
                "Binary cross-entropy: asks for each class by itself whether a photo "
                "shows it, since it may show several.",
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
            "gradual",
            translate("choices", "From the top"),
            translate(
                "choices",
                "First the head, then the unfrozen blocks too, a group at a time from "
                "the last to the first (gradual unfreezing).",
            ),
        ),
        Choice(
            "discriminative",
            translate("choices", "Lower ones slower"),
            translate(
                "choices",
                "First the head, then all unfrozen blocks: the nearer a block is to "
                "the photo, the slower it learns (discriminative learning rates).",
            ),
        ),
        Choice(
            "auto-rgn",
            translate("choices", "Each at its pace"),
            translate(
                "choices",
                "First the head, then all unfrozen blocks, each as fast as its "
                "gradient asks for (relative gradient norm, Auto-RGN).",
            ),
        ),
        Choice(
            "direct",
            translate("choices", "All at once"),
            translate("choices", "Everything that may change does so from the start."),
        ),
    )


def schedules() -> tuple[Choice, ...]:
    """How the size of the steps changes."""
    translate = QCoreApplication.translate
    return (
        Choice(
            "cosine",
            translate("choices", "Falls smoothly"),
            translate("choices", "Along half a cosine, to zero. A safe choice."),
        ),
        Choice(
            "warm-up",
            translate("choices", "Rises, then falls"),
            translate(
                "choices",
                "Rises during the first tenth, then falls along a cosine (warm-up).",
            ),
        ),
        Choice(
            "one-cycle",
            translate("choices", "One cycle"),
            translate(
                "choices",
                "Rises for a quarter of the time and falls to almost nothing. Bears a "
                "larger learning rate.",
            ),
        ),
        Choice(
            "constant",
            translate("choices", "Stays the same"),
            translate("choices", "Every step is of the same size."),
        ),
        Choice(
            "plateau",
            translate("choices", "Falls when stuck"),
            translate(
                "choices",
                "Falls to a third when two epochs in a row brought nothing (reduce on "
                "plateau).",
            ),
        ),
        Choice(
            "bit",
            translate("choices", "In stairs"),
            translate(
                "choices",
                "Rises, then falls to a tenth three times, as in BiT's HyperRule. "
                "Meant for SGD.",
            ),
        ),
    )
