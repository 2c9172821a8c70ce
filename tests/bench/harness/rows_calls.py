"""The rows about single calls, against the bare echo."""

import json
import os

from . import disk, worlds
from .results import Result, Row
from .rounds import Sample, alternate, column, ratios
from .rows_views import deals_server, mixed_data
from .servers import Echo, Kithd, form_load, http_load, load, load_command

SHAPE = {"in_flight": 128, "channels": 4}


def same_bytes(kith, echo, apart=0.02):
    """A note where the echo's messages are not those of Kith: then the ratio means nothing."""
    for name in ("request_bytes", "response_bytes"):
        ours, theirs = kith[-1][name], echo[-1][name]
        if abs(ours - theirs) > apart * max(ours, theirs):
            return f"NOT COMPARABLE: {name} is {ours} with Kith and {theirs} with the echo"
    return ""


def compared(what, bound, kith, echo, name="per_second", unit="/s", apart=0.02):
    """The result of rounds of one kind of call against both."""
    ours, theirs = column(kith, name), column(echo, name)
    return [Result.at_least(f"{what} / echo", bound, ratios(ours, theirs), detail=f"{Sample(ours).median:,.0f}{unit}",
                            note=same_bytes(kith, echo, apart),
                            numbers={"kith_per_second": ours, "echo_per_second": theirs,
                                     "kith_p99_ms": column(kith, "p99_ms")})]


def throughput(bench, kind, what, bound, **options):
    """`options` are for the calls of Kith; those of the echo are single calls."""
    kith, echo = alternate(bench.settings.rounds, lambda: load(bench, bench.kithd(), kind, **SHAPE, **options),
                           lambda: load(bench, bench.echo(), kind, **SHAPE))
    return compared(what, bound, kith, echo)


def record_rate(bench):
    return throughput(bench, "record", "RecordInteraction, 300 B, 128 in flight over 4 channels", 0.45)


def record_session_rate(bench):
    return throughput(bench, "record", "RecordInteraction over sessions, 300 B, 128 in flight over 4 channels", 1.0,
                      session=True)


def move_rate(bench):
    """With a kithd and an echo that have deals."""
    kithd = deals_server(bench)
    echo = Echo(bench, kithd)
    kith, bare = alternate(bench.settings.rounds,
                           *(lambda s=server: load(bench, s, "move-deal", **SHAPE) for server in (kithd, echo)))
    echo.stop()
    return compared(f"MoveDeal, each another of {bench.settings.moved_deals:,}, 128 in flight over 4 channels", 0.40,
                    kith, bare, apart=0.1)  # names of stages are of several lengths


def record_latency(bench):
    syncs = []

    def sync():
        syncs.append(disk.sync_seconds(bench.kithd().data) * 1000)
        return syncs[-1]

    one = {"in_flight": 1, "channels": 1}
    kith, echo, _ = alternate(bench.settings.rounds, lambda: load(bench, bench.kithd(), "record", **one),
                              lambda: load(bench, bench.echo(), "record", **one), sync)
    ours, theirs = column(kith, "p50_ms"), column(echo, "p50_ms")
    ratio = ratios(ours, [e + s for e, s in zip(theirs, syncs)])
    return [Result.at_most("RecordInteraction, one in flight: median latency / (echo + fdatasync)", 1.5, ratio,
                           note=same_bytes(kith, echo),
                           numbers={"kith_ms": ours, "echo_ms": theirs, "fdatasync_ms": syncs})]


def get_rate(bench):
    return throughput(bench, "get", "GetContact, 128 in flight over 4 channels", 0.80)


def get_session_rate(bench):
    return throughput(bench, "get", "GetContact over sessions, 128 in flight over 4 channels", 2.5, session=True)


def http_rate(bench):
    """The same contacts over HTTP and over gRPC, from one kithd; each has 128 in flight."""
    kithd = bench.kithd()
    load(bench, kithd, "get", **SHAPE)  # makes them
    json_calls, proto_calls, grpc_calls = alternate(
        bench.settings.rounds, lambda: http_load(bench, kithd, "json", SHAPE["in_flight"]),
        lambda: http_load(bench, kithd, "proto", SHAPE["in_flight"]), lambda: load(bench, kithd, "get", **SHAPE))
    theirs = column(grpc_calls, "per_second")
    results = []
    for name, calls in (("JSON", json_calls), ("protobuf", proto_calls)):
        ours = column(calls, "per_second")
        results.append(Result.at_least(
            f"GetContact over HTTP in {name}, 128 connections that are kept / over gRPC", 0.5, ratios(ours, theirs),
            detail=f"{Sample(ours).median:,.0f}/s",
            numbers={"http_per_second": ours, "grpc_per_second": theirs, "http_p99_ms": column(calls, "p99_ms")}))
    return results


