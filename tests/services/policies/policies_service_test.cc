// Policies over the whole server: what they make due is done, once, whatever happens meanwhile.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/policies/v1/policies_service.grpc.pb.h"
#include "kith/policies/v1/policy_events.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "projections/reactions/policy.h"
#include "services/runtime/policies/policy_hold.h"
#include "tests/testing/await.h"
#include "tests/testing/captured_log.h"
#include "tests/testing/test_server.h"

namespace kith::policies {
namespace {

using contacts::v1::Contact;
using contacts::v1::ContactsService;
using contacts::v1::UpdateContactRequest;
using Stub = v1::PoliciesService::Stub;

constexpr char kName[] = "policies/test_titles";

UpdateContactRequest Title(const Contact& contact, absl::string_view title) {
  UpdateContactRequest request;
  request.mutable_contact()->set_name(contact.name());
  request.mutable_contact()->set_job_title(std::string(title));
  request.mutable_update_mask()->add_paths("job_title");
  return request;
}

// What it does with a contact, its first name says.
class TestTitles final : public projections::Policy {
 public:
  explicit TestTitles(int version = 1) : Policy("test_titles", version, "Gives titles.") {}
  std::string base() const override { return "contact_directory"; }

 private:
  std::vector<std::string> Follows() const override { return {}; }

  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override {
    for (const projections::RowChange& change : batch.changes()) {
      const auto* const after = change.after<Contact>();
      if (after == nullptr) continue;
      KITH_RETURN_IF_ERROR(ReactTo(event, *after, change.before<Contact>(), reactions));
    }
    return absl::OkStatus();
  }

  absl::Status ReactTo(const eventstore::RecordedEvent& event, const Contact& after,
                       const Contact* before, projections::Reactions& reactions) const {
    const std::string& what = after.first_name();
    const absl::Time now = event.header().occur_time;
    if (what == "Loop") return reactions.Add(Title(after, absl::StrCat(after.job_title(), "x")));
    if (what == "Timer") {
      const std::string timer = absl::StrCat(after.name(), "/title");
      if (absl::StartsWith(after.notes(), "cancel")) return reactions.Cancel(timer);
      if (before == nullptr || after.notes() != before->notes()) {
        return reactions.Set(timer, now + absl::Hours(1),
                             Title(after, absl::StrCat("fired ", after.notes())));
      }
      return absl::OkStatus();
    }
    if (before != nullptr) return absl::OkStatus();
    if (what == "Echo") return reactions.Add(Title(after, "echoed"));
    if (what == "Nobody") {
      Contact nobody = after;
      nobody.set_name("contacts/nobody");
      return reactions.Add(Title(nobody, "x"));
    }
    if (what == "Pair") {
      Contact nobody = after;
      nobody.set_name("contacts/nobody");
      const auto first = Title(after, "first");
      const auto second = Title(nobody, "second");
      return reactions.Add({&first, &second});
    }
    if (what == "Child") {
      contacts::v1::CreateContactRequest create;
      create.mutable_contact()->set_first_name("Born");
      return reactions.Add(create);
    }
    if (what == "Later") {
      // Of a revision that is not there yet: refused as one that may pass.
      auto title = Title(after, "at last");
      title.mutable_contact()->set_etag("2");
      KITH_RETURN_IF_ERROR(reactions.Add(title));
      return reactions.Add(Title(after, "and then"));
    }
    return absl::OkStatus();
  }
};

class PoliciesServiceTest : public ::testing::Test {
 protected:
  PoliciesServiceTest()
      : server_(
            [this](runtime::ServerBuilder& builder) {
              builder.AddPolicy(std::make_unique<TestTitles>(version_));
            },
            [this](runtime::ServerOptions& options) {
              options.policies.turn = absl::Milliseconds(1);
              options.policies.gather = absl::ZeroDuration();
              options.policies.retry_first = absl::ZeroDuration();
              options.policies.run = run_;
              options.policies.hold = hold_;
              if (!narrow_) return;
              options.policies.running_max = 1;
              options.policies.known_max = 16;
              options.policies.known_of_workspace_max = 4;
            }) {}

