"""Answers of imbalanced-learn and scikit-learn for test/oracle/imbalanced-learn.test.ts.

Usage: python3 scripts/oracles/imbalanced_learn.py > test/oracle/imbalanced-learn.json
       npx prettier --write test/oracle/imbalanced-learn.json
Needs the Python packages imbalanced-learn and scikit-learn; their versions are written into the answer.
"""

import json
import sys

import imblearn
import numpy
import sklearn
from imblearn.metrics import (
    geometric_mean_score,
    make_index_balanced_accuracy,
    sensitivity_score,
    specificity_score,
)
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_score,
)
from sklearn.neighbors import NearestNeighbors


def numbers(values, digits=12):
    return [round(float(value), digits) for value in numpy.ravel(values)]


def neighbors_of(x, queries, k):
    """Row ids of the k nearest other rows; there are no ties and no duplicates, so self is in the first column."""
    _, indices = NearestNeighbors(n_neighbors=k + 1).fit(x).kneighbors(x[queries])
    assert (indices[:, 0] == queries).all()
    return indices[:, 1:]


def sampling_case(seed, counts, cols, spread, k_smote, k_eos):
    rng = numpy.random.RandomState(seed)
    labels = rng.permutation(numpy.repeat(numpy.arange(len(counts)), counts))
    centres = rng.normal(size=(len(counts), cols)) * spread
    # Multiples of 1/1024 are exact in float32, in JSON and here.
    x = numpy.round((centres[labels] + rng.normal(size=(len(labels), cols))) * 1024) / 1024
    distances = ((x[:, None] - x[None]) ** 2).sum(-1)
    upper = distances[numpy.triu_indices(len(x), 1)]
    assert len(set(upper)) == len(upper), "ties: choose another seed"

    own, enemies, released = {}, {}, {}
    everyone = numpy.arange(len(x))
    for c in range(len(counts)):
        members = everyone[labels == c]
        found = neighbors_of(x[members], numpy.arange(len(members)), min(k_smote, len(members) - 1))
        own.update({int(members[i]): sorted(int(j) for j in members[row]) for i, row in enumerate(found)})
        for base, row in zip(members, neighbors_of(x, members, k_eos)):
            ranks = [rank for rank, other in enumerate(row) if labels[other] != c]
            enemies[int(base)] = sorted(int(row[rank]) for rank in ranks)
            # The released generator of EOS takes the same rank of the list that still begins with self.
            with_self = [base, *row]
            released[int(base)] = sorted({int(with_self[rank]) for rank in ranks})

    resampled, resampled_labels = SMOTE(k_neighbors=k_smote, random_state=seed).fit_resample(x, labels)
    chosen = numpy.linspace(len(x), len(resampled) - 1, 25).astype(int)
    _, random_labels = RandomOverSampler(random_state=seed).fit_resample(x, labels)
    return {
        "cols": cols,
        "x": numbers(x),
        "labels": labels.tolist(),
        "kSmote": k_smote,
        "kEos": k_eos,
        "sameClass": own,
        "enemies": enemies,
        "released": released,
        "counts": numpy.bincount(resampled_labels).tolist(),
        "randomCounts": numpy.bincount(random_labels).tolist(),
        "smoteRows": [{"label": int(resampled_labels[i]), "x": numbers(resampled[i])} for i in chosen],
    }


def metric_case(seed, classes, rows, skill):
    rng = numpy.random.RandomState(seed)
    prior = numpy.geomspace(1, 0.05, classes)
    truth = numpy.concatenate([numpy.arange(classes), rng.choice(classes, rows - classes, p=prior / prior.sum())])
    logits = numpy.round(rng.normal(size=(rows, classes)) * 1024) / 1024
    logits[numpy.arange(rows), truth] += skill
    predicted = logits.argmax(1)
    probabilities = numpy.exp(logits - logits.max(1, keepdims=True))
    probabilities /= probabilities.sum(1, keepdims=True)
    iba = make_index_balanced_accuracy(alpha=0.1, squared=True)(geometric_mean_score)
    names = list(range(classes))
    return {
        "classes": classes,
        "truth": truth.tolist(),
        "logits": numbers(logits),
        "confusion": confusion_matrix(truth, predicted, labels=names).tolist(),
        "perClass": {
            "recall": numbers(sensitivity_score(truth, predicted, labels=names, average=None)),
            "specificity": numbers(specificity_score(truth, predicted, labels=names, average=None)),
            "precision": numbers(precision_score(truth, predicted, labels=names, average=None, zero_division=0)),
            "f1": numbers(f1_score(truth, predicted, labels=names, average=None, zero_division=0)),
        },
        "accuracy": float(accuracy_score(truth, predicted)),
        "balancedAccuracy": float(balanced_accuracy_score(truth, predicted)),
        "macroF1": float(f1_score(truth, predicted, average="macro", zero_division=0)),
        "geometricMeanClass": float(geometric_mean_score(truth, predicted, average="multiclass")),
        "geometricMeanMacro": float(geometric_mean_score(truth, predicted, average="macro")),
        "indexBalancedAccuracy": float(numpy.mean(iba(truth, predicted, average=None))),
        "logLoss": float(log_loss(truth, probabilities, labels=names)),
    }


json.dump(
    {
        "versions": {
            "imbalanced-learn": imblearn.__version__,
            "scikit-learn": sklearn.__version__,
            "numpy": numpy.__version__,
            "python": sys.version.split()[0],
        },
        "sampling": [
            sampling_case(seed=1, counts=[40, 17, 9], cols=4, spread=1.0, k_smote=5, k_eos=10),
            sampling_case(seed=2, counts=[30, 12, 7, 7], cols=9, spread=0.5, k_smote=3, k_eos=4),
        ],
        "metrics": [
            metric_case(seed=3, classes=2, rows=60, skill=1.0),
            metric_case(seed=4, classes=5, rows=80, skill=1.5),
            metric_case(seed=5, classes=9, rows=60, skill=0.5),
        ],
    },
    sys.stdout,
    separators=(",", ":"),
)
print()
