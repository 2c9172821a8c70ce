// History: acts by chance over the whole server, which have every policy react, and what comes
// between while policies work on them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/check.h"
#include "google/protobuf/util/json_util.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "kith/messages/v1/message_delivery.pb.h"
#include "kith/messages/v1/messages_service.pb.h"
#include "kith/notifications/v1/notification_delivery.pb.h"
#include "kith/notifications/v1/notifications_service.pb.h"
#include "kith/webhooks/v1/webhook_deliveries_service.pb.h"
#include "kith/webhooks/v1/webhook_delivery.pb.h"
#include "services/runtime/effects/effect.h"
#include "tests/services/policies/policy_world.h"

namespace kith::policies {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;

inline std::unique_ptr<Message> NewMessage(const Descriptor& type) {
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(&type)->New());
}
inline std::string TextIn(const Message& message, const char* field) {
  const auto* const found = message.GetDescriptor()->FindFieldByName(field);
  return found == nullptr ? "" : message.GetReflection()->GetString(message, found);
}

// Does at once what is to be done outside.
class DoneAtOnce final : public runtime::Effect {
 public:
  using Answer = std::function<std::unique_ptr<Message>(const Message&)>;
  DoneAtOnce(const Descriptor& takes, Answer answer) : takes_(takes), answer_(std::move(answer)) {}

  const Descriptor& takes() const override { return takes_; }
  void Perform(const Message& request, const runtime::EffectContext&, Done done) override {
    done(answer_(request));
  }
  absl::Duration RetryDelay(int) const override { return absl::ZeroDuration(); }
  int attempts_max() const override { return 3; }
  void Stop() override {}

 private:
  const Descriptor& takes_;
  const Answer answer_;
};

inline void AddEffects(runtime::ServerBuilder& builder) {
  builder.AddEffect(std::make_unique<DoneAtOnce>(
      *messages::v1::DeliverMessageRequest::descriptor(), [](const Message& request) {
        auto sent = std::make_unique<messages::v1::RecordMessageSentRequest>();
        sent->set_name(TextIn(request, "name"));
        sent->set_message_id(absl::StrCat("<", sent->name(), "@acme.example>"));
        sent->set_tracked(true);
        return sent;
      }));
  builder.AddEffect(std::make_unique<DoneAtOnce>(
      *notifications::v1::MailNotificationsRequest::descriptor(), [](const Message& request) {
        const auto& mail = static_cast<const notifications::v1::MailNotificationsRequest&>(request);
        auto mailed = std::make_unique<notifications::v1::RecordNotificationMailRequest>();
        *mailed->mutable_names() = mail.notifications();
        mailed->set_message_id("1@acme.example");
        return mailed;
      }));
  builder.AddEffect(std::make_unique<DoneAtOnce>(
      *webhooks::v1::DeliverWebhookRequest::descriptor(), [](const Message& request) {
        auto ended = std::make_unique<webhooks::v1::EndWebhookDeliveryRequest>();
        ended->set_name(TextIn(request, "name"));
        ended->set_reply_status(200);
        ended->set_attempts(1);
        return ended;
      }));
}

// What everybody is called whom a history is about, and what is personal of them says.
inline constexpr char kPersonal[] = "xanthippe";

// Something that somebody does: a method, and its request as JSON. $contact is one of the contacts
// that there are, $last_contact the youngest, $n the act's number, and $+26h a time so much later,
// and as many milliseconds as the act's number.
// "Advance" has time pass.
struct Act {
  const char* method;
  const char* request;
  // What its reply is one of; of "key_of_ada", the secret lets in whom later acts name.
  const char* makes = "";
  const char* as = "";  // whose key; empty: the operator's
};

