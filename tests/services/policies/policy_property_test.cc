// What holds of every policy that there is and will be, over the whole server: whatever delays what
// they do, repeats it or breaks it off, the log has the same in the end, once. The same weeks are
// lived twice, undisturbed, and with commits that fail, restarts, clocks that are set, policies
// that rest and views that are folded anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/policies/v1/policies_service.grpc.pb.h"
#include "kith/policies/v1/policy_events.pb.h"
#include "kith/tasks/v1/tasks_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workflows/v1/workflows_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::policies {
namespace {

using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;
using testing::Proto;

constexpr int kActs = 40;

// What time and chance make of a message is left out; what is left is what happened.
void ClearChance(Message& message) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const FieldDescriptor* const field : set) {
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (field->name() == "etag" || field->name() == "workflow_etag" || field->name() == "cause" ||
        (is_message && (field->message_type() == Timestamp::descriptor() ||
                        field->message_type() == Duration::descriptor()))) {
      message.GetReflection()->ClearField(&message, field);
    } else if (is_message && field->is_repeated()) {
      for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
        ClearChance(*message.GetReflection()->MutableRepeatedMessage(&message, field, i));
      }
    } else if (is_message) {
      ClearChance(*message.GetReflection()->MutableMessage(&message, field));
    }
  }
}

