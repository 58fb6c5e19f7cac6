"""One matrix product: --method numpy (its BLAS) | torch, --shape m,n,k,NT."""

from common import args, measure, np

m, n, k = (int(part) for part in args.shape.split(",")[:3])
form = args.shape.split(",")[3]
random = np.random.default_rng(0)
a = random.random((k, m) if form[0] == "T" else (m, k), dtype=np.float32)
b = random.random((n, k) if form[1] == "T" else (k, n), dtype=np.float32)
times = -(-200_000_000 // (2 * m * n * k))

if args.method == "torch":
    import torch

    torch.set_num_threads(args.threads)
    a, b = torch.from_numpy(a), torch.from_numpy(b)
    product, out = torch.matmul, torch.empty((m, n))
else:
    product, out = np.matmul, np.empty((m, n), np.float32)
left = a.T if form[0] == "T" else a
right = b.T if form[1] == "T" else b


def work():
    for _ in range(times):
        product(left, right, out=out)


measure(work, times * 2 * m * n * k)
