"""The rows of the table: which there are, and how one is run."""

import dataclasses
import re
import sys
import time

from . import rows_calls, rows_log, rows_policies, rows_postgres, rows_profiles, rows_size, rows_timers, rows_views
from .processes import ProgramFailed
from .results import Result

PARTS = (rows_calls, rows_log, rows_policies, rows_postgres, rows_profiles, rows_size, rows_timers, rows_views)
ALL = sorted((row for part in PARTS for row in part.ROWS),
             key=lambda row: (int(re.match(r"S(\d+)", row.name)[1]), row.name))


def select(words):
    """The rows that --rows names, in the order of the table; all when it names none."""
    names = [word.strip().upper() for word in words.split(",") if word.strip()]
    known = {row.name.upper() for row in ALL}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"there is no row {unknown[0]}; there are {', '.join(row.name for row in ALL)}")
    return [row for row in ALL if not names or row.name.upper() in names]


def run(bench, wanted):
    """Runs them one after the other. What goes wrong in one is its result, and the next is run."""
    results = []
    for row in wanted:
        began = time.time()
        print(f"{row.name} {row.what} …", end=" ", file=sys.stderr, flush=True)
        try:
            found = row.measure(bench)
        except ProgramFailed as error:
            found = [Result.failed(str(error))]
        seconds = time.time() - began
        print(f"{seconds:.0f} s", file=sys.stderr, flush=True)
        for result in found:
            results.append(dataclasses.replace(result, row=row.name, seconds=round(seconds, 1)))
    return results
