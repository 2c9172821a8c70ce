"""The row against PostgreSQL."""

from . import postgres
from .results import Result, Row
from .rounds import Sample, alternate, column, ratios
from .rows_calls import SHAPE
from .servers import load

WHAT = "RecordInteraction / an append function on PostgreSQL"


def against_postgres(bench):
    if postgres.programs() is None:
        return [Result.skipped(WHAT, "PostgreSQL is not installed: apt-get install postgresql-15")]
    server = postgres.Postgres(bench)
    try:
        clients, tried = server.best_clients(bench.settings.seconds / 2)
        kith, theirs = alternate(bench.settings.rounds, lambda: load(bench, bench.kithd(), "record", **SHAPE),
                                 lambda: server.appends_per_second(clients, bench.settings.seconds))
    finally:
        server.stop()
    ours = column(kith, "per_second")
    return [Result.at_least(WHAT, 5, ratios(ours, theirs),
                            detail=f"{Sample(ours).median:,.0f}/s / {Sample(theirs).median:,.0f}/s, {clients} clients",
                            numbers={"kith_per_second": ours, "postgres_per_second": theirs, "clients": clients,
                                     "tried_per_second": tried})]


ROWS = [Row("S15", "PostgreSQL", against_postgres)]
