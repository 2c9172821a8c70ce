"""Alternating rounds, medians and spreads."""

import dataclasses
import statistics


@dataclasses.dataclass
class Sample:
    """What several rounds gave. The median counts; the least and the most are its spread."""

    values: list

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def least(self):
        return min(self.values)

    @property
    def most(self):
        return max(self.values)


def alternate(rounds, *sides):
    """Calls each side once in every round, in turn, and returns what each gave: a list for each side."""
    taken = [[] for _ in sides]
    for _ in range(rounds):
        for side, values in zip(sides, taken):
            values.append(side())
    return taken


def ratios(numerators, denominators):
    """Round by round, so that what changes on the machine from round to round falls out."""
    return Sample([n / d for n, d in zip(numerators, denominators)])


def column(results, name):
    return [result[name] for result in results]
