"""Training batches of 256 rows from recipes, with their labels: --method numpy | torch."""

from common import args, array, measure, np

ROWS = 256
x, y, base, other, step, order = (array(name) for name in ("x", "y", "base", "other", "step", "order"))
label = y[base]
batches = len(order) // ROWS


def with_numpy():
    for b in range(batches):
        rows = order[b * ROWS : (b + 1) * ROWS]
        bases = x[base[rows]]
        made = x[other[rows]]
        made -= bases
        made *= step[rows, None]
        made += bases
        label[rows]


def with_torch():
    import torch

    torch.set_num_threads(args.threads)
    tensors = [torch.from_numpy(part) for part in (x, base.astype(np.int64), other.astype(np.int64), step, label)]
    places = torch.from_numpy(order.astype(np.int64))

    def run():
        source, left, right, weights, labels = tensors
        for rows in places[: batches * ROWS].split(ROWS):
            torch.lerp(source[left[rows]], source[right[rows]], weights[rows, None])
            labels[rows]

    return run


measure(with_torch() if args.method == "torch" else with_numpy, batches * ROWS * x.shape[1] * 4)
