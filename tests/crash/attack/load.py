"""The mixed load: changes of every kind, chosen by a seed, each with a request id of its own."""

import random
import threading
import time

from google.protobuf.field_mask_pb2 import FieldMask
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from kith.contacts.v1 import contact_pb2, contacts_service_pb2
from kith.deals.v1 import deal_pb2, deals_service_pb2, pipeline_pb2, pipelines_service_pb2
from kith.interactions.v1 import interaction_pb2, interactions_service_pb2
from kith.users.v1 import user_pb2, users_service_pb2
from kith.workspaces.v1 import workspace_pb2, workspaces_service_pb2

from .ledger import send

STAGES = "pipelines/default/stages/"
OPEN_STAGES = ("new-lead", "contacted", "qualified", "proposal-sent", "negotiation")
SHARED_ADDRESSES = 12  # so few that many want the same
HAPPENED_EARLIER = 0.3  # the share of interactions that say when they happened


def shared_address(number):
    return f"Shared{number}@Pool.example"


class Writer:
    """One thread's changes. The same seed makes the same choices; what they meet depends on the others."""

    def __init__(self, seed, api, ledger, world):
        self.rng = random.Random(seed)
        self.seed = seed
        self.api = api
        self.ledger = ledger
        self.world = world
        self.made = 0

    def step(self):
        """One change, sent and noted. Returns what was told, or None where there was nothing to change yet."""
        choose, = self.rng.choices([choice for choice, _ in CHOICES], [weight for _, weight in CHOICES])
        self.made += 1
        chosen = choose(self)
        if chosen is None:
            return None
        method, request = chosen
        told = send(self.api, method, request)
        self.ledger.note(told)
        self.learn(told)
        return told

    def request_id(self):
        return f"{self.seed}-{self.made}"

    def learn(self, told):
        if told.known:
            self.world.note_sent(told)
        if not told.answer.ok:
            return
        kind = {"CreateContact": "contacts", "CreateDeal": "deals", "CreateUser": "users",
                "RecordInteraction": "interactions"}.get(told.method)
        if kind is not None:
            self.world.add(kind, told.answer.reply.name)
        elif told.method.startswith("Delete"):
            self.world.remove(told.request.name.split("/")[0], told.request.name)

    def some_email(self):
        if self.rng.random() < 0.3:
            return shared_address(self.rng.randrange(SHARED_ADDRESSES))
        return f"Person.{self.request_id()}@Firm.example"

    def some_text(self):
        return " ".join(f"{self.rng.getrandbits(32):x}" for _ in range(self.rng.randrange(2, 30)))

    def some_money(self):
        return Money(currency_code=self.rng.choice(("EUR", "USD", "JPY")), units=self.rng.randrange(1, 100000))

    def create_contact(self):
        rng = self.rng
        contact = contact_pb2.Contact(
            first_name=f"F{rng.randrange(100)}", last_name=f"L{self.request_id()}", company_name=f"C{rng.randrange(9)}",
            notes=self.some_text(), tags=[f"t{rng.randrange(5)}"], owner=self.world.pick("users", rng) or "",
            emails=[contact_pb2.EmailAddress(address=self.some_email())])
        if rng.random() < 0.3:
            contact.phones.add(raw=f"+49 30 90{rng.randrange(10000):04}")
        return "CreateContact", contacts_service_pb2.CreateContactRequest(contact=contact, request_id=self.request_id())

    def update_contact(self):
        name = self.world.pick("contacts", self.rng)
        if name is None:
            return None
        contact = contact_pb2.Contact(name=name, notes=self.some_text(), job_title=self.request_id())
        paths = ["notes", "job_title"]
        if self.rng.random() < 0.4:
            contact.emails.add(address=self.some_email())
            paths.append("emails")
        return "UpdateContact", contacts_service_pb2.UpdateContactRequest(
            contact=contact, update_mask=FieldMask(paths=paths), request_id=self.request_id())

    def delete_contact(self):
        name = self.world.pick("contacts", self.rng)
        return name and ("DeleteContact", contacts_service_pb2.DeleteContactRequest(
            name=name, request_id=self.request_id()))

    def create_deal(self):
        rng = self.rng
        deal = deal_pb2.Deal(display_name=f"Deal {self.request_id()}", amount=self.some_money(),
                             owner=self.world.pick("users", rng) or "",
                             expected_close_date=Date(year=2026, month=rng.randrange(1, 13), day=rng.randrange(1, 29)))
        contact = self.world.pick("contacts", rng)
        if contact:
            deal.contacts.add(contact=contact, role=deal_pb2.CHAMPION)
        return "CreateDeal", deals_service_pb2.CreateDealRequest(deal=deal, request_id=self.request_id())

    def on_deal(self, method, make):
        name = self.world.pick("deals", self.rng)
        return name and (method, make(name=name, request_id=self.request_id()))

    def update_deal(self):
        name = self.world.pick("deals", self.rng)
        return name and ("UpdateDeal", deals_service_pb2.UpdateDealRequest(
            deal=deal_pb2.Deal(name=name, next_step=self.request_id(), amount=self.some_money()),
            update_mask=FieldMask(paths=["next_step", "amount"]), request_id=self.request_id()))

    def move_deal(self):
        stage = STAGES + self.rng.choice(OPEN_STAGES)
        return self.on_deal("MoveDeal", lambda **who: deals_service_pb2.MoveDealRequest(stage=stage, **who))

    def win_deal(self):
        """Two events, one append: the price and the win."""
        amount = self.some_money()
        return self.on_deal("WinDeal", lambda **who: deals_service_pb2.WinDealRequest(amount=amount, **who))

    def lose_deal(self):
        return self.on_deal("LoseDeal", lambda **who: deals_service_pb2.LoseDealRequest(
            reason=deal_pb2.BUDGET, notes=self.request_id(), **who))

    def reopen_deal(self):
        return self.on_deal("ReopenDeal", deals_service_pb2.ReopenDealRequest)

    def delete_deal(self):
        return self.on_deal("DeleteDeal", deals_service_pb2.DeleteDealRequest)

    def some_interaction(self):
        interaction = interaction_pb2.Interaction(
            kind=self.rng.randrange(1, 14), subject=f"S {self.request_id()}", body=self.some_text())
        if self.rng.random() < HAPPENED_EARLIER:
            interaction.occur_time.FromSeconds(int(time.time()) - self.rng.randrange(1_000_000))
        deal = self.world.pick("deals", self.rng)
        if deal and self.rng.random() < 0.5:
            interaction.links.append(deal)
        return interaction

    def some_parent(self):
        return self.world.pick(self.rng.choice(("contacts", "contacts", "deals")), self.rng)

    def record(self):
        parent = self.some_parent()
        return parent and ("RecordInteraction", interactions_service_pb2.RecordInteractionRequest(
            parent=parent, interaction=self.some_interaction(), request_id=self.request_id()))

    def amend(self):
        """Another text, and maybe other deals."""
        name = self.world.pick("interactions", self.rng)
        if name is None:
            return None
        interaction = interaction_pb2.Interaction(name=name, body=self.some_text(), outcome=self.request_id())
        paths = ["body", "outcome"]
        if self.rng.random() < 0.5:
            paths.append("links")
            deal = self.world.pick("deals", self.rng)
            if deal and self.rng.random() < 0.7:
                interaction.links.append(deal)
        return "AmendInteraction", interactions_service_pb2.AmendInteractionRequest(
            interaction=interaction, update_mask=FieldMask(paths=paths), request_id=self.request_id())

    def ingest(self):
        request = interactions_service_pb2.IngestInteractionsRequest(request_id=self.request_id())
        for _ in range(self.rng.randrange(2, 12)):
            parent = self.some_parent()
            if parent:
                request.items.add(parent=parent, interaction=self.some_interaction())
        return ("IngestInteractions", request) if request.items else None

    def create_user(self):
        user = user_pb2.User(display_name=f"User {self.request_id()}")
        return "CreateUser", users_service_pb2.CreateUserRequest(user=user, request_id=self.request_id())

    def change_settings(self):
        """Unique addresses are on most of the time, so that what is taken is refused."""
        workspace = workspace_pb2.Workspace(unique_contact_emails=self.rng.random() < 0.8,
                                            fiscal_year_start_month=self.rng.randrange(1, 13),
                                            display_name=f"Workspace {self.request_id()}")
        return "UpdateWorkspace", workspaces_service_pb2.UpdateWorkspaceRequest(
            workspace=workspace, request_id=self.request_id(),
            update_mask=FieldMask(paths=["unique_contact_emails", "fiscal_year_start_month", "display_name"]))

    def change_stage(self):
        stage = pipeline_pb2.Stage(name=STAGES + self.rng.choice(OPEN_STAGES), probability=self.rng.randrange(101))
        return "UpdateStage", pipelines_service_pb2.UpdateStageRequest(
            stage=stage, update_mask=FieldMask(paths=["probability"]), request_id=self.request_id())

    def create_workspace(self):
        """Three events, one append."""
        workspace = workspace_pb2.Workspace(display_name=f"Other {self.request_id()}")
        return "CreateWorkspace", workspaces_service_pb2.CreateWorkspaceRequest(
            workspace=workspace, request_id=self.request_id())

    def repeat(self):
        """A change that was answered before, sent again as it was."""
        told = self.world.pick_sent(self.rng)
        return told and (told.method, told.request)


