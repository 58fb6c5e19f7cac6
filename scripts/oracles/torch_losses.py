"""Values and gradients of the losses by PyTorch's own losses and autograd, for test/oracle/torch-losses.test.ts.

Usage: python3 scripts/oracles/torch_losses.py > test/oracle/torch-losses.json
       npx prettier --write test/oracle/torch-losses.json
Needs the Python package torch; its version is written into the answer. Formulas are those of the papers, in float64.
"""

import json
import math

import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
rows, classes = 7, 4
# Multiples of 1/64 are exact in float32, too.
logits = (torch.randn(rows, classes) * 128).round() / 64
y = torch.tensor([0, 3, 1, 2, 0, 3, 1])
hot = F.one_hot(y, classes).double()
counts = torch.tensor([500.0, 60.0, 20.0, 5.0])
prior = counts / counts.sum()
recalls = torch.tensor([0.95, 0.7, 0.4, 0.1])
row_norms = torch.tensor([3.0, 1.0, 2.0, 5.0, 0.5, 4.0, 2.5])
targets = (torch.rand(rows, classes) < 0.4).double()
training_rows = 700.0


def effective(beta):
    weights = (1 - beta) / (1 - beta**counts)
    return weights / weights.sum() * classes


inverse = (1 / counts) / (1 / counts).sum() * classes
ce = lambda z, **more: F.cross_entropy(z, y, **more)
own = lambda z: F.log_softmax(z, 1).gather(1, y[:, None])[:, 0]


def asl(z):
    p = F.softmax(z, 1)
    t = 0.9 * hot + 0.1 / classes
    focus = hot + (1 - hot) * p**4
    return -(t * focus * F.log_softmax(z, 1)).sum(1).mean()


def ldam(z, scale=30.0):
    margins = 0.5 * (counts.min() / counts) ** 0.25
    return (inverse[y] * F.cross_entropy(z - scale * hot * margins, y, reduction="none")).mean()


def smoothing(rise):
    place = (counts - counts.min()) / (counts.max() - counts.min())
    share = {
        "concave": 0.3 * torch.sin(math.pi / 2 * place),
        "linear": 0.3 * place,
        "convex": 0.3 + 0.3 * torch.sin(3 * math.pi / 2 + math.pi / 2 * place),
    }[rise][y]
    return lambda z: (-(1 - share) * own(z) - share * F.log_softmax(z, 1).mean(1)).mean()


def influence(z):
    p = F.softmax(z, 1)
    factor = 1000 / ((p - hot).abs().sum(1) * row_norms + 1e-3)
    return (inverse[y] * -own(z) * factor).mean()


def difficulty(power):
    weights = (1 - recalls) ** power
    weights = weights / weights.sum() * classes
    return lambda z: (weights[y] * -own(z)).mean()


def equalized(z):
    rare = counts < 0.5 / classes * counts.sum()
    keep = torch.where(rare[None, :] & (hot == 0), torch.tensor(-math.inf), torch.tensor(0.0))
    return ce(z + keep)


bce = lambda z, **more: F.binary_cross_entropy_with_logits(z, targets, reduction="none", **more).sum(1).mean()


def focal_sigmoid(z):
    p = torch.sigmoid(z)
    pt = targets * p + (1 - targets) * (1 - p)
    alpha = targets * 0.25 + (1 - targets) * 0.75
    return -(alpha * (1 - pt) ** 2 * torch.log(pt)).sum(1).mean()


def asl_sigmoid(z, detached):
    p = torch.sigmoid(z)
    q = (p - 0.05).clamp(min=0)
    focus = targets * (1 - p) + (1 - targets) * q**4
    if detached:
        focus = focus.detach()
    return -(focus * (targets * torch.log(p) + (1 - targets) * torch.log(1 - q))).sum(1).mean()


def eql(z):
    rare = counts < 0.5 * counts.sum() / classes
    weights = 1 - rare.double()[None, :] * (1 - targets)
    return (weights * F.binary_cross_entropy_with_logits(z, targets, reduction="none")).sum(1).mean()


# (1 - the least difficulty) / (1 - the largest + 0.01), where difficulty is 1 - recall.
spread = recalls.max() / (recalls.min() + 0.01)
batch_counts = hot.sum(0)
cases = [
    ("cross-entropy", {}, ce),
    ("cross-entropy", {"classWeights": "inverse-frequency"}, lambda z: (inverse[y] * -own(z)).mean()),
    (
        "cross-entropy",
        {"classWeights": "effective-number", "beta": 0.99, "reduction": "weight-mean"},
        lambda z: ce(z, weight=effective(0.99)),
    ),
    (
        "cross-entropy",
        {"labelSmoothing": 0.1, "classWeights": "inverse-frequency", "reduction": "weight-mean"},
        lambda z: ce(z, weight=inverse, label_smoothing=0.1),
    ),
    ("focal", {"gamma": 2}, lambda z: (-((1 - own(z).exp()) ** 2) * own(z)).mean()),
    (
        "focal",
        {"gamma": 0.5, "classWeights": "inverse-frequency"},
        lambda z: (-inverse[y] * (1 - own(z).exp()) ** 0.5 * own(z)).mean(),
    ),
    ("asl", {}, asl),
    ("ldam", {"classWeights": "inverse-frequency"}, ldam),
    ("balanced-softmax", {}, lambda z: ce(z + counts.log())),
    ("logit-adjustment", {"tau": 0.5}, lambda z: ce(z + 0.5 * prior.log())),
    *[("label-aware-smoothing", {"rise": rise}, smoothing(rise)) for rise in ("concave", "linear", "convex")],
    ("ib", {"influenceScale": 1000}, influence),
    ("seql", {"gamma": 1}, equalized),
    ("cdt", {"gamma": 0.3}, lambda z: ce(z / (counts.max() / counts) ** 0.3)),
    ("vs-loss", {"gamma": 0.2, "tau": 1.25}, lambda z: ce(z * (counts / counts.max()) ** 0.2 + 1.25 * prior.log())),
    ("cdb", {"power": 1.5}, difficulty(1.5)),
    ("cdb", {}, difficulty(torch.sigmoid(spread))),
    ("arb", {}, lambda z: ce(z + batch_counts.log())),
    ("binary-cross-entropy", {}, bce),
    (
        "binary-cross-entropy",
        {"positiveWeights": "balanced"},
        lambda z: bce(z, pos_weight=(training_rows - counts) / counts),
    ),
    ("focal-sigmoid", {"positiveShare": 0.25}, focal_sigmoid),
    ("asl-sigmoid", {}, lambda z: asl_sigmoid(z, False)),
    ("asl-sigmoid", {"detachFocus": True}, lambda z: asl_sigmoid(z, True)),
    ("eql", {"gamma": 1}, eql),
]


def flat(tensor, digits=9):
    return [round(v, digits) for v in tensor.detach().flatten().tolist()]


answers = []
for loss, options, formula in cases:
    z = logits.clone().requires_grad_()
    value = formula(z)
    value.backward()
    answers.append({"loss": loss, "options": options, "value": round(value.item(), 9), "gradient": flat(z.grad)})
print(
    json.dumps(
        {
            "versions": {"torch": torch.__version__},
            "logits": flat(logits),
            "labels": y.tolist(),
            "targets": flat(targets, 0),
            "classCounts": flat(counts, 0),
            "trainingRows": training_rows,
            "recalls": flat(recalls),
            "rowNorms": flat(row_norms),
            "cosineScale": 30,
            "cases": answers,
        }
    )
)
