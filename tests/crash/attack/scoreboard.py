"""Scoreboard: what was tried, what held and what failed, as one table."""

import collections
import sys


class Scoreboard:
    """Counts by row, in the order in which rows came. What was tried has held or failed; other columns tell more."""

    def __init__(self, what, columns):
        self.what = what
        self.columns = ["held", "failed", *columns]
        self.rows = collections.defaultdict(collections.Counter)
        self.failures = []

    def note(self, row, ending):
        self.rows[row][ending] += 1

    def fail(self, row, what, wrong):
        """A try that failed: printed at once, because the rest may take hours."""
        self.note(row, "failed")
        self.failures.append(what)
        print(f"FAILED {row}: {what}", file=sys.stderr)
        for sentence in wrong[:6]:
            print("  " + str(sentence).strip().replace("\n", "\n    ")[:1500], file=sys.stderr)
        sys.stderr.flush()

    def show(self):
        total = sum(self.rows.values(), collections.Counter())
        lines = [[self.what, "tried", *self.columns]]
        for row, counts in [*self.rows.items(), ("all", total)]:
            lines.append([row, *(str(number) if number else "" for number in (
                counts["held"] + counts["failed"],
                *(counts[column] for column in self.columns)))])
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        print()
        for line in lines:
            print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                            for i, (cell, width) in enumerate(zip(line, widths))).rstrip())
        sys.stdout.flush()
        return not self.failures
