"""What every test of the engine room needs."""

import warnings

import pytest


@pytest.fixture(autouse=True)
def _keras_copies_variables() -> None:
    # WORKAROUND Keras' variables lack the `copy` argument that numpy 2 asks for, so
    # that saving any model warns: https://github.com/keras-team/keras/pull/21288
    warnings.filterwarnings(
        "ignore",
        message="__array__ implementation doesn't accept a copy keyword",
        category=DeprecationWarning,
        module=r"keras\.src\.backend\.tensorflow\.core",
    )
