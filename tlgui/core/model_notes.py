"""How a model file is to be read where it does not say so itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tlgui.core.errors import TlguiError

# The pixel values that a network was trained on, and how 0..255 becomes them:
# factor and shift.
PIXELS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "0..1": (1 / 255, 0.0),
        "-1..1": (1 / 127.5, -1.0),
        "0..255": (1.0, 0.0),
    }
)
USUAL_PIXELS = "0..1"
_MOST_CLASSES, _MOST_LETTERS = 100_000, 1_000


@dataclass(frozen=True)
class ModelNotes:
    """What a person says of a model file of their own.

    Attributes:
        pixels: one of `PIXELS`; "" for what the file says, or else `USUAL_PIXELS`.
        class_names: of its outputs, in order; empty to count them from 0.
    """

    pixels: str = ""
    class_names: tuple[str, ...] = ()

    def check(self) -> None:
        """Makes sure that every value makes sense.

        Raises:
            TlguiError: one does not; says what was expected.
        """
        if self.pixels and self.pixels not in PIXELS:
            raise TlguiError(
                f"Expected one of {', '.join(PIXELS)} for the pixels, but found "
                f"“{self.pixels}”."
            )
        names = self.class_names
        whole = all(0 < len(name) <= _MOST_LETTERS for name in names)
        if len(set(names)) != len(names) or not whole or len(names) > _MOST_CLASSES:
            raise TlguiError(
                "Expected class names that differ from each other, but found "
                f"“{', '.join(names)[:200]}”. Give each class one name."
            )


def class_names_in(text: str) -> tuple[str, ...]:
    """Class names as typed, with commas between them."""
    return tuple(name for part in text.split(",") if (name := part.strip()))
