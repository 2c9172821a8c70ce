// Merging: what becomes of a record when others of its kind are merged into it, and when one is
// taken out again; the same for every resource that can be merged (ResourceRules::merge).
//
// The record that stays has what it had; where a field with one value has none, the first of the
// others gives it, and a caller may pick. Lists are joined: of two elements that are the same, the
// one that was there stays, with each flag that either has, and where it says nothing in a field of
// text what the other one says; so who asked for no mail asked for none, for the reason they gave.
// Of two consents of one purpose and channel the stricter one stays, whole. The record came into
// being when the first of them did.
//
// What is taken out again comes back as it was, with the changes that were asked for under its
// names since, as if they had happened to it. The one that stays becomes what the same history
// makes of it without the other: merges that still hold are made again on it as it would have been.
//
// Pure functions, any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "eventstore/base/standard_events.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "services/core/decider.h"
#include "services/core/merge_choices.h"
#include "services/core/resource_rules.h"

namespace kith {

// A record has at most so many names: its own, and those of all that were merged into it, or into
// those.
inline constexpr size_t kRecordNamesMax = 100;

// A part of a record: the record with less in it.
struct RecordPart {
  std::string source;  // the record, or one that was merged into it
  std::unique_ptr<google::protobuf::Message> part;
};

// A record that was merged into another, as it was then. Borrows it.
struct MergedRecord {
  std::string name;
  const google::protobuf::Message* record;
};

// The record in parts: what is its own, and what is personal and was given to it by those that were
// merged into it, or into those. So each can be sealed under the key of the person it is of.
std::vector<RecordPart> PartsOf(const ResourceRules& rules, const google::protobuf::Message& record,
                                absl::Span<const MergedRecord> merged);

// What one of the others gives.
struct MergeStep {
  google::protobuf::FieldMask changed;                // fields, and keys of maps
  std::unique_ptr<google::protobuf::Message> values;  // of lists the further elements only
  std::vector<std::string> flags;                     // "emails.0.opted_out", of the list as it was
  // The texts that its elements take: lists of such elements, in their order. Null: none. One that
  // `flags` name whole, "consents.0", takes the place of the element.
  std::unique_ptr<google::protobuf::Message> joined;
  std::unique_ptr<google::protobuf::Message> after;
};

// Merges `other` into `record`, both as they are. ERROR_MERGE_TOO_LARGE where a list would be.
absl::StatusOr<MergeStep> MergeInto(const ResourceRules& rules, const Settings& settings,
                                    const google::protobuf::Message& record,
                                    const google::protobuf::Message& other,
                                    absl::Span<const MergeChoice> choices);

// An update that a record has when it is taken out.
struct LaterUpdate {
  std::string origin;  // empty: its own name
  google::protobuf::FieldMask changed;
  std::unique_ptr<google::protobuf::Message> after;
};

struct Unmerging {
  google::protobuf::FieldMask changed;                   // of the one that stays
  std::unique_ptr<google::protobuf::Message> survivor;   // what it becomes
  std::vector<LaterUpdate> updates;                      // of the one that is taken out, in order
  std::unique_ptr<google::protobuf::Message> taken_out;  // with these
};

// Takes `names.front()` out of the record that has this history, all of it; `names` are those that
// mean it when it is. `record_of` answers the records that are merged into the one that stays, as
// they were merged; null where it is none.
absl::StatusOr<Unmerging> PlanUnmerge(
    const ResourceRules& rules, const Settings& settings, absl::Span<const Happening> history,
    const std::vector<std::string>& names,
    const std::function<const google::protobuf::Message*(absl::string_view name)>& record_of);

}  // namespace kith
