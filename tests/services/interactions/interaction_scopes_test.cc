// Whose interactions somebody reads and changes: those of records that they see, as far as the
// permissions of interactions reach.
#include <gmock/gmock.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/visitors/v1/visitors_service.grpc.pb.h"
#include "tests/services/interactions/interactions_fixture.h"

namespace kith::interactions {
namespace {

using roles::v1::AccessScope;
using ::testing::HasSubstr;
using ::testing::Not;
using MessagesStub = messages::v1::MessagesService::Stub;
using VisitorsStub = visitors::v1::VisitorsService::Stub;

constexpr AccessScope kScopes[] = {roles::v1::OWN, roles::v1::TEAM, roles::v1::ALL};

// Who asks, how far.
struct Scopes {
  AccessScope sight;    // of contacts, companies and deals
  AccessScope reading;  // of interactions
  AccessScope writing;  // and redacting
};

bool Covers(AccessScope scope, const std::string& whose) {
  if (scope == roles::v1::ALL) return true;
  return whose == "own" || (scope == roles::v1::TEAM && (whose == "team" || whose == "nobody"));
}

class InteractionScopes : public InteractionsServiceTest {
 protected:
  void SetUp() override {
    teams::v1::CreateTeamRequest team;
    team.mutable_team()->set_display_name("North");
    team_ = server_.Call(&teams::v1::TeamsService::Stub::CreateTeam, team)->name();
    owners_ = {{"own", ""},
               {"team", CreateUser("", team_)},
               {"other", CreateUser("", "")},
               {"nobody", ""}};
  }

