"""Answers of imbalanced-learn and scikit-learn for test/oracle/over-samplers.test.ts: what the over-samplers decide before any draw.

Usage: python3 scripts/oracles/over_samplers.py > test/oracle/over-samplers.json
       npx prettier --write test/oracle/over-samplers.json
Needs the Python packages imbalanced-learn and scikit-learn; their versions are written into the answer.
"""

import json
import sys

import imblearn
import numpy
import sklearn
from imblearn.metrics.pairwise import ValueDifferenceMetric
from imblearn.over_sampling import ADASYN, SVMSMOTE, BorderlineSMOTE, KMeansSMOTE, RandomOverSampler
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import SVC


def numbers(values, digits=12):
    return [round(float(value), digits) for value in numpy.ravel(values)]


def blobs(seed, counts, cols, spread):
    """Multiples of 1/1024 are exact in float32, in JSON and here; none of a row's nearest rows are equally far from it."""
    rng = numpy.random.RandomState(seed)
    labels = rng.permutation(numpy.repeat(numpy.arange(len(counts)), counts))
    centres = rng.normal(size=(len(counts), cols)) * spread
    x = numpy.round((centres[labels] + rng.normal(size=(len(labels), cols))) * 1024) / 1024
    distances = ((x[:, None] - x[None]) ** 2).sum(-1)
    for row in numpy.sort(distances, axis=1)[:, 1:14]:
        assert len(set(row)) == len(row), "ties: choose another seed"
    return x, labels


def zones(x, labels, m):
    """imbalanced-learn's own classification, by row of every class but the largest."""
    sampler = BorderlineSMOTE(m_neighbors=m)
    neighbors = NearestNeighbors(n_neighbors=m + 1).fit(x)
    found = {}
    for c in range(1, labels.max() + 1):
        rows = numpy.flatnonzero(labels == c)
        danger = sampler._in_danger_noise(neighbors, x[rows], c, labels, kind="danger")
        noise = sampler._in_danger_noise(neighbors, x[rows], c, labels, kind="noise")
        found.update({int(row): "danger" if d else "noise" if n else "safe" for row, d, n in zip(rows, danger, noise)})
    return found


def adasyn_counts(x, labels, k):
    """Samples a base, as ADASYN of imbalanced-learn computes them, and the totals that it really makes."""
    _, made = ADASYN(n_neighbors=k, random_state=0).fit_resample(x, labels)
    neighbors = NearestNeighbors(n_neighbors=k + 1).fit(x)
    largest = numpy.bincount(labels).max()
    bases = {}
    for c in range(1, labels.max() + 1):
        rows = numpy.flatnonzero(labels == c)
        near = neighbors.kneighbors(x[rows], return_distance=False)[:, 1:]
        ratio = (labels[near] != c).sum(axis=1) / k
        counts = numpy.rint(ratio / ratio.sum() * (largest - len(rows))).astype(int)
        assert counts.sum() == (made == c).sum() - len(rows)
        bases.update({int(row): int(count) for row, count in zip(rows, counts) if count > 0})
    return {"k": k, "bases": bases, "totals": numpy.bincount(made).tolist()}


def classification_case(seed, counts, cols, spread, m, k):
    x, labels = blobs(seed, counts, cols, spread)
    _, svm_labels = SVMSMOTE(random_state=0).fit_resample(x, labels)
    return {
        "cols": cols,
        "x": numbers(x),
        "labels": labels.tolist(),
        "m": m,
        "zones": zones(x, labels, m),
        "adasyn": adasyn_counts(x, labels, k),
        "supportVectors": sorted(int(row) for row in SVC(gamma="scale").fit(x, labels).support_),
        "svmTotals": numpy.bincount(svm_labels).tolist(),
    }


