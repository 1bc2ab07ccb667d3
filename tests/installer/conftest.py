"""A source tree to prepare."""

from pathlib import Path

import pytest

from installer.environment import Environment


@pytest.fixture
def tree(tmp_path: Path) -> Environment:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return Environment(tmp_path)
