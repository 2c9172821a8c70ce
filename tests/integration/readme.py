"""Reads README.md as a reader does who types what it shows: commands with the output they should have."""

import re

# What differs from run to run, and what stands for it when outputs are compared.
PASSING = [
    (re.compile(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?Z?)?"), "TIME"),
    (re.compile(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b"), "ID"),
    (re.compile(r"\b\d+[dhms]( \d+[hms])?\b"), "AGE"),
    (re.compile(r"\b\d+\.\d+ m?s\b"), "TIME"),
    (re.compile(r"\b[\d,]+(?=/s| calls/s)"), "RATE"),
    (re.compile(r"^\d+ s(?=: RATE)"), "SECOND"),
    (re.compile(r" {2,}"), " "),  # columns are as wide as what is in them
]
LEFT_OUT = "…"  # a line of it alone stands for any lines


class Command:
    """A command, the line it stands on, and the lines it should print."""

    def __init__(self, line, text):
        self.line = line
        self.text = text
        self.output = []

    def goes_on(self):
        """Whether the next line belongs to the command: after a backslash, and in a here-document."""
        here = re.search(r"<<'?(\w+)'?", self.text)
        if here:
            return not self.text.endswith("\n" + here.group(1))
        return self.text.endswith("\\")

    def is_refused(self):
        return any(line.startswith("kith: ") for line in self.output)


def blocks(text):
    """(language, number of the first line, lines) of each fenced block."""
    language, start, found = None, 0, []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith("```"):
            if language is not None:
                found.append(line)
        elif language is None:
            language, start, found = line[3:], number + 1, []
        else:
            yield language, start, found
            language = None


def commands(text):
    """The commands of all blocks: what stands behind a `$ `, with what follows up to the next one."""
    for _, start, lines in blocks(text):
        command = None
        for number, line in enumerate(lines, start):
            if command is not None and command.goes_on():
                command.text += "\n" + line
            elif line.startswith("$ "):
                if command is not None:
                    yield command
                command = Command(number, line[2:])
            elif command is not None:
                command.output.append(line)
        if command is not None:
            yield command


def mentioned(text):
    """What stands between backticks in the sentences, each with its line breaks as spaces."""
    sentences = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", sentences)]


def comparable(line):
    """A line of output without what differs from run to run."""
    for pattern, name in PASSING:
        line = pattern.sub(name, line)
    return line.strip()


def matches(expected, lines):
    """Whether `lines` are as expected."""
    if not expected:
        return not lines
    if expected[0] == LEFT_OUT:
        return any(matches(expected[1:], lines[skipped:]) for skipped in range(len(lines) + 1))
    return bool(lines) and comparable(expected[0]) == comparable(lines[0]) and matches(expected[1:], lines[1:])
