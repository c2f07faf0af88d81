"""Groups lines with Drain3 of PyPI, for the benchmark beside it.

In: the number of repetitions on the command line; lines on standard input. Out: the cluster of each line, then the
seconds that one pass over the lines took, the best of the repetitions.
"""

import logging
import sys
import time

from drain3 import TemplateMiner
from drain3.template_miner_config import TemplateMinerConfig

logging.disable(logging.CRITICAL)
lines = sys.stdin.buffer.read().decode("utf-8", "replace").split("\n")[:-1]
best = float("inf")
for _ in range(int(sys.argv[1])):
    miner = TemplateMiner(config=TemplateMinerConfig())
    start = time.perf_counter()
    ids = [miner.add_log_message(line)["cluster_id"] for line in lines]
    best = min(best, time.perf_counter() - start)
print("\n".join(map(str, ids)))
print(best)
