"""The history that a golden data directory holds: some of everything that Kith can be told.

`tell(server)` is told once, to the version whose directory is kept. A change here reaches only the directories that are
made from now on.
"""

CONTACTS = "contacts.v1.ContactsService/"
DEALS = "deals.v1.DealsService/"
PIPELINES = "deals.v1.PipelinesService/"
INTERACTIONS = "interactions.v1.InteractionsService/"
LEADS = "leads.v1.LeadsService/"
FORMS = "forms.v1.FormsService/"
CAPTURES = "captures.v1.CapturesService/"
REVIEWS = "captures.v1.CaptureReviewsService/"
MODELS = "scoring_models.v1.ScoringModelsService/"
SCORES = "scoring_models.v1.ScoresService/"
USERS = "users.v1.UsersService/"
WORKSPACES = "workspaces.v1.WorkspacesService/"

DEFAULT = "pipelines/default/stages/"
PEOPLE = [("Ada", "Muster", "ada@muster.example"), ("Bo", "Ström", "bo@strom.example"), ("Chloé", "Dupont", ""),
          ("Dai", "Tanaka", "dai@tanaka.example"), ("Eve", "Okafor", "Eve@Okafor.example"),
          ("Finn", "Öz", "finn@xn--z-0fa.example"), ("Gia", "Rossi", "gia@rossi.example"), ("Hal", "", "")]


def day(number, hour=9):
    """A time in 2026; day 1 is January 1."""
    month, date = divmod(number - 1, 28)
    return f"2026-{month + 1:02}-{date + 1:02}T{hour:02}:00:00Z"


def money(units, currency="EUR", nanos=0):
    return {"currencyCode": currency, "units": str(units), "nanos": nanos}


