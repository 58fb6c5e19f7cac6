"""Answers of scikit-learn and scipy for test/oracle/decision.test.ts: calibration curves, best thresholds, temperatures.

Usage: python3 scripts/oracles/decision.py > test/oracle/decision.json
       npx prettier --write test/oracle/decision.json
Needs the Python packages scikit-learn and scipy; their versions are written into the answer.
"""

import json
import sys

import numpy
import scipy
import sklearn
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, f1_score, log_loss


def numbers(values, digits=12):
    return [round(float(value), digits) for value in numpy.ravel(values)]


def logits_and_labels(seed, rows, classes, sure):
    """Multiples of 1/1024 are exact in float32, in JSON and here."""
    rng = numpy.random.RandomState(seed)
    labels = rng.choice(classes, size=rows, p=numpy.arange(classes, 0, -1) / sum(range(classes + 1)))
    z = rng.normal(size=(rows, classes)) + 1.5 * numpy.eye(classes)[labels]
    return numpy.round(sure * z * 1024) / 1024, labels


def curves():
    rng = numpy.random.RandomState(0)
    p = numpy.round(rng.beta(0.7, 0.9, size=200) * 4096) / 4096
    y = (rng.uniform(size=200) < p**1.5).astype(int)
    answers = []
    for strategy in ["uniform", "quantile"]:
        for bins in [5, 15]:
            share, probability = calibration_curve(y, p, n_bins=bins, strategy=strategy)
            answers.append(
                {"strategy": strategy, "bins": bins, "share": numbers(share), "probability": numbers(probability)}
            )
    return {"probabilities": numbers(p), "happened": y.tolist(), "brier": brier_score_loss(y, p), "curves": answers}


def thresholds():
    """Every cut between two different scores is tried."""
    rng = numpy.random.RandomState(1)
    y = (rng.uniform(size=120) < 0.2).astype(int)
    scores = numpy.round((rng.normal(size=120) + 1.2 * y) * 32) / 32
    values = numpy.unique(scores)
    cuts = [values[0] - 1, *((values[:-1] + values[1:]) / 2), values[-1] + 1]
    best = {}
    for name, metric in {
        "f1": lambda said: f1_score(y, said, zero_division=0),
        "macro-f1": lambda said: f1_score(y, said, average="macro", zero_division=0),
        "balanced-accuracy": lambda said: balanced_accuracy_score(y, said),
    }.items():
        best[name] = max(float(metric((scores > cut).astype(int))) for cut in cuts)
    return {"scores": numbers(scores), "positives": y.tolist(), "best": best}


def calibrations():
    z, y = logits_and_labels(2, 300, 4, 3.0)
    rows = numpy.arange(len(y))
    loss = lambda logits: -log_softmax(logits, axis=1)[rows, y].mean()
    inverse = minimize_scalar(lambda b: loss(b * z), bounds=(0.01, 100), method="bounded", options={"xatol": 1e-12}).x
    assert abs(loss(z) - log_loss(y, numpy.exp(log_softmax(z, axis=1)))) < 1e-12

    def penalised(parameters, scales):
        stretch, shift = parameters[:scales], parameters[scales:]
        return loss(z * (1 + stretch) + shift) + (parameters @ parameters) / (2 * len(y))

    fits = {
        name: minimize(penalised, numpy.zeros(scales + 4), args=(scales,), method="BFGS", options={"gtol": 1e-9}).x
        for name, scales in {"bias-corrected-temperature": 1, "vector-scaling": 4}.items()
    }
    return {
        "classes": 4,
        "logits": numbers(z),
        "labels": y.tolist(),
        "temperature": 1 / inverse,
        "loss": [loss(z), loss(inverse * z)],
        "fits": {name: numbers(found) for name, found in fits.items()},
    }


json.dump(
    {
        "made with": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": numpy.__version__},
        "curve": curves(),
        "threshold": thresholds(),
        "calibration": calibrations(),
    },
    sys.stdout,
)