// A server, and those who work with it.
class Weeks {
 public:
  Weeks()
      : server_(nullptr, [](runtime::ServerOptions& options) {
          options.policies.turn = absl::Milliseconds(1);
          options.policies.gather = absl::ZeroDuration();
          options.policies.retry_first = absl::Milliseconds(20);
        }) {
    for (const char* const name : {"Ada", "Ben"}) {
      users::v1::CreateUserRequest request;
      request.mutable_user()->set_display_name(name);
      users_.push_back(Named(name, Do(&users::v1::UsersService::Stub::CreateUser, request)));
    }
    for (const char* const workflow : {
             R"(display_name: 'Welcome' trigger { resource: 'contacts' change: CREATED }
                steps { id: 'greet' call { method: 'UpdateContact' request:
                  '{"contact": {"name": "{{record.name}}", "job_title": "{{record.first_name}}"}}'
                } })",
             R"(display_name: 'Follow up'
                trigger { resource: 'interactions' condition: 'kind = CALL' }
                steps { id: 'wait' wait { duration: '3d' } }
                steps { id: 'call' call { method: 'CreateTask' request:
                  '{"task": {"display_name": "Call {{record.first_name}} back",'
                  ' "contacts": ["{{record.name}}"]}}' } })",
             R"(display_name: 'Check in'
                trigger { resource: 'deals' change: UPDATED condition: 'status = WON' }
                steps { id: 'wait' wait { duration: '30d' } }
                steps { id: 'ask' call { method: 'CreateTask' request:
                  '{"task": {"display_name": "Ask about {{record.display_name}}",'
                  ' "deal": "{{record.name}}"}}' } })",
             R"(display_name: 'Fails' trigger { resource: 'deals' change: CREATED }
                steps { id: 'fail' call { method: 'DeleteDeal' request:
                  '{"name": "deals/nobody-has-this"}' } })"}) {
      workflows::v1::CreateWorkflowRequest create;
      *create.mutable_workflow() = Proto<workflows::v1::Workflow>(workflow);
      workflows::v1::ActivateWorkflowRequest activate;
      activate.set_name(Named(create.workflow().display_name(),
                              Do(&workflows::v1::WorkflowsService::Stub::CreateWorkflow, create)));
      Do(&workflows::v1::WorkflowsService::Stub::ActivateWorkflow, activate);
    }
  }

  // Something that somebody does, which the number says.
  void Act(uint64_t what) {
    const auto chosen = [&what](uint64_t of) {
      const uint64_t number = what % of;
      what /= of;
      return number;
    };
    const uint64_t kind = chosen(7);
    if (kind <= 1 || deals_ == 0 || contacts_.empty()) {
      contacts::v1::CreateContactRequest contact;
      const std::string name = absl::StrCat("Contact", contacts_.size());
      contact.mutable_contact()->set_first_name(name);
      contacts_.push_back(
          Named(name, Do(&contacts::v1::ContactsService::Stub::CreateContact, contact)));
      deals::v1::CreateDealRequest deal;
      deal.set_deal_id(absl::StrCat("deal", deals_++));
      deal.mutable_deal()->set_display_name(deal.deal_id());
      deal.mutable_deal()->set_owner(users_[chosen(2)]);
      Do(&deals::v1::DealsService::Stub::CreateDeal, deal);
    } else if (kind == 2) {
      interactions::v1::RecordInteractionRequest call;
      call.set_parent(contacts_[chosen(contacts_.size())]);
      call.mutable_interaction()->set_kind(interactions::v1::CALL);
      Do(&interactions::v1::InteractionsService::Stub::RecordInteraction, call);
    } else if (kind == 3) {
      deals::v1::MoveDealRequest move;
      move.set_name(absl::StrCat("deals/deal", chosen(deals_)));
      move.set_stage(
          absl::StrCat("pipelines/default/stages/", chosen(2) == 0 ? "contacted" : "negotiation"));
      Do(&deals::v1::DealsService::Stub::MoveDeal, move, /*may_be_refused=*/true);
    } else if (kind == 4) {
      deals::v1::UpdateDealRequest assign;
      assign.mutable_deal()->set_name(absl::StrCat("deals/deal", chosen(deals_)));
      assign.mutable_deal()->set_owner(users_[chosen(2)]);
      Do(&deals::v1::DealsService::Stub::UpdateDeal, assign);
    } else if (kind == 5) {
      deals::v1::WinDealRequest win;
      win.set_name(absl::StrCat("deals/deal", chosen(deals_)));
      Do(&deals::v1::DealsService::Stub::WinDeal, win, /*may_be_refused=*/true);
    } else {
      server_.clock().Advance(absl::Hours(1 + chosen(60)));
    }
  }

  // Something that comes between.
  void Disturb(uint64_t what) {
    const bool choice = (what / 6) % 2 == 0;
    switch (what % 6) {
      case 0:
        return server_.disk().FailNextCommit(/*applied=*/choice);
      case 1:
        return server_.Restart(/*new_views=*/choice);
      case 2:
        return server_.clock().Jump(choice ? absl::Hours(1) : -absl::Hours(1));
      case 3:
        return Rest(choice);
      default:
        return;
    }
  }

  // Until everything is done that follows from what happened, later too.
  void End() {
    Rest(false);
    for (int day = 0; day < 50; ++day) {
      server_.clock().Advance(absl::Hours(24));
      AwaitQuiet();
    }
  }

  void AwaitQuiet() {
    const auto follower = server_.runtime().log.Follow(server_.runtime().log.head());
    while (true) {
      const Position head = server_.runtime().log.head();
      const auto policies =
          server_.Call(&v1::PoliciesService::Stub::ListPolicies, v1::ListPoliciesRequest());
      ASSERT_EQ(policies.reason(), "");
      int64_t due = 0;
      for (const v1::Policy& policy : policies->policies()) {
        due += policy.due_count();
        ASSERT_EQ(policy.parked_size(), 0) << policy.DebugString();
      }
      if (due == 0 && head == server_.runtime().log.head()) return;
      if (due > 0) {
        ASSERT_TRUE(follower->Wait(absl::Seconds(60))) << "nothing more happens";
      }
      ASSERT_TRUE(follower->Poll(1'000).ok());
    }
  }

  void FoldAnew() { server_.Restart(/*new_views=*/true); }

  // What happened, by stream, as text: in the order of each stream, but for that of policies.
  std::vector<std::string> Happened() {
    std::vector<std::string> happened;
    ForEach([&](const eventstore::RecordedEvent& event) {
      const absl::string_view category = eventstore::CategoryOf(event.header().stream);
      if (category == "policies" || category == "workspaces") return;
      std::unique_ptr<Message> content(event.event->New());
      content->CopyFrom(*event.event);
      ClearChance(*content);
      std::string text;
      google::protobuf::TextFormat::PrintToString(*content, &text);
      happened.push_back(
          Labelled(absl::StrCat(event.header().stream, " ", WithoutLateness(std::move(text)))));
    });
    std::sort(happened.begin(), happened.end());
    return happened;
  }

  // How often outcomes of the reactions were noted: their names, and the numbers.
  std::map<std::string, int> Outcomes() {
    std::map<std::string, int> noted;
    ForEach([&](const eventstore::RecordedEvent& event) {
      if (eventstore::CategoryOf(event.header().stream) != "policies") return;
      const auto& of_policy = static_cast<const v1::PolicyEvent&>(*event.event);
      for (const v1::ReactionOutcome& outcome : of_policy.policy_progressed().outcomes()) {
        ++noted[absl::StrCat(event.header().stream, " ", outcome.sequence(), " ",
                             outcome.reaction())];
      }
    });
    return noted;
  }

 private:
  // How late something is told depends on what came between.
  static std::string WithoutLateness(std::string text) {
    const size_t begin = text.find(" (told ");
    const size_t end = begin == text.npos ? begin : text.find(" late)", begin);
    if (end != text.npos) text.erase(begin, end + 6 - begin);
    return text;
  }
  // Calls until an answer comes, as a client does.
  template <class Stub, class Request, class Response>
  std::string Do(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                 Request request, bool may_be_refused = false) {
    request.set_request_id(absl::StrCat("act-", ++acts_));
    for (int attempt = 0; attempt < 1'000; ++attempt) {
      const auto reply = server_.Call(method, request);
      if (reply.status.error_code() == grpc::StatusCode::UNAVAILABLE) continue;
      EXPECT_TRUE(may_be_refused || reply.reason().empty())
          << reply.reason() << ": " << reply.status.error_message();
      return reply.response.name();
    }
    ADD_FAILURE() << "no answer";
    return "";
  }
  std::string Named(const std::string& label, const std::string& name) {
    labels_[name] = label;
    return name;
  }

  void Rest(bool rest) {
    const auto policies =
        server_.Call(&v1::PoliciesService::Stub::ListPolicies, v1::ListPoliciesRequest());
    for (const v1::Policy& policy : policies->policies()) {
      if (rest) {
        v1::PausePolicyRequest pause;
        pause.set_name(policy.name());
        Do(&v1::PoliciesService::Stub::PausePolicy, pause);
      } else {
        v1::ResumePolicyRequest resume;
        resume.set_name(policy.name());
        Do(&v1::PoliciesService::Stub::ResumePolicy, resume);
      }
    }
  }

  // With what a record is called for its name, where it has a label, and "?" for a drawn id.
  std::string Labelled(const std::string& text) const {
    std::string labelled;
    size_t at = 0;
    while (at < text.size()) {
      const size_t slash = text.find('/', at);
      if (slash == std::string::npos) break;
      size_t end = slash + 1;
      while (end < text.size() &&
             (absl::ascii_isupper(text[end]) || absl::ascii_isdigit(text[end])))
        ++end;
      size_t begin = slash;
      while (begin > at && absl::ascii_isalpha(text[begin - 1])) --begin;
      if (end - slash - 1 != 26) {
        absl::StrAppend(&labelled, text.substr(at, end - at));
      } else {
        const auto label = labels_.find(text.substr(begin, end - begin));
        absl::StrAppend(&labelled, text.substr(at, slash + 1 - at),
                        label == labels_.end() ? "?" : label->second);
      }
      at = end;
    }
    return labelled + text.substr(at);
  }

  void ForEach(const std::function<void(const eventstore::RecordedEvent&)>& take) {
    const auto cursor =
        server_.runtime().log.ReadAll(Position(1), eventstore::Direction::kForwards);
    while (true) {
      auto record = cursor->Next();
      ASSERT_TRUE(record.ok());
      if (*record == nullptr) return;
      take(**server_.runtime().registry.Decode(*record, server_.keys()));
    }
  }

  testing::TestServer server_;
  std::map<std::string, std::string> labels_;
  std::vector<std::string> users_;
  std::vector<std::string> contacts_;
  uint64_t deals_ = 0;
  int acts_ = 0;
};

// What one has beyond the other.
std::vector<std::string> Beyond(const std::vector<std::string>& one,
                                const std::vector<std::string>& other) {
  std::vector<std::string> beyond;
  std::set_difference(one.begin(), one.end(), other.begin(), other.end(),
                      std::back_inserter(beyond));
  return beyond;
}

void ExpectSame(const std::vector<std::string>& happened,
                const std::vector<std::string>& expected) {
  EXPECT_THAT(Beyond(happened, expected), ::testing::IsEmpty());
  EXPECT_THAT(Beyond(expected, happened), ::testing::IsEmpty()) << "is missing";
}

class PolicyProperty : public ::testing::TestWithParam<uint64_t> {};

TEST_P(PolicyProperty, SaysThatWhatComesBetweenChangesNothing) {
  SCOPED_TRACE(absl::StrCat("seed ", GetParam()));
  std::mt19937_64 acts(GetParam());
  std::mt19937_64 disturbances(GetParam() + 1'000);
  Weeks calm;
  Weeks disturbed;
  for (int i = 0; i < kActs; ++i) {
    const uint64_t act = acts();
    calm.Act(act);
    calm.AwaitQuiet();
    disturbed.Disturb(disturbances());
    disturbed.Act(act);
  }
  calm.End();
  disturbed.End();
  const std::vector<std::string> happened = calm.Happened();
  ExpectSame(disturbed.Happened(), happened);
  EXPECT_GT(std::count_if(happened.begin(), happened.end(),
                          [](const std::string& what) { return absl::StartsWith(what, "tasks/"); }),
            0);
  const auto outcomes = disturbed.Outcomes();
  EXPECT_FALSE(outcomes.empty());
  for (const auto& [reaction, times] : outcomes) EXPECT_EQ(times, 1) << reaction;
  // What is folded anew reacts to nothing.
  disturbed.FoldAnew();
  disturbed.AwaitQuiet();
  ExpectSame(disturbed.Happened(), happened);
  EXPECT_EQ(disturbed.Outcomes(), outcomes);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PolicyProperty, ::testing::Range(uint64_t{1}, uint64_t{6}));

}  // namespace
}  // namespace kith::policies