  Contact Create(absl::string_view first_name, absl::string_view notes = "") {
    return CreateIn(server_.secret(), first_name, notes);
  }
  Contact CreateIn(const std::string& secret, absl::string_view first_name,
                   absl::string_view notes = "") {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name(std::string(first_name));
    request.mutable_contact()->set_notes(std::string(notes));
    const auto created = server_.CallWith(secret, &ContactsService::Stub::CreateContact, request);
    EXPECT_EQ(created.reason(), "");
    return created.response;
  }
  void SetNotes(const Contact& contact, absl::string_view notes) {
    UpdateContactRequest request;
    request.mutable_contact()->set_name(contact.name());
    request.mutable_contact()->set_notes(std::string(notes));
    EXPECT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, request).reason(), "");
  }

  // Every event of the log.
  std::vector<std::shared_ptr<const eventstore::RecordedEvent>> Events() {
    std::vector<std::shared_ptr<const eventstore::RecordedEvent>> events;
    const auto cursor =
        server_.runtime().log.ReadAll(Position(1), eventstore::Direction::kForwards);
    while (true) {
      auto record = cursor->Next();
      EXPECT_TRUE(record.ok());
      if (!record.ok() || *record == nullptr) return events;
      events.push_back(*server_.runtime().registry.Decode(*record, server_.keys()));
    }
  }
  // The titles that a contact got, in their order.
  std::vector<std::string> TitlesOf(const Contact& contact) {
    std::vector<std::string> titles;
    for (const auto& event : Events()) {
      if (event->header().stream != contact.name()) continue;
      const auto& of_contact = static_cast<const contacts::v1::ContactEvent&>(*event->event);
      for (const std::string& path : of_contact.contact_updated().update_mask().paths()) {
        if (path != "job_title") continue;
        titles.push_back(of_contact.contact_updated().contact().job_title() +
                         of_contact.contact_updated().personal().job_title());
      }
    }
    return titles;
  }
  v1::Policy Get() {
    v1::GetPolicyRequest request;
    request.set_name(kName);
    const auto policy = server_.Call(&Stub::GetPolicy, request);
    EXPECT_EQ(policy.reason(), "");
    return policy.response;
  }

  // Until so many outcomes are noted.
  void AwaitOutcomes(int64_t count) {
    testing::AwaitThat(server_, [&] {
      int64_t noted = 0;
      for (const auto& event : Events()) {
        if (event->header().stream != kName) continue;
        noted +=
            static_cast<const v1::PolicyEvent&>(*event->event).policy_progressed().outcomes_size();
      }
      return noted >= count;
    });
  }
  void AwaitParked(int count) {
    testing::AwaitThat(server_, [&] {
      int parked = 0;
      for (const auto& event : Events()) {
        if (event->header().stream != kName) continue;
        parked += static_cast<const v1::PolicyEvent&>(*event->event).has_reaction_parked();
      }
      return parked >= count;
    });
  }

  // What a metric of the server's policies says now.
  static double Metric(const std::string& name) {
    const MetricPage page = CollectMetrics();
    double sum = 0;
    for (const MetricSample& sample : page.families().at(name).samples) sum += sample.value;
    return sum;
  }
  // Until the runner has looked at the clock so many times more, and found that nothing is due.
  static void AwaitGlances(int count) {
    const double until = Metric("kith_policy_glances_total") + count;
    while (Metric("kith_policy_glances_total") < until) std::this_thread::yield();
  }

  int version_ = 1;
  bool run_ = true;
  std::shared_ptr<runtime::PolicyHold> hold_;
  bool narrow_ = false;  // little is known, and one reaction decided, at once
  testing::TestServer server_;
};

