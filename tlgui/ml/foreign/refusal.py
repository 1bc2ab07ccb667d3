"""Why a file is not opened."""

from pathlib import Path

from tlgui.core.errors import TlguiError

SAVE_AGAIN = "Ask for it to be saved again with Keras, as a .keras file"
_LETTERS = 400
GET_AGAIN = "Get it again from where it came from"


class Refusal(Exception):  # noqa: N818 - an answer about a file, not an error
    """A file must not be opened.

    Attributes:
        reason: what was found, as the middle of a sentence.
        advice: what the person can do, as a sentence without its full stop.
    """

    def __init__(self, reason: str, advice: str = GET_AGAIN) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice


class RefusedFileError(TlguiError):
    """A model of somebody else was refused; nothing of it was run or used."""


def refused(path: Path, refusal: Refusal) -> RefusedFileError:
    """Turns a refusal into the sentence that the person reads."""
    reason, advice = plain_text(refusal.reason), plain_text(refusal.advice)
    return RefusedFileError(f"The model {path} was not opened: {reason}. {advice}.")


def plain_text(text: str) -> str:
    """Text that may quote a stranger's file, without anything but letters in it.

    No control characters, no changes of direction, and no tags, which a window
    could take for formatting and load pictures by.
    """
    kept = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )
    return kept[:_LETTERS].replace("<", "‹").replace(">", "›")
