"""What the Python programs share: arguments, data, clock, one line of JSON. Import it before numpy: it sets the threads."""

import argparse
import gc
import json
import os
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--data")
parser.add_argument("--method", default="")
parser.add_argument("--d", type=int, default=0)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--k", type=int, default=10)
parser.add_argument("--first", type=float, default=float("inf"))
parser.add_argument("--shape", default="")
parser.add_argument("--work", default="")
parser.add_argument("--budget", type=float, default=2)
args = parser.parse_args()
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(args.threads)

import numpy as np  # noqa: E402


def array(name):
    return np.load(os.path.join(args.data, name + ".npy"))


def spread(ids, count):
    """At most `count` of them, evenly spread."""
    if len(ids) <= count:
        return ids
    return ids[np.arange(int(count)) * len(ids) // int(count)]


def peak_memory():
    """In MiB: all the process ever held, the interpreter and the data included."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 2**20)


def measure(work, amount, sample=lambda result: None, reached=lambda result: None):
    """Repeats the work until the time budget is spent, at least once, and prints the best time."""
    seconds = []
    begin = time.perf_counter()
    while True:
        result = None
        gc.collect()
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
        if time.perf_counter() - begin >= args.budget:
            break
    peak = peak_memory()
    line = dict(best=min(seconds), runs=len(seconds), amount=amount, peak=peak, sample=sample(result))
    line["reached"] = reached(result)
    print(json.dumps(line))
