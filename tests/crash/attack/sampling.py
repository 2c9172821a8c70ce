"""Sampling: a part of what could be tried, so chosen that what matters most is always in it."""

import collections


def in_turns(items, most, row_of, rng):
    """At most so many of them: one of each row, then a second of each, and so on; rows in any order."""
    rows = collections.defaultdict(list)
    for item in items:
        rows[row_of(item)].append(item)
    queues = list(rows.values())
    rng.shuffle(queues)
    for queue in queues:
        rng.shuffle(queue)
    chosen = []
    while len(chosen) < most and queues:
        for queue in queues[:most - len(chosen)]:
            chosen.append(queue.pop())
        queues = [queue for queue in queues if queue]
    return chosen


def sample_of(items, most, row_of, is_first, rng):
    """At most so many, in their order; half of them from those that come first. All of them where `most` is None."""
    if most is None or len(items) <= most:
        return items
    first = in_turns([item for item in items if is_first(item)], (most + 1) // 2, row_of, rng)
    rest = in_turns([item for item in items if not is_first(item)], most - len(first), row_of, rng)
    chosen = {id(item) for item in first + rest}
    return [item for item in items if id(item) in chosen]