# What a form takes in an hour: more than a round posts.
FORM = {"display_name": "Ask us", "creates_lead": True, "hourly_submissions": 1_000_000,
        "hourly_submissions_per_address": 100_000,
        "fields": [{"key": "email", "label": "E-mail", "kind": "EMAIL", "maps_to": "contact.emails", "required": True},
                   {"key": "message", "label": "Message", "kind": "PARAGRAPH"}]}


def form_page(bench, kithd):
    """The path of the page of a new form."""
    def kith(*words):
        return json.loads(bench.processes.run([bench.program("kith"), "forms", *words, "--json", "--address", kithd.address,
                                               "--key", kithd.key]))
    form = kith("create", "--data", json.dumps(FORM))["name"]
    kith("publish", form)
    return kith("get-form-embedding", form)["path"]


def form_rate(bench):
    """Each post makes a contact, a lead, a submission and an interaction with 300 bytes of text, beside an interaction of
    a contact that is there; each has 128 in flight."""
    kithd = Kithd(bench, os.path.join(bench.folder("forms"), "data"), "forms")
    posts, calls = alternate(bench.settings.rounds,
                             lambda: form_load(bench, kithd, form_page(bench, kithd), SHAPE["in_flight"], 300),
                             lambda: load(bench, kithd, "record", **SHAPE))
    kithd.drop()
    ours, theirs = column(posts, "per_second"), column(calls, "per_second")
    return [Result.reported("a form posted over HTTP, by somebody new who becomes a lead / RecordInteraction",
                            ratios(ours, theirs), detail=f"{Sample(ours).median:,.0f}/s",
                            numbers={"form_per_second": ours, "record_per_second": theirs,
                                     "form_p99_ms": column(posts, "p99_ms")})]


def capture_rate(bench):
    """What happens with contacts who are told by an address, over HTTP and over gRPC, beside interactions that name their
    contact; each has 128 in flight."""
    kithd = bench.kithd()
    load(bench, kithd, "get", **SHAPE)  # makes them
    posts, captures, records = alternate(
        bench.settings.rounds, lambda: http_load(bench, kithd, "capture", SHAPE["in_flight"]),
        lambda: load(bench, kithd, "capture", **SHAPE), lambda: load(bench, kithd, "record", **SHAPE))
    theirs = column(records, "per_second")
    return [Result.reported(f"CaptureInteraction {way}, with a contact told by its address / RecordInteraction",
                            ratios(column(ours, "per_second"), theirs),
                            detail=f"{Sample(column(ours, 'per_second')).median:,.0f}/s",
                            numbers={"capture_per_second": column(ours, "per_second"), "record_per_second": theirs,
                                     "capture_p99_ms": column(ours, "p99_ms")})
            for way, ours in (("over HTTP in JSON", posts), ("over gRPC", captures))]


def subscription_rate(bench):
    """With a kithd and an echo of its own, because both must have the same events, and many."""
    kithd = worlds.serve(bench, "mixed", mixed_data(bench))
    echo = Echo(bench, kithd)
    kith, bare = alternate(bench.settings.rounds, *(
        lambda server=server: load(bench, server, "events", in_flight=1, channels=1) for server in (kithd, echo)))
    echo.stop()
    kithd.stop()
    return compared("a subscription that catches up, one stream", 0.60, kith, bare, "items_per_second", " events/s")


def view_lag(bench):
    """While 128 others write: from a write's acknowledgement until a view answers with it, the read included."""
    rounds = []
    for _ in range(bench.settings.rounds):
        writers = bench.processes.spawn(load_command(bench, bench.kithd(), "record", **SHAPE,
                                                     seconds=2 * bench.settings.seconds))
        rounds.append(load(bench, bench.kithd(), "lag", in_flight=1, channels=1))
        bench.processes.finish(writers)
    return [Result.at_most("until a view answers with a write, while 128 others write, 99th percentile", 50,
                           Sample(column(rounds, "p99_ms")), unit="ms",
                           detail=f"median {Sample(column(rounds, 'p50_ms')).median:.1f} ms",
                           numbers={"p50_ms": column(rounds, "p50_ms"), "p99_ms": column(rounds, "p99_ms")})]


ROWS = [
    Row("S1", "RecordInteraction", record_rate),
    Row("S1s", "RecordInteraction over sessions", record_session_rate),
    Row("S1b", "MoveDeal", move_rate),
    Row("S2", "one in flight", record_latency),
    Row("S5", "GetContact", get_rate),
    Row("S5s", "GetContact over sessions", get_session_rate),
    Row("S9", "subscription", subscription_rate),
    Row("S19c", "captures over HTTP", capture_rate),
    Row("S19f", "a form over HTTP", form_rate),
    Row("S23", "GetContact over HTTP", http_rate),
    Row("S12", "lag of views", view_lag),
]