// Who works with the server, and what they have it do by itself.
inline constexpr Act kBeginning[] = {
    {"CreateTeam", R"({"team": {"display_name": "North"}})", "team"},
    {"CreateUser", R"({"user": {"display_name": "Ada", "email": "ada@acme.example",
        "roles": ["roles/admin"], "teams": ["$team"]}})",
     "ada"},
    {"CreateUser", R"({"user": {"display_name": "Ben", "email": "ben@acme.example",
        "roles": ["roles/admin"]}})",
     "ben"},
    {"CreateUser", R"({"user": {"display_name": "Cid", "roles": ["roles/admin"]}})", "cid"},
    {"CreateApiKey",
     R"({"api_key": {"display_name": "Ada's", "user": "$ada", "permissions": ["*"]}})",
     "key_of_ada"},
    {"CreateApiKey",
     R"({"api_key": {"display_name": "Cid's", "user": "$cid", "permissions": ["*"]}})",
     "key_of_cid"},
    {"SetNotificationPreferences", R"({"name": "$ada", "notification_preferences":
        {"kinds": [{"mail": "DIGEST", "webhook": true}]}})"},
    {"CreateWebhook", R"({"webhook": {"display_name": "Ledger", "url": "https://example.com/kith",
        "events": [{"resource": "contacts"}, {"resource": "companies"}, {"resource": "deals"},
                   {"resource": "tasks"}, {"resource": "leads"}, {"resource": "interactions"},
                   {"resource": "visitors"}, {"resource": "notifications"},
                   {"resource": "meetings"}]}})",
     "webhook"},
    {"ActivateWebhook", R"({"name": "$webhook"})"},
    {"CreateWorkflow",
     R"({"workflow": {"display_name": "Welcome",
        "trigger": {"resource": "contacts", "change": "CREATED"},
        "steps": [{"id": "greet", "call": {"method": "UpdateContact", "request":
            "{\"contact\": {\"name\": \"{{record.name}}\", )"
     R"(\"job_title\": \"{{record.first_name}}\"}}"}}]}})",
     "workflow"},
    {"ActivateWorkflow", R"({"name": "$last_workflow"})", "", "ada"},
    {"CreateWorkflow", R"({"workflow": {"display_name": "Visit",
        "trigger": {"resource": "companies", "change": "CREATED"},
        "steps": [{"id": "visit", "call": {"method": "CreateTask", "request":
            "{\"task\": {\"display_name\": \"Visit\", \"owner\": \"$ben\"}}"}}]}})",
     "workflow"},
    {"ActivateWorkflow", R"({"name": "$last_workflow"})", "", "cid"},
    {"CreateWorkflow", R"({"workflow": {"display_name": "Check in",
        "trigger": {"resource": "deals", "change": "UPDATED", "condition": "status = WON"},
        "steps": [{"id": "wait", "wait": {"duration": "30d"}},
                  {"id": "ask", "call": {"method": "CreateTask", "request":
            "{\"task\": {\"display_name\": \"Ask about {{record.display_name}}\"}}"}}]}})",
     "workflow"},
    {"ActivateWorkflow", R"({"name": "$last_workflow"})", "", "ada"},
    {"CreateWorkflow", R"({"workflow": {"display_name": "Fails",
        "trigger": {"resource": "deals", "change": "CREATED"},
        "steps": [{"id": "fail", "call": {"method": "DeleteDeal", "request":
            "{\"name\": \"deals/nobody-has-this\"}"}}]}})",
     "workflow"},
    {"ActivateWorkflow", R"({"name": "$last_workflow"})", "", "ada"},
    {"CreateWorkflow", R"({"workflow": {"display_name": "Urgent",
        "trigger": {"resource": "tasks", "change": "CREATED", "condition": "priority = HIGH"},
        "steps": [{"id": "say", "call": {"method": "UpdateTask", "request":
            "{\"task\": {\"name\": \"{{record.name}}\", \"description\": \"Urgent\"}}"}}]}})",
     "workflow"},
    {"ActivateWorkflow", R"({"name": "$last_workflow"})", "", "ada"},
    {"CreateWorkflow", R"({"workflow": {"display_name": "Ring",
        "trigger": {"resource": "leads", "change": "CREATED"},
        "steps": [{"id": "wait", "wait": {"duration": "1d"}},
                  {"id": "ring", "call": {"method": "CreateTask", "request":
            "{\"task\": {\"display_name\": \"Ring\", \"lead\": \"{{record.name}}\"}}"}}]}})",
     "workflow"},
    {"ActivateWorkflow", R"({"name": "$last_workflow"})", "", "ada"},
    {"CreateWorkflow", R"({"workflow": {"display_name": "Follow up",
        "trigger": {"resource": "interactions", "condition": "kind = CALL"},
        "steps": [{"id": "wait", "wait": {"duration": "3d"}},
                  {"id": "call", "call": {"method": "CreateTask", "request":
            "{\"task\": {\"display_name\": \"Call\", \"contacts\": [\"{{record.name}}\"]}}"}}]}})",
     "workflow"},
    {"ActivateWorkflow", R"({"name": "$last_workflow"})", "", "ada"},
    {"CreateWorkflow", R"({"workflow": {"display_name": "Sent",
        "trigger": {"resource": "messages", "change": "CREATED"},
        "steps": [{"id": "note", "call": {"method": "CreateTask", "request":
            "{\"task\": {\"display_name\": \"Wait for an answer\"}}"}}]}})",
     "workflow"},
    {"ActivateWorkflow", R"({"name": "$last_workflow"})", "", "ada"},
    {"CreateWorkflow", R"({"workflow": {"display_name": "Review",
        "trigger": {"schedule": {"recurrence": "FREQ=WEEKLY;BYDAY=MO",
            "start_date": {"year": 2026, "month": 1, "day": 1}, "time_of_day": "09:00"}},
        "steps": [{"id": "review", "call": {"method": "CreateTask", "request":
            "{\"task\": {\"display_name\": \"Review\"}}"}}]}})",
     "workflow"},
    {"ActivateWorkflow", R"({"name": "$last_workflow"})", "", "ada"},
    {"CreateScoringModel", R"({"scoring_model": {"display_name": "Heat", "target": "CONTACTS",
        "rules": [{"id": "calls", "event": {"kind": "CALL"}, "points": 10}],
        "thresholds": [{"id": "warm", "value": 10}, {"id": "hot", "value": 30}]}})",
     "model"},
    {"CreateWorkflow", R"({"workflow": {"display_name": "Warm",
        "trigger": {"resource": "contacts",
            "score_reached": {"scoring_model": "$model", "threshold": "warm"}},
        "steps": [{"id": "ring", "call": {"method": "CreateTask", "request":
            "{\"task\": {\"display_name\": \"Ring\"}}"}}]}})",
     "workflow"},
    {"ActivateWorkflow", R"({"name": "$last_workflow"})", "", "ada"},
    {"CreateScoringModel", R"({"scoring_model": {"display_name": "Fit", "target": "LEADS",
        "rules": [{"id": "fit", "record": {"condition": "company_name = \"Acme\""}, "points": 7}],
        "thresholds": [{"id": "fits", "value": 7}]}})"},
    {"CreateAssignmentRule", R"({"assignment_rule": {"display_name": "Turns", "resource": "deals",
        "members": [{"user": "$ben"}], "limit": {"records": 1, "window": "86400s"}}})",
     "rule"},
    {"UpdateStage", R"({"stage": {"name": "pipelines/default/stages/negotiation",
        "gate": {"approval": {"approvers": ["$ben", "roles/admin"], "expire_hours": 24}}}})"},
    {"CreateSite", R"({"site": {"display_name": "Pages",
        "allowed_origins": ["https://www.example.com"]}})",
     "site"},
};