class History:
    """What was told so far: the names of what was made, and the changes that can be told again."""

    def __init__(self, server):
        self.server = server
        self.repeats = []
        self.keys = {}  # secrets by what they are for

    def tell(self, method, repeat=False, **request):
        """A change that must be taken. One that is to be repeated carries a request id."""
        if repeat:
            request["requestId"] = f"golden-{len(self.repeats)}"
        reply = self.server.rpc.call(method, request)
        if "error" in reply:
            raise AssertionError(f"{method} {request}: {reply}")
        if repeat:
            self.repeats.append((method, request))
        return reply

    def settings(self, **fields):
        self.tell(WORKSPACES + "UpdateWorkspace", workspace=dict(fields, name="workspaces/1"),
                  updateMask=",".join(fields))

    def tell_all(self):
        """Each `yield` is a moment that is asked about later."""
        self.settings(displayName="Golden", timeZone="Europe/Berlin", defaultRegion="DE", uniqueContactEmails=True)
        users, contacts = self.people()
        yield
        self.pipelines()
        deals = self.deals(users, contacts)
        yield
        self.interactions(contacts, deals)
        yield
        self.moves(deals)
        self.settings(fiscalYearStartMonth=4)
        yield
        self.corrections(users, contacts, deals)
        yield
        self.settings(fiscalYearStartMonth=10, timeZone="America/New_York")
        self.tell(PIPELINES + "UpdateStage", stage={"name": DEFAULT + "qualified", "stageId": "qualified", "probability": 35,
                                                    "rotDays": 3}, updateMask="probability,rotDays")
        yield
        self.leads(users, contacts)
        yield
        self.forms_and_captures(users)
        yield
        self.gates(users)
        self.scores(contacts)
        yield
        self.forgotten_times(contacts)
        self.other_keys()

    def people(self):
        users = [self.tell(USERS + "CreateUser", repeat=True, user={
            "displayName": "Ula Chief", "email": "ula@golden.example", "office": "Berlin"})["name"]]
        for name in ("Uwe", "Uma"):
            users.append(self.tell(USERS + "CreateUser", user={
                "displayName": name, "manager": users[0], "timeZone": "Asia/Tokyo"})["name"])
        contacts = []
        for number, (first, last, email) in enumerate(PEOPLE):
            contact = {"firstName": first, "lastName": last, "owner": users[number % 3], "tags": ["golden", f"t{number % 2}"],
                       "lifecycleStage": ("LEAD", "CUSTOMER", "OPPORTUNITY")[number % 3], "companyName": f"Firm {number % 4}",
                       "externalIds": [{"system": "erp", "id": str(100 + number)}]}
            if email:
                contact["emails"] = [{"address": email}, {"address": f"{first.encode('idna').decode()}@home.example"}]
            if number % 2:
                contact.update(phones=[{"raw": f"030 2222 10{number}"}], birthday={"year": 1980, "month": 2, "day": number},
                               notes="Likes mornings. " * 5, addresses=[{"city": "Berlin", "country": "DE"}])
            contacts.append(self.tell(CONTACTS + "CreateContact", repeat=number == 1, contact=contact,
                                      occurTime=day(1 + number))["name"])
        return users, contacts

    def pipelines(self):
        self.tell(PIPELINES + "CreatePipeline", repeat=True, pipelineId="renewals", pipeline={
            "displayName": "Renewals", "stages": [
                {"stageId": "due", "displayName": "Due", "probability": 50, "rotDays": 14, "kind": "OPEN_STAGE"},
                {"stageId": "talks", "displayName": "Talks", "probability": 75, "kind": "OPEN_STAGE"},
                {"stageId": "kept", "displayName": "Kept", "probability": 100, "kind": "WON_STAGE"},
                {"stageId": "gone", "displayName": "Gone", "kind": "LOST_STAGE"}]})
        self.tell(PIPELINES + "AddStage", pipeline="pipelines/default", stage={
            "stageId": "trial", "displayName": "Trial", "probability": 45, "forecastCategory": "BEST_CASE", "rotDays": 7},
            before=DEFAULT + "proposal-sent")

    def deals(self, users, contacts):
        deals = []
        for number in range(10):
            deal = {"displayName": f"Deal {number}", "amount": money(1000 * (number + 1), ("EUR", "USD")[number % 2], 250000000),
                    "owner": users[number % 3], "contacts": [{"contact": contacts[number % 8], "role": "DECISION_MAKER"}],
                    "expectedCloseDate": {"year": 2026, "month": 1 + number, "day": 15}, "companyName": f"Firm {number % 4}"}
            if number == 3:
                deal.update(probability=0, forecastCategory="COMMIT")
            if number == 5:
                del deal["amount"], deal["owner"]
            if number >= 7:
                deal["pipeline"] = "pipelines/renewals"
            deals.append(self.tell(DEALS + "CreateDeal", repeat=number == 2, deal=deal, dealId="" if number == 4 else f"deal-{number}",
                                   occurTime=day(10 + number))["name"])
        return deals

    def interactions(self, contacts, deals):
        for number, contact in enumerate(contacts):
            for turn in range(3):
                self.tell(INTERACTIONS + "RecordInteraction", repeat=number == 1 and turn == 1, parent=contact, interaction={
                    "kind": ("EMAIL", "CALL", "MEETING")[turn], "direction": ("INBOUND", "OUTBOUND")[turn % 2],
                    "subject": f"Talk {turn} of {number}", "body": "What was said. " * 4, "occurTime": day(30 + turn, number),
                    "links": [deals[number]] if turn == 2 else [], "duration": "90s", "externalId": f"mail-{number}-{turn}"})
        self.tell(INTERACTIONS + "RecordInteraction", parent=deals[0], interaction={
            "kind": "NOTE", "subject": "About the deal", "links": [contacts[4]], "occurTime": day(35)})
        self.tell(INTERACTIONS + "IngestInteractions", repeat=True, items=[
            {"parent": contacts[number % 8], "interaction": {"kind": "PAGE_VIEW", "channel": f"/page/{number}",
                                                             "occurTime": day(40, number)}} for number in range(12)]
            + [{"parent": "contacts/01M8NBDYBODYBODYBODYBODYBB", "interaction": {"kind": "PAGE_VIEW"}}])

    def moves(self, deals):
        for number, stage in ((0, "contacted"), (1, "qualified"), (2, "trial"), (3, "negotiation"), (0, "trial")):
            self.tell(DEALS + "MoveDeal", repeat=stage == "qualified", name=deals[number], stage=DEFAULT + stage,
                      occurTime=day(60 + number + (stage == "trial")))
        self.tell(DEALS + "MoveDeal", name=deals[7], stage="pipelines/renewals/stages/talks", occurTime=day(70))
        self.tell(DEALS + "WinDeal", repeat=True, name=deals[0], amount=money(1111), occurTime=day(90))
        self.tell(DEALS + "LoseDeal", name=deals[1], reason="PRICING", notes="Too dear.", occurTime=day(91))
        self.tell(DEALS + "WinDeal", name=deals[7], occurTime=day(120))
        self.tell(DEALS + "LoseDeal", name=deals[4], reason="COMPETITION", occurTime=day(121))
        self.tell(DEALS + "ReopenDeal", repeat=True, name=deals[1], stage=DEFAULT + "contacted", occurTime=day(125))
        self.tell(PIPELINES + "ArchiveStage", repeat=True, stage="pipelines/renewals/stages/talks")
        self.tell(PIPELINES + "ReorderStages", pipeline="pipelines/default", stages=[DEFAULT + stage for stage in (
            "contacted", "new-lead", "qualified", "trial", "proposal-sent", "negotiation", "closed-won", "closed-lost")])

    def corrections(self, users, contacts, deals):
        self.tell(CONTACTS + "UpdateContact", repeat=True, contact={"name": contacts[1], "jobTitle": "Head", "notes": ""},
                  updateMask="jobTitle,notes")
        # An address that is let go of, and taken by another.
        self.tell(CONTACTS + "UpdateContact", contact={"name": contacts[3]}, updateMask="emails")
        self.tell(CONTACTS + "UpdateContact", contact={"name": contacts[2], "emails": [{"address": "dai@tanaka.example"}]},
                  updateMask="emails")
        self.tell(CONTACTS + "DeleteContact", repeat=True, name=contacts[7])
        self.tell(DEALS + "UpdateDeal", deal={"name": deals[2], "amount": money(7), "nextStep": "Call"},
                  updateMask="amount,nextStep,expectedCloseDate")
        self.tell(DEALS + "DeleteDeal", name=deals[9])
        self.tell(USERS + "UpdateUser", user={"name": users[1], "office": "Tokyo"}, updateMask="office")
        self.tell(USERS + "BatchChangeOwner", repeat=True, owner=users[2], newOwner=users[1])
        self.tell(USERS + "DeleteUser", name=users[2])

    def leads(self, users, contacts):
        """One of each status, and one that became a contact, a company and a deal."""
        leads = [self.tell(LEADS + "CreateLead", repeat=number == 0, lead=lead, occurTime=day(130 + number))["name"]
                 for number, lead in enumerate((
                     {"firstName": "Lea", "lastName": "North", "email": "lea@north.example", "companyName": "North GmbH",
                      "website": "https://www.north.example/about", "owner": users[0], "estimatedAmount": money(500),
                      "inquiry": "How much is it?", "latestTouch": {"source": "AD", "utmCampaign": "spring"}},
                     {"contact": contacts[0], "owner": users[1], "rating": "HOT"},
                     {"companyName": "South", "source": "EVENT"},
                     {"firstName": "Leo", "phone": "030 2222 999", "owner": users[1]},
                     {"lastName": "Gone", "externalIds": [{"system": "fair", "id": "7"}]}))]
        self.tell(LEADS + "ContactLead", repeat=True, name=leads[0], occurTime=day(140))
        self.tell(LEADS + "QualifyLead", name=leads[0], occurTime=day(141))
        self.tell(LEADS + "NurtureLead", name=leads[1], occurTime=day(141))
        self.tell(LEADS + "DisqualifyLead", name=leads[2], reason="OTHER_REASON", note="Moved away.", occurTime=day(142))
        self.tell(LEADS + "DisqualifyLead", name=leads[3], reason="BAD_TIMING", occurTime=day(142))
        self.tell(LEADS + "RecycleLead", name=leads[3], occurTime=day(143))
        self.tell(LEADS + "DeleteLead", name=leads[4])
        self.tell(LEADS + "ConvertLead", repeat=True, name=leads[0], createDeal=True, occurTime=day(144))

    def forms_and_captures(self, users):
        """A form that was sent, and what was captured of somebody known, new, and in question."""
        form = self.tell(FORMS + "CreateForm", form={
            "displayName": "Talk to us", "owner": users[0], "contactTags": ["web"], "fields": [
                {"key": "email", "label": "E-mail", "kind": "EMAIL", "required": True, "mapsTo": "contact.emails"},
                {"key": "name", "label": "Name", "mapsTo": "contact.last_name"},
                {"key": "message", "label": "Message", "kind": "PARAGRAPH"}],
            "consents": [{"key": "news", "text": "Send me news."}]})["name"]
        self.tell(FORMS + "PublishForm", name=form)
        self.tell(FORMS + "SubmitForm", repeat=True, name=form, consents=["news"], values=[
            {"key": "email", "value": "fay@form.example"}, {"key": "name", "value": "Form"},
            {"key": "message", "value": "Hello"}], pageUrl="https://golden.example/?utm_source=mail")
        self.tell(FORMS + "SubmitForm", name=form, values=[{"key": "email", "value": "ADA@muster.example"}])
        call = {"kind": "CALL", "direction": "INBOUND", "subject": "Calls"}
        for number, person in enumerate(({"emails": [{"address": "bo@strom.example"}]},
                                         {"firstName": "Cap", "emails": [{"address": "cap@new.example"}]},
                                         {"firstName": "Cop", "phones": [{"raw": "030 2222 101"}]},
                                         {"firstName": "Cup", "phones": [{"raw": "030 2222 105"}]})):
            told = self.tell(CAPTURES + "CaptureInteraction", repeat=number == 1, person=person, source="switchboard",
                             externalId=str(number), interaction=dict(call, occurTime=day(150 + number)))
        self.tell(REVIEWS + "ResolveCaptureReview", repeat=True, name=told["name"], resolution="NEW_CONTACT")

    def gates(self, users):
        """A gate that asks for fields and for somebody's agreement, an approval that was given and one that is pending."""
        secrets = []
        for user in users[:2]:
            self.tell(USERS + "UpdateUser", user={"name": user, "roles": ["roles/admin"]}, updateMask="roles")
            secrets.append(self.tell(WORKSPACES + "CreateApiKey", apiKey={
                "displayName": "Theirs", "user": user, "permissions": ["*"]})["secret"])
        stage = DEFAULT + "negotiation"
        self.tell(PIPELINES + "UpdateStage", stage={"name": stage, "gate": {
            "requiredToEnter": ["amount"], "noGoingBack": True, "approval": {"approvers": [users[1]]}}}, updateMask="gate")
        deals = [self.tell(DEALS + "CreateDeal", dealId=f"gate-{number}", deal={
            "displayName": f"Gate {number}", "amount": money(70 + number), "owner": users[0]})["name"] for number in range(3)]
        with self.server.with_key(secrets[0]):
            for deal in deals:
                self.tell(DEALS + "RequestStageApproval", name=deal, stage=stage, note="Please.")
        with self.server.with_key(secrets[1]):
            self.tell(DEALS + "GrantStageApproval", name=deals[0], stage=stage)
            self.tell(DEALS + "RejectStageApproval", name=deals[1], stage=stage, note="Too early.")

    def scores(self, contacts):
        """A model that has scored everything, and a score that was set by hand."""
        model = self.tell(MODELS + "CreateScoringModel", scoringModel={
            "displayName": "Fit", "target": "CONTACTS", "rules": [
                {"id": "call", "event": {"kind": "CALL", "direction": "INBOUND"}, "points": 5},
                {"id": "customer", "record": {"condition": "lifecycle_stage = CUSTOMER"}, "points": 10}]})["name"]
        while self.server.rpc.call(SCORES + "ListScores", {"model": model}).get("incomplete"):
            pass
        self.tell(SCORES + "SetScoreOverride", model=model, record=contacts[2], score=99, reason="A friend.")

    def forgotten_times(self, contacts):
        """Interactions that nobody gave a time: they happened when they were recorded, by a server that had to look up the
        contact first, and by one that had just done so."""
        for _ in range(3):
            self.server.restart()
            for contact in contacts[:7]:
                self.tell(INTERACTIONS + "RecordInteraction", parent=contact, interaction={"kind": "CHAT", "subject": "Now"})
        self.tell(INTERACTIONS + "IngestInteractions", items=[
            {"parent": contacts[number % 7], "interaction": {"kind": "AD_CLICK", "channel": f"/ad/{number}"}}
            for number in range(30)])

    def other_keys(self):
        """A key that may little, one that is revoked, and a workspace of somebody else with a key of its own."""
        for what in ("little", "revoked"):
            made = self.tell(WORKSPACES + "CreateApiKey", apiKey={"displayName": what, "permissions": ["contacts.read"]})
            self.keys[what] = made["secret"]
        self.tell(WORKSPACES + "RevokeApiKey", repeat=True, name=made["apiKey"]["name"])
        made = self.tell(WORKSPACES + "CreateWorkspace", workspace={"displayName": "Somebody else"})
        self.keys["second"] = made["secret"]
        with self.server.with_key(made["secret"]):
            zed = self.tell(CONTACTS + "CreateContact", contact={"firstName": "Zed", "emails": [{"address": "ada@muster.example"}]})
            self.tell(INTERACTIONS + "RecordInteraction", parent=zed["name"],
                      interaction={"kind": "CALL", "occurTime": day(50)})
