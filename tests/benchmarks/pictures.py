"""How the benchmarks' pictures look; matplotlib comes with the extra `bench`.

Colours are Okabe and Ito's, which people with any colour vision tell apart
(https://jfly.uni-koeln.de/color/); every bar and line is named in words as well.
"""

from pathlib import Path
from typing import Any

BLUE, ORANGE, VERMILION = "#0072B2", "#E69F00", "#D55E00"
GREEN, PURPLE, GREY = "#009E73", "#CC79A7", "#999999"

_STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.axisbelow": True,
    "grid.color": "#e3e3e3",
}


def start_picture(width: float, height: float) -> tuple[Any, Any]:
    """A figure on white, drawn without a display, and pyplot's module.

    Args:
        width: inches.
        height: inches.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    mpl.rcParams.update(_STYLE)
    return pyplot.figure(figsize=(width, height), layout="constrained"), pyplot


def save_picture(figure: Any, file: Path) -> None:
    """Writes a figure as PNG, which every viewer draws alike."""
    from matplotlib import pyplot

    figure.savefig(file, dpi=120, facecolor="white", metadata={"Software": None})
    pyplot.close(figure)
