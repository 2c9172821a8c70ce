#include "eventstore/log/conditions.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/log/keys.h"

namespace kith::eventstore {
namespace {

// Lives in memory only, between the committer and whoever answers the client.
constexpr char kConflictsPayload[] = "kith.eventstore.Conflicts";

std::string RevisionText(Revision revision) {
  return revision.value() == 0 ? "absent" : absl::StrCat("revision ", revision.value());
}

std::string ConditionText(const StreamCondition& condition) {
  switch (condition.kind) {
    case StreamCondition::Kind::kAny:
      return "any";
    case StreamCondition::Kind::kAbsent:
      return "absent";
    case StreamCondition::Kind::kExists:
      return "exists";
    case StreamCondition::Kind::kAtRevision:
      return RevisionText(condition.revision);
  }
  KITH_CHECK(false);
}

std::string Encode(const std::vector<Conflict>& conflicts) {
  std::string bytes;
  for (const Conflict& conflict : conflicts) {
    PutBytes(conflict.stream, &bytes);
    PutBytes(conflict.condition, &bytes);
    PutBytes(conflict.actual, &bytes);
    std::string tag;
    if (conflict.tag.has_value()) tag.assign(conflict.tag->begin(), conflict.tag->end());
    PutBytes(tag, &bytes);
  }
  return bytes;
}

}  // namespace

bool Holds(const StreamCondition& condition, Revision actual) {
  switch (condition.kind) {
    case StreamCondition::Kind::kAny:
      return true;
    case StreamCondition::Kind::kAbsent:
      return actual.value() == 0;
    case StreamCondition::Kind::kExists:
      return actual.value() > 0;
    case StreamCondition::Kind::kAtRevision:
      return actual == condition.revision;
  }
  KITH_CHECK(false);
}

Conflict ConflictOf(const StreamCondition& condition, Revision actual) {
  return {condition.stream, ConditionText(condition), RevisionText(actual), std::nullopt};
}

Conflict ConflictOf(const TagCondition& condition, Position actual) {
  return {"", absl::StrCat("no event with the tag after ", condition.after.value()),
          absl::StrCat("position ", actual.value()), condition.tag};
}

absl::Status ConflictStatus(const std::vector<Conflict>& conflicts) {
  KITH_CHECK(!conflicts.empty());
  std::string message;
  for (const Conflict& conflict : conflicts) {
    absl::StrAppend(&message, message.empty() ? "" : "; ",
                    conflict.stream.empty() ? "tag" : conflict.stream, ": expected ",
                    conflict.condition, ", found ", conflict.actual);
  }
  absl::Status status = absl::AbortedError(message);
  status.SetPayload(kConflictsPayload, absl::Cord(Encode(conflicts)));
  return status;
}

std::vector<Conflict> ConflictsOf(const absl::Status& status) {
  std::vector<Conflict> conflicts;
  const auto payload = status.GetPayload(kConflictsPayload);
  if (!payload.has_value()) return conflicts;
  const std::string bytes(*payload);
  absl::string_view rest = bytes;
  while (!rest.empty()) {
    const auto stream = TakeBytes(&rest);
    const auto condition = TakeBytes(&rest);
    const auto actual = TakeBytes(&rest);
    const auto tag = TakeBytes(&rest);
    KITH_CHECK(stream && condition && actual && tag);  // this process wrote it
    Conflict conflict{std::string(*stream), std::string(*condition), std::string(*actual),
                      std::nullopt};
    if (tag->size() == sizeof(Tag))
      std::copy(tag->begin(), tag->end(), conflict.tag.emplace().begin());
    conflicts.push_back(std::move(conflict));
  }
  return conflicts;
}

}  // namespace kith::eventstore
