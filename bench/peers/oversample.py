"""Balance to the largest class: --method smote (imbalanced-learn) | eos-sklearn | eos-faiss."""

from common import args, array, measure, np
from search import nearest_enemies, searcher

x, y, base = array("x"), array("y"), array("base")
BLOCK = 4096


def smote():
    from imblearn.over_sampling import SMOTE
    from sklearn.neighbors import NearestNeighbors

    neighbors = NearestNeighbors(n_neighbors=args.k + 1, n_jobs=args.threads)
    return SMOTE(random_state=0, k_neighbors=neighbors).fit_resample(x, y)


def eos(search):
    """Rows between a minority row and one of its nearest enemies, made in blocks so that temporaries stay in the cache."""
    random = np.random.default_rng(0)
    counts = np.bincount(y)
    most = counts.max()
    queries = np.flatnonzero(y != counts.argmax())
    found = nearest_enemies(search, x, y, queries, args.k)
    rows = np.empty((most * len(counts), x.shape[1]), np.float32)
    labels = np.empty(len(rows), y.dtype)
    rows[: len(x)], labels[: len(x)] = x, y
    end = len(x)
    for label in range(len(counts)):
        own = np.flatnonzero(y[queries] == label)
        wanted = most - counts[label]
        labels[end : end + wanted] = label
        for start in range(0, wanted, BLOCK):
            size = min(BLOCK, wanted - start)
            at = own[random.integers(0, len(own), size)]
            bases = x[queries[at]]
            made = x[found[at, random.integers(0, args.k, size)]]
            made -= bases
            made *= random.random((size, 1), dtype=np.float32)
            made += bases
            rows[end + start : end + start + size] = made
        end += wanted
    return rows, labels


work = smote
if args.method != "smote":
    library = searcher(args.method.removeprefix("eos-"))
    work = lambda: eos(library)  # noqa: E731
measure(work, len(x) + len(base))
