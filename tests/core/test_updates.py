"""News of a newer version: who signed it, and what it says."""

import base64
import json
from datetime import date
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from installer.sign_update import main, read_key, sign
from tlgui.core.errors import TlguiError
from tlgui.core.updates import (
    Release,
    find_source,
    is_due,
    read_release,
)

PAGE = "https://x.test/1.2"


@pytest.fixture
def key() -> SigningKey:
    return SigningKey.generate()


def public(key: SigningKey) -> bytes:
    return bytes(key.verify_key.encode())


def test_what_was_signed_is_read(key: SigningKey) -> None:
    assert read_release(sign("1.2", PAGE, key), public(key)) == Release("1.2", PAGE)


def test_nobody_elses_signature_counts(key: SigningKey) -> None:
    data = sign("1.2", PAGE, key)
    with pytest.raises(TlguiError, match="not signed by those who make"):
        read_release(data, public(SigningKey.generate()))
    values = json.loads(data)
    for changed in (
        {**values, "signed": values["signed"].replace("1.2", "1.3")},
        {**values, "signature": base64.b64encode(b"\0" * 64).decode()},
        {**values, "signature": base64.b64encode(b"short").decode()},
    ):
        with pytest.raises(TlguiError, match="not signed by those who make"):
            read_release(json.dumps(changed).encode(), public(key))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>Sign in</html>",
        b"[]",
        b"{}",
        b'{"signed": 1}',
        b"\xff\xfe",
        b"[" * 9,
    ],
)
def test_something_else_is_told(data: bytes, key: SigningKey) -> None:
    with pytest.raises(TlguiError, match="answered something else"):
        read_release(data, public(key))


@pytest.mark.parametrize(
    ("version", "page", "said"),
    [
        ("one", PAGE, "cannot be understood"),
        ("1.2", "http://x.test", "Expected an https page"),
        ("1.2", "file:///etc/passwd", "Expected an https page"),
        ("1.2", "javascript:alert(1)", "Expected an https page"),
    ],
)
def test_what_the_program_would_not_take_is_not_signed(
    version: str, page: str, said: str, key: SigningKey
) -> None:
    with pytest.raises(TlguiError, match=said):
        sign(version, page, key)


@pytest.mark.parametrize(
    ("version", "newer"),
    [
        ("1.10", True),
        ("1.9", False),
        ("1.9.0", False),
        ("1.10rc1", True),
        ("1.8", False),
    ],
)
def test_versions_are_compared_as_versions(version: str, newer: bool) -> None:
    assert Release(version, PAGE).is_newer_than("1.9") is newer


@pytest.mark.parametrize(
    ("last", "due"),
    [
        ("", True),
        ("yesterday", True),
        ("2026-05-01", True),
        ("2026-05-02", False),
        ("2026-05-08", False),
        ("2027-01-01", True),  # a clock that was wrong
    ],
)
def test_a_week_passes_between_two_looks(last: str, due: bool) -> None:
    assert is_due(last, date(2026, 5, 8)) is due


def test_keys_are_made_once_and_sign_for_what_ships(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "keys", tmp_path / "news.json"
    assert main(["keys", str(folder), "--address", "https://x.test/news"]) == 0
    source = find_source(folder)
    assert source is not None
    assert source.address == "https://x.test/news"
    command = ["sign", str(folder), "1.2", "--page", PAGE, "--out", str(out)]
    assert main(command) == 0
    assert read_release(out.read_bytes(), source.key) == Release("1.2", PAGE)
    before = read_key(folder)
    assert main(["keys", str(folder), "--address", "https://y.test"]) == 2
    assert "exists" in capsys.readouterr().err
    assert read_key(folder) == before
    assert (folder / "secret.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"address": "https://x.test"}', '{"address": "a", "key": "AAAA"}'],
)
def test_a_copy_without_an_address_has_none(tmp_path: Path, text: str) -> None:
    assert find_source(tmp_path) is None
    (tmp_path / "updates.json").write_text(text, encoding="utf-8")
    assert find_source(tmp_path) is None
