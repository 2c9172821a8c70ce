"""Fold: what a workspace's events say, worked out here from the protos alone, to be compared with what the views say.

Written without a look at how the server does it: an event that creates a resource holds it, one that updates it holds
the fields named by its mask, and the other events say themselves what they change.
"""

import collections
import importlib

from google.protobuf import symbol_database
from kith.contacts.v1 import contact_events_pb2, contact_pb2  # noqa: F401  (registers the events)
from kith.deals.v1 import deal_events_pb2, deal_pb2, pipeline_events_pb2, pipeline_pb2  # noqa: F401
from kith.interactions.v1 import interaction_events_pb2, interaction_pb2
from kith.users.v1 import user_events_pb2, user_pb2  # noqa: F401
from kith.workspaces.v1 import workspace_events_pb2, workspace_pb2  # noqa: F401

STAYS_MAX = 50  # the stage intervals that a deal keeps

RESOURCES = {"contact": contact_pb2.Contact, "deal": deal_pb2.Deal, "pipeline": pipeline_pb2.Pipeline,
             "user": user_pb2.User, "workspace": workspace_pb2.Workspace}


def payload_of(event):
    kind = symbol_database.Default().GetSymbol(event.payload.type_url.rsplit("/", 1)[1])
    payload = kind()
    if not event.payload.Unpack(payload):
        raise ValueError(f"event {event.sequence} does not hold what it says")
    return payload


def whole(payload, resource):
    """The resource in an event: its clear and its personal part together."""
    values = RESOURCES[resource]()
    values.CopyFrom(getattr(payload, resource))
    if "personal" in payload.DESCRIPTOR.fields_by_name:
        values.MergeFrom(payload.personal)
    return values


def money_in_minor_units(money):
    digits = {"JPY": 0}.get(money.currency_code, 2)
    return money.units * 10 ** digits + money.nanos // 10 ** (9 - digits)


