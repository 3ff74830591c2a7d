"""Short PyTorch references of U-Net and SegNet, as their papers have them."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812


class UNet(nn.Module):
    """U-Net of 2015: convolutions without padding; maps of the way down are cut to fit."""

    def __init__(self, channels: int = 1, classes: int = 2) -> None:
        super().__init__()
        widths = (64, 128, 256, 512, 1024)
        falling = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.down = nn.ModuleList(self.stage(a, b) for a, b in pairwise((channels, *widths)))
        self.rise = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, 2) for a, b in falling)
        self.up = nn.ModuleList(self.stage(a, b) for a, b in falling)
        self.head = nn.Conv2d(64, classes, 1)

    @staticmethod
    def stage(a: int, b: int) -> nn.Module:
        """Make two convolutions."""
        return nn.Sequential(nn.Conv2d(a, b, 3), nn.ReLU(), nn.Conv2d(b, b, 3), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Score the inner positions: 388 x 388 of 572 x 572."""
        maps = []
        for stage in self.down:
            x = stage(F.max_pool2d(x, 2) if maps else x)
            maps.append(x)
        for rise, stage, beside in zip(self.rise, self.up, maps[-2::-1], strict=True):
            x = rise(x)
            top, left = ((beside.shape[i] - x.shape[i]) // 2 for i in (2, 3))
            beside = beside[:, :, top : top + x.shape[2], left : left + x.shape[3]]
            x = stage(torch.cat([beside, x], 1))
        return self.head(x)


class SegNet(nn.Module):
    """SegNet of 2015: the 13 convolutions of VGG-16, unpooling by indices, and the way back."""

    def __init__(self, channels: int = 3, classes: int = 12) -> None:
        super().__init__()
        down = [[channels, 64, 64], [64, 128, 128], [128, 256, 256, 256], [256, 512, 512, 512]]
        down.append([512] * 4)
        up = [[512] * 4, [512, 512, 512, 256], [256, 256, 256, 128], [128, 128, 64], [64, 64]]
        self.down = nn.ModuleList(self.stage(widths) for widths in down)
        self.up = nn.ModuleList(self.stage(widths) for widths in up)
        self.head = nn.Conv2d(64, classes, 3, padding=1)

    @staticmethod
    def stage(widths: list[int]) -> nn.Module:
        """Make convolutions with bias, normalisation and ReLU."""
        layers: list[nn.Module] = []
        for a, b in pairwise(widths):
            layers += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU()]
        return nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Score an array whose extents are multiples of 32."""
        kept = []
        for stage in self.down:
            x, indices = F.max_pool2d(stage(x), 2, return_indices=True)
            kept.append(indices)
        for stage in self.up:
            x = stage(F.max_unpool2d(x, kept.pop(), 2))
        return self.head(x)
