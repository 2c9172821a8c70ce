// What tests of deciders are written with: given events, when a command, then events, a refusal or
// nothing.
//
//   const ContactState ada = Given<ContactAggregate>({Created("Ada"), Deleted()});
//   EXPECT_THAT(Decide(ada, Delete("contacts/1"), spec.context()), ChangesNothing());
//   EXPECT_THAT(Decide(ada, Update("contacts/1"), spec.context()),
//               IsRejectedWith(v1::CONTACTS_ERROR_CONTACT_NOT_FOUND));
//
// One thread.
#pragma once

#include <initializer_list>
#include <ostream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/check.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/reject.h"

namespace kith {

// How gtest shows a decision; found by argument-dependent lookup.
inline void PrintTo(const Decision& decision, std::ostream* out) {
  if (!decision.ok()) {
    *out << decision.status();
    return;
  }
  if (decision->empty()) *out << "nothing";
  for (const Change& change : decision->list()) {
    *out << change.stream << ": " << change.event->ShortDebugString() << '\n';
  }
}

}  // namespace kith

namespace kith::testing {

// A message from its text form; the test aborts where it does not parse.
template <class Message>
Message Proto(absl::string_view text) {
  Message message;
  KITH_CHECK(google::protobuf::TextFormat::ParseFromString(std::string(text), &message));
  return message;
}

// When the first given event happened; the following ones are an hour apart.
inline const absl::Time kBegin = absl::FromCivil(absl::CivilDay(2024, 1, 1), absl::UTCTimeZone());

// The state after these events, the first at revision 1.
template <class Aggregate>
typename Aggregate::State Given(std::initializer_list<typename Aggregate::Event> events) {
  typename Aggregate::State state;
  uint64_t revision = 0;
  for (const auto& event : events) {
    const absl::Time time = kBegin + absl::Hours(static_cast<int64_t>(revision));
    state = Evolve(std::move(state), Recorded<typename Aggregate::Event>{
                                         event, Revision(++revision), time, time, false});
  }
  return state;
}

// The id that a decision draws as number `n`, from 1: "01H00000000000000000000001".
inline std::string SpecId(int n) { return absl::StrFormat("01H%023d", n); }

// A context to decide in; what a test needs otherwise it changes before.
class DeciderSpec {
 public:
  Settings settings;
  absl::Time now = kBegin + absl::Hours(24 * 30);
  absl::Time occurred = now;

  CommandContext context() {
    ids_.Restart();
    return {now, occurred, "apiKeys/spec", WorkspaceId(1), settings, ids_};
  }

 private:
  int drawn_ = 0;
  IdPool ids_{[this] { return SpecId(++drawn_); }, [] { return std::string(32, 's'); }};
};

MATCHER(ChangesNothing, "") { return arg.ok() && arg->empty(); }

// Refused with this value of an error enum.
template <class Enum>
class RejectionMatcher {
 public:
  using is_gtest_matcher = void;
  explicit RejectionMatcher(Enum value) : value_(value) {}
  bool MatchAndExplain(const Decision& decision, std::ostream*) const {
    return !decision.ok() && IsError(decision.status(), value_);
  }
  void DescribeTo(std::ostream* out) const {
    *out << "is refused with "
         << google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(value_)->name();
  }
  void DescribeNegationTo(std::ostream* out) const { *out << "is not so refused"; }

 private:
  const Enum value_;
};
template <class Enum>
RejectionMatcher<Enum> IsRejectedWith(Enum value) {
  return RejectionMatcher<Enum>(value);
}

// Appends exactly this event to this stream.
template <class EventMessage>
class AppendMatcher {
 public:
  using is_gtest_matcher = void;
  AppendMatcher(std::string stream, EventMessage event)
      : stream_(std::move(stream)), event_(std::move(event)) {}
  bool MatchAndExplain(const Decision& decision, std::ostream* out) const {
    if (!decision.ok() || decision->list().size() != 1) return false;
    const Change& change = decision->list().front();
    if (change.stream != stream_ || change.event->GetDescriptor() != event_.GetDescriptor()) {
      return false;
    }
    std::string differences;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&differences);
    const bool equal = differencer.Compare(event_, *change.event);
    if (!equal && out != nullptr) *out << differences;
    return equal;
  }
  void DescribeTo(std::ostream* out) const {
    *out << "appends to " << stream_ << ": " << event_.ShortDebugString();
  }
  void DescribeNegationTo(std::ostream* out) const { *out << "appends something else"; }

 private:
  const std::string stream_;
  const EventMessage event_;
};
template <class EventMessage>
AppendMatcher<EventMessage> Appends(absl::string_view stream, EventMessage event) {
  return {std::string(stream), std::move(event)};
}

// The values of the claims of a decision's only event, as "purpose=value".
inline std::vector<std::string> ClaimsIn(const Decision& decision) {
  std::vector<std::string> claims;
  if (!decision.ok() || decision->list().size() != 1) return claims;
  for (const Claim& claim : decision->list().front().claims) {
    claims.push_back(absl::StrCat(claim.purpose, "=", claim.value));
  }
  return claims;
}

// The fields that a rejection with BadRequest names, in its order.
inline std::vector<std::string> ViolatedFields(const absl::Status& status) {
  std::vector<std::string> fields;
  const auto wire = WireError(status);
  if (!wire.has_value()) return fields;
  for (const auto& detail : wire->details()) {
    google::rpc::BadRequest request;
    if (!detail.UnpackTo(&request)) continue;
    for (const auto& violation : request.field_violations()) fields.push_back(violation.field());
  }
  return fields;
}

// A metadata entry of a rejection; empty when it has none of this key.
inline std::string MetadataOf(const absl::Status& status, absl::string_view key) {
  const auto wire = WireError(status);
  if (!wire.has_value()) return "";
  for (const auto& detail : wire->details()) {
    google::rpc::ErrorInfo info;
    if (!detail.UnpackTo(&info)) continue;
    const auto found = info.metadata().find(std::string(key));
    if (found != info.metadata().end()) return found->second;
  }
  return "";
}

}  // namespace kith::testing
