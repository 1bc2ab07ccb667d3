"""News of a newer version: one small signed file, read only when asked for."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tlgui import paths
from tlgui.core.errors import TlguiError

SOURCE = "updates.json"
MOST_BYTES = 16_384
INTERVAL = timedelta(days=7)
_SECURE = "https://"
_KEY_BYTES = 32


@dataclass(frozen=True)
class UpdateSource:
    """Where news of this copy of the program is, and who signs it.

    Attributes:
        address: of the signed file.
        key: the public Ed25519 key (RFC 8032), 32 bytes.
    """

    address: str
    key: bytes

    def to_json(self) -> dict[str, str]:
        """The content of `updates.json`."""
        key = base64.b64encode(self.key).decode()
        return {"address": self.address, "key": key}


@dataclass(frozen=True)
class Release:
    """A version that can be had.

    Attributes:
        version: as `tlgui --version` says it.
        page: where it is told what is new, and where the files are.
    """

    version: str
    page: str

    def is_newer_than(self, version: str) -> bool:
        """Whether it comes after a version."""
        from packaging.version import Version

        return Version(self.version) > Version(version)


def find_source(folder: Path | None = None) -> UpdateSource | None:
    """Where this copy looks for news.

    Args:
        folder: of what ships with the program; None for the usual one.

    Returns:
        None for a copy that came without an address, as one from source does: it is
        kept up to date by what installed it.
    """
    file = (folder or paths.resource_dir()) / SOURCE
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        key = base64.b64decode(values["key"], validate=True)
        source = UpdateSource(str(values["address"]), key)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return source if len(key) == _KEY_BYTES else None


def is_due(last: str, today: date) -> bool:
    """Whether it is time to look again.

    Args:
        last: the day of the last look, in ISO 8601; "" for never.
        today: the day.
    """
    try:
        passed = today - date.fromisoformat(last)
    except ValueError:
        return True
    return passed >= INTERVAL or passed < timedelta(0)


def read_release(data: bytes, key: bytes) -> Release:
    """Reads what an address answered, if the right ones signed it.

    Args:
        data: the file: the signed text and its Ed25519 signature.
        key: whose signature counts.

    Raises:
        TlguiError: it is no such file, or somebody else's.
    """
    from nacl.exceptions import CryptoError
    from nacl.signing import VerifyKey

    try:
        values = json.loads(data)
        signed = str(values["signed"]).encode()
        signature = base64.b64decode(values["signature"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise TlguiError(
            "Expected news of versions, but the address answered something else. A "
            "page to sign in to the network may stand between; try again later."
        ) from error
    try:
        VerifyKey(key).verify(signed, signature)
    except (CryptoError, ValueError, TypeError) as error:
        raise TlguiError(
            "The news of versions is not signed by those who make this program, so it "
            "is not shown. Look at the place where you got the program."
        ) from error
    return _release(signed)


def _release(signed: bytes) -> Release:
    from packaging.version import InvalidVersion, Version

    try:
        values: Any = json.loads(signed)
        release = Release(str(values["version"]), str(values["page"]))
        Version(release.version)
    except (ValueError, KeyError, TypeError, InvalidVersion) as error:
        raise TlguiError(
            "The news of versions cannot be understood by this version of the program. "
            "Look at the place where you got it."
        ) from error
    if not release.page.startswith(_SECURE):
        raise TlguiError(
            f"Expected an https page in the news of versions, but found {release.page}."
        )
    return release
