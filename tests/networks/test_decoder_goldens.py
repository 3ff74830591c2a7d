"""What the decoders of segmentation_models.pytorch gave for weights drawn by a rule, against ours.

`benchmarks/parity/decoder_goldens.py` made the numbers.
"""

import json
from pathlib import Path

import jax
import numpy as np
import pytest
from flax import nnx

from seqcnn.networks.classify.parts import Layers
from seqcnn.networks.imports import WEIGHTED
from seqcnn.networks.segment.decoders import DECODERS
from tests.networks.test_golden import draw

GOLDEN = json.loads((Path(__file__).parent / "data" / "decoders.json").read_text())
CHANNELS = (8, 8, 8, 16, 16)


def layers_as_made(module):
    if isinstance(module, WEIGHTED):
        yield module
    elif isinstance(module, nnx.Module | list | tuple):
        inside = isinstance(module, nnx.List | list | tuple)
        for part in module if inside else vars(module).values():
            yield from layers_as_made(part)


def filled(arch):
    decoder = DECODERS[arch](Layers(2, nnx.Rngs(0)), CHANNELS, **GOLDEN[arch]["options"])
    rng = np.random.default_rng(0)
    for layer in layers_as_made(decoder):
        for name in ("kernel", "bias", "scale", "mean", "variance"):
            if (variable := getattr(layer, name, None)) is not None:
                variable[...] = draw(rng, name, variable.shape).astype(np.float32)
    return decoder


@pytest.mark.parametrize("arch", GOLDEN)
def test_a_decoder_gives_what_the_reference_gave(arch):
    case = GOLDEN[arch]
    extents = (32, 16, 8, 4, 4 if arch == "deeplabv3plus" else 2)
    rng = np.random.default_rng(1)
    maps = [rng.random((1, n, n, c)) for n, c in zip(extents, CHANNELS, strict=True)]
    maps = [(2 * each - 1).astype(np.float32) for each in maps]
    graph, state = nnx.split(filled(arch))
    found = np.asarray(jax.jit(lambda state, maps: nnx.merge(graph, state)(maps))(state, maps))
    assert list(found.shape) == case["shape"]
    kept = found.ravel()[case["places"]]
    np.testing.assert_allclose(kept, case["values"], rtol=0, atol=5e-6 * case["largest"])
