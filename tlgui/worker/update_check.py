"""Looks for a newer version, in a thread that nobody waits for."""

import threading
import traceback

from PySide6.QtCore import QObject, Signal

from tlgui.core.errors import TlguiError
from tlgui.core.network_words import kind_of_trouble
from tlgui.core.updates import MOST_BYTES, UpdateSource, read_release

_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER = 10.0, 10.0


class UpdateCheck(QObject):
    """Asks an address once at a time; nothing is installed or kept.

    Signals:
        answered(Release or None, str): the version that can be had; or None, and a
            sentence.
        bug_found(str): a traceback of a fault of ours.
    """

    answered = Signal(object, str)
    bug_found = Signal(str)

    def __init__(
        self, source: UpdateSource | None, parent: QObject | None = None
    ) -> None:
        """Args: source: where to look; None for a copy that came without one."""
        super().__init__(parent)
        self.source = source
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Looks now; the answer is a signal in the thread of this object."""
        if self.source is None or (self._thread and self._thread.is_alive()):
            return
        # It may hang in the network while the program ends.
        self._thread = threading.Thread(
            target=self._look, args=(self.source,), name="updates", daemon=True
        )
        self._thread.start()

    def _look(self, source: UpdateSource) -> None:
        try:
            self.answered.emit(read_release(_fetch(source.address), source.key), "")
        except TlguiError as error:
            self.answered.emit(None, str(error))
        except RuntimeError:
            pass  # this object is gone, and with it whoever asked
        except Exception:  # noqa: BLE001 - told as a bug of ours
            self.bug_found.emit(traceback.format_exc())


def _fetch(address: str) -> bytes:
    """What an address answers, through the system's proxy.

    Raises:
        TlguiError: it cannot be reached, or answers something else.
    """
    import requests

    waits = (_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER)
    try:
        with requests.get(address, timeout=waits, stream=True) as answer:
            answer.raise_for_status()
            data: bytes = answer.raw.read(MOST_BYTES + 1, decode_content=True)
    except requests.HTTPError as error:
        raise TlguiError(
            f"{address} answered “{error.response.status_code} "
            f"{error.response.reason}”. Try again later."
        ) from error
    except (requests.RequestException, OSError) as error:
        raise TlguiError(
            f"{address} cannot be reached ({kind_of_trouble(error)}). Everything else "
            "works without a network; look again when there is one."
        ) from error
    if len(data) > MOST_BYTES:
        raise TlguiError(
            f"Expected a small file at {address}, but it has more than "
            f"{MOST_BYTES:,} bytes. Look at the place where you got the program."
        )
    return data
