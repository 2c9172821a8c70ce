"""What a golden data directory is asked: every read of every capability, now and as of each of its moments."""

from history import CONTACTS, DEALS, DEFAULT, FORMS, INTERACTIONS, LEADS, MODELS, PIPELINES, REVIEWS, SCORES, USERS, WORKSPACES

EVENTS = "events.v1.EventsService/"
SUBMISSIONS = "forms.v1.FormSubmissionsService/"
FORECAST = "forecast.v1.ForecastService/QueryForecast"

# Ages and what rots are those of the moment asked about, and keys are used on the day of the question, so no answer
# about now has them twice.
OF_NOW = ("readTime", "averageAge", "rottingCount", "lastUseDate")

CONTACT_LISTS = [{}, {"pageSize": 3}, {"filter": 'email = "DAI@tanaka.example"'}, {"filter": 'display_name = "A*"'},
                 {"filter": 'lifecycle_stage = "CUSTOMER"', "orderBy": "display_name desc", "pageSize": 2},
                 {"filter": 'external_id = "erp:103"'}, {"orderBy": "create_time desc"}]
LEAD_LISTS = [{}, {"filter": "status = DISQUALIFIED"}, {"filter": 'email = "LEA@north.example"'},
              {"orderBy": "create_time desc", "pageSize": 2}]
DEAL_LISTS = [{}, {"filter": 'status = "OPEN"', "orderBy": "expected_close_date", "pageSize": 3},
              {"filter": f'stage = "{DEFAULT}trial"'}, {"filter": 'company_name = "Firm 1"'},
              {"filter": 'pipeline = "pipelines/renewals"', "orderBy": "display_name desc"},
              {"orderBy": "last_activity_time desc", "pageSize": 4}, {"orderBy": "close_time", "pageSize": 4}]
FORECASTS = [{}, {"groupBy": ["QUARTER"], "quota": {"currencyCode": "EUR", "units": "9000"}},
             {"groupBy": ["MONTH", "OWNER", "CATEGORY"]},
             {"from": {"year": 2026, "month": 3, "day": 1}, "to": {"year": 2026, "month": 7, "day": 1}, "groupBy": ["MONTH"]},
             {"pipeline": "pipelines/default", "groupBy": ["CATEGORY"]}]


def without_now(answer):
    """An answer about now, without what passes by itself."""
    if isinstance(answer, dict):
        return {name: without_now(part) for name, part in answer.items() if name not in OF_NOW}
    if isinstance(answer, list):
        return [without_now(part) for part in answer]
    return answer


def answer_of(client, method, request):
    """What `client` is told, as it is kept and compared."""
    answer = client.call(method, request)
    is_of_now = request.get("read") == {} or method.endswith("/ListApiKeys")
    return without_now(answer) if is_of_now else answer


def as_of(moment, names):
    """The questions that can be asked as of a moment, a `read` of their requests."""
    for method, lists in ((CONTACTS + "ListContacts", CONTACT_LISTS), (DEALS + "ListDeals", DEAL_LISTS),
                          (USERS + "ListUsers", [{}, {"orderBy": "display_name", "pageSize": 1}]),
                          (PIPELINES + "ListPipelines", [{}]), (FORECAST, FORECASTS), (LEADS + "ListLeads", LEAD_LISTS),
                          (FORMS + "ListForms", [{}]), (SUBMISSIONS + "ListFormSubmissions", [{}]),
                          (REVIEWS + "ListCaptureReviews", [{}, {"filter": "state = PENDING"}]),
                          (MODELS + "ListScoringModels", [{}])):
        for request in lists:
            yield method, dict(request, read=moment)
    owner = names["users"][0]
    yield DEALS + "ListDeals", {"filter": f'owner = "{owner}"', "read": moment}
    yield FORECAST, {"owner": owner, "read": moment}
    for pipeline in names["pipelines"]:
        yield PIPELINES + "GetPipeline", {"name": pipeline, "read": moment}
        yield DEALS + "GetPipelineBoard", {"pipeline": pipeline, "read": moment}
    yield DEALS + "GetPipelineBoard", {"owner": owner, "read": moment}
    for collection, method in (("users", USERS + "GetUser"), ("contacts", CONTACTS + "GetContact"),
                               ("deals", DEALS + "GetDeal"), ("leads", LEADS + "GetLead"), ("forms", FORMS + "GetForm"),
                               ("captureReviews", REVIEWS + "GetCaptureReview")):
        for name in names[collection]:
            yield method, {"name": name, "read": moment}
    for form in names["forms"]:
        yield FORMS + "GetFormReport", {"name": form, "read": moment}
    for model in names["scoringModels"]:
        yield SCORES + "ListScores", {"model": model, "read": moment}
        for contact in names["contacts"][::4]:
            yield SCORES + "ExplainScore", {"model": model, "record": contact, "read": moment}
    for parent in names["contacts"][::3] + names["deals"][:3]:
        yield INTERACTIONS + "ListTimeline", {"parent": parent, "pageSize": 7, "read": moment}


