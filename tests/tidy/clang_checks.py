"""Runs clang's front end with -Wthread-safety over the source files of ours outside tests/ that have to do with locks,
and clang-tidy with the checks of .clang-tidy over those that changed.

usage: clang_checks.py BUILD_DIRECTORY JOBS [--tidy-all]

A source has to do with locks where it or a header of ours that it includes itself names them: members that are guarded
are private to such a pair, and so are the locks. tests/run --clang compiles everything with the same warnings. What
changed is what the last commit and the working tree did; with --tidy-all everything counts. The files and their
flags come from BUILD_DIRECTORY/compile_commands.json, which gcc's build wrote. The runs are edges of a ninja file, so
that a later call looks only at what changed since, headers included. Exits with ninja's code.
"""

import json
import os
import re
import shlex
import subprocess
import sys

# What gcc is told and clang does not know.
DROPPED = {"-fpch-preprocess", "-Winvalid-pch"}
ADDED = ["-Wthread-safety", "-Werror", "-Wno-pragma-system-header-outside-header"]

# The words of eventstore/base/mutex.h.
LOCKS = re.compile(r"\b(Mutex|MutexLock|CondVar|KITH_GUARDED_BY|KITH_REQUIRES|KITH_EXCLUDES)\b")
INCLUDED = re.compile(r'^#include "([^"]+)"', re.M)


def has_locks(root, source):
    """Whether a source or a header of ours that it includes names locks."""
    def text(path):
        path = os.path.join(root, path)
        return open(path).read() if os.path.exists(path) else ""
    own = text(source)
    return any(LOCKS.search(each) for each in (own, *map(text, INCLUDED.findall(own))))


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


def changed_sources(root):
    """The sources that the last commit or the working tree changed, themselves or the header of their name."""
    changed = set()
    for revision in ("HEAD~1", "HEAD"):
        run = subprocess.run(["git", "-C", root, "diff", "--name-only", revision], capture_output=True, text=True)
        if run.returncode == 0:  # the first commit has none before it
            changed.update(run.stdout.split())
    return {path[:-2] + ".cc" if path.endswith(".h") else path for path in changed}


def ninja_file(build, root, is_tidied):
    """The text of a ninja file with a check for each source of ours that has locks or is tidied, as `is_tidied` says.

    The headers that the build precompiles are precompiled for clang too: most of the time goes into them.
    """
    lines = [
        "rule check",
        "  command = clang++ $flags $pch -fsyntax-only -MMD -MF $out.d $in && touch $out",
        "  depfile = $out.d",
        "  deps = gcc",
        "  description = clang $in",
        # It waits for the check, whose file is newer than every header that the source includes.
        "rule tidy",
        "  command = clang-tidy --quiet $source -- $flags $pch && touch $out",
        "  description = clang-tidy $source",
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
        if not is_tidied(source) and not has_locks(root, source):
            continue
        flags, header = clang_flags(entry["command"])
        after, pch = "", ""
        if header is not None:
            # A precompiled header serves all who have its flags.
            if (header, flags) not in precompiled:
                compiled = "headers_%d.pch" % len(precompiled)
                precompiled[header, flags] = compiled
                lines += ["build %s: precompile %s" % (compiled, header), "  flags = " + flags]
            pch = precompiled[header, flags]
            after, pch = " | " + pch, "-include-pch " + pch
        name = source.replace("/", "_")
        lines += ["build %s.ok: check %s%s" % (name, entry["file"], after), "  flags = " + flags, "  pch = " + pch]
        if is_tidied(source):
            lines += ["build %s.tidy: tidy %s.ok | %s" % (name, name, os.path.join(root, ".clang-tidy")),
                      "  source = " + entry["file"], "  flags = " + flags, "  pch = " + pch]
    return "\n".join(lines) + "\n"


def main():
    build, jobs = os.path.abspath(sys.argv[1]), sys.argv[2]
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    directory = os.path.join(build, "clang_checks")
    os.makedirs(directory, exist_ok=True)
    changed = changed_sources(root)
    tidies_all = "--tidy-all" in sys.argv[3:]
    text = ninja_file(build, root, lambda source: tidies_all or source in changed)
    path = os.path.join(directory, "build.ninja")
    if not os.path.exists(path) or open(path).read() != text:
        with open(path, "w") as file:
            file.write(text)
    return subprocess.call(["ninja", "-C", directory, "-j", jobs, "-k", "0"])


if __name__ == "__main__":
    sys.exit(main())
