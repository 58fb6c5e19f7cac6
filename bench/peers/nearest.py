"""Exact nearest enemies: --method sklearn | faiss | torch | numpy."""

from common import args, array, measure, np, spread
from search import nearest_enemies, searcher

x, y = array("x"), array("y")
queries = spread(array("queries"), args.first)
counts = np.bincount(y)
flops = 2 * x.shape[1] * int((len(y) - counts[y[queries]]).sum())
search = searcher(args.method)
measure(
    lambda: nearest_enemies(search, x, y, queries, args.k),
    flops,
    lambda found: found[:100].ravel().tolist(),
)
