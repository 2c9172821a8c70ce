"""The rows against PostgreSQL."""

from . import postgres
from .results import Result, Row
from .rounds import Sample, alternate, ratios
from .rows_calls import SHAPE
from .rows_log import log_bench
from .servers import load

INGEST = {"in_flight": 4, "channels": 2}


def beside(bench, what, theirs_is, ways):
    """Each of `ways` beside what PostgreSQL does at its best number of clients, all in turn.

    A way has its name, what is to be reached at least, and how its rate is measured.
    """
    if postgres.programs() is None:
        return [Result.skipped(f"{name} / {theirs_is}", "PostgreSQL is not installed: apt-get install postgresql-15")
                for name, _, _ in ways]
    seconds = bench.settings.seconds
    server = postgres.Postgres(bench)
    try:
        clients, tried = server.best_clients(what, seconds / 2)
        theirs, *ours = alternate(bench.settings.rounds, lambda: server.per_second(what, clients, seconds),
                                  *(rate for _, _, rate in ways))
    finally:
        server.stop()
    return [Result.at_least(f"{name} / {theirs_is}", bound, ratios(taken, theirs),
                            detail=f"{Sample(taken).median:,.0f}/s / {Sample(theirs).median:,.0f}/s, {clients} clients",
                            numbers={"kith_per_second": taken, "postgres_per_second": theirs, "clients": clients,
                                     "tried_per_second": tried})
            for (name, bound, _), taken in zip(ways, ours)]


def calls(bench, session=False):
    return load(bench, bench.kithd(), "record", **SHAPE, **({"session": True} if session else {}))["per_second"]


def ingested(bench):
    # A thousand are counted at once, so a round must not be too short.
    return load(bench, bench.kithd(), "ingest", seconds=max(2, bench.settings.seconds), **INGEST)["items_per_second"]


def appends(bench):
    return beside(bench, "append", "an append function on PostgreSQL", [
        ("append in process, 128 callers", 5, lambda: log_bench(bench, "log", rounds=1)["log_per_second"][0]),
        ("RecordInteraction", 1, lambda: calls(bench)),
        ("IngestInteractions", 3, lambda: ingested(bench))])


def recordings(bench):
    return beside(bench, "record", "a function on PostgreSQL that records one, its timeline and last activity", [
        ("RecordInteraction", 2, lambda: calls(bench)),
        ("RecordInteraction over sessions", 4, lambda: calls(bench, session=True)),
        ("IngestInteractions", 5, lambda: ingested(bench))])


ROWS = [
    Row("S15", "appends beside PostgreSQL", appends),
    Row("S15b", "recordings beside PostgreSQL", recordings),
]
