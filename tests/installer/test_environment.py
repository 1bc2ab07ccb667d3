"""When the folder `.venv` is made, updated or left alone."""

import dataclasses
import sys
from pathlib import Path

import pytest

from installer import console, environment
from installer.environment import Environment, Plan, Stamp
from installer.lock import alone

STAMP = Stamp("3.11", "/tree/.venv", "hash", ("test",), complete=True)
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Plan.READY),
        ({"extras": ("check", "test")}, Plan.READY),
        ({"extras": ()}, Plan.UPDATE),
        ({"project": "other"}, Plan.UPDATE),
        ({"python": "3.12"}, Plan.MAKE),
        ({"folder": "/elsewhere/.venv"}, Plan.MAKE),
        ({"complete": False}, Plan.MAKE),
    ],
)
def test_the_stamp_decides(change: dict[str, object], expected: Plan) -> None:
    found = Stamp(**(dataclasses.asdict(STAMP) | change))
    assert environment.plan(found, STAMP, usable=True) is expected
    assert environment.plan(found, STAMP, usable=False) is Plan.MAKE


def test_an_environment_of_another_maker_is_kept_if_it_serves() -> None:
    assert environment.plan(None, STAMP, usable=True) is Plan.UPDATE
    assert environment.plan(None, STAMP, usable=False) is Plan.MAKE


def test_a_stamp_is_read_as_it_was_written(tree: Environment) -> None:
    assert tree.found() is None
    wanted = tree.wanted({"test", "check"})
    assert wanted.extras == ("check", "test")
    assert wanted.python == HERE
    tree.write(wanted)
    assert tree.found() == wanted


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"extras": 1}', '{"extras": []}'])
def test_a_broken_stamp_counts_as_none(tree: Environment, text: str) -> None:
    tree.folder.mkdir()
    tree.stamp_file.write_text(text)
    assert tree.found() is None


def test_a_changed_project_is_noticed(tree: Environment) -> None:
    before = tree.wanted(())
    (tree.root / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    assert environment.plan(before, tree.wanted(()), usable=True) is Plan.UPDATE


def test_an_update_keeps_the_earlier_extras(
    tree: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[tuple[str, ...]] = []

    def install(made: Environment, extras: tuple[str, ...]) -> None:
        installed.append(extras)
        assert made.found() == dataclasses.replace(
            made.wanted(("check", "test")), complete=False
        )

    monkeypatch.setattr(environment, "_install", install)
    tree.write(tree.wanted(("test",)))
    environment.carry_out(tree, tree.wanted(("check",)), Plan.UPDATE)
    assert installed == [("check", "test")]
    assert tree.found() == tree.wanted(("check", "test"))


def test_a_ready_environment_is_left_alone(
    tree: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_install", pytest.fail)
    environment.carry_out(tree, tree.wanted(()), Plan.READY)
    assert not tree.folder.exists()


def test_too_little_room_is_told_before_anything_is_removed(
    tree: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.write(tree.wanted(()))
    usage = type("Usage", (), {"free": 1_200_000_000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(console.Trouble, match=r"About 3 GB .* and 1\.2 GB are free"):
        environment.carry_out(tree, tree.wanted(()), Plan.MAKE)
    assert tree.stamp_file.exists()


def test_a_folder_that_is_no_environment_is_never_removed(tree: Environment) -> None:
    tree.folder.mkdir()
    (tree.folder / "thesis.txt").touch()
    with pytest.raises(console.Trouble, match="is in the way"):
        environment.carry_out(tree, tree.wanted(()), Plan.MAKE)
    assert (tree.folder / "thesis.txt").exists()


def test_the_install_command_names_the_extras() -> None:
    python = Path("python")
    command = environment.install_command(python, ("test", "check"), terminal=True)
    assert command[:4] == [python, "-m", "pip", "install"]
    assert command[-2:] == ["--editable", ".[check,test]"]
    assert "--quiet" not in command
    assert "--quiet" in environment.install_command(python, (), terminal=False)
    assert environment.install_command(python, (), terminal=True)[-1] == "."


def test_a_second_run_waits_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter([False, False, True])
    monkeypatch.setattr("installer.lock._locked", lambda descriptor: next(answers))
    monkeypatch.setattr("installer.lock.PAUSE", 0)
    with alone(tmp_path):
        assert capsys.readouterr().out.count("waiting for it") == 1


def test_the_lock_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with alone(tmp_path):
            assert (tmp_path / "build" / "from_source.lock").exists()
