"""Train a head: --method torch | numpy | sklearn, --work linear | linear-100 | mlp | lbfgs."""

from common import args, array, measure, np

x, y = array("x"), array("y")
n, d = x.shape
classes = int(y.max()) + 1
BATCH, EPOCHS, MOMENTUM, HIDDEN = 256, 10, 0.9, 256
RATE = 0.005 if args.work == "mlp" else 0.01


def mean_loss(logits):
    """Mean cross-entropy over all rows."""
    z = logits.astype(np.float64)
    z -= z.max(1, keepdims=True)
    return float((np.log(np.exp(z).sum(1)) - z[np.arange(n), y]).mean())


def with_torch():
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(args.threads)
    rows, labels = torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))

    def work():
        torch.manual_seed(0)
        if args.work == "mlp":
            head = torch.nn.Sequential(torch.nn.Linear(d, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, classes))
        else:
            head = torch.nn.Linear(d, classes)
        optimizer = torch.optim.SGD(head.parameters(), lr=RATE, momentum=MOMENTUM)
        for _ in range(EPOCHS):
            order = torch.randperm(n)
            for start in range(0, n, BATCH):
                ids = order[start : start + BATCH]
                optimizer.zero_grad(set_to_none=True)
                F.cross_entropy(head(rows.index_select(0, ids)), labels.index_select(0, ids)).backward()
                optimizer.step()
        return head

    def reached(head):
        with torch.no_grad():
            return mean_loss(head(rows).numpy())

    return work, reached


def with_numpy():
    def work():
        random = np.random.default_rng(0)
        weight = random.uniform(-(d**-0.5), d**-0.5, (d, classes)).astype(np.float32)
        bias = np.zeros(classes, np.float32)
        velocities = np.zeros_like(weight), np.zeros_like(bias)
        momentum, rate = np.float32(MOMENTUM), np.float32(RATE)
        for _ in range(EPOCHS):
            order = random.permutation(n)
            for start in range(0, n, BATCH):
                ids = order[start : start + BATCH]
                batch = x[ids]
                z = batch @ weight
                z += bias
                z -= z.max(1, keepdims=True)
                np.exp(z, out=z)
                z /= z.sum(1, keepdims=True)
                z[np.arange(len(ids)), y[ids]] -= 1
                z *= np.float32(1 / len(ids))
                for parameter, velocity, gradient in zip((weight, bias), velocities, (batch.T @ z, z.sum(0))):
                    velocity *= momentum
                    velocity += gradient
                    parameter -= rate * velocity
        return weight, bias

    return work, lambda result: mean_loss(x @ result[0] + result[1])


def with_sklearn():
    from sklearn.linear_model import LogisticRegression

    def work():
        return LogisticRegression(C=1, tol=1e-4, max_iter=1000, fit_intercept=False).fit(x, y)

    def reached(model):
        return mean_loss(model.decision_function(x)) + float((model.coef_.astype(np.float64) ** 2).sum()) / (2 * n)

    return work, reached


work, reached = dict(torch=with_torch, numpy=with_numpy, sklearn=with_sklearn)[args.method]()
measure(work, n if args.work == "lbfgs" else EPOCHS * n, reached=reached)