CHOICES = [
    (Writer.create_contact, 18), (Writer.update_contact, 14), (Writer.delete_contact, 3), (Writer.create_deal, 9),
    (Writer.update_deal, 5), (Writer.move_deal, 12), (Writer.win_deal, 4), (Writer.lose_deal, 2),
    (Writer.reopen_deal, 3), (Writer.delete_deal, 1), (Writer.record, 14), (Writer.amend, 5), (Writer.ingest, 4),
    (Writer.repeat, 6), (Writer.create_user, 1), (Writer.change_settings, 1.5), (Writer.change_stage, 0.7),
    (Writer.create_workspace, 0.4)]


class Load:
    """Several writers at once, until they are told to stop or the server is gone."""

    def __init__(self, seed, api, ledger, world, writers=6):
        self.writers = [Writer(f"{seed}.{number}", api, ledger, world) for number in range(writers)]
        self.stopping = threading.Event()
        self.threads = []
        self.failures = []

    def start(self, steps=None):
        self.threads = [threading.Thread(target=self._run, args=(writer, steps)) for writer in self.writers]
        for thread in self.threads:
            thread.start()

    def _run(self, writer, steps):
        try:
            while not self.stopping.is_set() and (steps is None or writer.made < steps):
                told = writer.step()
                if told is not None and not told.known and steps is None:
                    return
        except Exception as error:  # pylint: disable=broad-except
            self.failures.append(repr(error))

    def stop(self):
        """Returns when every writer has got its last answer."""
        self.stopping.set()
        self.join()

    def join(self):
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise RuntimeError("; ".join(self.failures))
