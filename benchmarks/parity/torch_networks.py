"""Short PyTorch references of networks that no package has: as the papers and Caffe have them."""

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812


class Cat(nn.Module):
    """Branches whose results are joined along the channels."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Join what the branches give."""
        return torch.cat([branch(x) for branch in self.branches], 1)


def alexnet() -> nn.Module:
    """AlexNet of 2012: two groups, local response normalisation (k = 2), 227 x 227."""
    near = {"size": 5, "alpha": 5e-4, "beta": 0.75, "k": 2.0}
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, 4), nn.ReLU(), nn.LocalResponseNorm(**near), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), nn.LocalResponseNorm(**near),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Flatten(), nn.Linear(9216, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(),
        nn.Linear(4096, 1000),
    )  # fmt: skip


def googlenet() -> nn.Module:
    """GoogLeNet of 2014, as in Caffe: 5x5 windows, biases, local response normalisation."""

    def step(a: int, b: int, k: int) -> nn.Module:
        return nn.Sequential(nn.Conv2d(a, b, k, padding=k // 2), nn.ReLU())

    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    def block(a: int, p: int, q3: int, p3: int, q5: int, p5: int, pp: int) -> nn.Module:
        return Cat(
            step(a, p, 1),
            nn.Sequential(step(a, q3, 1), step(q3, p3, 3)),
            nn.Sequential(step(a, q5, 1), step(q5, p5, 5)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), step(a, pp, 1)),
        )

    return nn.Sequential(
        nn.Conv2d(3, 64, 7, 2, 3), nn.ReLU(), pool(), nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0),
        step(64, 64, 1), step(64, 192, 3), nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0), pool(),
        block(192, 64, 96, 128, 16, 32, 32), block(256, 128, 128, 192, 32, 96, 64), pool(),
        block(480, 192, 96, 208, 16, 48, 64), block(512, 160, 112, 224, 24, 64, 64),
        block(512, 128, 128, 256, 24, 64, 64), block(512, 112, 144, 288, 32, 64, 64),
        block(528, 256, 160, 320, 32, 128, 128), pool(),
        block(832, 256, 160, 320, 32, 128, 128), block(832, 384, 192, 384, 48, 128, 128),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 1000),
    )  # fmt: skip


def unit(a: int, b: int, k: int, act: nn.Module | None, **options: int) -> nn.Module:
    """Make a convolution without bias, batch normalisation, and an activation."""
    conv = nn.Conv2d(a, b, k, padding=k // 2, bias=False, **options)
    return nn.Sequential(conv, nn.BatchNorm2d(b), *([act] if act else []))


def darknet19() -> nn.Module:
    """DarkNet-19, by its cfg file."""
    layers: list[nn.Module] = [unit(3, 32, 3, nn.LeakyReLU(0.1))]
    seen = 32
    for width, depth in ((64, 1), (128, 3), (256, 3), (512, 5), (1024, 5)):
        layers.append(nn.MaxPool2d(2))
        for number in range(depth):
            b, k = (width // 2, 1) if number % 2 else (width, 3)
            layers.append(unit(seen, b, k, nn.LeakyReLU(0.1)))
            seen = b
    layers += [nn.Conv2d(1024, 1000, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers)


class ShuffleUnit(nn.Module):
    """A unit of figure 2 of the ShuffleNet paper."""

    def __init__(self, a: int, b: int, groups: int, first: bool, stride: int) -> None:
        super().__init__()
        inside, made = b // 4, b - a if stride == 2 else b
        self.groups, self.stride = groups, stride
        self.squeeze = unit(a, inside, 1, nn.ReLU(), groups=1 if first else groups)
        self.depthwise = unit(inside, inside, 3, None, groups=inside, stride=stride)
        self.expand = unit(inside, made, 1, None, groups=groups)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run the unit."""
        y = self.squeeze(x)
        n, c, h, w = y.shape
        y = y.view(n, self.groups, c // self.groups, h, w).transpose(1, 2).reshape(n, c, h, w)
        y = self.expand(self.depthwise(y))
        if self.stride == 2:
            return F.relu(torch.cat([F.avg_pool2d(x, 3, 2, 1), y], 1))
        return F.relu(x + y)


def shufflenet(groups: int = 3) -> nn.Module:
    """ShuffleNet, version 1, at full width."""
    width = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}[groups]
    layers: list[nn.Module] = [unit(3, 24, 3, nn.ReLU(), stride=2), nn.MaxPool2d(3, 2, 1)]
    seen = 24
    for stage, depth in enumerate((4, 8, 4)):
        for number in range(depth):
            stride, b = (1, 2)[number == 0], width * 2**stage
            layers.append(ShuffleUnit(seen, b, groups, stage == 0 and number == 0, stride))
            seen = b
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(seen, 1000)]
    return nn.Sequential(*layers)
