"""What desktops and Debian are told, and whether their own tools take it."""

import plistlib
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from installer import desktop, product
from installer.debian import texts
from installer.macos import bundle
from tlgui import __version__
from tlgui.core import storage
from tlgui.core.project import Project
from tlgui.core.project_json import project_to_json
from tlgui.core.project_paths import PROJECT, SUFFIX

ADDRESS = "https://example.org/pictures"


def test_the_version_is_the_programs() -> None:
    assert product.version() == __version__


def test_the_time_of_a_build_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert product.source_date() == 86400
    assert 'date="1970-01-02"' in desktop.metainfo()
    assert "Fri, 02 Jan 1970" in texts.changelog()


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("tlgui", "tlgui"),
        ("/opt/x-y/tlgui", "/opt/x-y/tlgui"),
        ("/home/a b/tlgui", '"/home/a b/tlgui"'),
        ("/home/100%/tlgui", '"/home/100%%/tlgui"'),
        ("/home/$HOME/x", '"/home/\\\\$HOME/x"'),
    ],
)
def test_a_program_is_quoted_as_entries_want_it(program: str, expected: str) -> None:
    assert desktop.quoted(program) == expected
    assert f"\nExec={expected} %f\n" in desktop.desktop_entry(program, "tlgui")


def test_the_entry_is_taken_by_the_desktops_own_checker(tmp_path: Path) -> None:
    checker = shutil.which("desktop-file-validate")
    if checker is None:
        pytest.skip("needs desktop-file-utils")
    file = tmp_path / "tlgui.desktop"
    file.write_text(desktop.desktop_entry("tlgui", "tlgui"))
    checked = subprocess.run([checker, file], capture_output=True, text=True)
    assert (checked.returncode, checked.stdout) == (0, "")


def test_pictures_are_shown_only_where_they_have_an_address() -> None:
    page = ElementTree.fromstring(desktop.metainfo())
    assert page.find("screenshots") is None
    page = ElementTree.fromstring(desktop.metainfo(ADDRESS, "https://example.org"))
    shown = [image.text for image in page.iterfind("screenshots/screenshot/image")]
    assert shown == [f"{ADDRESS}/{file}" for file in desktop.SCREENSHOTS]
    folder = product.ROOT / "resources" / "screenshots"
    assert all((folder / file).is_file() for file in desktop.SCREENSHOTS)


def test_the_page_is_taken_by_appstream(tmp_path: Path) -> None:
    checker = shutil.which("appstreamcli")
    if checker is None:
        pytest.skip("needs appstream")
    file = tmp_path / f"{product.APP_ID}.metainfo.xml"
    file.write_text(desktop.metainfo(ADDRESS, "https://example.org"))
    command = [checker, "validate", "--no-net", str(file)]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_a_projects_file_is_told_from_other_json(tmp_path: Path) -> None:
    gio, update = shutil.which("gio"), shutil.which("update-mime-database")
    if gio is None or update is None:
        pytest.skip("needs gio and shared-mime-info")
    kinds = tmp_path / "share" / "mime"
    (kinds / "packages").mkdir(parents=True)
    (kinds / "packages" / "tlgui.xml").write_text(desktop.project_kind())
    subprocess.run([update, kinds], check=True, capture_output=True)
    ours, theirs = tmp_path / f"a{SUFFIX}" / PROJECT, tmp_path / "theirs" / PROJECT
    ours.parent.mkdir()
    theirs.parent.mkdir()
    storage.write_json(ours, project_to_json(Project()))
    storage.write_json(theirs, {"version": 1, "data": {}, "frameworks": {}})

    def kind_of(file: Path) -> str:
        told = subprocess.run(
            [gio, "info", "-a", "standard::content-type", file],
            env={"XDG_DATA_HOME": str(tmp_path / "share"), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return told.stdout.split()[-1]

    assert kind_of(ours) == product.PROJECT_TYPE
    assert kind_of(theirs) != product.PROJECT_TYPE


def test_the_control_file_holds_every_field_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEBEMAIL", "packager@example.org")
    text = texts.control("amd64", 900_000, ["libc6 (>= 2.36)", "libgl1"])
    fields = [line.partition(":")[0] for line in text.splitlines() if line[0] != " "]
    assert len(fields) == len(set(fields))
    assert "Depends: libc6 (>= 2.36), libgl1\n" in text
    assert f"Version: {__version__}\n" in text
    assert "<packager@example.org>" in text
    assert max(map(len, text.splitlines())) <= 80


def test_every_override_has_a_reason() -> None:
    assert all(len(reason) > 10 for reason in texts.OVERRIDES.values())
    assert texts.overrides().count("# ") == len(texts.OVERRIDES)


def test_macos_shows_a_project_as_one_document() -> None:
    plist = plistlib.loads(plistlib.dumps(bundle.info_plist()))
    exported = plist["UTExportedTypeDeclarations"][0]
    assert exported["UTTypeTagSpecification"]["public.filename-extension"] == ["tlgui"]
    assert "com.apple.package" in exported["UTTypeConformsTo"]
    kinds = plist["CFBundleDocumentTypes"][0]["LSItemContentTypes"]
    assert kinds == [exported["UTTypeIdentifier"]]


def test_the_entitlements_can_be_read() -> None:
    file = product.ROOT / "installer" / "macos" / "entitlements.plist"
    granted = plistlib.loads(file.read_bytes())
    assert all(name.startswith("com.apple.security.cs.") for name in granted)


def test_an_image_is_signed_and_notarised_only_if_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    image = tmp_path / "x.dmg"
    monkeypatch.delenv("TLGUI_SIGNING_IDENTITY", raising=False)
    monkeypatch.setenv("TLGUI_NOTARY_PROFILE", "ci")
    programs = [command[0] for command in bundle.commands(tmp_path, image)]
    assert programs == ["hdiutil"]
    monkeypatch.setenv("TLGUI_SIGNING_IDENTITY", "Developer ID")
    steps = bundle.commands(tmp_path, image)
    assert [command[0] for command in steps] == [
        "hdiutil",
        "codesign",
        "xcrun",
        "xcrun",
    ]
