"""The row about policies: what those cost that do not react, how soon one that does has reacted, and how fast scores are
listed."""

import json
import os

from .results import Result, Row
from .rounds import Sample, alternate, column, ratios
from .rows_timers import instant
from .servers import Kithd, load

SHAPE = {"in_flight": 128, "channels": 4}
PAGES = {"in_flight": 8, "channels": 4}
SHARE = 0.7  # of the rate that is reached
IDLE = 20  # policies that take nothing of this, in idle_policies_kithd

# Each hundredth of what is recorded is a call.
REACTS = {"display_name": "Reacts to calls",
          "trigger": {"resource": "interactions", "change": "CREATED", "condition": "kind = CALL"},
          "steps": [{"id": "end", "end": {}}]}


# Each of what is recorded gives its contact a point.
SCORES = {"display_name": "Scores what is recorded", "target": "CONTACTS", "rules": [{"id": "any", "event": {}, "points": 1}]}


def beside(bench, plain, more, what, target):
    """Recording on a server with more to do for it, beside recording on one without."""
    theirs, ours = (column(taken, "per_second") for taken in alternate(
        bench.settings.rounds, *(lambda k=kithd: load(bench, k, "record", **SHAPE) for kithd in (plain, more))))
    return Result.at_least(f"RecordInteraction with {what} / without", target, ratios(ours, theirs),
                           detail=f"{Sample(ours).median:,.0f}/s",
                           numbers={"with_per_second": ours, "without_per_second": theirs})


def server(bench, name, program="kithd"):
    return Kithd(bench, os.path.join(bench.folder(name), "data"), name, program=program)


def idle(bench, plain):
    more = server(bench, "policies-idle", "idle_policies_kithd")
    result = beside(bench, plain, more, f"{IDLE} more policies that do not take it", 0.95)
    more.drop()
    return result


def scoring(bench, plain):
    scored = server(bench, "scored")
    kith(bench, scored, "scoring-models", "create", "--data", json.dumps(SCORES))
    results = [beside(bench, plain, scored, "a scoring model that takes it", 0.85), by_score(bench, scored)]
    scored.drop()
    return results


def by_score(bench, scored):
    """A page of those that a model gives most, beside one of contacts by their names."""
    scores, names = (column(taken, "per_second") for taken in alternate(
        bench.settings.rounds,
        *(lambda k=kind: load(bench, scored, k, **PAGES) for kind in ("list-by-score", "list-by-name"))))
    return Result.reported("ListScores, 50 of the most / ListContacts, 50 by their names", ratios(scores, names),
                           detail=f"{Sample(scores).median:,.0f}/s",
                           numbers={"scores_per_second": scores, "contacts_per_second": names})


def kith(bench, kithd, *words):
    return bench.processes.run([bench.program("kith"), *words, "--address", kithd.address, "--key", kithd.key])


def recorded(bench, kithd, kind):
    """The events of a kind: of each its sequence, the cause's, and when it was recorded."""
    for line in kith(bench, kithd, "events", "--type", kind, "--all", "--json").splitlines():
        event = json.loads(line)
        yield int(event["sequence"]), int(event.get("causation_sequence", 0)), instant(event["record_time"])


def reaction(bench, kithd):
    """From when an event is recorded until what a workflow began for it is."""
    rate = Sample([load(bench, kithd, "record", **SHAPE)["per_second"] for _ in range(3)]).median * SHARE
    workflow = json.loads(kith(bench, kithd, "workflows", "create", "--data", json.dumps(REACTS), "--json"))
    kith(bench, kithd, "workflows", "activate", workflow["name"])
    for _ in range(bench.settings.rounds):
        load(bench, kithd, "record", **SHAPE, rate=rate)
    causes = {sequence: time for sequence, _, time in recorded(bench, kithd, "interaction_recorded")}
    late = sorted(time - causes[cause] for _, cause, time in recorded(bench, kithd, "workflow_run_created"))
    if not late:
        return Result.failed("nothing has reacted")
    return Result.at_most(f"1 of 100 reacts, at {rate:,.0f}/s: 99th percentile until the reaction is recorded", 250,
                          Sample([late[int(len(late) * 0.99)] * 1000]), unit="ms",
                          detail=f"median {late[len(late) // 2] * 1000:.0f} ms, {len(late):,} reactions",
                          numbers={"late_seconds": late[::max(1, len(late) // 100)]})


def policies(bench):
    plain = server(bench, "policies")
    results = [idle(bench, plain), *scoring(bench, plain), reaction(bench, plain)]
    plain.drop()
    return results


ROWS = [Row("S19", "policies", policies)]
