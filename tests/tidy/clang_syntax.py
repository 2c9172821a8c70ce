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

# What gcc is told and clang does not know.
DROPPED = {"-fpch-preprocess", "-Winvalid-pch"}
ADDED = ["-Wthread-safety", "-Werror", "-Wno-pragma-system-header-outside-header"]


def clang_flags(command):
    """The flags of one gcc command, for clang, and the header that gcc precompiled for it, or None.

    Launcher, compiler, output and source are left out.
    """
    words = shlex.split(command)
    first = next(i for i, word in enumerate(words) if word.startswith("-") and i > 0 and "++" in words[i - 1])
    flags, header = [], None
    rest = iter(words[first:])
    for word in rest:
        if word == "-c":
            break
        if word == "-o":
            next(rest)
        elif word == "-include":
            header = next(rest)
        elif word not in DROPPED:
            flags.append(word)
    return " ".join(shlex.quote(flag) for flag in flags + ADDED).replace("$", "$$"), header


def ninja_file(build, root):
    """The text of a ninja file with one check for each source of ours.

    The headers that the build precompiles are precompiled for clang too: most of the time goes into them.
    """
    lines = [
        "rule check",
        "  command = clang++ $flags $pch -fsyntax-only -MMD -MF $out.d $in && touch $out",
        "  depfile = $out.d",
        "  deps = gcc",
        "  description = clang $in",
        "rule precompile",
        "  command = clang++ $flags -x c++-header -fpch-instantiate-templates -MMD -MF $out.d -o $out $in",
        "  depfile = $out.d",
        "  deps = gcc",
        "  description = clang $in",
    ]
    with open(os.path.join(build, "compile_commands.json")) as file:
        entries = json.load(file)
    precompiled = {}
    checked = set()  # a source that several targets compile is looked at once
    for entry in sorted(entries, key=lambda entry: entry["file"]):
        source = os.path.relpath(entry["file"], root)
        if source.startswith(("build/", "tests/", "..")) or source in checked:
            continue
        checked.add(source)
        flags, header = clang_flags(entry["command"])
        after, pch = "", ""
        if header is not None:
            # A precompiled header serves all who have its flags.
            if (header, flags) not in precompiled:
                name = "headers_%d.pch" % len(precompiled)
                precompiled[header, flags] = name
                lines += ["build %s: precompile %s" % (name, header), "  flags = " + flags]
            pch = precompiled[header, flags]
            after, pch = " | " + pch, "-include-pch " + pch
        lines += ["build %s.ok: check %s%s" % (source.replace("/", "_"), entry["file"], after),
                  "  flags = " + flags, "  pch = " + pch]
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
