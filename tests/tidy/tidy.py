#!/usr/bin/env python3
"""The rules of the house that a program can check; see CONTRIBUTING.md for why each is there.

Prints one line for each breach, "file:line: rule: what", and fails when there is any. `tidy.py --self-test` checks that
every rule still finds its breach.
"""

import glob
import itertools
import os
import re
import sys

LINE_COLUMNS_MAX = 100
FILE_LINES_MAX = 700

# What every room of services/runtime stands on.
BELOW_RUNTIME = ["eventstore", "projections/engine", "projections/tables", "services/core"]
# Which of our folders a folder may include, by longest prefix. "*" stands for the same capability.
LAYERS = {
    "eventstore/base": ["eventstore/base"],
    "eventstore": ["eventstore"],
    "projections/store": ["eventstore", "projections/store"],
    "projections/engine": ["eventstore", "projections/engine", "projections/store/versioned_store.h"],
    "projections/tables": ["eventstore", "projections/engine", "projections/store/versioned_store.h",
                           "projections/store/key_codec.h", "projections/tables"],
    "projections/reactions": ["eventstore", "projections/engine", "projections/store/key_codec.h", "projections/tables",
                              "projections/reactions"],
    "projections": ["eventstore", "projections/engine", "projections/store/key_codec.h", "projections/tables",
                    "projections/reactions", "projections/*", "services/core"],
    "services/core": ["eventstore/base", "eventstore/log/types.h", "eventstore/log/event_registry.h", "services/core"],
    "services/runtime/requests": [*BELOW_RUNTIME, "services/runtime/requests"],
    "services/runtime/admission": [*BELOW_RUNTIME, "services/runtime/requests", "services/runtime/admission"],
    "services/runtime/commands": [*BELOW_RUNTIME, "services/runtime/requests", "services/runtime/admission",
                                  "services/runtime/commands"],
    "services/runtime/reads": [*BELOW_RUNTIME, "services/runtime/requests", "services/runtime/admission",
                               "services/runtime/reads"],
    "services/runtime/calls": [*BELOW_RUNTIME, "services/runtime/requests", "services/runtime/admission",
                               "services/runtime/commands", "services/runtime/reads", "services/runtime/calls"],
    "services/runtime/effects": ["eventstore/base", "services/runtime/effects"],
    "services/runtime/policies": [*BELOW_RUNTIME, "projections/reactions", "services/runtime/runtime.h", *(
        f"services/runtime/{room}"
        for room in ("requests", "admission", "commands", "reads", "calls", "effects", "policies"))],
    "services/runtime/resources": [*BELOW_RUNTIME, "services/runtime/runtime.h", *(
        f"services/runtime/{room}" for room in ("requests", "admission", "commands", "reads", "calls", "resources"))],
    "services/runtime": [*BELOW_RUNTIME, "projections/reactions", "services/runtime"],
    "services/edge": ["eventstore/base", "services/runtime", "services/edge"],
    "services/server": ["eventstore", "projections/engine", "services"],
    "services/cli/text": ["eventstore/base", "services/cli/text"],
    "services/cli/calls": ["eventstore/base", "services/cli/text", "services/cli/calls"],
    "services/cli/import": ["eventstore/base", "services/cli/text", "services/cli/calls", "services/cli/import"],
    "services/cli/commands": ["eventstore/base", "services/cli"],
    "services/cli/load": ["eventstore/base", "services/cli/text", "services/cli/calls", "services/cli/load"],
    "services/cli": ["eventstore/base", "services/cli"],
    "services": ["eventstore/base", "eventstore/blobs", "eventstore/log", "eventstore/seal", "projections/engine", "projections/tables",
                 "projections/reactions",
                 "projections/*", "services/core", "services/runtime", "services/*"],
}
# Folders that are divided into rooms: each folder in them is one of the above.
DIVIDED = ["services/runtime", "services/cli"]

# Headers of packages that only some folders may include.
PACKAGE_HEADERS = {
    "rocksdb/": ["eventstore/rocksdb", "projections/store", "tests"],
    "grpcpp/": ["services", "tests"],
    "prometheus/": ["services/server"],
    "boost/": ["services/edge"],
    "cjose/": ["services/runtime/admission"],
    "curl/": ["services/runtime/effects"],
    "kainjow/": ["services/core"],
    "gmime/": ["services/core/received_mail.cc", "services/core/mail_headers.cc"],
    "libxml/": ["services/core/html_text.cc"],
    "libical/": ["services/core/icalendar.cc", "services/core/recurrence.cc"],
}
# Generated services and stubs: the server has neither.
STUBS = ["services/cli", "tests", "deploy"]

