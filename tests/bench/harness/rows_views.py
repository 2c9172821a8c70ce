"""The rows about views: what a read costs in a large one, at a past moment, after many changes, and to fold anew."""

import json
import os
import shutil

from . import disk, worlds
from .results import Result, Row
from .rounds import Sample, alternate, column, ratios
from .servers import load

ONE = {"in_flight": 1, "channels": 1}


def shorter(bench):
    """For rows of many measurements."""
    return {"seconds": bench.settings.seconds / 2, "warm_up": bench.settings.warm_up / 2}


def list_size(bench):
    settings = bench.settings
    small, large = (worlds.serve(bench, name, worlds.fill(bench, name, deals=deals)[0])
                    for name, deals in (("deals-small", settings.deals_small), ("deals-large", settings.deals_large)))
    of_small, of_large = alternate(settings.rounds, lambda: load(bench, small, "list", **ONE),
                                   lambda: load(bench, large, "list", **ONE))
    small.drop()
    large.drop()
    ours, base = column(of_large, "p50_ms"), column(of_small, "p50_ms")
    return [Result.at_most("ListDeals, a page of 50, filtered and ordered by an index: large / small", 1.3,
                           ratios(ours, base), detail=f"{settings.deals_large:,} / {settings.deals_small:,} deals",
                           numbers={"large_ms": ours, "small_ms": base})]


PAGES = [
    ("ListDeals, a page of an OR of two indexes", "list-either", "list", 2.0),
    ("ListDeals, a page by amount", "list-by-amount", "list", 1.3),
    ("ListContacts by a word of a name, one of 20", "find-contact", "list-by-name", 5.0),
    ("ListContacts by a word of a name, one of none", "find-nobody", "list-by-name", 5.0),
]


def page_queries(bench):
    rows = bench.settings.deals_large
    kithd = worlds.serve(bench, "pages", worlds.fill(bench, "pages", contacts=rows, deals=rows)[0])
    results = []
    for title, kind, plain, most in PAGES:
        ours, base = (column(taken, "p50_ms") for taken in alternate(
            bench.settings.rounds, lambda k=kind: load(bench, kithd, k, **ONE, **shorter(bench)),
            lambda p=plain: load(bench, kithd, p, **ONE, **shorter(bench))))
        results.append(Result.at_most(f"{title} / a page over one index", most, ratios(ours, base),
                                      detail=f"{rows:,} rows, {Sample(ours).median:.2f} ms",
                                      numbers={"ours_ms": ours, "base_ms": base}))
    kithd.drop()
    return results


# As whom: by the number of the user behind the last owner, who is the manager; and what a list, a board and a forecast
# may take.
BOUNDED = [("a rep who sees 1 of {owners:,} owners", -1, (1.5, 1.5, 1.5)),
           ("a manager of 50", 0, (3.0, 10.0, 10.0))]


def bounded_callers(bench):
    """What callers wait for who see few of the deals, beside one who sees all."""
    rows, owners = bench.settings.deals_large, bench.settings.deal_owners
    kithd = worlds.serve(bench, "owners", worlds.fill(bench, "owners", deals=rows, owners=owners, team=50)[0])
    results = []
    for who, user, limits in BOUNDED:
        them = kithd.as_user(worlds.filled_user(owners + user))
        for kind, most in zip(("list", "board", "forecast"), limits):
            ours, base = (column(taken, "p50_ms") for taken in alternate(
                bench.settings.rounds, lambda k=kind: load(bench, them, k, **ONE, **shorter(bench)),
                lambda k=kind: load(bench, kithd, k, **ONE, **shorter(bench))))
            results.append(Result.at_most(f"{kind} as {who.format(owners=owners)} / as an admin", most, ratios(ours, base),
                                          detail=f"{rows:,} deals, {Sample(ours).median:.2f} ms",
                                          numbers={"ours_ms": ours, "base_ms": base}))
    kithd.drop()
    return results


HISTORY_READS = [
    ("GetDeal", "get-deal", {"in_flight": 64, "channels": 4}),
    ("board", "board", {"in_flight": 8, "channels": 2}),
    ("ListDeals", "list", {"in_flight": 8, "channels": 2}),
]


def as_of(bench):
    deals = bench.settings.history_deals
    data, phases = worlds.fill(bench, "history", deals=deals, changes=deals)
    kithd = worlds.serve(bench, "history", data)
    moments = worlds.half_of(phases, "deals")
    results = []
    for title, kind, shape in HISTORY_READS:
        sides = [lambda k=kind, s=shape, m=moment: load(bench, kithd, k, **s, **shorter(bench), **m)
                 for moment in ({}, *({"as_of": moment} for moment in moments.values()))]
        now, *past = [column(taken, "per_second") for taken in alternate(bench.settings.rounds, *sides)]
        for how, then in zip(moments, past):
            results.append(Result.at_least(f"{title} as of half the log {how} / now", 0.70, ratios(then, now),
                                           detail=f"{Sample(now).median:,.0f}/s now, {2 * deals:,} events",
                                           numbers={"then_per_second": then, "now_per_second": now}))
    kithd.drop()
    return results