// What they do then, each at least once.
inline constexpr Act kActs[] = {
    {"CreateContact", R"({"contact": {"first_name": "Xanthippe", "last_name": "Xanthippe$n",
        "owner": "$ada", "emails": [{"address": "xanthippe$n@example.com"}]}})",
     "contact"},
    {"CreateCompany", R"({"company": {"display_name": "Company$n"}})", "company"},
    {"CreateDeal", R"({"deal": {"display_name": "Deal$n", "owner": "$ben"}})", "deal"},
    {"CreateLead", R"({"lead": {"first_name": "Xanthippe", "email": "xanthippe$n@example.org",
        "company_name": "Acme", "owner": "$ada", "contact": "$contact"}})",
     "lead"},
    {"CreateTask", R"({"task": {"display_name": "Task$n", "owner": "$ada", "priority": "HIGH",
        "due_time": "$+26h", "reminders": ["3600s"]}})",
     "task"},
    {"CreateVisitor", R"({"visitor": {"site": "$site"}})", "visitor"},
    {"CompleteTask", R"({"name": "$task"})"},
    {"RecordInteraction", R"({"parent": "$contact", "interaction": {"kind": "CALL",
        "direction": "OUTBOUND", "subject": "Xanthippe", "body": "Of Xanthippe"}})"},
    {"MoveDeal", R"({"name": "$deal", "stage": "pipelines/default/stages/contacted"})"},
    {"UpdateDeal", R"({"deal": {"name": "$deal", "owner": "$ada"}})"},
    {"WinDeal", R"({"name": "$deal"})"},
    {"AssignRecord", R"({"rule": "$rule", "record": "$deal", "reassign": true, "wait": true})"},
    {"CreateMeeting", R"({"meeting": {"display_name": "Meeting$n", "owner": "$ben",
        "start_time": "$+400h", "send_invitations": true,
        "attendees": [{"attendee": "$contact"}]}})"},
    {"SendMessage", R"({"contact": "$contact", "subject": "Xanthippe", "text": "Dear Xanthippe"})",
     "message", "ada"},
    {"RecordMessageOpened", R"({"name": "$message", "automatic": "KNOWN_AGENT"})"},
    {"CreateNotification", R"({"notification": {"owner": "$ben", "display_name": "Note$n"}})",
     "notification"},
    {"UpdateNotification", R"({"notification": {"name": "$notification",
        "snooze_time": "$+5h"}, "update_mask": "snooze_time"})"},
    {"UpdateContact", R"({"contact": {"name": "$contact", "job_title": "Xanthippe$n"}})"},
    {"CallWebhook", R"({"webhook": "$webhook", "record": "$contact",
        "payload": "{\"who\": \"Xanthippe\"}"})"},
    {"Advance", "1"},
    {"Advance", "30"},
    {"Advance", "60"},
};

