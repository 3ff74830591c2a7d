"""Explain networks: what each letter contributes, and what follows from it.

The names below are loaded when they are first used, from the files that bear them. The files
`completeness`, `design` and `mutagenesis` bear the name of a function in them, and are what that
name means here: ``from seqcnn.explain.completeness import completeness``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["completeness", "design", "mutagenesis"],
    submod_attrs={
        "attributions": ["Attributions"],
        "constraints": ["Constraints"],
        "deeplift": ["deepshap"],
        "edit": [
            "ablate",
            "delete",
            "insert",
            "reverse_stretch",
            "saturation_mutagenesis",
            "shuffle_stretch",
            "substitute",
        ],
        "experiments": ["ablation", "context_swap", "marginalize"],
        "hits": ["find_hits"],
        "gradients": ["integrated_gradients", "saliency", "smooth_gradients"],
        "interactions": ["epistasis", "spacing"],
        "patterns.discover": ["find_patterns"],
        "pictures": ["attribute_pictures", "class_activation_maps", "heat_map"],
        "seqlets": ["find_seqlets"],
        "variants": ["changed_sites", "score_variants"],
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