TEST_F(PoliciesServiceTest, DoesWhatFollowsAndSaysWhy) {
  const Contact echo = Create("Echo");
  AwaitOutcomes(1);
  EXPECT_EQ(TitlesOf(echo), std::vector<std::string>{"echoed"});
  const auto events = Events();
  const auto created = std::find_if(events.begin(), events.end(), [&](const auto& event) {
    return event->header().stream == echo.name();
  });
  const auto updated = std::find_if(created + 1, events.end(), [&](const auto& event) {
    return event->header().stream == echo.name();
  });
  ASSERT_NE(updated, events.end());
  EXPECT_EQ((*updated)->header().actor, kName);
  EXPECT_EQ((*updated)->header().causation, (*created)->header().position);
  EXPECT_EQ((*updated)->header().request.id,
            absl::StrCat((*created)->header().sequence.value(), "/0/1"));
  const v1::Policy policy = Get();
  EXPECT_EQ(policy.done_count(), 1);
  EXPECT_EQ(policy.last_sequence(), (*created)->header().sequence.value());
  EXPECT_EQ(policy.description(), "Gives titles.");
}

TEST_F(PoliciesServiceTest, DoesNothingASecondTime) {
  Create("Child");
  AwaitOutcomes(1);
  const auto count = [&] {
    int born = 0;
    for (const auto& event : Events()) {
      if (eventstore::CategoryOf(event->header().stream) != "contacts") continue;
      const auto& contact = static_cast<const contacts::v1::ContactEvent&>(*event->event);
      born += contact.contact_created().personal().first_name() == "Born";
    }
    return born;
  };
  EXPECT_EQ(count(), 1);
  // Also where its views are folded anew, and by another version.
  for (int i = 0; i < 3; ++i) {
    version_ = i + 1;
    server_.Restart(/*new_views=*/true);
    Create("Echo");
    AwaitOutcomes(i + 2);
    EXPECT_EQ(count(), 1);
  }
}

TEST_F(PoliciesServiceTest, DoesLaterWhatItMissed) {
  run_ = false;
  server_.Restart();
  const Contact echo = Create("Echo");
  const Contact timer = Create("Timer");
  server_.clock().Advance(absl::Hours(2));
  EXPECT_EQ(Get().due_count(), 2);
  EXPECT_TRUE(TitlesOf(echo).empty());
  run_ = true;
  server_.Restart();
  AwaitOutcomes(2);
  EXPECT_EQ(TitlesOf(echo), std::vector<std::string>{"echoed"});
  EXPECT_EQ(TitlesOf(timer), std::vector<std::string>{"fired "});
}

TEST_F(PoliciesServiceTest, FiresATimerWhenItIsDueAndOnce) {
  const Contact timer = Create("Timer", "a");
  const Contact other = Create("Timer", "b");
  server_.clock().Advance(absl::Minutes(30));
  SetNotes(other, "c");  // set anew: an hour from now
  Create("Echo");
  AwaitOutcomes(1);
  EXPECT_TRUE(TitlesOf(timer).empty());
  server_.clock().Advance(absl::Minutes(30));
  AwaitOutcomes(2);
  EXPECT_EQ(TitlesOf(timer), std::vector<std::string>{"fired a"});
  EXPECT_TRUE(TitlesOf(other).empty());
  server_.Restart(/*new_views=*/true);
  server_.clock().Advance(absl::Minutes(30));
  AwaitOutcomes(3);
  EXPECT_EQ(TitlesOf(timer), std::vector<std::string>{"fired a"});
  EXPECT_EQ(TitlesOf(other), std::vector<std::string>{"fired c"});
}

TEST_F(PoliciesServiceTest, LetsTheClockJump) {
  const Contact timer = Create("Timer", "a");
  server_.clock().Jump(absl::Hours(1));
  AwaitOutcomes(1);
  server_.clock().Jump(-absl::Hours(1));
  Create("Echo");
  AwaitOutcomes(2);
  server_.clock().Jump(absl::Hours(1));
  Create("Echo");
  AwaitOutcomes(3);
  EXPECT_EQ(TitlesOf(timer), std::vector<std::string>{"fired a"});
}

TEST_F(PoliciesServiceTest, CancelsATimer) {
  const Contact timer = Create("Timer", "a");
  SetNotes(timer, "cancel it");
  server_.clock().Advance(absl::Hours(2));
  Create("Echo");
  AwaitOutcomes(1);
  EXPECT_TRUE(TitlesOf(timer).empty());
}

