"""Where resources, user data, cache and logs live.

The same functions serve the source tree, an installed wheel and a frozen
application. Nothing here creates a folder: whoever writes does.
"""

import os
import sys
from pathlib import Path

import platformdirs

APP_NAME = "Transfer Learning Studio"


def resource_dir() -> Path:
    """The folder with the files that ship with the program."""
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen:
        return Path(frozen) / "resources"
    package = Path(__file__).resolve().parent
    installed = package / "resources"
    return installed if installed.is_dir() else package.parent / "resources"


def _base(override: str, default: str) -> Path:
    return Path(os.environ.get(override) or default)


def config_dir() -> Path:
    """The folder of the remembered choices."""
    return _base("TLGUI_CONFIG_DIR", platformdirs.user_config_dir("tlgui", False))


def cache_dir() -> Path:
    """The folder of what can be computed again."""
    return _base("TLGUI_CACHE_DIR", platformdirs.user_cache_dir("tlgui", False))


def activations_dir() -> Path:
    """The folder of what frozen layers made of photos."""
    return cache_dir() / "activations"


def prefix_dir() -> Path:
    """The folder of what was prepared from pretrained models on this computer."""
    return _base("TLGUI_PREFIX_DIR", str(cache_dir() / "prefixes"))


def prepared_dirs() -> tuple[Path, Path]:
    """Where prepared models are looked for: this computer's own, then the bundled."""
    return prefix_dir(), resource_dir() / "prefixes"


def models_dir() -> Path:
    """The folder of the models that were imported as starting points."""
    data = Path(platformdirs.user_data_dir("tlgui", False))
    return _base("TLGUI_MODELS_DIR", str(data / "models"))


def default_weights_dir() -> Path:
    """The folder of downloaded weights, unless a person has chosen another."""
    data = Path(platformdirs.user_data_dir("tlgui", False))
    return _base("TLGUI_WEIGHTS_DIR", str(data / "weights"))


def log_dir() -> Path:
    """The folder of the log files."""
    return _base("TLGUI_LOG_DIR", platformdirs.user_log_dir("tlgui", False))


def default_runs_dir() -> Path:
    """The folder in which the window puts a new run unless told otherwise."""
    documents = platformdirs.user_documents_dir()
    return _base("TLGUI_RUNS_DIR", str(Path(documents) / APP_NAME))
