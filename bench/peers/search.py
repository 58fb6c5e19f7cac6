"""Exact nearest rows of one matrix in another, by the library that --method names."""

from common import args, np

CHUNK = 1024


def searcher(method):
    """A function of queries (q, d), rows (n, d) and k, giving (q, k) positions by rising distance."""
    if method == "sklearn":
        from sklearn.neighbors import NearestNeighbors

        return lambda queries, rows, k: (
            NearestNeighbors(n_neighbors=k, algorithm="brute", n_jobs=args.threads)
            .fit(rows)
            .kneighbors(queries, return_distance=False)
        )
    if method == "faiss":
        import faiss

        faiss.omp_set_num_threads(args.threads)

        def with_faiss(queries, rows, k):
            index = faiss.IndexFlatL2(rows.shape[1])
            index.add(rows)
            return index.search(queries, k)[1]

        return with_faiss
    if method == "torch":
        import torch

        torch.set_num_threads(args.threads)
        torch.set_grad_enabled(False)

        def with_torch(queries, rows, k):
            queries, rows = torch.from_numpy(queries), torch.from_numpy(rows)
            norms = (rows * rows).sum(1)
            parts = [
                torch.addmm(norms, part, rows.t(), alpha=-2).topk(k, dim=1, largest=False)[1]
                for part in queries.split(CHUNK)
            ]
            return torch.cat(parts).numpy()

        return with_torch
    if method == "numpy":

        def with_numpy(queries, rows, k):
            norms = np.einsum("ij,ij->i", rows, rows)
            found = np.empty((len(queries), k), np.int64)
            for start in range(0, len(queries), CHUNK):
                scores = queries[start : start + CHUNK] @ rows.T
                scores *= -2
                scores += norms
                part = np.argpartition(scores, k, axis=1)[:, :k]
                order = np.argsort(np.take_along_axis(scores, part, 1), axis=1)
                found[start : start + CHUNK] = np.take_along_axis(part, order, 1)
            return found

        return with_numpy
    raise SystemExit(f"unknown method {method}")


def nearest_enemies(search, x, y, queries, k):
    """(q, k) row ids of the nearest rows of other classes: one search a class, among the rows outside it."""
    found = np.empty((len(queries), k), np.int64)
    for label in np.unique(y[queries]):
        enemies = np.flatnonzero(y != label)
        own = y[queries] == label
        found[own] = enemies[search(x[queries[own]], x[enemies], k)]
    return found
