"""Run modisco-lite on arrays of `bench_explain_patterns.py` and print what it found as JSON."""

import json
import resource
import sys
import time

import numpy as np
from modiscolite.tfmodisco import TFMoDISco


def main() -> None:
    with np.load(sys.argv[1]) as arrays:
        given, codes = arrays["contributions"], arrays["codes"]
    one_hot = np.eye(4, dtype=np.float32)[codes]
    began = time.process_time()
    sides = TFMoDISco(
        hypothetical_contribs=given,
        one_hot=one_hot,
        max_seqlets_per_metacluster=20000,
        n_leiden_runs=2,
    )
    # it works in children too
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = time.process_time() - began + child.ru_utime + child.ru_stime
    patterns = [p for side in sides if side is not None for p in side]
    result = {
        "seqlets": sum(len(p.seqlets) for p in patterns),
        "cpu": seconds,
        "matrices": [np.asarray(p.sequence).tolist() for p in patterns],
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