def mixed_data(bench):
    """The data directory of a mixed log, without a kithd."""
    return bench.share("mixed", lambda: worlds.fill(bench, "mixed", **worlds.mixed(bench.settings.rebuild_events))[0])


def rebuild(bench):
    return [rebuilt(bench, "all views folded anew / the log decoded and unsealed", mixed_data(bench))]


def rebuild_deals(bench):
    deals = bench.settings.rebuild_deals
    data, _ = worlds.fill(bench, "deals-rebuilt", deals=deals, changes=2 * deals)
    result = rebuilt(bench, "the same on a log of deals, each changed twice", data)
    shutil.rmtree(data)
    return [result]


def rebuilt(bench, what, data):
    found = json.loads(bench.processes.run([bench.program("replay_bench"), f"--data={data}",
                                            f"--rounds={bench.settings.rounds}"]))
    return Result.at_least(what, 0.25, ratios(found["rebuilt_per_second"], found["scanned_per_second"]),
                           detail=f"{Sample(found['rebuilt_per_second']).median:,.0f}/s, {found['events']:,.0f} events",
                           numbers=found)


def deals_server(bench):
    """A kithd with many deals, of which nothing but their making is known."""
    return bench.share("moved", lambda: worlds.serve(
        bench, "moved", worlds.fill(bench, "moved", deals=bench.settings.moved_deals)[0]))


# The feeder and the views; what RocksDB does in the background is in neither time, because both databases share it.
VIEW_THREADS = ("kith-feeder", "view-")


def processor_us(bench, kithd, kind, threads=None):
    """Microseconds of kithd for one call of a kind, from the first to when the views have it."""
    # What is made before calls begin is there.
    shape = {"in_flight": 128, "channels": 4, "contacts": 100}
    load(bench, kithd, kind, **shape, **shorter(bench))
    worlds.await_views(bench, kithd)
    before = kithd.processor_seconds(threads)
    calls = load(bench, kithd, kind, **shape, warm_up=0)["calls"]
    worlds.await_views(bench, kithd)
    return (kithd.processor_seconds(threads) - before) / calls * 1e6


def changed_deal(bench):
    kithd = deals_server(bench)
    views, record = alternate(bench.settings.rounds, lambda: processor_us(bench, kithd, "move-deal", VIEW_THREADS),
                              lambda: processor_us(bench, kithd, "record"))
    return [Result.at_most("processor time of all views for a moved deal / of kithd for RecordInteraction", 0.5,
                           ratios(views, record),
                           detail=f"{Sample(views).median:.0f} µs / {Sample(record).median:.0f} µs",
                           numbers={"views_us": views, "record_us": record})]


CHANGES = 100


def changed(bench, changes, kind):
    """A kithd whose deals were changed so often: in their `amounts`, or, as `changes`, in what lists are ordered by."""
    deals, name = bench.settings.changed_deals, f"{kind}-{changes}"
    return bench.share(name, lambda: from_files(worlds.serve(
        bench, name, worlds.fill(bench, name, deals=deals, moves=0, **{kind: deals * changes})[0])))


def from_files(kithd):
    """The same after a restart: a short history would otherwise be read from memory, a long one from files."""
    kithd.stop()
    kithd.start()
    return kithd


def page_after_changes(bench):
    return [page_after(bench, "amounts", "that leave its entry where it is"),
            page_after(bench, "changes", "that each move its entry")]


def page_after(bench, kind, what):
    often, once = changed(bench, CHANGES, kind), changed(bench, 1, kind)
    of_often, of_once = alternate(bench.settings.rounds, lambda: load(bench, often, "list", **ONE),
                                  lambda: load(bench, once, "list", **ONE))
    ours, base = column(of_often, "per_second"), column(of_once, "per_second")
    return Result.at_least(f"a page over a versioned index, {CHANGES} changes a row / 1 change, {what}", 0.5,
                           ratios(ours, base), detail=f"{bench.settings.changed_deals:,} deals",
                           numbers={"often_per_second": ours, "once_per_second": base})


def version_bytes(bench):
    """Of the same deals: their views, and all indexes in them, when everything is in files."""
    kithd = changed(bench, CHANGES, "changes")
    kithd.stop()
    versions = bench.settings.changed_deals * (1 + CHANGES)
    bytes_each = disk.bytes_of(os.path.join(kithd.data, "views")) / versions
    return [Result.reported("bytes of data/views for a version of a deal, all views and indexes", Sample([bytes_each]),
                            unit="B", detail=f"{versions:,} versions")]


ROWS = [
    Row("S6", "ListDeals in a large view", list_size),
    Row("S7", "as of half the log", as_of),
    Row("S8", "rebuild", rebuild),
    Row("S8b", "rebuild of deals", rebuild_deals),
    Row("S8c", "a changed deal in the views", changed_deal),
    Row("S16", "a page after many changes", page_after_changes),
    Row("S17", "bytes of a version", version_bytes),
    Row("S18", "callers who see few of the deals", bounded_callers),
    Row("S22", "pages of other queries", page_queries),
]