class Fold:
    """Of events in order. `at[stream][revision]` is a resource after that event, None when it was deleted then."""

    def __init__(self):
        self.events = []
        self.at = collections.defaultdict(dict)
        self.live = {}
        self.by_request = collections.defaultdict(list)
        self.timelines = collections.defaultdict(list)
        self.interactions = {}  # as they are now
        self.interactions_at = collections.defaultdict(dict)  # name → etag → as it was
        self.activity = {}
        self.api_keys = {}
        self.broken = []  # what cannot be, whatever was told
        self.unique_since = None  # the event since which the workspace wants addresses unique
        self.shared = []  # (event, event of unique_since, who has the address that it gives)

    def apply(self, event):
        if event.sequence != len(self.events) + 1:
            self.broken.append(f"event {event.sequence} stands where {len(self.events) + 1} should")
        self.events.append(event)
        if event.request_id:
            self.by_request[event.request_id].append(event)
        payload = payload_of(event)
        if event.type == "interaction_recorded":
            return self._interaction(event, payload)
        if event.type in ("interaction_amended", "interaction_redacted"):
            return self._amendment(event, payload)
        resource = next((name for name in RESOURCES if event.type == f"{name}_created"
                         or event.type == f"{name}_updated" or event.type == f"{name}_deleted"), None)
        before = self.live.get(event.stream)
        if event.type.startswith("api_key"):
            self._api_key(event, payload)
            after = before
        elif resource is not None:
            after = self._standard(event, payload, resource, before)
        else:
            after = self._other(event, payload, before)
        self._keep(event, before, after)
        category = event.stream.split("/")[0]
        if category in ("contacts", "deals"):
            self._note(event, event.stream, is_activity(event, payload))
        return None

    def _keep(self, event, before, after):
        if event.revision != len(self.at[event.stream]) + 1:
            self.broken.append(f"event {event.sequence} has revision {event.revision} of {event.stream}, "
                               f"which has {len(self.at[event.stream])}")
        if after is not None:
            after.etag = str(event.revision)
            after.update_time.CopyFrom(event.occur_time)
        if event.type in ("contact_created", "contact_updated"):
            self._note_shared(event, before, after)
        if event.stream == "workspaces/1" and after.unique_contact_emails:
            self.unique_since = self.unique_since or event
        elif event.stream == "workspaces/1":
            self.unique_since = None
        self.at[event.stream][event.revision] = after
        if after is None:
            self.live.pop(event.stream, None)
        else:
            self.live[event.stream] = after

    def _standard(self, event, payload, resource, before):
        if event.type.endswith("_deleted"):
            return None
        values = whole(payload, resource)
        if event.type.endswith("_created"):
            if before is not None:
                self.broken.append(f"event {event.sequence} creates {event.stream} again")
            values.name = event.stream
            values.create_time.CopyFrom(event.occur_time)
            if resource == "deal":
                values.status = deal_pb2.OPEN
                enter(values, values.stage, event.occur_time)
            if resource == "user":
                values.state = user_pb2.ACTIVE
            return values
        if before is None:
            self.broken.append(f"event {event.sequence} changes {event.stream}, which is not there")
            return None
        after = type(before)()
        after.CopyFrom(before)
        for path in payload.update_mask.paths:
            after.ClearField(path)
        after.MergeFrom(values)
        return after

    def _other(self, event, payload, before):
        if before is None:
            self.broken.append(f"event {event.sequence} changes {event.stream}, which is not there")
            return None
        after = type(before)()
        after.CopyFrom(before)
        time = event.occur_time
        if event.type in ("deal_stage_changed", "deal_won", "deal_lost", "deal_reopened"):
            if payload.from_stage != before.stage:
                self.broken.append(f"event {event.sequence} takes {event.stream} from {payload.from_stage}, "
                                   f"but it is in {before.stage}")
            after.stage_intervals[-1].leave_time.CopyFrom(time)
            enter(after, payload.to_stage, time)
        if event.type in ("deal_won", "deal_lost"):
            after.status = deal_pb2.WON if event.type == "deal_won" else deal_pb2.LOST
            after.close_time.CopyFrom(time)
        if event.type == "deal_won" and not before.HasField("first_win_time"):
            after.first_win_time.CopyFrom(time)
        if event.type == "deal_lost":
            after.lost_reason, after.lost_notes = payload.reason, payload.notes
            after.pipeline_lost_reason = payload.pipeline_lost_reason
        if event.type == "deal_reopened":
            after.status = deal_pb2.OPEN
            for field in ("close_time", "lost_reason", "lost_notes", "pipeline_lost_reason"):
                after.ClearField(field)
        if event.type == "stage_updated":
            for stage in after.stages:
                if stage.name == payload.stage.name:
                    stage.CopyFrom(payload.stage)
        return after

    def _api_key(self, event, payload):
        if event.type == "api_key_created":
            key = workspace_pb2.ApiKey()
            key.CopyFrom(payload.api_key)
            key.create_time.CopyFrom(event.occur_time)
            self.api_keys[key.name] = key
        else:
            self.api_keys[payload.name].revoked = True

    def _interaction(self, event, payload):
        interaction = interaction_pb2.Interaction()
        interaction.CopyFrom(payload.interaction)
        interaction.MergeFrom(payload.personal)
        interaction.name = payload.name
        interaction.etag = "1"
        interaction.occur_time.CopyFrom(event.occur_time)
        interaction.record_time.CopyFrom(event.record_time)
        if payload.name in self.interactions:
            self.broken.append(f"event {event.sequence} records {payload.name} again")
        self.interactions[payload.name] = interaction
        self.interactions_at[payload.name]["1"] = interaction
        parent = event.stream.rsplit("/", 1)[0]
        for record in dict.fromkeys([parent, *interaction.links]):
            self._note(event, record)

    def _amendment(self, event, payload):
        before = self.interactions.get(payload.name)
        if before is None or event.stream != payload.name or event.revision != int(before.etag):
            self.broken.append(f"event {event.sequence} amends {payload.name} at revision {event.revision}")
            return
        after = interaction_pb2.Interaction()
        after.CopyFrom(payload.interaction)
        if event.type == "interaction_amended":
            after.MergeFrom(payload.personal)
        else:
            after.redacted = True
            after.redact_reason = payload.reason
        after.name = payload.name
        after.etag = str(event.revision + 1)
        after.amend_time.CopyFrom(event.occur_time)
        self.interactions[payload.name] = after
        self.interactions_at[payload.name][after.etag] = after
        for record in set(after.links) - set(before.links):
            self._note(self.events[payload.recorded_sequence - 1], record)
        for record in set(before.links) - set(after.links):
            self.timelines[record] = [entry for entry in self.timelines[record]
                                      if entry[1] != payload.recorded_sequence]

    def _note(self, event, record, touches=True):
        time = event.occur_time
        self.timelines[record].append(((time.seconds, time.nanos), event.sequence))
        if record.startswith("deals/") and touches:
            last = self.activity.get(record)
            if last is None or (last.seconds, last.nanos) < (time.seconds, time.nanos):
                self.activity[record] = time

    def _note_shared(self, event, before, after):
        """An address given to a second contact while the workspace wants them unique."""
        if after is None or self.unique_since is None:
            return
        gained = addresses(after) - (addresses(before) if before is not None else set())
        for name, other in self.live.items() if gained else ():
            if name.startswith("contacts/") and name != event.stream and gained & addresses(other):
                self.shared.append((event, self.unique_since, name))

    # What the views should say.

    def all(self, category):
        return {name: value for name, value in self.live.items() if name.startswith(category + "/")}

    def deal_as_read(self, name):
        deal = deal_pb2.Deal()
        deal.CopyFrom(self.live[name])
        deal.last_activity_time.CopyFrom(self.activity[name])
        return deal

    def timeline(self, record):
        """Sequences, newest first."""
        return [sequence for _, sequence in sorted(self.timelines[record], reverse=True)]

    def board(self):
        """Stage → (count, currency → minor units), of stages that hold a deal."""
        stages = {}
        for deal in self.all("deals").values():
            count, amounts = stages.setdefault(deal.stage, [0, collections.Counter()])
            stages[deal.stage][0] = count + 1
            if deal.HasField("amount"):
                amounts[deal.amount.currency_code] += money_in_minor_units(deal.amount)
        return {stage: (count, dict(amounts)) for stage, (count, amounts) in stages.items()}


