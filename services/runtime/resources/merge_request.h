// What a merge is asked for, and what it comes to: the same for the command and for its preview.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "services/core/merge.h"
#include "services/core/resource_rules.h"

namespace kith::runtime {

// Of the request; aborts where it has not the fields of such a one. Immutable; any thread.
struct MergeFields {
  explicit MergeFields(const google::protobuf::Descriptor& request);

  std::vector<MergeChoice> ChoicesIn(const google::protobuf::Message& request) const;

  const google::protobuf::FieldDescriptor* name;
  const google::protobuf::FieldDescriptor* merged;
  const google::protobuf::FieldDescriptor* picks;
};

// What is merged: the records as they are, in the order of the request, the one that stays first.
// Borrows them.
struct Merged {
  std::vector<const google::protobuf::Message*> records;
  std::vector<std::string> names;                // theirs
  std::vector<std::string> called;               // what the request calls them
  std::vector<std::vector<MergedRecord>> inner;  // what was merged into each; may be empty

  // Of what the request calls so.
  const std::string& NameOf(const std::string& asked) const;
};

// The record that a name means; null where none is there.
using FindRecord =
    absl::FunctionRef<absl::StatusOr<const google::protobuf::Message*>(const std::string& name)>;

// What the request names. Without what was merged into the one that stays before. The resource's
// own error where one is not there; ERROR_MERGE_WITH_ITSELF, ERROR_RECORD_ERASED, and
// ERROR_MERGED_FURTHER where one of the others was merged into yet another.
absl::StatusOr<Merged> FindMerged(const ResourceRules& rules, const MergeFields& fields,
                                  const google::protobuf::Message& request, FindRecord find);

// What the caller picked, with the names that the records have. ERROR_INVALID_FIELD.
absl::StatusOr<std::vector<MergeChoice>> ChoicesOf(const ResourceRules& rules,
                                                   const MergeFields& fields,
                                                   const google::protobuf::Message& request,
                                                   const Merged& merged);

// A step for each part of those that are merged; a record that is named twice is merged once.
struct MergeSteps {
  std::vector<size_t> of;            // of each, which of Merged
  std::vector<std::string> sources;  // whose the part is
  std::vector<MergeStep> steps;
};
// ERROR_MERGE_TOO_LARGE.
absl::StatusOr<MergeSteps> MergeAll(const ResourceRules& rules, const Settings& settings,
                                    const Merged& merged, absl::Span<const MergeChoice> choices);

// Somebody whose personal data was erased is neither merged nor unmerged.
bool IsErasedIn(const google::protobuf::Message& resource);
absl::Status RecordErased(const std::string& name);

// The strings of a repeated field.
std::vector<std::string> TextsIn(const google::protobuf::Message& message,
                                 const google::protobuf::FieldDescriptor* field);

}  // namespace kith::runtime