  std::string CreateUser(const std::string& role, const std::string& team) {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name("Marta");
    if (!role.empty()) request.mutable_user()->add_roles(role);
    if (!team.empty()) request.mutable_user()->add_teams(team);
    const auto created = server_.Call(&users::v1::UsersService::Stub::CreateUser, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  // Of a new user of the team, whose records are "own" from now on.
  std::string KeyOf(const Scopes& scopes) {
    roles::v1::CreateRoleRequest create;
    create.mutable_role()->set_display_name("Role");
    create.mutable_role()->add_field_groups(roles::v1::PERSONAL);  // to amend what was said
    const auto grant = [&](const char* permission, AccessScope scope) {
      auto& granted = *create.mutable_role()->add_grants();
      granted.set_permission(permission);
      granted.set_scope(scope);
    };
    for (const char* const each : {"contacts.read", "companies.read", "deals.read"}) {
      grant(each, scopes.sight);
    }
    grant("messages.read", scopes.reading);
    grant("visitors.read", scopes.reading);
    grant("interactions.read", scopes.reading);
    grant("interactions.write", scopes.writing);
    grant("interactions.redact", scopes.writing);
    const auto role = server_.Call(&roles::v1::RolesService::Stub::CreateRole, create);
    EXPECT_EQ(role.reason(), "");
    owners_["own"] = CreateUser(role->name(), team_);
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Marta's");
    key.mutable_api_key()->set_user(owners_["own"]);
    key.mutable_api_key()->add_permissions("*");
    return server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  }
  // Of a collection.
  std::string RecordOf(const std::string& whose, const std::string& collection = "contacts") {
    const std::string& owner = owners_.at(whose);
    if (collection == "companies") {
      companies::v1::CreateCompanyRequest request;
      request.mutable_company()->set_display_name("Harrow");
      request.mutable_company()->set_owner(owner);
      return server_.Call(&companies::v1::CompaniesService::Stub::CreateCompany, request)->name();
    }
    if (collection == "deals") {
      deals::v1::CreateDealRequest request;
      request.mutable_deal()->set_display_name("Crane");
      request.mutable_deal()->set_owner(owner);
      return server_.Call(&deals::v1::DealsService::Stub::CreateDeal, request)->name();
    }
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Ada");
    request.mutable_contact()->set_owner(owner);
    return server_.Call(&ContactsStub::CreateContact, request)->name();
  }

  std::string Get(const std::string& key, const std::string& name) {
    v1::GetInteractionRequest request;
    request.set_name(name);
    return server_.CallWith(key, &InteractionsStub::GetInteraction, request).reason();
  }
  int Missing(const std::string& key, const std::string& name) {
    v1::BatchGetInteractionsRequest request;
    request.add_names(name);
    return server_.CallWith(key, &InteractionsStub::BatchGetInteractions, request)->missing_size();
  }
  std::string Revisions(const std::string& key, const std::string& name) {
    v1::ListInteractionRevisionsRequest request;
    request.set_name(name);
    return server_.CallWith(key, &InteractionsStub::ListInteractionRevisions, request).reason();
  }
  std::string Timeline(const std::string& key, const std::string& parent) {
    v1::ListTimelineRequest request;
    request.set_parent(parent);
    return server_.CallWith(key, &InteractionsStub::ListTimeline, request).reason();
  }
  std::string Write(const std::string& key, const std::string& parent) {
    return server_.CallWith(key, &InteractionsStub::RecordInteraction, Recording(parent)).reason();
  }
  std::string Load(const std::string& key, const std::string& parent) {
    InteractionsStub stub(server_.channel());
    grpc::ClientContext context;
    context.AddMetadata("authorization", absl::StrCat("Bearer ", key));
    const auto stream = stub.IngestInteractions(&context);
    v1::IngestInteractionsRequest request;
    AddItem(parent, "Loaded", &request);
    v1::IngestInteractionsResponse response;
    stream->Write(request);
    stream->WritesDone();
    EXPECT_TRUE(stream->Read(&response));
    stream->Finish();
    return response.results_size() == 1 ? ReasonOf(response.results(0)) : "no result";
  }
  std::string Amend(const std::string& key, const std::string& name) {
    v1::AmendInteractionRequest request;
    request.mutable_interaction()->set_name(name);
    request.mutable_interaction()->set_subject("New");
    request.mutable_update_mask()->add_paths("subject");
    return server_.CallWith(key, &InteractionsStub::AmendInteraction, request).reason();
  }
  std::string Redact(const std::string& key, const std::string& name) {
    v1::RedactInteractionRequest request;
    request.set_name(name);
    return server_.CallWith(key, &InteractionsStub::RedactInteraction, request).reason();
  }

  // Every method, about an interaction under a record of somebody.
  void ExpectScopes(const Scopes& scopes, const std::string& key, const std::string& whose,
                    const std::string& collection) {
    const std::string parent = RecordOf(whose, collection);
    const std::string name = Record(Recording(parent)).name();
    const bool is_seen = Covers(scopes.sight, whose);
    const bool is_read = is_seen && Covers(scopes.reading, whose);
    const bool is_written = Covers(scopes.writing, whose);
    const std::string reading = is_read ? "" : "INTERACTION_NOT_FOUND";
    const std::string writing = is_written ? "" : "PERMISSION_DENIED";
    EXPECT_EQ(Get(key, name), reading);
    EXPECT_EQ(Missing(key, name), is_read ? 0 : 1);
    EXPECT_EQ(Revisions(key, name), reading);
    EXPECT_EQ(Timeline(key, parent), is_read   ? ""
                                     : is_seen ? "PERMISSION_DENIED"
                                               : "LINKED_RECORD_NOT_FOUND");
    EXPECT_EQ(Write(key, parent), is_seen ? writing : "LINKED_RECORD_NOT_FOUND");
    EXPECT_EQ(Load(key, parent), is_seen ? writing : "LINKED_RECORD_NOT_FOUND");
    EXPECT_EQ(Amend(key, name), is_read ? writing : reading);
    EXPECT_EQ(Redact(key, name), is_read ? writing : reading);
  }

  std::string team_;
  std::map<std::string, std::string> owners_;  // "own", "team", "other" and "nobody"
};

TEST_F(InteractionScopes, AreThoseOfWhoseTheRecordIs) {
  for (const AccessScope sight : {roles::v1::OWN, roles::v1::ALL}) {
    for (const AccessScope reading : kScopes) {
      for (const AccessScope writing : kScopes) {
        const Scopes scopes = {sight, reading, writing};
        const std::string key = KeyOf(scopes);
        for (const char* const whose : {"own", "team", "other", "nobody"}) {
          SCOPED_TRACE(absl::StrCat(whose, "'s contact, seeing ", AccessScope_Name(sight),
                                    ", reading ", AccessScope_Name(reading), ", writing ",
                                    AccessScope_Name(writing)));
          ExpectScopes(scopes, key, whose, "contacts");
        }
      }
    }
  }
}

TEST_F(InteractionScopes, AreTheSameOfCompaniesAndDeals) {
  const Scopes scopes = {roles::v1::ALL, roles::v1::TEAM, roles::v1::OWN};
  const std::string key = KeyOf(scopes);
  for (const char* const collection : {"companies", "deals"}) {
    for (const char* const whose : {"own", "team", "other", "nobody"}) {
      SCOPED_TRACE(absl::StrCat(whose, "'s of ", collection));
      ExpectScopes(scopes, key, whose, collection);
    }
  }
}

// One that links somebody's record is in its timeline, and read by them; it stays with whom it was
// recorded.
TEST_F(InteractionScopes, ReachWhatLinksARecordForReading) {
  const std::string key = KeyOf({roles::v1::ALL, roles::v1::OWN, roles::v1::OWN});
  v1::RecordInteractionRequest recording = Recording(RecordOf("other"));
  const std::string own = RecordOf("own");
  recording.mutable_interaction()->add_links(own);
  const std::string name = Record(recording).name();
  EXPECT_EQ(Get(key, name), "");
  EXPECT_EQ(Timeline(key, own), "");
  EXPECT_EQ(Amend(key, name), "PERMISSION_DENIED");
  EXPECT_EQ(Redact(key, name), "PERMISSION_DENIED");
}

// Goal: a past moment shows what was somebody's then, of interactions as of the records themselves.
TEST_F(InteractionScopes, AreThoseOfWhoseTheRecordWasAtTheMomentAskedAbout) {
  const std::string key = KeyOf({roles::v1::OWN, roles::v1::OWN, roles::v1::OWN});
  const std::string given = RecordOf("own");
  const std::string taken = RecordOf("other");
  const std::string of_given = Record(Recording(given)).name();
  const std::string of_taken = Record(Recording(taken)).name();
  type::v1::ReadOptions before;
  before.set_token(TryRecord(Recording(RecordOf("nobody"))).token);
  const auto give = [&](const std::string& contact, const std::string& whose) {
    contacts::v1::UpdateContactRequest update;
    update.mutable_contact()->set_name(contact);
    update.mutable_contact()->set_owner(owners_.at(whose));
    update.mutable_update_mask()->add_paths("owner");
    ASSERT_EQ(server_.Call(&ContactsStub::UpdateContact, update).reason(), "");
  };
  give(given, "other");
  give(taken, "own");
  struct Case {
    std::string contact, interaction;
    bool then, now;
  };
  for (const Case& each :
       {Case{given, of_given, true, false}, Case{taken, of_taken, false, true}}) {
    for (const bool is_then : {true, false}) {
      SCOPED_TRACE(
          absl::StrCat(each.then ? "given" : "taken", is_then ? ", as of before" : ", now"));
      const bool is_seen = is_then ? each.then : each.now;
      const auto at = [&](auto request) {
        if (is_then) *request.mutable_read() = before;
        return request;
      };
      contacts::v1::GetContactRequest contact;
      contact.set_name(each.contact);
      EXPECT_EQ(server_.CallWith(key, &ContactsStub::GetContact, at(contact)).reason(),
                is_seen ? "" : "CONTACT_NOT_FOUND");
      v1::GetInteractionRequest get;
      get.set_name(each.interaction);
      EXPECT_EQ(server_.CallWith(key, &InteractionsStub::GetInteraction, at(get)).reason(),
                is_seen ? "" : "INTERACTION_NOT_FOUND");
      v1::ListTimelineRequest timeline;
      timeline.set_parent(each.contact);
      EXPECT_EQ(server_.CallWith(key, &InteractionsStub::ListTimeline, at(timeline)).reason(),
                is_seen ? "" : "LINKED_RECORD_NOT_FOUND");
      v1::SummarizeTimelineRequest summary;
      summary.set_parent(each.contact);
      EXPECT_EQ(server_.CallWith(key, &InteractionsStub::SummarizeTimeline, at(summary)).reason(),
                is_seen ? "" : "LINKED_RECORD_NOT_FOUND");
    }
  }
}

// Goal: what is hidden cannot be told from what never was, now, as of later and as of before.
TEST_F(InteractionScopes, SayOfWhatIsHiddenWhatTheySayOfWhatNeverWas) {
  const std::string key = KeyOf({roles::v1::OWN, roles::v1::OWN, roles::v1::OWN});
  type::v1::ReadOptions before, after;
  before.set_token(TryRecord(Recording(RecordOf("nobody"))).token);
  const std::string hidden = RecordOf("other");
  Record(Recording(hidden));
  after.set_token(TryRecord(Recording(RecordOf("nobody"))).token);
  const std::string absent = absl::StrCat(hidden.substr(0, hidden.size() - 2), "ZZ");
  const auto told = [&](auto call, auto request, const std::string& contact,
                        const type::v1::ReadOptions* read) {
    request.set_parent(contact);
    if (read != nullptr) *request.mutable_read() = *read;
    const auto answer = server_.CallWith(key, call, request);
    return absl::StrReplaceAll(absl::StrCat(answer.reason(), " ", answer.status.error_message()),
                               {{contact, "it"}});
  };
  for (const type::v1::ReadOptions* const read :
       {static_cast<const type::v1::ReadOptions*>(nullptr),
        static_cast<const type::v1::ReadOptions*>(&before),
        static_cast<const type::v1::ReadOptions*>(&after)}) {
    EXPECT_EQ(told(&InteractionsStub::ListTimeline, v1::ListTimelineRequest(), hidden, read),
              told(&InteractionsStub::ListTimeline, v1::ListTimelineRequest(), absent, read));
    EXPECT_EQ(told(&MessagesStub::ListMessages, messages::v1::ListMessagesRequest(), hidden, read),
              told(&MessagesStub::ListMessages, messages::v1::ListMessagesRequest(), absent, read));
    EXPECT_THAT(told(&VisitorsStub::ListVisits, visitors::v1::ListVisitsRequest(), hidden, read),
                HasSubstr("NOT_FOUND"));
    EXPECT_EQ(told(&VisitorsStub::ListVisits, visitors::v1::ListVisitsRequest(), hidden, read),
              told(&VisitorsStub::ListVisits, visitors::v1::ListVisitsRequest(), absent, read));
  }
}

TEST_F(InteractionScopes, HideWhoHasAnExternalId) {
  const std::string hidden = RecordOf("other");
  v1::RecordInteractionRequest recording = Recording(hidden);
  recording.mutable_interaction()->set_external_id("call-1");
  const std::string name = Record(recording).name();
  for (const Scopes& scopes : {Scopes{roles::v1::OWN, roles::v1::ALL, roles::v1::ALL},
                               Scopes{roles::v1::ALL, roles::v1::OWN, roles::v1::ALL}}) {
    const std::string key = KeyOf(scopes);
    recording.set_parent(RecordOf("own"));
    const auto refused = server_.CallWith(key, &InteractionsStub::RecordInteraction, recording);
    EXPECT_EQ(refused.reason(), "EXTERNAL_ID_TAKEN");
    EXPECT_EQ(refused.metadata("interaction"), "");
    EXPECT_THAT(refused.status.error_details(), Not(HasSubstr(hidden)));
  }
  EXPECT_EQ(TryRecord(recording).metadata("interaction"), name) << "to who sees all";
}

}  // namespace
}  // namespace kith::interactions