TEST_F(PoliciesServiceTest, TellsWhatWasRefused) {
  Create("Nobody");
  const Contact pair = Create("Pair");
  AwaitOutcomes(2);
  EXPECT_TRUE(TitlesOf(pair).empty()) << "all or none";
  const v1::Policy policy = Get();
  EXPECT_EQ(policy.refused_count(), 2);
  ASSERT_EQ(policy.refused_size(), 2);
  EXPECT_EQ(policy.refused(0).reason(), "CONTACT_NOT_FOUND");
  EXPECT_EQ(policy.refused(1).reason(), "CONTACT_NOT_FOUND");
}

TEST_F(PoliciesServiceTest, EndsACircle) {
  const Contact loop = Create("Loop");
  AwaitOutcomes(projections::kReactionDepthMax + 1);
  EXPECT_EQ(TitlesOf(loop).size(), size_t{projections::kReactionDepthMax});
  const v1::Policy policy = Get();
  ASSERT_EQ(policy.refused_size(), 1);
  EXPECT_EQ(policy.refused(0).reason(), "TOO_DEEP");
}

TEST_F(PoliciesServiceTest, ParksWhatItCannotDoAndItsStreamWaits) {
  const Contact later = Create("Later");
  AwaitParked(1);
  v1::Policy policy = Get();
  ASSERT_EQ(policy.parked_size(), 1);
  EXPECT_EQ(policy.parked(0).reason(), "ETAG_MISMATCH");
  EXPECT_EQ(policy.parked(0).stream(), later.name());
  EXPECT_EQ(policy.parked(0).request(), "kith.contacts.v1.UpdateContactRequest");
  EXPECT_EQ(policy.parked(0).attempts(), 8);
  // Others go on.
  Create("Echo");
  AwaitOutcomes(1);
  EXPECT_TRUE(TitlesOf(later).empty());
  // With the revision that it waits for it can be done.
  SetNotes(later, "now");
  v1::RetryReactionRequest retry;
  retry.set_name(kName);
  retry.set_reaction(policy.parked(0).reaction());
  EXPECT_EQ(server_.Call(&Stub::RetryReaction, retry).reason(), "");
  AwaitOutcomes(3);
  EXPECT_EQ(TitlesOf(later), (std::vector<std::string>{"at last", "and then"}));
  EXPECT_EQ(Get().parked_size(), 0);
  EXPECT_EQ(server_.Call(&Stub::RetryReaction, retry).reason(), "REACTION_NOT_PARKED");
}

TEST_F(PoliciesServiceTest, SkipsWhatIsGivenUpAlsoAfterARestart) {
  const Contact later = Create("Later");
  AwaitParked(1);
  server_.Restart(/*new_views=*/true);
  Create("Echo");
  AwaitOutcomes(1);
  EXPECT_TRUE(TitlesOf(later).empty());
  v1::SkipReactionRequest skip;
  skip.set_name(kName);
  ASSERT_EQ(Get().parked_size(), 1);
  skip.set_reaction(Get().parked(0).reaction());
  EXPECT_EQ(server_.Call(&Stub::SkipReaction, skip).reason(), "");
  AwaitOutcomes(2);
  EXPECT_EQ(TitlesOf(later), std::vector<std::string>{"and then"});
}

TEST_F(PoliciesServiceTest, RestsWhilePaused) {
  v1::PausePolicyRequest pause;
  pause.set_name(kName);
  EXPECT_EQ(server_.Call(&Stub::PausePolicy, pause)->state(), v1::PAUSED);
  const Contact echo = Create("Echo");
  const Contact timer = Create("Timer");
  server_.clock().Advance(absl::Hours(2));
  server_.Restart();
  EXPECT_EQ(Get().due_count(), 2);
  EXPECT_EQ(Get().state(), v1::PAUSED);
  v1::ResumePolicyRequest resume;
  resume.set_name(kName);
  EXPECT_EQ(server_.Call(&Stub::ResumePolicy, resume)->state(), v1::RUNNING);
  AwaitOutcomes(2);
  EXPECT_EQ(TitlesOf(echo), std::vector<std::string>{"echoed"});
  EXPECT_EQ(TitlesOf(timer), std::vector<std::string>{"fired "});
}

