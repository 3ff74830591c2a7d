"""Explain networks: what each letter contributes, and what follows from it.

The names below are loaded when they are first used, from the files that bear them. The files
`completeness` and `mutagenesis` bear the name of a function in them, and are what that name means
here: ``from seqcnn.explain.completeness import completeness``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["completeness", "mutagenesis"],
    submod_attrs={
        "attributions": ["Attributions"],
        "deeplift": ["deepshap"],
        "gradients": ["integrated_gradients", "saliency", "smooth_gradients"],
        "methods": ["METHODS", "attribute"],
        "outputs": ["Output"],
        "references": ["references_of"],
        "writers": [
            "write_bedgraph",
            "write_completeness",
            "write_hdf5",
            "write_modisco",
            "write_npz",
            "write_tsv",
        ],
    },
)