def is_activity(event, payload):
    """Who gives a deal to somebody, or puts deals in order, does nothing about any of them."""
    if event.type == "deal_updated":
        return list(payload.update_mask.paths) != ["owner"]
    return event.type != "deal_positioned"


def addresses(contact):
    return {email.address.lower() for email in contact.emails}


def digits(number, count):
    text = ""
    while len(text) < count:
        number, digit = divmod(number, 36)
        text = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + text
    return text


def place_of(time, name):
    """Where a deal stands that entered its stage then: the microsecond, and FNV-1a of its name, both to the base 36."""
    hashed = 0xCBF29CE484222325
    for byte in name.encode():
        hashed = (hashed ^ byte) * 0x100000001B3 % 2 ** 64
    own = digits(hashed, 8)[:-1] + digits(1 + hashed % 35, 1)
    return digits(max(time.ToMicroseconds(), 0), 13) + own


def enter(deal, stage, time):
    deal.stage = stage
    deal.position = place_of(time, deal.name)
    deal.stage_enter_time.CopyFrom(time)
    stay = deal.stage_intervals.add(stage=stage)
    stay.enter_time.CopyFrom(time)
    if len(deal.stage_intervals) > STAYS_MAX:
        del deal.stage_intervals[0]
        deal.earlier_stage_interval_count += 1


def read_events(api):
    """Every event of the workspace, or the answer that says why not."""
    service = importlib.import_module("kith.events.v1.events_service_pb2")
    answer = api.stream("ReadEvents", service.ReadEventsRequest(), timeout=120)
    if answer.ok:
        answer.reply = [event for part in answer.reply for event in part.events]
    return answer
