"""The rows about the log and the disk, against raw RocksDB."""

import json
import shutil

from .results import Result, Row
from .rounds import Sample, alternate, column, ratios
from .servers import load


def log_bench(bench, what, **flags):
    """What log_bench says of `what`, in a directory of its own."""
    directory = bench.folder("log")
    try:
        return json.loads(bench.processes.run(
            [bench.program("log_bench"), f"--what={what}", f"--directory={directory}",
             f"--events={bench.settings.log_events}", *(f"--{name}={value}" for name, value in flags.items())]))
    finally:
        shutil.rmtree(directory)


def bulk_rate(bench, kind, what, bound):
    # A thousand are counted at once, so a round must not be too short.
    seconds = max(2, bench.settings.seconds)
    kith, raw = alternate(bench.settings.rounds,
                          lambda: load(bench, bench.kithd(), kind, in_flight=4, channels=2, seconds=seconds),
                          lambda: log_bench(bench, "bulk", rounds=1)["raw_per_second"][0])
    ours = column(kith, "items_per_second")
    return [Result.at_least(f"{what} / raw RocksDB, batches of 1,024", bound,
                            ratios(ours, raw), detail=f"{Sample(ours).median:,.0f}/s",
                            numbers={"kith_per_second": ours, "raw_per_second": raw})]


def ingest_rate(bench):
    return bulk_rate(bench, "ingest", "IngestInteractions, 500 a message", 0.60)


def capture_many_rate(bench):
    return bulk_rate(bench, "capture-many", "BatchCaptureInteractions, 500 a call, with contacts told by their addresses",
                     0.30)


def capture_stream_rate(bench):
    return bulk_rate(bench, "capture-stream", "IngestCaptures, 500 a message, with contacts told by their addresses",
                     0.30)


def append_rate(bench):
    found = log_bench(bench, "log", rounds=bench.settings.rounds)
    return [Result.at_least("append in process, 128 callers / raw RocksDB, batches of 128", 0.80,
                            ratios(found["log_per_second"], found["raw_per_second"]),
                            detail=f"{Sample(found['log_per_second']).median:,.0f}/s", numbers=found)]


def disk_bytes(bench):
    found = log_bench(bench, "bytes")
    return [Result.at_most(f"bytes of the log for one of 300 B of text, {kind}", bound,
                           Sample([found[f"{kind}_bytes"] / found["text_bytes"]]), numbers=found)
            for kind, bound in (("clear", 1.5), ("sealed", 2.0))]


ROWS = [
    Row("S3", "bulk ingest", ingest_rate),
    Row("S3b", "bulk captures, matched by address", capture_many_rate),
    Row("S3c", "a stream of captures, matched by address", capture_stream_rate),
    Row("S4", "append in process", append_rate),
    Row("S11", "bytes on disk", disk_bytes),
]
