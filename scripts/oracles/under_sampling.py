"""Rows that imbalanced-learn keeps, for test/oracle/under-sampling.test.ts.

Usage: python3 scripts/oracles/under_sampling.py > test/oracle/under-sampling.json
Needs the Python packages imbalanced-learn 0.10 and scikit-learn; their versions are written into the answer.
"""

import json
import sys
import warnings

import imblearn
import numpy
import sklearn
from imblearn.over_sampling import SMOTE
from imblearn.under_sampling import (
    AllKNN,
    CondensedNearestNeighbour,
    EditedNearestNeighbours,
    InstanceHardnessThreshold,
    NearMiss,
    NeighbourhoodCleaningRule,
    OneSidedSelection,
    RepeatedEditedNearestNeighbours,
    TomekLinks,
)
from imblearn.under_sampling._prototype_selection import _instance_hardness_threshold as hardness
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

# Coordinates are multiples of 1/1024: exact in float32, in JSON and here, and written as whole numbers.
GRID = 1024


def check_ties(x):
    distances = ((x[:, None] - x[None]) ** 2).sum(-1)
    assert all(len(set(row)) == len(row) for row in distances.tolist()), "ties: choose another seed"


def data(seed, counts, cols, spread, shuffle=True):
    rng = numpy.random.RandomState(seed)
    labels = numpy.repeat(numpy.arange(len(counts)), counts)
    if shuffle:
        labels = rng.permutation(labels)
    centres = rng.normal(size=(len(counts), cols)) * spread
    x = numpy.round((centres[labels] + rng.normal(size=(len(labels), cols))) * GRID) / GRID
    check_ties(x)
    return x, labels


def whole(x):
    return (x * GRID).astype(int).ravel().tolist()


def kept(sampler, x, y):
    sampler.fit_resample(x, y)
    rows = [int(row) for row in sampler.sample_indices_]
    assert len(set(rows)) == len(rows)
    return sorted(rows)


def answer(sampler, options, x, y, made):
    return {"sampler": sampler, "options": options, "keep": kept(made, x, y)}


def case(x, y, answers):
    return {"cols": x.shape[1], "x": whole(x), "labels": y.tolist(), "answers": answers}


def deterministic(x, y):
    counts = numpy.bincount(y)
    # 0.10 asks before each round which class is the smallest, which may be another one by then: so they are named.
    large = [c for c in range(len(counts)) if c != counts.argmin()]

    def editing(name, options, make):
        for kind in ["all", "mode"]:
            for strategy, named in [(large, [str(c) for c in large]), ("all", "all")]:
                made = make(kind_sel=kind, sampling_strategy=strategy)
                yield answer(name, {**options, "kind": kind, "samplingStrategy": named}, x, y, made)

    return [
        *[
            answer("tomek-links", {"samplingStrategy": strategy}, x, y, TomekLinks(sampling_strategy=strategy))
            for strategy in ["auto", "all", "majority"]
        ],
        *editing("edited-nearest-neighbors", {}, EditedNearestNeighbours),
        *editing("edited-nearest-neighbors", {"kNeighbors": 5}, lambda **o: EditedNearestNeighbours(n_neighbors=5, **o)),
        *editing("repeated-edited-nearest-neighbors", {}, RepeatedEditedNearestNeighbours),
        *editing(
            "repeated-edited-nearest-neighbors",
            {"maxIterations": 2},
            lambda **o: RepeatedEditedNearestNeighbours(max_iter=2, **o),
        ),
        *editing("all-knn", {}, AllKNN),
        *editing(
            "all-knn",
            {"kNeighbors": 5, "allowMinority": True},
            lambda **o: AllKNN(n_neighbors=5, allow_minority=True, **o),
        ),
        *[
            answer("near-miss", {"version": v, "kNeighbors": k}, x, y, NearMiss(version=v, n_neighbors=k))
            for v in [1, 2, 3]
            for k in [1, 3]
        ],
        answer("near-miss", {"version": 3, "shortlist": 9}, x, y, NearMiss(version=3, n_neighbors_ver3=9)),
        # A share of the whole set that every class exceeds, as every large class exceeds half of the smallest one.
        *[
            answer(
                "neighborhood-cleaning",
                {"kNeighbors": k},
                x,
                y,
                NeighbourhoodCleaningRule(kind_sel="mode", threshold_cleaning=0.01, n_neighbors=k),
            )
            for k in [3, 5]
        ],
    ]