// Goal: over a copy nothing is done that the original may have done, until the operator says that
// it may, and then once.
TEST_F(PoliciesServiceTest, HoldsACopyUntilItIsResumed) {
  run_ = false;
  server_.Restart();
  const Contact echo = Create("Echo");
  const Contact timer = Create("Timer");
  server_.clock().Advance(absl::Hours(2));
  run_ = true;
  absl::Status noted = absl::UnavailableError("the disk is read only");
  v1::RestoredCopy copy;
  copy.set_store("5a5a");
  hold_ = std::make_shared<runtime::PolicyHold>(copy, [&noted] { return noted; });
  server_.Restart();
  const Contact later = Create("Echo");
  AwaitGlances(20);
  for (const Contact& contact : {echo, timer, later}) EXPECT_TRUE(TitlesOf(contact).empty());
  EXPECT_TRUE(Get().held());
  EXPECT_EQ(Get().state(), v1::RUNNING);
  EXPECT_EQ(Get().due_count(), 3);
  EXPECT_EQ(Metric("kith_policies_held"), 1);

  const v1::ResumeRestoredCopyRequest resume;
  const auto refused = server_.Call(&Stub::ResumeRestoredCopy, resume);
  EXPECT_EQ(refused.reason(), "COPY_NOT_RESUMED");
  EXPECT_TRUE(absl::StrContains(refused.status.error_message(), "the disk is read only"));
  EXPECT_TRUE(Get().held());

  noted = absl::OkStatus();
  roles::v1::CreateRoleRequest role;
  role.mutable_role()->set_display_name("Who restores");
  auto& grant = *role.mutable_role()->add_grants();
  grant.set_permission("operator.policies");
  grant.set_scope(roles::v1::ALL);
  users::v1::CreateUserRequest user;
  user.mutable_user()->set_display_name("Ada");
  user.mutable_user()->add_roles(
      server_.Call(&roles::v1::RolesService::Stub::CreateRole, role)->name());
  workspaces::v1::CreateApiKeyRequest create;
  create.mutable_api_key()->set_display_name("Ada's");
  create.mutable_api_key()->add_permissions("operator.policies");
  create.mutable_api_key()->set_user(
      server_.Call(&users::v1::UsersService::Stub::CreateUser, user)->name());
  const auto key = server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, create);
  ASSERT_EQ(key.reason(), "");
  const std::string actor = key->api_key().name().substr(absl::string_view("apiKeys/").size());
  {
    const testing::CapturedLog log(LogLevel::kInfo);
    const auto resumed = server_.CallWith(key->secret(), &Stub::ResumeRestoredCopy, resume);
    EXPECT_EQ(resumed->restored_copy().store(), "5a5a");
    EXPECT_TRUE(absl::StrContains(
        log.Await("the copy was resumed"),
        absl::StrCat(R"("actor":")", actor, R"(","user":")", create.api_key().user(), "\"")));
  }
  AwaitOutcomes(3);
  EXPECT_EQ(TitlesOf(echo), std::vector<std::string>{"echoed"});
  EXPECT_EQ(TitlesOf(timer), std::vector<std::string>{"fired "});
  EXPECT_EQ(TitlesOf(later), std::vector<std::string>{"echoed"});
  EXPECT_FALSE(Get().held());
  EXPECT_EQ(Metric("kith_policies_held"), 0);
  EXPECT_FALSE(server_.Call(&Stub::ResumeRestoredCopy, resume)->has_restored_copy());
}

TEST_F(PoliciesServiceTest, LetsOnlyTheOperatorResumeACopy) {
  workspaces::v1::CreateWorkspaceRequest create;
  create.mutable_workspace()->set_display_name("Other");
  const auto other =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateWorkspace, create);
  EXPECT_EQ(
      server_.CallWith(other->secret(), &Stub::ResumeRestoredCopy, v1::ResumeRestoredCopyRequest())
          .reason(),
      "PERMISSION_DENIED");
}

