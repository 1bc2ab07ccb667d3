"""What makes a training step slow: one option changed at a time.

    python -m tests.benchmarks.step_options [--rounds 3] [--quick] [--save]

EfficientNet-Lite0, 32 photos of noise of 224x224 a batch (or what a cut hands on),
Adam. Every measurement is a process of its own in which TensorFlow is imported and
the backbone built before the clock starts; the rows take turns, and the medians of
the rounds count. CPU-seconds are of all cores and suffer less from other work on the
machine than seconds do.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tlgui.core.catalogue import DEFAULT_BACKBONE, find_backbone
from tlgui.core.layers import parse_trainable

MODULE = "tests.benchmarks.step_options"
FILE = Path(__file__).parent / "results" / "step_options.md"
BATCH, STEPS, RATE = 32, 6, 5e-5
Options = dict[str, Any]
_PASSES = (
    "layout_optimizer",
    "remapping",
    "constant_folding",
    "arithmetic_optimization",
    "dependency_optimization",
    "function_optimization",
    "loop_optimization",
    "shape_optimization",
    "scoped_allocator_optimization",
    "common_subgraph_elimination",
    "pin_to_host_optimization",
    "implementation_selector",
)
# Everything trainable. `fused`: batch normalization in one operation; `native`: Adam
# in one operation a weight.
WAYS: dict[str, Options] = {
    "Keras' own `train_on_batch`": {"way": "keras"},
    "our step, Keras' layers and Adam": {},
    "+ native Adam": {"native": True},
    "+ fused normalization": {"fused": True},
    "+ both: **ours**": {"fused": True, "native": True},
}
OURS: Options = {"fused": True, "native": True}
DETAILS: dict[str, Options] = {
    **{f"ours, without {name}": OURS | {"graph": {name: False}} for name in _PASSES},
    "ours, graph not optimised": OURS | {"graph": {"disable_meta_optimizer": True}},
    "ours, without oneDNN": OURS | {"environment": {"TF_ENABLE_ONEDNN_OPTS": "0"}},
    "ours, one operation at a time": OURS | {"inter": 1},
    "ours, one thread an operation": OURS | {"intra": 1},
    "ours, four steps a call": OURS | {"steps": 4},
    "Keras' layers, graph not optimised": {"graph": {"disable_meta_optimizer": True}},
    "ours, compiled by XLA": OURS | {"xla": True},
}
_BLOCKS = len(find_backbone(DEFAULT_BACKBONE).blocks)
CUTS = {
    "last:1": "last:1",
    "last:2": "last:2",
    "75 % of the blocks frozen": f"last:{_BLOCKS - round(_BLOCKS * 0.75)}",
    "50 % of the blocks frozen": f"last:{_BLOCKS - round(_BLOCKS * 0.5)}",
}


def child(options: Options) -> dict[str, Any]:
    """One measurement, in this process."""
    from tlgui.ml import models, runtime
    from tlgui.ml.backbones import keep_spare
    from tlgui.ml.cuts import cut_output, find_cut

    tf = runtime.tensorflow()
    tf.config.threading.set_inter_op_parallelism_threads(options.get("inter", 0))
    tf.config.threading.set_intra_op_parallelism_threads(options.get("intra", 0))
    tf.config.optimizer.set_experimental_options(options.get("graph", {}))
    import keras

    backbone = find_backbone(DEFAULT_BACKBONE)
    keep_spare(backbone)
    blocks = parse_trainable(options.get("trainable", "all"), backbone.blocks)
    cut = find_cut(backbone, blocks)
    began, cpu = time.perf_counter(), _cpu_seconds()
    model = models.build_classifier(backbone, 2)
    models.set_trainable(model, blocks)
    if cut is not None:
        model = keras.Model(cut_output(model, cut), model.output)
    batch = _batch(model.input_shape[1:], "uint8" if cut is None else "float32")
    run = _make(options, model, batch)
    losses, walls, cpus = [], [began], [cpu]
    count = options.get("steps", 1)
    for _ in range(STEPS if not options.get("xla") else 3):
        losses.append(run())
        walls.append(time.perf_counter())
        cpus.append(_cpu_seconds())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "first": walls[1] - walls[0],
        "batch": float(np.median(np.diff(walls[1:]))) / count,
        "cpu_first": cpus[1] - cpus[0],
        "cpu_batch": float(np.median(np.diff(cpus[1:]))) / count,
        "peak_mb": peak * 1024 / 1e6,
        "losses": losses,
    }


def _batch(shape: tuple[int, ...], dtype: str) -> tuple[Any, Any, Any]:
    noise = np.random.default_rng(0)
    if dtype == "uint8":
        inputs: Any = noise.integers(0, 256, (BATCH, *shape), np.uint8)
    else:
        inputs = noise.standard_normal((BATCH, *shape), np.float32)
    one_hot = np.eye(2, dtype=np.float32)[noise.integers(0, 2, BATCH)]
    return inputs, one_hot, np.ones(BATCH, np.float32)


def _make(
    options: Options, model: Any, batch: tuple[Any, Any, Any]
) -> Callable[[], float]:
    """A function that sees the batch once (or `steps` times) and gives the loss."""
    import keras

    from tlgui.ml import forward, models, runtime, steps
    from tlgui.ml.rates import make_schedule

    tf = runtime.tensorflow()
    loss = keras.losses.CategoricalCrossentropy()
    schedule = keras.optimizers.schedules.CosineDecay(RATE, 100)
    optimizer = keras.optimizers.Adam(schedule)
    if options.get("way") == "keras":
        model.compile(optimizer=optimizer, loss=loss, jit_compile=False)
        floats = batch[0].astype(np.float32)
        return lambda: float(model.train_on_batch(floats, batch[1]))
    if options.get("native"):
        optimizer = models.make_optimizer("adam", make_schedule("cosine", RATE, 100))
    if not options.get("fused"):
        forward._is_fusible = lambda layer: False
    step = steps.KerasTrainStep(model, loss, optimizer, str(batch[0].dtype))
    if not options.get("xla") and options.get("steps", 1) == 1:
        return lambda: step(*batch)[0]

    @tf.function(jit_compile=bool(options.get("xla")), autograph=False)  # type: ignore[untyped-decorator]
    def several(*tensors: Any) -> Any:
        return tf.while_loop(
            lambda number, _: number < options.get("steps", 1),
            lambda number, _: (number + 1, step._step(*tensors)[0]),
            (tf.constant(0), tf.constant(0.0)),
            parallel_iterations=1,
        )[1]

    tensors = [tf.constant(each) for each in batch]
    return lambda: float(several(*tensors))


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system


def measure(options: Options) -> dict[str, Any]:
    """One measurement, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", MODULE, "--child", json.dumps(options)],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | options.get("environment", {}),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{options}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure_all(rows: dict[str, Options], rounds: int) -> dict[str, dict[str, float]]:
    """The medians of every row; the rows take turns."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in rows}
    for _ in range(rounds):
        for name, options in rows.items():
            found[name].append(measure(options))
            print(name, json.dumps(found[name][-1]), flush=True)
    keys = ("first", "batch", "cpu_first", "cpu_batch", "peak_mb")
    return {
        name: {key: statistics.median(each[key] for each in all_) for key in keys}
        | {"loss": all_[-1]["losses"][-1]}
        for name, all_ in found.items()
    }


def _table(title: str, found: dict[str, dict[str, float]]) -> str:
    lines = [
        title,
        "",
        "| way | first batch s | a batch s | first batch CPU-s | a batch CPU-s "
        "| peak MB |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {row['first']:.2f} | {row['batch']:.3f} | "
        f"{row['cpu_first']:.2f} | {row['cpu_batch']:.3f} | {row['peak_mb']:.0f} |"
        for name, row in found.items()
    ]
    return "\n".join(lines) + "\n"


def _machine() -> str:
    cpu = "unknown"
    info = Path("/proc/cpuinfo")
    if info.exists():
        text = info.read_text(encoding="utf-8").splitlines()
        cpu = next(line.split(":")[1].strip() for line in text if "model name" in line)
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores of a shared {platform.machine()} virtual machine "
        f"({cpu}), {memory:.0f} GiB, {platform.system()}, Python "
        f"{platform.python_version()}; EfficientNet-Lite0, batches of {BATCH}, "
        "medians.\n"
    )


def main() -> None:
    """Prints tables; with `--save` also writes them to results/step_options.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="without single options")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        print(json.dumps(child(json.loads(chosen.child))))
        return
    cuts: dict[str, Options] = {}
    for name, trainable in CUTS.items():
        cuts[f"{name}, as before"] = {"trainable": trainable}
        cuts[f"{name}, ours"] = OURS | {"trainable": trainable}
    cuts["last:1, ours, eight steps a call"] = OURS | {
        "trainable": "last:1",
        "steps": 8,
    }
    parts = [_machine()]
    parts += [_table("Everything trainable:", measure_all(WAYS, chosen.rounds))]
    parts += [_table("Behind a cut:", measure_all(cuts, chosen.rounds))]
    if not chosen.quick:
        found = measure_all(DETAILS, 1)
        parts += [_table("One option at a time, everything trainable, once:", found)]
    text = "\n".join(parts)
    print(text)
    if chosen.save:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