def of_the_log(names, moments):
    """The questions about the log itself, and those that have no moment."""
    yield EVENTS + "ReadEvents", {}
    yield EVENTS + "ReadEvents", {"backwards": True, "limit": "5"}
    yield EVENTS + "ReadEvents", {"stream": names["deals"][0]}
    yield EVENTS + "ReadEvents", {"filter": {"types": ["deal_won", "stage_added"]}}
    for start in ("token", "sequence", "time"):
        yield EVENTS + "ReadEvents", {start: next(moment[start] for moment in moments if start in moment), "limit": "4"}
    for name in names["interactions"]:
        yield INTERACTIONS + "GetInteraction", {"name": name}
    yield INTERACTIONS + "ListTimeline", {"parent": names["contacts"][1], "kinds": ["EMAIL", "PAGE_VIEW"]}
    yield WORKSPACES + "GetWorkspace", {}
    yield WORKSPACES + "ListWorkspaces", {}
    yield WORKSPACES + "ListApiKeys", {}


def refused(names):
    """Changes that are refused because of what is in the log."""
    yield CONTACTS + "CreateContact", {"contact": {"firstName": "Eve", "emails": [{"address": "eve@okafor.example"}]}}
    yield DEALS + "CreateDeal", {"deal": {"displayName": "Again"}, "dealId": "deal-9"}
    yield DEALS + "MoveDeal", {"name": names["deals"][0], "stage": DEFAULT + "contacted"}
    yield CONTACTS + "UpdateContact", {"contact": {"name": names["contacts"][7], "firstName": "Hal"}}
    yield DEALS + "UpdateDeal", {"deal": {"name": names["deals"][2], "etag": "1", "product": "Old"}}
    yield DEALS + "MoveDeal", {"name": "deals/gate-2", "stage": DEFAULT + "negotiation"}
    yield LEADS + "QualifyLead", {"name": names["leads"][2]}


def of_other_keys(names):
    """What other keys are told, by key."""
    yield "little", CONTACTS + "GetContact", {"name": names["contacts"][0]}
    yield "little", DEALS + "GetDeal", {"name": names["deals"][0]}
    yield "revoked", CONTACTS + "GetContact", {"name": names["contacts"][0]}
    yield "second", CONTACTS + "GetContact", {"name": names["contacts"][0]}
    yield "second", CONTACTS + "ListContacts", {"filter": 'email = "ada@muster.example"'}
    yield "second", EVENTS + "ReadEvents", {}


def all_questions(names, moments, repeats):
    """(key, method, request), in the order in which they are asked. Changes that were told before are told again, and
    then the log must be as long as it was."""
    for method, request in as_of({}, names):
        yield "owner", method, request
    for moment in moments:
        for method, request in as_of(moment, names):
            yield "owner", method, request
    for method, request in of_the_log(names, moments):
        yield "owner", method, request
    yield from of_other_keys(names)
    for method, request in refused(names):
        yield "owner", method, request
    for method, request in repeats:
        yield "owner", method, request
    yield "owner", EVENTS + "ReadEvents", {"backwards": True, "limit": "1"}