// What comes after all of it, and is asked for whatever became of the rest.
inline constexpr Act kEnd[] = {
    {"CreateDeal", R"({"deal": {"display_name": "Last", "owner": "$ada"}})", "deal"},
    {"RequestStageApproval", R"({"name": "$last_deal",
        "stage": "pipelines/default/stages/negotiation"})",
     "", "ada"},
    {"AssignRecord", R"({"rule": "$rule", "record": "$last_deal", "reassign": true,
        "wait": true})"},
    {"CreateDeal", R"({"deal": {"display_name": "Waits", "owner": "$ada"}})", "deal"},
    {"AssignRecord", R"({"rule": "$rule", "record": "$last_deal", "reassign": true,
        "wait": true})"},
    {"SendMessage", R"({"contact": "$contact", "subject": "Xanthippe", "text": "Again"})",
     "message", "ada"},
    {"Advance", "1"},
    {"RecordMessageOpened", R"({"name": "$last_message"})"},
    {"DeactivateUser", R"({"name": "$cid"})"},
    {"CreateCompany", R"({"company": {"display_name": "Last"}})", "company"},
    {"CreateImportJob", R"({"import_job": {"display_name": "people.csv",
        "collection": "contacts"}})",
     "job", "ada"},
    {"ImportRecord", R"({"import_job": "$job", "contact": {"first_name": "Xanthippe"}})", "contact",
     "ada"},
    {"CompleteImportJob", R"({"name": "$job", "position": 1, "counts": {"created": 1}})", "",
     "ada"},
    {"RevertImportJob", R"({"name": "$job"})", "", "ada"},
};

class History : public PolicyWorld {
 public:
  explicit History(uint64_t seed) : PolicyWorld(AddEffects), chance_(seed) {
    // No act is at a time of day that something waits for, whatever is tried again later.
    server_.clock().Advance(absl::Minutes(7));
    for (const auto& [name, method] : server_.methods().methods()) {
      methods_[name.substr(name.rfind('.') + 1)] = method->method().descriptor;
    }
  }

