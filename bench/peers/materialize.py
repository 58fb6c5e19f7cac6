"""Rows from recipes: --method numpy (as usually written) | numpy-blocks (temporaries in the cache) | torch."""

from common import args, array, measure, np

x, base, other, step = (array(name) for name in ("x", "base", "other", "step"))
BLOCK = 4096


def plain():
    return np.concatenate([x, x[base] + step[:, None] * (x[other] - x[base])])


def blocks():
    rows = np.empty((len(x) + len(base), x.shape[1]), np.float32)
    rows[: len(x)] = x
    for start in range(0, len(base), BLOCK):
        part = slice(start, start + BLOCK)
        bases = x[base[part]]
        made = x[other[part]]
        made -= bases
        made *= step[part, None]
        made += bases
        rows[len(x) + start : len(x) + start + len(made)] = made
    return rows


def with_torch():
    import torch

    torch.set_num_threads(args.threads)
    source, weights = torch.from_numpy(x), torch.from_numpy(step)[:, None]
    left, right = torch.from_numpy(base).long(), torch.from_numpy(other).long()

    def lerp():
        rows = torch.empty((len(x) + len(base), x.shape[1]))
        rows[: len(x)] = source
        torch.lerp(source[left], source[right], weights, out=rows[len(x) :])
        return rows

    return lerp


work = {"numpy": lambda: plain, "numpy-blocks": lambda: blocks, "torch": with_torch}[args.method]()
measure(work, (len(x) + len(base)) * x.shape[1] * 4)
