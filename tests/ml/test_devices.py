"""What is chosen for GPUs, tried on logical CPUs. There is no GPU here."""

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tests.ml.test_dropout import DROPOUT
from tlgui.core.catalogue import find_backbone
from tlgui.core.phases import plan_phases
from tlgui.core.spec import TrainingSpec
from tlgui.ml import devices, learners, models
from tlgui.ml.devices import Devices, Gpu, choose_devices

pytestmark = pytest.mark.tf

VOLTA = Gpu("GPU:0", "V100", (7, 0))
PASCAL = Gpu("GPU:0", "GTX 1080", (6, 1))
METAL = Gpu("GPU:0", "METAL", None)
TWO = ("CPU:0", "CPU:1")
# Replicas, precision, with normalization or not, samples at a time (0: all).
Case = tuple[tuple[str, ...], str, bool, int]
PLAIN: Case = ((), "", False, 0)
CASES: dict[str, Case] = {
    "plain": PLAIN,
    "normalized": ((), "", True, 0),
    "shared": (TWO, "", False, 0),
    "shared in parts": (TWO, "", False, 3),
    "shared, normalized": (TWO, "", True, 0),
    "shared, half": (TWO, "mixed_float16", True, 0),
    **{
        f"{precision}, {'normalized' if normalized else 'plain'}": (
            (),
            precision,
            normalized,
            0,
        )
        for precision in ("mixed_bfloat16", "mixed_float16")
        for normalized in (False, True)
    },
}
# Trains the same model on the same batches in every case, in a process that has two
# logical CPUs.
LOSSES = """
import json, sys
from tlgui.ml import runtime
tf = runtime.tensorflow()
cpu = tf.config.list_physical_devices("CPU")[0]
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, two)
import keras, numpy as np
from tests.ml.test_dropout import DROPOUT, batch, keras_head, unmoved
from tests.ml.test_steps import batches, small
from tlgui.ml import models
from tlgui.ml.devices import Devices
from tlgui.ml.rates import make_schedule
from tlgui.ml.steps import KerasTrainStep

def train(replicas, precision, normalized, most):
    chosen = Devices((), tuple(replicas), precision)
    with chosen.strategy.scope():
        model = chosen.place(small(normalized=normalized))
        chosen.lower_precision(model)
        schedule = make_schedule("cosine", 1e-3, 12)
        adam = models.make_optimizer("adam", schedule)
        optimizer = chosen.scale_losses(adam)
        loss = keras.losses.CategoricalCrossentropy()
        step = KerasTrainStep(model, loss, optimizer, "uint8", chosen.strategy)
    if most:
        step._most = most
    found = [step(*batch) for batch in batches(12, last=1)]
    return {
        "losses": [loss for loss, _ in found],
        "right": [right for _, right in found],
        "replicas": chosen.strategy.num_replicas_in_sync,
        "dtypes": sorted({weight.dtype for weight in model.weights}),
        "finite": all(bool(np.isfinite(w.numpy()).all()) for w in model.weights),
        "compute": model.get_layer("stem_conv").compute_dtype,
    }

def dropped():
    chosen = Devices((), ("CPU:0", "CPU:1"), "")
    with chosen.strategy.scope():
        model, step = keras_head(DROPOUT, strategy=chosen.strategy)
    step(*batch(2))
    return {"unmoved": float(unmoved(model).mean())}

cases = json.loads(sys.argv[1])
found = {name: train(*case) for name, case in cases.items()}
print(json.dumps({**found, "dropped": dropped()}))
"""


@pytest.fixture(scope="module")
def trained() -> dict[str, dict[str, Any]]:
    """What was found in every case."""
    answer = subprocess.run(
        [sys.executable, "-c", LOSSES, json.dumps(CASES)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert answer.returncode == 0, answer.stderr
    found: dict[str, dict[str, Any]] = json.loads(answer.stdout.splitlines()[-1])
    return found


def test_without_a_gpu_nothing_changes() -> None:
    assert choose_devices(()) == Devices()
    assert not devices.find_devices().replicas
    assert not devices.prefers_tensorflow()


@pytest.mark.parametrize(
    ("gpu", "precision"), [(VOLTA, "mixed_float16"), (PASCAL, ""), (METAL, "")]
)
def test_half_precision_where_a_gpu_is_made_for_it(gpu: Gpu, precision: str) -> None:
    assert choose_devices((gpu,)) == Devices((gpu,), (), precision)


def test_gpus_of_a_kind_share_the_batches() -> None:
    second, other = Gpu("GPU:1", "V100", (7, 0)), Gpu("GPU:2", "GTX 1080", (6, 1))
    chosen = choose_devices((VOLTA, second, other))
    assert chosen.replicas == ("GPU:0", "GPU:1")
    assert choose_devices((VOLTA, other)).replicas == ()


def test_two_devices_give_the_losses_of_one(
    trained: dict[str, dict[str, Any]],
) -> None:
    plain, shared = trained["plain"], trained["shared"]
    assert (plain["replicas"], shared["replicas"]) == (1, 2)
    np.testing.assert_allclose(shared["losses"], plain["losses"], rtol=1e-5)
    assert shared["right"] == plain["right"]


def test_two_devices_see_parts_where_a_batch_does_not_fit(
    trained: dict[str, dict[str, Any]],
) -> None:
    found, plain = trained["shared in parts"], trained["plain"]
    np.testing.assert_allclose(found["losses"], plain["losses"], rtol=1e-5)
    assert found["right"] == plain["right"]


def test_two_devices_leave_out_different_features(
    trained: dict[str, dict[str, Any]],
) -> None:
    found = trained["dropped"]["unmoved"]
    assert found == pytest.approx(DROPOUT.rate**2, abs=0.05)


@pytest.mark.parametrize("name", ["shared, normalized", "shared, half"])
def test_two_devices_normalize_their_own_share(
    name: str, trained: dict[str, dict[str, Any]]
) -> None:
    assert np.isfinite(trained[name]["losses"]).all()
    assert trained[name]["finite"]


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("kind", ["plain", "normalized"])
def test_half_precision_gives_nearly_the_same_losses(
    precision: str, kind: str, trained: dict[str, dict[str, Any]]
) -> None:
    half, full = trained[f"{precision}, {kind}"], trained[kind]
    assert half["compute"] == precision.removeprefix("mixed_")
    np.testing.assert_allclose(half["losses"], full["losses"], rtol=1e-2)
    assert half["losses"] != full["losses"]
    assert half["dtypes"] == ["float32"]


def test_what_was_trained_in_half_precision_becomes_an_ordinary_model() -> None:
    spec = TrainingSpec(data="", trainable=("block7a", "top"), strategy="direct")
    (phase,) = plan_phases(spec)
    backbone = find_backbone(spec.backbone)
    keras_model = models.build_classifier(backbone, 2)
    learner = learners.BlockLearner(
        spec, phase, 4, keras_model, None, Devices(precision="mixed_bfloat16")
    )
    pixels = np.random.default_rng(1).integers(0, 256, (4, 224, 224, 3), np.uint8)
    one_hot = np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    loss, _ = learner.train(pixels, one_hot, np.ones(4, np.float32))
    assert loss == pytest.approx(np.log(2), rel=1e-3)
    assert learner.notice == ""
    assert learner.learning_rate < spec.learning_rate
    answers = learner.predict(pixels)
    assert answers.dtype == np.float32
    whole = learner.weights().classifier(backbone, 2)
    assert {layer.compute_dtype for layer in whole.layers} == {"float32"}
    expected = whole.predict_on_batch(pixels)
    np.testing.assert_allclose(answers, expected, atol=2e-2)