  void Do(const Act& act) {
    ++number_;
    if (act.method == std::string("Advance")) {
      int hours = 0;
      KITH_CHECK(absl::SimpleAtoi(act.request, &hours));
      return server_.clock().Advance(absl::Hours(hours));
    }
    const MethodDescriptor* const method = methods_[act.method];
    KITH_CHECK(method != nullptr);
    const std::unique_ptr<Message> request = NewMessage(*method->input_type());
    const std::string json = Filled(act.request);
    const auto parsed = google::protobuf::util::JsonStringToMessage(json, request.get());
    ASSERT_TRUE(parsed.ok()) << act.method << ": " << parsed.ToString() << json;
    const auto* const id = request->GetDescriptor()->FindFieldByName("request_id");
    request->GetReflection()->SetString(request.get(), id, absl::StrCat("act-", number_));
    const std::unique_ptr<Message> reply = NewMessage(*method->output_type());
    Answer(*method, *request, act.as, *reply);
    const std::string kind = act.makes;
    if (kind.empty()) return;
    if (absl::StartsWith(kind, "key_of_")) {
      // A secret is told once. Where that was the answer that did not come, another key is made.
      for (int again = 1; TextIn(*reply, "secret").empty(); ++again) {
        ASSERT_LT(again, 10) << answers_.back();
        request->GetReflection()->SetString(request.get(), id,
                                            absl::StrCat("act-", number_, "-", again));
        answers_.pop_back();
        Answer(*method, *request, act.as, *reply);
      }
      keys_[kind.substr(7)] = TextIn(*reply, "secret");
    } else if (const std::string name = TextIn(*reply, "name"); !name.empty()) {
      made_[kind].push_back(Named(absl::StrCat(kind, number_), name));
    } else {
      ADD_FAILURE() << act.method << " makes a " << kind << ": " << answers_.back();
    }
  }

  // What they were answered: nothing, or why not.
  const std::vector<std::string>& answers() const { return answers_; }

  // Comes between while policies work on what was done last, which they go on with then.
  void Disturb(std::mt19937_64& chance) {
    const uint64_t what = chance();
    const bool choice = (what / 8) % 2 == 0;
    if (what % 8 < 3) server_.disk().FailNextCommit(/*applied=*/choice);
    if (what % 8 == 3 || what % 8 == 4) server_.Restart(/*new_views=*/choice);
    LetGoOn();
  }
  // Some policies do nothing until then.
  void HaveSomeRest(std::mt19937_64& chance) {
    if (chance() % 3 != 0) return;
    for (const v1::Policy& policy : Policies()) {
      if (chance() % 2 == 0) continue;
      Rest(policy.name());
      resting_.push_back(policy.name());
    }
  }
  void LetAWeekPass() { server_.clock().Advance(absl::Hours(24 * 7)); }

  // The names of those that were made of a kind: "contact".
  std::vector<std::string> Made(const std::string& kind) { return made_[kind]; }

