"""What `seqcnn.nn` offers by name, and that it costs nothing until it is used."""

import importlib
import subprocess
import sys
from types import ModuleType

import seqcnn.nn

FOR_USERS = """attention best_match blocks conv conv_transpose init layers local_response norm
    norm_layer pool recurrent resample unpool""".split()
PARTS = {"check_transposed_shapes", "check_rate"}
"""Public for other files of the room only."""
FROM_ELSEWHERE = {
    "conv_output_size": "geometry",
    "conv_transpose_output_size": "geometry",
    "hide": "masks",
    "Moments": "moments",
    "pool_mask": "pool_windows",
}


def test_every_layer_is_exported():
    names = set(seqcnn.nn.__all__)
    wanted = set(FROM_ELSEWHERE)
    for name in FOR_USERS:
        module = importlib.import_module(f"seqcnn.nn.{name}")
        wanted |= {
            public
            for public, thing in vars(module).items()
            if not public.startswith("_")
            and callable(thing)
            and getattr(thing, "__module__", None) == module.__name__
        }
    assert names == wanted - PARTS
    assert names == {name for name in dir(seqcnn.nn) if name in names}


def test_a_name_is_what_its_file_says():
    for name in seqcnn.nn.__all__:
        thing = getattr(seqcnn.nn, name)
        if name in ("attention", "best_match", "conv", "conv_transpose"):
            assert isinstance(thing, ModuleType) and callable(getattr(thing, name))
        else:
            assert thing.__name__ == name and thing.__module__.startswith("seqcnn.nn.")
            assert thing.__module__.rpartition(".")[2] == FROM_ELSEWHERE.get(
                name, thing.__module__.rpartition(".")[2]
            )


def test_jax_is_loaded_with_the_first_layer():
    code = (
        "import sys, seqcnn.nn; dir(seqcnn.nn); assert 'jax' not in sys.modules;"
        "from seqcnn.nn import Conv; assert 'jax' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
