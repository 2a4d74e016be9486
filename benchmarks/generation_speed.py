"""Writing speed of 3 x LSTM(256), batch 1, one core: characters a second, and the ratios promised.

    python benchmarks/generation_speed.py --keras /tmp/keras-env/bin/python

Three contestants take turns: our NumPy stream, stepping torch's `nn.LSTM`, and Keras ``predict`` in
a loop over a stateful network (in an environment of its own). The best round of each counts. The
last lines are the time and memory of a cold start: import, read a model file, write 400 symbols.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nokturn.models._file import ModelFile
from nokturn.models.base import Inputs
from nokturn.models.recurrent import Recurrent, RecurrentSettings

KERAS = """
import json, os, sys, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras, numpy as np
layers = [keras.layers.Input(batch_shape=(1, 1)), keras.layers.Embedding(88, 256)]
for _ in range(3):
    layers.append(keras.layers.LSTM(256, return_sequences=True, stateful=True))
net = keras.Sequential([*layers, keras.layers.Dense(88, activation="softmax")])
x = np.zeros((1, 1), dtype="int64")
for _ in range(5): net.predict(x, verbose=0)
began, steps = time.perf_counter(), 0
while time.perf_counter() - began < float(sys.argv[1]):
    net.predict(x, verbose=0); steps += 1
print(json.dumps(steps / (time.perf_counter() - began)))
"""

COLD = """
import sys, time
from nokturn.models._file import ModelFile
stream, symbol = ModelFile.load(sys.argv[1]).model.stream(), 0
for _ in range(400): symbol = int(stream.step(symbol).argmax())
try:
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
except ImportError:
    print("nan")
"""


def rate(step: Callable[[], object], seconds: float) -> float:
    """Return how often a second a function can be called."""
    for _ in range(50):
        step()
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        step()
        count += 1
    return count / (time.perf_counter() - began)


def ours(seconds: float) -> float:
    """Return symbols a second of our stream."""
    stream = network().stream()
    return rate(lambda: stream.step(3), seconds)


def network() -> Recurrent:
    """Return the network, untrained."""
    settings = RecurrentSettings(layers=3, width=256, embedding=256, residual=False)
    return Recurrent.untrained(Inputs(88), settings, 1)


def torch_steps(seconds: float) -> float:
    """Return symbols a second of torch's LSTM, stepped."""
    import torch

    torch.set_num_threads(1)
    embedding, lstm = torch.nn.Embedding(88, 256), torch.nn.LSTM(256, 256, 3)
    output, ids, state = torch.nn.Linear(256, 88), torch.zeros((1, 1), dtype=torch.long), None

    def step() -> None:
        nonlocal state
        said, state = lstm(embedding(ids), state)
        output(said)

    with torch.inference_mode():
        return rate(step, seconds)


def apart(*arguments: str) -> float:
    """Run one contestant in a process of its own, on one core."""
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(
        arguments, capture_output=True, text=True, check=True, env={**os.environ, **one}
    )
    return float(json.loads(done.stdout.strip().splitlines()[-1]))


def cold() -> tuple[float, float]:
    """Return seconds and megabytes of a cold start."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        symbols = [chr(i + 33) for i in range(88)]
        ModelFile(network(), "none", symbols).save(path)
        began = time.perf_counter()
        memory = apart(sys.executable, "-c", COLD, str(path))
        return time.perf_counter() - began, memory


def main() -> None:
    """Run the contest and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keras", help="python of an environment with keras and tensorflow")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=["ours", "torch"], help="internal: run one contestant")
    chosen = parser.parse_args()
    if chosen.one:
        print((ours if chosen.one == "ours" else torch_steps)(chosen.seconds))
        return
    me = [sys.executable, __file__, "--seconds", str(chosen.seconds), "--one"]
    contest = {"ours": [*me, "ours"], "nn.LSTM, stepped": [*me, "torch"]}
    if chosen.keras:
        contest["Keras predict"] = [chosen.keras, "-c", KERAS, str(chosen.seconds)]
    best = dict.fromkeys(contest, 0.0)
    for _ in range(chosen.rounds):
        for name, arguments in contest.items():
            best[name] = max(best[name], apart(*arguments))
    for name, speed in best.items():
        print(f"{name:20s} {speed:10,.0f} characters a second   {best['ours'] / speed:8.1f} x")
    seconds, memory = cold()
    print(f"cold start           {seconds:10.2f} s, {memory:.0f} MB")


if __name__ == "__main__":
    main()
