"""Resampling by imbalanced-learn, --method as our samplers are called, or eos-sklearn | eos-faiss with numpy."""

from common import args, array, measure, np
from search import searcher

x, y, base = array("x"), array("y"), array("base")
BLOCK = 4096


def imbalanced_learn(method):
    from imblearn import over_sampling, under_sampling
    from sklearn.neighbors import NearestNeighbors

    neighbors = NearestNeighbors(n_neighbors=args.k + 1, n_jobs=args.threads)
    if method == "smote":
        return over_sampling.SMOTE(random_state=0, k_neighbors=neighbors)
    if method == "borderline-smote":
        around = NearestNeighbors(n_neighbors=10 + 1, n_jobs=args.threads)
        return over_sampling.BorderlineSMOTE(random_state=0, k_neighbors=neighbors, m_neighbors=around)
    if method == "adasyn":
        return over_sampling.ADASYN(random_state=0, n_neighbors=neighbors)
    if method == "random-over-sampling":
        return over_sampling.RandomOverSampler(random_state=0)
    if method == "edited-nearest-neighbors":
        return under_sampling.EditedNearestNeighbours(n_jobs=args.threads)
    if method == "tomek-links":
        return under_sampling.TomekLinks(n_jobs=args.threads)
    raise SystemExit(f"unknown method {method}")


def eos(search):
    """Rows between a row and one of the enemies among its k nearest, made in blocks so that temporaries stay in the cache."""
    random = np.random.default_rng(0)
    counts = np.bincount(y)
    most = counts.max()
    queries = np.flatnonzero(y != counts.argmax())
    found = search(x[queries], x, args.k + 1)
    # The row itself is first, unless a row just like it is.
    found = np.where(found[:, :1] == queries[:, None], found[:, 1:], found[:, :-1])
    enemies = y[found] != y[queries][:, None]
    reach = enemies.sum(1)
    # The enemies of each row first.
    found = np.take_along_axis(found, np.argsort(~enemies, axis=1, kind="stable"), 1)
    rows = np.empty((most * len(counts), x.shape[1]), np.float32)
    labels = np.empty(len(rows), y.dtype)
    rows[: len(x)], labels[: len(x)] = x, y
    end = len(x)
    for label in range(len(counts)):
        own = np.flatnonzero((y[queries] == label) & (reach > 0))
        wanted = most - counts[label]
        labels[end : end + wanted] = label
        for start in range(0, wanted, BLOCK):
            size = min(BLOCK, wanted - start)
            at = own[random.integers(0, len(own), size)]
            bases = x[queries[at]]
            made = x[found[at, random.integers(0, reach[at])]]
            made -= bases
            made *= random.random((size, 1), dtype=np.float32)
            made += bases
            rows[end + start : end + start + size] = made
        end += wanted
    return rows, labels


if args.method.startswith("eos-"):
    library = searcher(args.method.removeprefix("eos-"))
    work = lambda: eos(library)  # noqa: E731
else:
    work = lambda: imbalanced_learn(args.method).fit_resample(x, y)  # noqa: E731
under = args.method in ("edited-nearest-neighbors", "tomek-links")
measure(work, len(x) + (0 if under else len(base)))