// Goal: where nothing happens nobody looks for what follows; what is recorded, and a clock that is
// moved, end that.
TEST_F(PoliciesServiceTest, TakesNoTurnWhileNothingIsDue) {
  const Contact timer = Create("Timer", "a");
  Create("Echo");
  AwaitOutcomes(1);
  double turns = 0;
  while (turns != Metric("kith_policy_turns_total")) {
    turns = Metric("kith_policy_turns_total");
    AwaitGlances(5);
  }
  AwaitGlances(50);
  EXPECT_EQ(Metric("kith_policy_turns_total"), turns);
  server_.clock().Advance(absl::Hours(1));
  AwaitOutcomes(2);
  EXPECT_EQ(TitlesOf(timer), std::vector<std::string>{"fired a"});
  const Contact echo = Create("Echo");
  AwaitOutcomes(3);
  EXPECT_EQ(TitlesOf(echo), std::vector<std::string>{"echoed"});
  EXPECT_GT(Metric("kith_policy_turns_total"), turns);
}

TEST_F(PoliciesServiceTest, DoesNothingInAWorkspaceThatIsSuspended) {
  using workspaces::v1::WorkspacesService;
  run_ = false;
  server_.Restart();
  workspaces::v1::CreateWorkspaceRequest create;
  create.mutable_workspace()->set_display_name("Other");
  const auto other = server_.Call(&WorkspacesService::Stub::CreateWorkspace, create);
  const Contact echo = CreateIn(other->secret(), "Echo");
  workspaces::v1::SuspendWorkspaceRequest suspend;
  suspend.set_name(other->workspace().name());
  EXPECT_EQ(server_.Call(&WorkspacesService::Stub::SuspendWorkspace, suspend).reason(), "");
  run_ = true;
  server_.Restart();
  Create("Echo");
  AwaitOutcomes(1);
  EXPECT_TRUE(TitlesOf(echo).empty());
  workspaces::v1::ResumeWorkspaceRequest resume;
  resume.set_name(other->workspace().name());
  EXPECT_EQ(server_.Call(&WorkspacesService::Stub::ResumeWorkspace, resume).reason(), "");
  AwaitOutcomes(2);
  EXPECT_EQ(TitlesOf(echo), std::vector<std::string>{"echoed"});
}

// Goal: however much one workspace makes follow, another's turn comes.
TEST_F(PoliciesServiceTest, GivesEachWorkspaceItsTurn) {
  constexpr int kMany = 100;
  run_ = false;
  server_.Restart();
  workspaces::v1::CreateWorkspaceRequest create;
  create.mutable_workspace()->set_display_name("Other");
  const auto other =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateWorkspace, create);
  std::vector<Contact> many;
  for (int i = 0; i < kMany; ++i) many.push_back(Create("Echo"));
  const Contact one = CreateIn(other->secret(), "Echo");
  run_ = true;
  narrow_ = true;
  server_.Restart();
  AwaitOutcomes(kMany + 1);
  int before = 0;
  int after = 0;
  bool is_there = false;
  for (const auto& event : Events()) {
    if (event->header().actor != kName) continue;
    if (event->header().stream == one.name()) is_there = true;
    if (eventstore::CategoryOf(event->header().stream) != "contacts") continue;
    ++(is_there ? after : before);
  }
  EXPECT_TRUE(is_there);
  EXPECT_LT(before, 10);
  EXPECT_GT(after, kMany - 10);
  for (const Contact& contact : many) EXPECT_EQ(TitlesOf(contact).size(), 1u);
}

TEST_F(PoliciesServiceTest, AnswersAsOf) {
  const auto before = server_.Call(&Stub::ListPolicies, v1::ListPoliciesRequest());
  ASSERT_TRUE(before.ok()) << before.reason();
  Create("Echo");
  AwaitOutcomes(1);
  EXPECT_EQ(Get().done_count(), 1);
  v1::GetPolicyRequest request;
  request.set_name(kName);
  request.mutable_read()->set_token(before.token);
  EXPECT_EQ(server_.Call(&Stub::GetPolicy, request)->done_count(), 0);
  request.set_name("policies/of-nobody");
  EXPECT_EQ(server_.Call(&Stub::GetPolicy, request).reason(), "POLICY_NOT_FOUND");
}

}  // namespace
}  // namespace kith::policies