  // What every list answers, row by row, but of keys: some are made twice, see Do.
  std::vector<std::string> Rows() {
    std::vector<std::string> rows;
    for (const auto& [name, method] : methods_) {
      const bool is_list = absl::StartsWith(name, "List") && !absl::StrContains(name, "Polic") &&
                           !absl::StrContains(name, "ApiKeys") && name != "ListWorkspaceRevisions";
      if (!is_list || method->server_streaming()) continue;
      const std::unique_ptr<Message> request = NewMessage(*method->input_type());
      const auto* const size = request->GetDescriptor()->FindFieldByName("page_size");
      if (size == nullptr) continue;
      request->GetReflection()->SetInt32(request.get(), size, 1'000);
      const std::unique_ptr<Message> page = NewMessage(*method->output_type());
      if (!Call(*method, *request, server_.secret(), *page).ok()) continue;
      const auto* const items = page->GetDescriptor()->field(0);
      if (!items->is_repeated() || items->message_type() == nullptr) continue;
      for (int i = 0; i < page->GetReflection()->FieldSize(*page, items); ++i) {
        rows.push_back(absl::StrCat(
            name, " ", TextOf(page->GetReflection()->GetRepeatedMessage(*page, items, i))));
      }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }

 private:
  void LetGoOn() {
    for (const std::string& policy : resting_) GoOn(policy);
    resting_.clear();
  }
  grpc::Status Call(const MethodDescriptor& method, const Message& request,
                    const std::string& secret, Message& reply) {
    using google::protobuf::MessageLite;
    const std::string path = absl::StrCat("/", method.service()->full_name(), "/", method.name());
    const grpc::internal::RpcMethod rpc(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC,
                                        server_.channel());
    grpc::ClientContext context;
    context.AddMetadata("authorization", absl::StrCat("Bearer ", secret));
    return grpc::internal::BlockingUnaryCall<MessageLite, MessageLite>(server_.channel().get(), rpc,
                                                                       &context, request, &reply);
  }
  // Until an answer comes, as a client does.
  void Answer(const MethodDescriptor& method, const Message& request, const std::string& as,
              Message& reply) {
    const std::string& secret = as.empty() ? server_.secret() : keys_.at(as);
    grpc::Status status;
    for (int attempt = 0; attempt < 1'000; ++attempt) {
      status = Call(method, request, secret, reply);
      if (status.error_code() != grpc::StatusCode::UNAVAILABLE) break;
    }
    answers_.push_back(absl::StrCat(number_, " ", method.name(), ": ",
                                    status.ok() ? "" : TextOf(Refusal(status))));
  }
  static google::rpc::Status Refusal(const grpc::Status& status) {
    google::rpc::Status error;
    error.set_code(status.error_code());
    error.set_message(status.error_message());
    return error;
  }

  // A request without its gaps.
  std::string Filled(std::string text) {
    size_t at = 0;
    while ((at = text.find('$', at)) != text.npos) {
      size_t end = at + 1;
      while (end < text.size() && (absl::ascii_isalnum(text[end]) || text[end] == '_' ||
                                   (end == at + 1 && text[end] == '+'))) {
        ++end;
      }
      const std::string filled = Fill(text.substr(at + 1, end - at - 1));
      text.replace(at, end - at, filled);
      at += filled.size();
    }
    return text;
  }
  std::string Fill(const std::string& gap) {
    if (gap == "n") return absl::StrCat(number_);
    absl::Duration later;
    if (gap[0] == '+' && absl::ParseDuration(gap.substr(1), &later)) {
      // No two acts say the same time, which would change nothing where no time passed in between.
      return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E*SZ",
                              server_.clock().Now() + later + absl::Milliseconds(number_),
                              absl::UTCTimeZone());
    }
    const bool is_last = absl::StartsWith(gap, "last_");
    const std::string kind = is_last ? gap.substr(5) : gap;
    if (made_[kind].empty()) {
      for (const Act& act : kActs) {
        if (act.makes == kind) Do(act);
      }
      // What an act is answered may hang on what follows from that: a message that is not sent yet
      // is opened by nobody.
      LetGoOn();
      AwaitQuiet();
    }
    const std::vector<std::string>& all = made_[kind];
    KITH_CHECK(!all.empty());
    return is_last ? all.back() : all[chance_() % all.size()];
  }

  std::mt19937_64 chance_;
  std::map<std::string, const MethodDescriptor*> methods_;
  std::map<std::string, std::string> keys_;
  std::map<std::string, std::vector<std::string>> made_;
  std::vector<std::string> answers_;
  std::vector<std::string> resting_;
  int number_ = 0;
};

// The acts of a seed, in their order.
inline std::vector<Act> ActsOf(uint64_t seed) {
  std::mt19937_64 chance(seed);
  std::vector<Act> acts(std::begin(kActs), std::end(kActs));
  acts.insert(acts.end(), std::begin(kActs), std::end(kActs));
  std::shuffle(acts.begin(), acts.end(), chance);
  acts.insert(acts.begin(), std::begin(kBeginning), std::end(kBeginning));
  acts.insert(acts.end(), std::begin(kEnd), std::end(kEnd));
  return acts;
}

}  // namespace kith::policies
