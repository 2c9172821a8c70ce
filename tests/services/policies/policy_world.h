// PolicyWorld: a server whose policies run, how it is asked for and disturbed, and what happened in
// its log: what tests of every policy share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/timestamp.pb.h"
#include "kith/policies/v1/policies_service.grpc.pb.h"
#include "kith/policies/v1/policy_events.pb.h"
#include "tests/testing/test_server.h"

namespace kith::policies {

class PolicyWorld {
 public:
  explicit PolicyWorld(std::function<void(runtime::ServerBuilder&)> more = nullptr)
      : server_(std::move(more), [this](runtime::ServerOptions& options) {
          views_ = options.views.path;
          options.policies.turn = absl::Milliseconds(1);
          options.policies.gather = absl::ZeroDuration();
          options.policies.retry_first = absl::Milliseconds(20);
        }) {}

  // Until nothing is due but what rests. What is tried again later has its time come.
  void AwaitQuiet() {
    int waits = 0;
    const auto follower = server_.runtime().log.Follow(server_.runtime().log.head());
    while (true) {
      const Position head = server_.runtime().log.head();
      int64_t due = 0;
      for (const v1::Policy& policy : Policies()) {
        if (policy.state() != v1::PAUSED) due += policy.due_count();
        ASSERT_EQ(policy.parked_size(), 0) << policy.DebugString();
      }
      if (due == 0 && head == server_.runtime().log.head()) return;
      if (due > 0 && !follower->Wait(absl::Seconds(1))) {
        ASSERT_LT(++waits, 300) << "nothing more happens";
        server_.clock().Advance(absl::Seconds(1));
      }
      ASSERT_TRUE(follower->Poll(1'000).ok());
    }
  }

  void FoldAnew() { server_.Restart(/*new_views=*/true); }

  // Every policy that the server has.
  std::vector<v1::Policy> Policies() {
    std::vector<v1::Policy> policies;
    v1::ListPoliciesRequest request;
    do {
      const auto page = server_.Call(&v1::PoliciesService::Stub::ListPolicies, request);
      EXPECT_EQ(page.reason(), "");
      policies.insert(policies.end(), page->policies().begin(), page->policies().end());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return policies;
  }
  void Rest(const std::string& policy) {
    v1::PausePolicyRequest pause;
    pause.set_name(policy);
    Do(&v1::PoliciesService::Stub::PausePolicy, pause);
  }
  void GoOn(const std::string& policy) {
    v1::ResumePolicyRequest resume;
    resume.set_name(policy);
    Do(&v1::PoliciesService::Stub::ResumePolicy, resume);
  }

  // What happened, by stream, as text: in the order of each stream, but for that of policies.
  std::vector<std::string> Happened() {
    std::vector<std::string> happened;
    ForEach([&](const eventstore::RecordedEvent& event) {
      const absl::string_view category = eventstore::CategoryOf(event.header().stream);
      if (category == "policies" || category == "workspaces" || category == "apiKeys") return;
      happened.push_back(absl::StrCat(Labelled(event.header().stream), " ", TextOf(*event.event)));
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
  // The policies that have any.
  std::set<std::string> Reacted() {
    std::set<std::string> reacted;
    for (const auto& [reaction, times] : Outcomes()) {
      reacted.insert(reaction.substr(0, reaction.find(' ')));
    }
    return reacted;
  }

 protected:
  using Message = google::protobuf::Message;

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
  // From now on the name is told as the label.
  std::string Named(const std::string& label, const std::string& name) {
    labels_[name] = label;
    return name;
  }
  // What it says, without what time and chance made of it.
  std::string TextOf(const Message& message) const {
    const std::unique_ptr<Message> copy(message.New());
    copy->CopyFrom(message);
    ClearChance(*copy);
    std::string text;
    google::protobuf::TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    printer.PrintToString(*copy, &text);
    return Labelled(WithoutLateness(std::move(text)));
  }

  std::string views_;  // where the views of now are
  testing::TestServer server_;
  int acts_ = 0;

 private:
  static void ClearChance(Message& message) {
    std::vector<const google::protobuf::FieldDescriptor*> set;
    message.GetReflection()->ListFields(message, &set);
    for (const google::protobuf::FieldDescriptor* const field : set) {
      const bool is_message =
          field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
      const std::string& name = field->name();
      const bool is_chance = absl::EndsWith(name, "etag") || absl::EndsWith(name, "sequence") ||
                             absl::EndsWith(name, "revision") || name == "cause" ||
                             name == "version" || name == "position" || name == "calendar";
      if (is_chance || (is_message && !field->is_map() &&
                        absl::StartsWith(field->message_type()->full_name(), "google.protobuf.") &&
                        field->message_type()->name() != "FieldMask")) {
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
  // How late something is told depends on what came between.
  static std::string WithoutLateness(std::string text) {
    const size_t begin = text.find(" (told ");
    const size_t end = begin == text.npos ? begin : text.find(" late)", begin);
    if (end != text.npos) text.erase(begin, end + 6 - begin);
    return text;
  }
  // With what a record is called for its name, where it has a label, and "?" for a drawn id.
  std::string Labelled(const std::string& text) const {
    constexpr size_t kIdBytes = 26;
    std::string labelled;
    size_t at = 0;
    while (at < text.size()) {
      size_t end = at;
      while (end < text.size() &&
             (absl::ascii_isupper(text[end]) || absl::ascii_isdigit(text[end]))) {
        ++end;
      }
      if (end - at != kIdBytes) {
        end = std::max(end, at + 1);
        labelled.append(text, at, end - at);
      } else {
        size_t begin = at;
        if (at > 0 && text[at - 1] == '/') --begin;
        while (begin > 0 && begin < at && absl::ascii_isalpha(text[begin - 1])) --begin;
        const auto label = labels_.find(text.substr(begin, end - begin));
        labelled += label == labels_.end() ? "?" : label->second;
      }
      at = end;
    }
    return labelled;
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

  std::map<std::string, std::string> labels_;
};

// What one has beyond the other.
inline std::vector<std::string> Beyond(const std::vector<std::string>& one,
                                       const std::vector<std::string>& other) {
  std::vector<std::string> beyond;
  std::set_difference(one.begin(), one.end(), other.begin(), other.end(),
                      std::back_inserter(beyond));
  return beyond;
}

inline void ExpectSame(const std::vector<std::string>& happened,
                       const std::vector<std::string>& expected) {
  EXPECT_EQ(Beyond(happened, expected), std::vector<std::string>()) << "is too much";
  EXPECT_EQ(Beyond(expected, happened), std::vector<std::string>()) << "is missing";
}

}  // namespace kith::policies
