"""The rooms and doors of the design, held by tests."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tlgui"


def imported(file: Path) -> set[str]:
    """Every module that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def modules(room: str) -> list[Path]:
    files = sorted((PACKAGE / room).rglob("*.py"))
    assert len(files) > 2
    return files


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_import_contracts_hold() -> None:
    linter = pytest.importorskip("importlinter.cli")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as c;c()",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linter
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("file", modules("worker"), ids=lambda path: path.name)
def test_the_worker_knows_qtcore_only(file: Path) -> None:
    qt = {name for name in imported(file) if name.startswith("PySide6")}
    assert qt <= {"PySide6.QtCore"}


@pytest.mark.parametrize("room", ["core", "ml"])
def test_rooms_without_qt_import_without_it(room: str) -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in modules(room)
    ]
    code = f"import sys, importlib\nfor n in {names!r}: importlib.import_module(n)\n"
    heavy = ("PySide6", "pyqtgraph", "tensorflow", "keras", "sklearn")
    code += f"print([m for m in {heavy!r} if m in sys.modules])"
    assert run_python(code).strip() == "[]"


def test_the_command_line_starts_without_qt_and_tensorflow() -> None:
    heavy = ("PySide6", "pyqtgraph", "tensorflow", "keras")
    code = (
        "import sys\nfrom tlgui import cli\ncli.main(['models'])\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    assert run_python(code).splitlines()[-1] == "[]"


def test_the_shown_window_has_not_imported_tensorflow() -> None:
    code = (
        "import sys\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from tests.gui.fakes import ScriptedJobs, ScriptedReader\n"
        "from tlgui.core.settings import AppSettings\n"
        "from tlgui.gui.main_window import MainWindow\n"
        "from tlgui.gui.session import Session\n"
        "from tlgui.gui.settings import Settings\n"
        "application = QApplication([])\n"
        "from tlgui.gui.project_session import ProjectSession\n"
        "from tlgui.worker.project_files import ProjectFiles\n"
        "session = Session(ScriptedJobs(), ScriptedReader())\n"
        "settings, files = Settings(AppSettings()), ProjectFiles()\n"
        "projects = ProjectSession(session, settings, files)\n"
        "from tests.gui.fakes import NoNetwork\n"
        "from tlgui.gui.updates import Updates\n"
        "updates = Updates(NoNetwork(), settings)\n"
        "window = MainWindow(session, settings, projects, updates)\n"
        "window.show()\n"
        "for step in range(5):\n"
        "    window.show_step(step)\n"
        "    application.processEvents()\n"
        "assert window.isVisible()\n"
        "import tlgui.app\n"
        "files.close()\n"
        "print([m for m in ('tensorflow', 'keras') if m in sys.modules])"
    )
    assert run_python(code).splitlines()[-1] == "[]"


def test_no_module_outgrows_its_subject() -> None:
    sizes = {
        path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines())
        for path in PACKAGE.rglob("*.py")
    }
    assert not {path: size for path, size in sizes.items() if size > 400}