# What may be called only where time, randomness and locks are made.
BANNED = [
    (r"\babsl::(Now|GetCurrentTimeNanos)\s*\(", ["eventstore/base", "services/cli", "tests/bench"], "take the time from Clock"),
    (r"\b(system_clock|high_resolution_clock)::now\b", ["eventstore/base", "services/cli", "tests"], "take the time from Clock"),
    (r"\b(std::random_device|std::rand|absl::BitGen|RAND_bytes)\b", ["eventstore/base", "services/cli", "tests"], "draw from Random"),
    (r"\babsl::(Mutex|Notification|CondVar|BlockingCounter)\b", [], "use eventstore/base/mutex.h"),
    (r"\bstd::(mutex|condition_variable|shared_mutex|lock_guard|unique_lock|scoped_lock)\b", ["eventstore/base/mutex.h"],
     "use eventstore/base/mutex.h"),
    (r"\b(sleep_for|sleep_until|usleep|absl::SleepFor)\b", ["tests/bench", "services/cli"], "wait for a condition, not for time"),
    (r"\bstd::string_view\b", [], "use absl::string_view: the packaged abseil does not convert between the two"),
    (r"\bthrow\b(?!\()", ["tests"], "return absl::Status"),
    (r"^\s*(class|struct)\s+\w*(Manager|Helper|Util|Utils)\b", [], "name it for what it does"),
    (r"\bgrpc::Status\s*\(\s*grpc::StatusCode", ["services/runtime/requests/grpc_status.cc", "tests"], "failing statuses are built in grpc_status.cc"),
    (r"TODO(?!\(#\d+\))", [], "a TODO names an issue: TODO(#12)"),
]

# A decider and what it needs is pure.
PURE = re.compile(r"^(services/core/|services/(?!server|cli|runtime|edge|events)\w+/(?!register|operator_keys)\w+\.(h|cc)$|projections/(?!engine|store|tables))")
IMPURE = re.compile(r"grpcpp/|rocksdb/|eventstore/base/clock\.h|eventstore/base/random\.h")


def is_under(path, folders):
    return any(path == f or path.startswith(f.rstrip("/") + "/") for f in folders)


