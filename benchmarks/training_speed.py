"""Training speed of 3 x LSTM(256): characters a second, and the ratios that the project promises.

    python benchmarks/training_speed.py --keras /tmp/keras-env/bin/python --threads 4

Rounds of all contestants are interleaved and the best round of each counts, so that a neighbour's
load falls on all of them. The text is random: speed does not depend on what is read. Keras runs in
an environment of its own (keras and tensorflow-cpu); without ``--keras`` its lines are left out.
Each contestant is a process of its own; with ``--busy`` other processes keep all cores but one
busy.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

VOCABULARY, WINDOW = 88, 100

KERAS = """
import json, os, sys, time
batch, length, seconds = map(int, sys.argv[1:4])
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras, numpy as np
layers = [keras.layers.Input(batch_shape=(batch, length)), keras.layers.Embedding(88, 256)]
for _ in range(3):
    layers.append(keras.layers.LSTM(256, return_sequences=True, stateful=True))
net = keras.Sequential([*layers, keras.layers.Dense(88, activation="softmax")])
net.compile("adam", "sparse_categorical_crossentropy")
x = np.random.randint(0, 88, (batch, length)); y = np.roll(x, -1, 1)
for _ in range(3): net.train_on_batch(x, y)
began, steps = time.perf_counter(), 0
while time.perf_counter() - began < seconds:
    net.train_on_batch(x, y); steps += 1
print(json.dumps(steps * batch * length / (time.perf_counter() - began)))
"""


def ours(threads: int, shards: int, lanes: int, length: int, seconds: float) -> float:
    """Return characters a second of the engine."""
    import numpy as np

    from nokturn.models.base import Inputs
    from nokturn.models.recurrent import Recurrent, RecurrentSettings
    from nokturn.training.engine import Engine, Threads
    from nokturn.training.settings import TrainingSettings
    from nokturn.training.shards import Chunk

    network = RecurrentSettings(
        layers=3, width=256, embedding=256, residual=False, dropout=0, weight_drop=0
    )
    model = Recurrent.untrained(Inputs(VOCABULARY), network, 1)
    settings = TrainingSettings(shards=shards, lanes=lanes, chunk=length)
    ids = np.random.default_rng(0).integers(0, VOCABULARY, (lanes, length))
    none = np.zeros((lanes, length, 0), dtype=np.int64)
    chunks = [Chunk(ids, none, np.roll(ids, -1, 1), first=False, last=False)] * shards

    def speed(half: bool, seconds: float) -> float:
        engine = Engine(model, settings, Threads(threads), "cpu", half)
        for _ in range(3):
            engine.advance(chunks, 1e-3, 0.9)
        began, steps = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            engine.advance(chunks, 1e-3, 0.9)
            steps += 1
        return steps * shards * lanes * length / (time.perf_counter() - began)

    halved = speed(True, 1) > speed(False, 1)  # as the probe before a training does
    return speed(halved, seconds)


def windows(seconds: float) -> float:
    """Return predicted characters a second, where each takes a window of a hundred."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    embedding, lstm = torch.nn.Embedding(VOCABULARY, 256), torch.nn.LSTM(256, 256, 3)
    output = torch.nn.Linear(256, VOCABULARY)
    parameters = [p for m in (embedding, lstm, output) for p in m.parameters()]
    adam = torch.optim.Adam(parameters)
    ids = torch.randint(0, VOCABULARY, (WINDOW, 64))
    began, steps = time.perf_counter(), -2
    while steps < 1 or time.perf_counter() - began < seconds:
        if steps == 0:
            began = time.perf_counter()
        adam.zero_grad()
        last = output(lstm(embedding(ids))[0][-1])
        torch.nn.functional.cross_entropy(last, ids[0]).backward()
        adam.step()
        steps += 1
    return steps * 64 / (time.perf_counter() - began)


def apart(*arguments: str) -> float:
    """Run one contestant in a process of its own."""
    quiet = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "")}
    if not quiet["OMP_NUM_THREADS"]:
        del quiet["OMP_NUM_THREADS"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, env=quiet)
    return float(json.loads(done.stdout.strip().splitlines()[-1]))


def spin(count: int) -> list[subprocess.Popen[bytes]]:
    """Start processes that do nothing but keep a core busy each."""
    return [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]


def main() -> None:
    """Run the contest and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keras", help="python of an environment with keras and tensorflow")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--one", help="internal: run one contestant")
    chosen = parser.parse_args()
    if chosen.one:
        kind, *numbers = chosen.one.split(",")
        found = windows(chosen.seconds) if kind == "windows" else 0.0
        print(found or ours(*map(int, numbers), chosen.seconds))
        return
    n, me = chosen.threads, [sys.executable, __file__, "--seconds", str(chosen.seconds), "--one"]
    plans = {16: (n, max(1, 16 // n)), 128: (4, 32), 512: (16, 32)}  # batch -> shards, lanes
    contest = {
        f"ours, {batch} x 64": [*me, f"ours,{n},{shards},{lanes},64"]
        for batch, (shards, lanes) in plans.items()
    }
    contest["ours, one thread"] = [*me, "ours,1,1,32,64"]
    contest["window to one, torch"] = [*me, "windows"]
    if chosen.keras:
        keras = [chosen.keras, "-c", KERAS]
        for batch in plans:
            contest[f"Keras, {batch} x 64"] = [*keras, str(batch), "64", str(chosen.seconds)]
    best = dict.fromkeys(contest, 0.0)
    for _ in range(chosen.rounds):
        for name, arguments in contest.items():
            best[name] = max(best[name], apart(*arguments))
    others = spin(n - 1)
    try:
        best["ours, other cores busy"] = apart(*contest["ours, 128 x 64"])
    finally:
        for process in others:
            process.kill()
    report(best, list(plans))


def report(best: dict[str, float], batches: list[int]) -> None:
    """Print speeds and ratios."""
    for name, speed in best.items():
        print(f"{name:28s} {speed:12,.0f} characters a second")
    large = max(best[f"ours, {batch} x 64"] for batch in batches)
    ratios = {
        "per predicted character against window to one": large / best["window to one, torch"],
        "other cores busy against one thread alone": best["ours, other cores busy"]
        / best["ours, one thread"],
    }
    if "Keras, 16 x 64" in best:
        ratios["our best batch against Keras at its 16 x 64"] = large / best["Keras, 16 x 64"]
        for batch in batches:
            ours, keras = best[f"ours, {batch} x 64"], best[f"Keras, {batch} x 64"]
            ratios[f"both at {batch} x 64"] = ours / keras
    for name, ratio in ratios.items():
        print(f"{name:48s} {ratio:8.2f} x")


if __name__ == "__main__":
    main()
