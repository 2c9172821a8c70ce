"""The table, the JSON file, and two of those compared."""

import dataclasses
import json
import os

VERSION = 1
COLUMNS = ["", "what", "target", "measured", "spread", "verdict"]


def print_machine(about, settings):
    print(f"{about['cpu']}, {about['cores']} cores, {about['memory_gib']} GiB, Linux {about['kernel']}")
    print(f"{about['disk']} ({about['file_system']}), fdatasync {about['fdatasync_ms']} ms (median)")
    print(", ".join(f"{name} {version}" for name, version in about["versions"].items()))
    print(f"Kith {about['commit']}; {settings.name}, {settings.rounds} rounds of {settings.seconds:g} s")
    if about["load_before"] > 0.5 * about["cores"]:
        print(f"The machine was not idle: its load was {about['load_before']:.1f}.")
    print(flush=True)


def number(value, unit=""):
    if value is None:
        return ""
    digits = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if unit else f"{value:.2f}"
    return f"{digits} {unit}".strip()


def spread(row):
    if row["least"] is None:
        return ""
    return f"{number(row['least'], row['unit']).split()[0]} – {number(row['most'], row['unit']).split()[0]}"


def title(row):
    return f"{row['what']} ({row['detail']})" if row["detail"] else row["what"]


def lines_of(table):
    """The lines of a table, its columns as wide as they must be."""
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in table]


def print_table(results):
    rows = [dataclasses.asdict(result) for result in results]
    table = [COLUMNS] + [[row["row"], title(row), row["target"], number(row["measured"], row["unit"]), spread(row),
                          row["verdict"]] for row in rows]
    print()
    for line, row in zip(lines_of(table), [None] + rows):
        print(line)
        if row is not None and row["note"]:
            print(f"     {row['note']}")


def write_json(path, about, settings, results):
    content = {"version": VERSION, "machine": about, "settings": dataclasses.asdict(settings),
               "rows": [dataclasses.asdict(result) for result in results]}
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
        file.write("\n")


def read_json(path):
    """ValueError where the file is no result of tests/bench/run."""
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise ValueError(f"{path} is no result of tests/bench/run of this version")
    return content
