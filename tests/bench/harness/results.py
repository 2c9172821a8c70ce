"""Results: what a row is, and what one came to."""

import dataclasses
from typing import Callable


def written(bound):
    return f"{bound:.2f}" if bound < 10 else f"{bound:g}"


@dataclasses.dataclass(frozen=True)
class Row:
    name: str  # "S1"
    what: str
    measure: Callable  # of the bench; gives results


@dataclasses.dataclass(frozen=True)
class Result:
    """One line of the table."""

    what: str  # the same in every run
    detail: str = ""  # what this run adds: "9,673/s"
    target: str = ""  # "≥ 0.60"
    measured: float | None = None
    unit: str = ""  # "" for a ratio, "ms", "MB"
    least: float | None = None  # of the rounds
    most: float | None = None
    verdict: str = "reported"  # "met", "missed", "reported", "skipped", "failed"
    note: str = ""
    numbers: dict = dataclasses.field(default_factory=dict)  # what the measured value was made of
    row: str = ""
    seconds: float = 0

    @staticmethod
    def at_least(what, bound, sample, **more):
        return Result(what, target=f"≥ {written(bound)}", measured=sample.median, least=sample.least, most=sample.most,
                      verdict="met" if sample.median >= bound else "missed", **more)

    @staticmethod
    def at_most(what, bound, sample, **more):
        return Result(what, target=f"≤ {written(bound)}", measured=sample.median, least=sample.least, most=sample.most,
                      verdict="met" if sample.median <= bound else "missed", **more)

    @staticmethod
    def reported(what, sample, **more):
        return Result(what, measured=sample.median, least=sample.least, most=sample.most, **more)

    @staticmethod
    def skipped(what, why):
        return Result(what, verdict="skipped", note=why)

    @staticmethod
    def failed(why):
        return Result("could not be measured", verdict="failed", note=why)
