"""The table of networks: what each is, and what a well-known lecture's table says of it."""

import fnmatch
import math
from typing import Any, NamedTuple

from seqcnn.networks.zoo import ARRAYS, create, defaults, describe, names


class Lecture(NamedTuple):
    """A row of the lecture's table of 18 classification networks.

    Parameters
    ----------
    depth
        Layers on the longest way; None where the table has an asterisk.
    parameters
        Millions.
    size
        Height and width of its pictures.
    remark
        Why a figure differs from ours.
    """

    depth: int | None
    parameters: float
    size: int
    remark: str = ""


_MOMENTS = "the table counts running means and variances, which nothing fits, as well"

LECTURE: dict[str, Lecture] = {
    "nasnetlarge": Lecture(None, 88.9, 331, _MOMENTS),
    "darknet19": Lecture(19, 21.0, 256),
    "densenet201": Lecture(201, 20.0, 224),
    "resnet50": Lecture(50, 25.6, 224),
    "resnet101": Lecture(101, 44.6, 224),
    "inceptionv3": Lecture(48, 23.9, 299, _MOMENTS),
    "resnet18": Lecture(18, 11.7, 224),
    "xception": Lecture(71, 22.9, 299, "71 layers: without the four around blocks, which we count"),
    "darknet53": Lecture(53, 41.0, 256, "41.6 million, rounded down in the table"),
    "inceptionresnetv2": Lecture(164, 55.9, 299, _MOMENTS),
    "shufflenet": Lecture(
        50, 1.4, 224, "1.4 million fit no variant of the paper: 3 groups have 1.87 million"
    ),
    "googlenet": Lecture(22, 7.0, 224),
    "mobilenetv2": Lecture(53, 3.5, 224),
    "alexnet": Lecture(8, 61.0, 227),
    "nasnetmobile": Lecture(None, 5.3, 224),
    "squeezenet": Lecture(18, 1.24, 227, "version 1.1"),
    "vgg16": Lecture(16, 138.0, 224),
    "vgg19": Lecture(19, 144.0, 224),
}
"""The lecture's figures, by our names."""

PAPERS: dict[str, str] = {
    "diffusion": "Ho et al. 2020",
    "dilated_positions": "Avsec et al. 2021",
    "gan": "Goodfellow et al. 2014",
    "inception_small": "Szegedy et al. 2015",
    "segformer_small": "Xie et al. 2021",
    "segnet": "Badrinarayanan et al. 2017",
    "unet*": "Ronneberger et al. 2015",
    "vae": "Kingma & Welling 2014",
    "alexnet": "Krizhevsky et al. 2012",
    "basset": "Kelley et al. 2016",
    "bpnet": "Avsec et al. 2021",
    "danq": "Quang & Xie 2016",
    "darknet19": "Redmon & Farhadi 2017",
    "darknet53": "Redmon & Farhadi 2018",
    "deepsea": "Zhou & Troyanskaya 2015",
    "densenet*": "Huang et al. 2017",
    "dilated": "Avsec et al. 2021",
    "efficientnet*": "Tan & Le 2019",
    "explainn": "Novakovsky et al. 2023",
    "googlenet": "Szegedy et al. 2015",
    "inceptionresnetv2": "Szegedy et al. 2017",
    "inceptionv3": "Szegedy et al. 2016",
    "lenet": "LeCun et al. 1998",
    "mobilenet": "Howard et al. 2017",
    "mobilenetv2": "Sandler et al. 2018",
    "motifcnn": "Alipanahi et al. 2015",
    "nasnet*": "Zoph et al. 2018",
    "resnet*": "He et al. 2016",
    "resnext*": "Xie et al. 2017",
    "se*net*": "Hu et al. 2018",
    "seresnext*": "Hu et al. 2018",
    "shufflenet": "Zhang et al. 2018",
    "squeezenet*": "Iandola et al. 2016",
    "vgg*": "Simonyan & Zisserman 2015",
    "xception": "Chollet 2017",
}
"""Where networks come from; a star stands for anything."""


class NetworkFacts(NamedTuple):
    """What is known of a network.

    Parameters
    ----------
    name, family, summary
        As in the zoo.
    paper
        Authors and year.
    parameters
        Numbers that training fits, for 1,000 classes or, of a sequence network, DNA and one task.
    layers
        Convolutions and dense layers.
    size
        What it reads unless told otherwise, (*space, channels); None for sequences of any length.
    lecture
        What the lecture says of it.
    """

    name: str
    family: str
    summary: str
    paper: str
    parameters: int
    layers: int
    size: tuple[int, ...] | None
    lecture: Lecture | None

    @property
    def megabytes(self) -> float:
        """Size of the weights as float32."""
        return self.parameters * 4 / 2**20


def network_facts(name: str) -> NetworkFacts:
    """Count a network, without making its weights.

    Examples
    --------
    >>> facts = network_facts("lenet")
    >>> facts.parameters, facts.layers, facts.size
    (61706, 5, (32, 32, 1))
    """
    from flax import nnx

    entry = describe(name)
    arrays = entry.family in ARRAYS
    read: dict[str, Any] = {} if arrays else {"alphabet": "dna"}
    blank = nnx.eval_shape(lambda: create(name, **read))
    weights = [weight for _, weight in nnx.to_flat_state(nnx.state(blank, nnx.Param))]
    size = defaults(name).get("input_shape") if arrays else None
    return NetworkFacts(
        name,
        entry.family,
        entry.summary,
        paper_of(name),
        sum(math.prod(weight.shape) for weight in weights),
        sum(weight.ndim > 1 for weight in weights),
        None if size is None else tuple(size),
        LECTURE.get(name),
    )


def paper_of(name: str) -> str:
    """Tell where a network comes from; empty for those of one's own."""
    return next((p for pattern, p in PAPERS.items() if fnmatch.fnmatch(name, pattern)), "")


def network_table(pattern: str = "*") -> list[NetworkFacts]:
    """List the networks whose names match, ``*`` standing for anything, in alphabetical order."""
    return [network_facts(name) for name in names() if fnmatch.fnmatch(name, pattern)]
