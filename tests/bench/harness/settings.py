"""How long and how large: the whole bench, and the quick one."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Settings:
    name: str
    rounds: int  # of each side; the median counts
    seconds: float  # measured in a round
    warm_up: float  # before it
    contacts: int  # that calls are spread over
    log_events: int  # of a round of the log without a server
    deals_small: int  # S6
    deals_large: int
    deal_owners: int  # S18
    history_deals: int  # S7: created in the first half of the log, changed in the second
    rebuild_events: int  # S8
    rebuild_deals: int  # S8b: each changed twice
    moved_deals: int  # S1b, S8c
    small_events: int  # S10
    large_events: int  # S10, S14
    changed_deals: int  # S16: each changed once, and a hundred times
    waiting_timers: int  # S20
    due_timers: int  # S20: in a minute
    postgres_clients: tuple  # S15: of which the best is taken

    def with_rounds(self, rounds):
        return dataclasses.replace(self, rounds=rounds)


FULL = Settings("full", rounds=5, seconds=2.5, warm_up=0.7, contacts=1000, log_events=100_000, deals_small=10_000,
                deals_large=1_000_000, deal_owners=1_000, history_deals=50_000, rebuild_events=200_000, rebuild_deals=100_000, moved_deals=100_000, small_events=100_000,
                large_events=2_000_000, changed_deals=2_000, waiting_timers=1_000_000, due_timers=10_000, postgres_clients=(1, 2, 4, 8, 16, 32, 64))
QUICK = Settings("quick", rounds=5, seconds=0.5, warm_up=0.1, contacts=200, log_events=10_000, deals_small=1_000,
                 deals_large=15_000, deal_owners=60, history_deals=2_000, rebuild_events=20_000, rebuild_deals=2_000, moved_deals=2_000, small_events=2_000,
                 large_events=20_000, changed_deals=200, waiting_timers=10_000, due_timers=200, postgres_clients=(16, 32))
