"""Two results, row by row."""

from .report import lines_of, number

COLUMNS = ["", "what", "target", "before", "after", "change", "verdict"]


def lines(before, after):
    """The lines of the comparison: what is not alike about the two, then the table."""
    return [*differences(before, after), *lines_of([COLUMNS, *table(before["rows"], after["rows"])])]


def differences(before, after):
    """What makes the two hard to compare."""
    for name in ("cpu", "cores", "memory_gib", "kernel", "file_system"):
        then, now = before["machine"].get(name), after["machine"].get(name)
        if then != now:
            yield f"Not the same machine: {name} was {then} and is {now}."
    if before["settings"] != after["settings"]:
        yield f"Not the same settings: {before['settings']['name']} and {after['settings']['name']}."
    yield f"{before['machine']['commit']} → {after['machine']['commit']}"


def key(row):
    """A row may have several lines, told apart by what they are about."""
    return row["row"], row["what"]


def table(before, after):
    old = {key(row): row for row in before}
    new = {key(row): row for row in after}
    for each in dict.fromkeys([*old, *new]):
        yield line(each, old.get(each), new.get(each))


def line(each, old, new):
    said = new or old
    return [each[0], each[1], said["target"], value(old), value(new), change(old, new), verdict(old, new)]


def value(row):
    return number(row["measured"], row["unit"]) if row else ""


def change(old, new):
    """In percent; with ~ where the spreads of the two overlap, so that it may be chance."""
    if not (old and new) or not old["measured"] or new["measured"] is None:
        return ""
    percent = 100 * (new["measured"] / old["measured"] - 1)
    known = None not in (old["least"], old["most"], new["least"], new["most"])
    by_chance = known and old["least"] <= new["most"] and new["least"] <= old["most"]
    return f"{'~' if by_chance else ''}{percent:+.1f} %"


def verdict(old, new):
    if not old:
        return f"new: {new['verdict']}"
    if not new:
        return f"gone: {old['verdict']}"
    return new["verdict"] if old["verdict"] == new["verdict"] else f"{old['verdict']} → {new['verdict']}"