def capability(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else ""


def check_includes(path, line):
    match = re.match(r'\s*#include\s+["<]([^">]+)[">]', line)
    if not match:
        return
    target = match.group(1)
    for package, folders in PACKAGE_HEADERS.items():
        if target.startswith(package) and not is_under(path, folders):
            yield "layer", f"{target} may be included only in {', '.join(folders)}"
    if target.endswith(".grpc.pb.h") and not is_under(path, STUBS):
        yield "layer", "methods are bound in register.cc, not in generated services"
    if path.startswith("tests/"):
        return
    if target.startswith("tests/"):
        yield "layer", "production code never includes tests"
    if not re.match(r"(eventstore|projections|services)/", target):
        return
    layer = max((l for l in LAYERS if is_under(path, [l])), key=len, default=None)
    if layer is None:
        return
    allowed = [a.replace("*", capability(path)) for a in LAYERS[layer]]
    if not is_under(target, allowed) and target != "services/server/capabilities.inc":
        yield "layer", f"{target} is out of reach of {layer}"
    if PURE.match(path) and IMPURE.search(target):
        yield "pure", f"{target} has no place in a decider or a view"


def check_source(path, text):
    lines = text.split("\n")
    if is_under(path, DIVIDED) and path.count("/") > 2 and os.path.dirname(path) not in LAYERS:
        yield 1, "room", f"{os.path.dirname(path)} is no room; say in LAYERS what it stands on"
    if len(lines) > FILE_LINES_MAX:
        yield 1, "size", f"{len(lines)} lines; split it along a noun"
    if path.endswith(".h") and "#pragma once" not in text:
        yield 1, "header", "no #pragma once"
    if path.endswith(".h") and not text.startswith("//"):
        yield 1, "header", "does not begin with a comment that says what it is"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS_MAX:
            yield number, "columns", f"{len(line)} columns"
        if "\t" in line or line != line.rstrip():
            yield number, "space", "tab or trailing space"
        for rule, what in check_includes(path, line):
            yield number, rule, what
        code = line.split("//")[0]
        for pattern, folders, what in BANNED:
            subject = line if pattern.startswith("TODO") else code
            if re.search(pattern, subject) and not is_under(path, folders):
                yield number, "banned", what


def check_proto(path, text):
    """Every message, field, enum, value, service and method has a comment directly above it."""
    element = re.compile(
        r"^\s*(message|enum|service|rpc|oneof)\s+\w+|^\s*(repeated |optional )?[\w.]+\s+\w+\s*=\s*\d+|^\s*map<")
    depth_of_options = 0
    previous = ""
    for number, line in enumerate(text.split("\n"), 1):
        in_options = depth_of_options > 0
        depth_of_options = max(0, depth_of_options + line.count("[") - line.count("]"))
        stripped = line.strip()
        if not in_options and element.match(line) and not stripped.startswith(("option ", "//", "reserved", "syntax")):
            if not previous.startswith("//"):
                yield number, "proto", f"no comment above `{stripped[:40]}`"
        if len(line) > 120:
            yield number, "columns", f"{len(line)} columns"
        previous = stripped


def check_options(path, text):
    """What generators for other languages are told follows from the package, in each of our protos."""
    package = re.search(r"^package ([\w.]+);$", text, re.M)
    if not is_under(path, ("proto/kith",)) or not package:
        return
    words = package[1].split(".")
    namespace = ".".join("".join(part.capitalize() for part in word.split("_")) for word in words)
    for option in (f'option csharp_namespace = "{namespace}";',
                   f'option go_package = "{"/".join(words)};{words[-2].replace("_", "")}{words[-1]}";',
                   "option java_multiple_files = true;",
                   f'option java_package = "{package[1]}";'):
        if f"\n{option}\n" not in text:
            yield 1, "options", f"no {option}"


def check_page(path, text, exists):
    """What a page calls by its place is there. A name may leave out its ending: `services/runtime/calls/call`."""
    for number, line in enumerate(text.split("\n"), 1):
        for place in re.findall(r"`((?:eventstore|projections|services|proto|tests|deploy)/[\w./-]+?)/?`", line):
            if "v1/" not in place and not exists(place):
                yield number, "page", f"there is no {place}"


def exists_here(root):
    def exists(place):
        path = os.path.join(root, place)
        return bool(os.path.exists(path) or glob.glob(path + ".*") or glob.glob(path + "_*"))
    return exists


def check(path, text):
    if path.endswith(".md"):
        return check_page(path, text, lambda place: False)
    if path.endswith((".h", ".cc")):
        return check_source(path, text)
    if path.endswith(".proto"):
        return itertools.chain(check_proto(path, text), check_options(path, text))
    return iter(())


def self_test():
    cases = [
        ("layer", "eventstore/log/a.cc", '#include "services/core/decider.h"\n'),
        ("layer", "projections/contacts/a.cc", '#include "projections/deals/deal_list.h"\n'),
        ("layer", "services/contacts/a.cc", "#include <rocksdb/db.h>\n"),
        ("layer", "services/runtime/a.cc", '#include "tests/testing/fake_clock.h"\n'),
        ("layer", "services/contacts/register.cc", '#include "kith/contacts/v1/contacts_service.grpc.pb.h"\n'),
        ("layer", "services/runtime/requests/a.cc", '#include "services/runtime/calls/call.h"\n'),
        ("layer", "services/runtime/reads/a.cc", '#include "services/runtime/commands/transact.h"\n'),
        ("layer", "projections/engine/a.cc", '#include "projections/store/rocks_families.h"\n'),
        ("layer", "services/cli/text/a.cc", '#include "services/cli/calls/client.h"\n'),
        ("layer", "services/contacts/a.cc", '#include "boost/asio.hpp"\n'),
        ("layer", "services/core/a.cc", '#include <libical/ical.h>\n'),
        ("layer", "services/edge/a.cc", '#include "services/contacts/contact_fields.h"\n'),
        ("room", "services/runtime/utilities/a.cc", "int a;\n"),
        ("pure", "services/contacts/contact.cc", '#include "eventstore/base/clock.h"\n'),
        ("header", "eventstore/log/a.h", "// A.\nint a;\n"),
        ("columns", "eventstore/log/a.cc", "x" * 101),
        ("space", "eventstore/log/a.cc", "int a; \n"),
        ("banned", "services/core/a.cc", "auto t = absl::Now();\n"),
        ("banned", "services/core/a.cc", "std::mutex m;\n"),
        ("banned", "services/core/a.cc", "class ContactManager {\n"),
        ("banned", "services/core/a.cc", "// TODO: later\n"),
        ("size", "services/core/a.cc", "\n" * (FILE_LINES_MAX + 1)),
        ("page", "README.md", "See `services/nowhere/at_all.cc`.\n"),
        ("proto", "proto/kith/a/v1/a.proto", "message A {\n  string b = 1;\n}\n"),
        ("options", "proto/kith/a/v1/a.proto", 'package kith.a.v1;\noption go_package = "kith/b/v1;av1";\n'),
    ]
    failed = [c for c in cases if c[0] not in {rule for _, rule, _ in check(c[1], c[2])}]
    for rule, path, _ in failed:
        print(f"self-test: rule {rule} did not find its breach in {path}")
    return not failed


def main():
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    breaches = 0
    for page in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "FORMAT.md"):
        with open(os.path.join(root, page), encoding="utf-8") as file:
            for line, rule, what in check_page(page, file.read(), exists_here(root)):
                print(f"{page}:{line}: {rule}: {what}")
                breaches += 1
    for top in ("proto", "eventstore", "projections", "services", "tests"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                path = os.path.relpath(os.path.join(folder, name), root)
                if not name.endswith((".h", ".cc", ".proto")):
                    continue
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    text = file.read()
                for line, rule, what in check(path, text):
                    print(f"{path}:{line}: {rule}: {what}")
                    breaches += 1
    print(f"{breaches} breaches")
    return breaches == 0


if __name__ == "__main__":
    sys.exit(0 if (self_test() if "--self-test" in sys.argv else main()) else 1)
