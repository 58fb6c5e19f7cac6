"""Parameters after a few steps of PyTorch's optimizers, for test/oracle/torch-training.test.ts.

Usage: python3 scripts/oracles/torch_training.py > test/oracle/torch-training.json
       npx prettier --write test/oracle/torch-training.json
Needs the Python package torch; its version is written into the answer.
"""

import json

import torch

torch.manual_seed(0)
rows, dim, classes, width = 6, 4, 3, 5
x = torch.randn(rows, dim)
y = torch.tensor([0, 1, 2, 0, 0, 1])


def flat(tensor):
    return [round(v, 7) for v in tensor.detach().flatten().tolist()]


class Adapter(torch.nn.Module):
    """A residual bottleneck below a linear layer."""

    def __init__(self):
        super().__init__()
        self.down = torch.nn.Linear(dim, width)
        self.up = torch.nn.Linear(width, dim)
        self.output = torch.nn.Linear(dim, classes)

    def forward(self, rows):
        return self.output(rows + self.up(torch.relu(self.down(rows))))


class Cosine(torch.nn.Module):
    """Scaled cosines between rows and weights."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Linear(dim, classes, bias=False).weight

    def forward(self, rows):
        normalize = torch.nn.functional.normalize
        return 5 * normalize(rows) @ normalize(self.weight).T


class ScaledLinear(torch.nn.Module):
    """One factor a class behind a linear layer."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(dim, classes)
        self.scale = torch.nn.Parameter(torch.ones(classes))

    def forward(self, rows):
        return self.layer(rows) * self.scale

    def parameters(self):
        return [*self.layer.parameters(), self.scale]


def mlp(norm):
    hidden = torch.nn.Linear(dim, width)
    between = [torch.nn.LayerNorm(width)] if norm else []
    return torch.nn.Sequential(hidden, *between, torch.nn.ReLU(), torch.nn.Linear(width, classes))


heads = {
    "linear": ({"name": "linear"}, lambda: torch.nn.Linear(dim, classes)),
    "mlp": ({"name": "mlp", "hidden": [width]}, lambda: mlp(False)),
    "mlp with layer norm": ({"name": "mlp", "hidden": [width], "layerNorm": True}, lambda: mlp(True)),
    "cosine": ({"name": "cosine", "scale": 5}, Cosine),
    "scaled-linear": ({"name": "scaled-linear"}, ScaledLinear),
    "adapter": ({"name": "adapter", "width": width}, Adapter),
}
optimizers = {
    "sgd": (
        {"name": "sgd", "momentum": 0.9, "weightDecay": 0.01},
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    ),
    "nesterov": (
        {"name": "sgd", "momentum": 0.9, "nesterov": True, "weightDecay": 0.0},
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    ),
    "adamw": (
        {"name": "adamw", "weightDecay": 0.05},
        lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.05),
    ),
}
cases = []
for head_name, (head, make) in heads.items():
    for optimizer_name, (optimizer, build) in optimizers.items():
        torch.manual_seed(1)
        model = make()
        start = [flat(p) for p in model.parameters()]
        step = build(model.parameters())
        losses = []
        for _ in range(4):
            step.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            step.step()
            losses.append(round(loss.item(), 7))
        cases.append(
            {
                "title": f"{head_name}, {optimizer_name}",
                "head": head,
                "optimizer": optimizer,
                "start": start,
                "losses": losses,
                "end": [flat(p) for p in model.parameters()],
            }
        )
print(json.dumps({"versions": {"torch": torch.__version__}, "x": flat(x), "dim": dim, "y": y.tolist(), "cases": cases}))
