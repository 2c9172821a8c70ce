"""Runs clang's front end with -Wthread-safety over every source file of ours outside tests/.

usage: clang_syntax.py BUILD_DIRECTORY JOBS

The files and their flags come from BUILD_DIRECTORY/compile_commands.json, which gcc's build wrote. The runs are edges of
a ninja file, so that a later call looks only at what changed, headers included. Exits with ninja's code.
"""

import json
import os
import shlex
import subprocess
import sys

# What gcc is told and clang does not know, or must not use: the precompiled headers are gcc's.
DROPPED = {"-fpch-preprocess", "-Winvalid-pch"}
DROPPED_WITH_VALUE = {"-o", "-include"}
ADDED = ["-fsyntax-only", "-Wthread-safety", "-Werror"]


def clang_flags(command):
    """The flags of one gcc command, for clang: without launcher, compiler, output, source and precompiled header."""
    words = shlex.split(command)
    first = next(i for i, word in enumerate(words) if word.startswith("-") and i > 0 and "++" in words[i - 1])
    flags, skip = [], False
    for word in words[first:]:
        if skip:
            skip = False
        elif word in DROPPED_WITH_VALUE:
            skip = True
        elif word == "-c":
            break
        elif word not in DROPPED:
            flags.append(word)
    return flags + ADDED


def ninja_file(build, root):
    """The text of a ninja file with one check for each source of ours."""
    lines = [
        "rule check",
        "  command = clang++ $flags -MMD -MF $out.d $in && touch $out",
        "  depfile = $out.d",
        "  deps = gcc",
        "  description = clang $in",
    ]
    with open(os.path.join(build, "compile_commands.json")) as file:
        entries = json.load(file)
    for entry in sorted(entries, key=lambda entry: entry["file"]):
        source = os.path.relpath(entry["file"], root)
        if source.startswith(("build/", "tests/", "..")):
            continue
        flags = " ".join(shlex.quote(flag) for flag in clang_flags(entry["command"]))
        stamp = source.replace("/", "_") + ".ok"
        lines.append("build %s: check %s" % (stamp, entry["file"].replace(" ", "$ ")))
        lines.append("  flags = " + flags.replace("$", "$$"))
    return "\n".join(lines) + "\n"


def main():
    build, jobs = os.path.abspath(sys.argv[1]), sys.argv[2]
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    directory = os.path.join(build, "clang_syntax")
    os.makedirs(directory, exist_ok=True)
    path, text = os.path.join(directory, "build.ninja"), ninja_file(build, root)
    if not os.path.exists(path) or open(path).read() != text:
        with open(path, "w") as file:
            file.write(text)
    return subprocess.call(["ninja", "-C", directory, "-j", jobs, "-k", "0"])


if __name__ == "__main__":
    sys.exit(main())
