"""Where a run is put."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class RunHome:
    """Where a run is put.

    Attributes:
        runs: the folder of a project's runs; None without a project.
        must_be_made: whether a project has to be made before a run can begin.
        obstacle: why no run can be put there, as a sentence; "" if one can.
    """

    runs: Path | None = None
    must_be_made: bool = False
    obstacle: str = ""

    def place(self, usual: Path, data: str) -> tuple[str, str]:
        """The folder for a new run, and the run's name in it.

        Args:
            usual: the folder for runs without a project.
            data: what the data set is called.
        """
        now = datetime.now().strftime("%Y-%m-%d %H-%M-%S")
        if self.runs is not None:
            return str(self.runs), now
        return str(usual), f"{data} {now}"