def seeds_of(state, y, targets):
    """The seed rows that condensing draws, by class."""
    rng = numpy.random.RandomState(state)
    return {int(c): numpy.flatnonzero(y == c)[rng.randint(0, (y == c).sum(), size=1)].tolist() for c in targets}


def condensed(x, y, target, state, k):
    """Hart's rule in the order of the rows, with scikit-learn's classifier.

    With one neighbour imbalanced-learn 0.10 agrees where the class is so late in the data that positions in it, which it
    compares to row numbers, never meet those; with more it may judge and store its seeds again.
    """
    rows = numpy.flatnonzero(y == target)
    seeds = seeds_of(state, y, [target])
    stored = numpy.flatnonzero(y == numpy.bincount(y).argmin()).tolist() + seeds[target]
    added = list(seeds[target])
    for row in rows:
        near = KNeighborsClassifier(n_neighbors=k).fit(x[stored], y[stored])
        if row not in seeds[target] and near.predict(x[[row]])[0] != target:
            stored.append(row)
            added.append(row)
    keep = sorted([*numpy.flatnonzero(y != target).tolist(), *(int(row) for row in added)])
    if k == 1 and rows.min() >= len(rows):
        assert keep == kept(CondensedNearestNeighbour(sampling_strategy=[target], random_state=state), x, y)
    return {"target": target, "k": k, "seeds": seeds, "keep": keep}


def one_sided(x, y, state, k):
    made = OneSidedSelection(random_state=state, n_neighbors=k)
    counts = numpy.bincount(y)
    targets = [c for c in range(len(counts)) if c != counts.argmin()]
    return {"k": k, "seeds": seeds_of(state, y, targets), "keep": kept(made, x, y)}


def instance_hardness(x, y, state):
    seen = []
    original = hardness.cross_val_predict
    hardness.cross_val_predict = lambda *a, **o: seen.append(original(*a, **o)) or seen[0]
    keep = kept(InstanceHardnessThreshold(estimator=LogisticRegression(), random_state=state), x, y)
    hardness.cross_val_predict = original
    return {"probabilities": numpy.round(seen[0], 9).ravel().tolist(), "keep": keep}


def cleaned(x, y, state):
    """SMOTE's rows, rounded to the grid, and what is left of all rows."""
    made, labels = SMOTE(random_state=state).fit_resample(x, y)
    made = numpy.round(made * GRID) / GRID
    check_ties(made)
    return {
        "made": whole(made[len(x) :]),
        "madeLabels": labels[len(x) :].tolist(),
        "edited-nearest-neighbors": kept(EditedNearestNeighbours(sampling_strategy="all"), made, labels),
        "tomek-links": kept(TomekLinks(sampling_strategy="all"), made, labels),
    }


warnings.simplefilter("ignore")
close = data(seed=1, counts=[60, 25, 12], cols=4, spread=0.7)
many = data(seed=2, counts=[9, 40, 20, 30, 14], cols=6, spread=0.8)
two = data(seed=3, counts=[70, 15], cols=3, spread=0.6)
sorted_ = data(seed=4, counts=[12, 45, 40], cols=3, spread=0.5, shuffle=False)

binary = case(*two, deterministic(*two))
# 0.10 asks here whether any neighbour has label 0, which only of these two classes means what is written.
binary["answers"].append(
    answer("neighborhood-cleaning", {"kind": "all"}, *two, NeighbourhoodCleaningRule(kind_sel="all"))
)

json.dump(
    {
        "versions": {
            "imbalanced-learn": imblearn.__version__,
            "scikit-learn": sklearn.__version__,
            "numpy": numpy.__version__,
            "python": sys.version.split()[0],
        },
        "grid": GRID,
        "kept": [case(*close, deterministic(*close)), case(*many, deterministic(*many)), binary],
        "condensed": {
            **case(*sorted_, []),
            "runs": [condensed(*sorted_, c, state, k) for state in range(2) for k in [1, 3] for c in [1, 2]],
        },
        "oneSided": {**case(*many, []), "runs": [one_sided(*many, state, k) for state in range(3) for k in [1, 3]]},
        "hardness": {**case(*close, []), **instance_hardness(*close, 0)},
        "cleaned": {**case(*close, []), **cleaned(*close, 0)},
    },
    sys.stdout,
    separators=(",", ":"),
)
print()
