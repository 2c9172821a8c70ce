"""The rows about a long log: whether it slows calls down, and what memory it takes."""

import json

from . import worlds
from .results import Result, Row
from .rounds import Sample, alternate, column, ratios
from .rows_calls import SHAPE
from .servers import load


COPIES = 8  # of each view: more than 60 in all


def with_events(bench, name, events):
    return bench.share(name, lambda: worlds.serve(bench, name, worlds.fill(bench, name, **worlds.mixed(events))[0]))


def large(bench):
    return with_events(bench, "large", bench.settings.large_events)


def long_log(bench):
    ours, base = large(bench), with_events(bench, "small", bench.settings.small_events)
    events = f"{bench.settings.large_events:,} / {bench.settings.small_events:,} events"
    results = []
    for title, kind in (("RecordInteraction", "record"), ("GetContact", "get")):
        of_large, of_small = (column(taken, "per_second") for taken in alternate(
            bench.settings.rounds, lambda k=kind: load(bench, ours, k, **SHAPE),
            lambda k=kind: load(bench, base, k, **SHAPE)))
        results.append(Result.at_least(f"{title} with a long log / a short one", 0.85, ratios(of_large, of_small),
                                       detail=events,
                                       numbers={"large_per_second": of_large, "small_per_second": of_small}))
    return results


def memory(bench):
    kithd = large(bench)
    load(bench, kithd, "record", **SHAPE)
    resident = kithd.resident_bytes() / 1e6
    events = f"{bench.settings.large_events:,} events"
    results = [Result.at_most("resident memory after RecordInteraction with a long log", 600, Sample([resident]),
                              unit="MB", detail=events)]
    kithd.stop()
    copied = json.loads(bench.processes.run([bench.program("replay_bench"), f"--data={kithd.data}", "--rounds=1",
                                             f"--copies={COPIES}"]))
    kithd.start()
    results.append(Result.at_most("the same with many more views, when all are folded anew", 600,
                                  Sample([copied["resident_bytes"] / 1e6]), unit="MB",
                                  detail=f"{copied['views']} views, {events}", numbers=copied))
    return results


ROWS = [
    Row("S10", "a long log", long_log),
    Row("S14", "memory", memory),
]
