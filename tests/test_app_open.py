"""What the window opens when it is given a path."""

from pathlib import Path
from unittest.mock import Mock

from tlgui.app import Studio
from tlgui.core.project_paths import PROJECT


def test_a_projects_file_opens_the_project(tmp_path: Path) -> None:
    """A desktop can tie a program to a file, not to a folder with an ending."""
    project = tmp_path / "insects.tlgui"
    project.mkdir()
    (project / PROJECT).write_text("{}")
    for path in (project, project / PROJECT):
        studio = Mock()
        Studio.open(studio, path)
        studio.projects.open.assert_called_once_with(project)
        studio.session.open_folder.assert_not_called()
