"""Motif finding in DNA, RNA and protein with convolutional networks.

The public names below are loaded when they are first used, so that ``import seqcnn`` is instant and
file formats never pay for jax.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "discovery.pipeline": ["discover"],
        "discovery.train": ["train"],
        "motifs.compare": ["compare"],
        "motifs.io": ["read_motifs", "write_motifs"],
        "motifs.scan": ["scan"],
        "networks.weights": ["load_model"],
        "networks.zoo": ["create"],
        "seq.io.fasta": ["read_sequences"],
        "seq.shuffle": ["shuffle"],
        "training.predict": ["predict"],
    },
)