def cluster_case(seed):
    """Groups far apart, which every k-means finds alike, with the class shared unequally between them."""
    rng = numpy.random.RandomState(seed)
    centres = numpy.array([[0, 0, 0], [100, 0, 0], [0, 100, 0], [0, 0, 100]])
    rows, labels = [], []
    for group, (large, small, width) in enumerate([(30, 9, 1.0), (25, 14, 3.0), (40, 1, 1.0), (12, 6, 0.5)]):
        for label, count in ((0, large), (1, small)):
            rows.append(numpy.round((centres[group] + rng.normal(size=(count, 3)) * width) * 64) / 64)
            labels += [label] * count
    x, labels = numpy.concatenate(rows), numpy.array(labels)
    made = {}
    for name, options in {"auto": {}, "strict": {"cluster_balance_threshold": 0.3, "density_exponent": 2.0}}.items():
        sampler = KMeansSMOTE(
            k_neighbors=2,
            kmeans_estimator=KMeans(n_clusters=4, n_init=10, random_state=0),
            cluster_balance_threshold=options.get("cluster_balance_threshold", 0.2),
            density_exponent=options.get("density_exponent", "auto"),
            random_state=0,
        )
        resampled, _ = sampler.fit_resample(x, labels)
        group = ((resampled[len(x) :, None] - centres[None]) ** 2).sum(-1).argmin(1)
        made[name] = numpy.bincount(group, minlength=4).tolist()
    return {"x": numbers(x), "labels": labels.tolist(), "made": made}


def table_case(seed, k):
    """A table of two numbers and two categories as codes. The neighbours are those of the newer SMOTE-NC (0.12 on), by scikit-learn:
    the median deviation is that of the class, and a level of it counts 1/sqrt(2)."""
    rng = numpy.random.RandomState(seed)
    labels = rng.permutation(numpy.repeat([0, 1, 2], [40, 16, 9]))
    continuous = numpy.round(rng.normal(size=(len(labels), 2)) * [1, 3] * 64) / 64
    codes = numpy.stack([rng.randint(0, 4, len(labels)), (rng.randint(0, 3, len(labels)) + labels) % 3], axis=1)
    medians, neighbors = [], {}
    for c in (1, 2):
        rows = numpy.flatnonzero(labels == c)
        median = numpy.median(continuous[rows].std(axis=0))
        medians.append(float(median))
        one_hot = numpy.concatenate([numpy.eye(4)[codes[rows, 0]], numpy.eye(3)[codes[rows, 1]]], axis=1)
        space = numpy.concatenate([continuous[rows], one_hot * median / numpy.sqrt(2)], axis=1)
        near = NearestNeighbors(n_neighbors=k + 1).fit(space).kneighbors(space, return_distance=False)
        assert (near[:, 0] == numpy.arange(len(rows))).all()
        neighbors.update({int(row): sorted(int(rows[j]) for j in others) for row, others in zip(rows, near[:, 1:])})
    metric = ValueDifferenceMetric(n_categories=[4, 3]).fit(codes, labels)
    rows = numpy.flatnonzero(labels == 2)
    return {
        "continuous": numbers(continuous),
        "codes": codes.ravel().tolist(),
        "labels": labels.tolist(),
        "k": k,
        "medians": medians,
        "neighbors": neighbors,
        "valueDistances": numbers(metric.pairwise(codes[rows])),
    }


def noise_case(seed, shrinkage):
    """Deviation of the noise of the smoothed bootstrap by column: what imbalanced-learn multiplies its normal draws by."""
    rng = numpy.random.RandomState(seed)
    labels = numpy.repeat([0, 1], [60, 20])
    x = numpy.round(rng.normal(size=(80, 3)) * [1, 5, 0.2] * 64) / 64
    resampled, _ = RandomOverSampler(shrinkage=shrinkage, random_state=0).fit_resample(x, labels)
    again = numpy.random.RandomState(0)
    bases = numpy.flatnonzero(labels == 1)[again.randint(low=0, high=20, size=40)]
    normal = again.randn(40, 3)
    widths = numpy.median((resampled[80:] - x[bases]) / normal, axis=0)
    assert numpy.allclose(resampled[80:], x[bases] + normal * widths)
    return {"x": numbers(x), "labels": labels.tolist(), "shrinkage": shrinkage, "widths": numbers(widths)}


json.dump(
    {
        "versions": {
            "imbalanced-learn": imblearn.__version__,
            "scikit-learn": sklearn.__version__,
            "numpy": numpy.__version__,
            "python": sys.version.split()[0],
        },
        "classification": [
            classification_case(seed=1, counts=[60, 25, 12], cols=4, spread=0.8, m=10, k=5),
            classification_case(seed=2, counts=[50, 20, 20, 8], cols=7, spread=0.6, m=7, k=4),
        ],
        "clusters": cluster_case(seed=3),
        "table": table_case(seed=4, k=3),
        "noise": noise_case(seed=5, shrinkage=1.5),
    },
    sys.stdout,
    separators=(",", ":"),
)
print()
