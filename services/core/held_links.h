// Held links: fields that name a record and have a say when it is deleted, as their proto declares
// with `on_delete`: they refuse the deletion, or are emptied by it.
//
// A resource claims each name that such a field has, so that "link to X" and "delete X" meet in the
// log: who links has X as a condition, who deletes has the claim. Pure functions, any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"

namespace kith {

struct ResourceRules;

// Of a resource's own fields, one that holds a name or a list of them.
struct HeldLink {
  const google::protobuf::FieldDescriptor* field;
  options::v1::OnDelete on_delete;
  std::string purpose;  // of its claim, "deals.pipeline": persisted as those of ClaimRule

  // The records that it names, in their order. Borrows the resource.
  std::vector<absl::string_view> RecordsIn(const google::protobuf::Message& resource) const;
  // Names the record no more; what else it names stays.
  void Empty(absl::string_view record, google::protobuf::Message& resource) const;
  // Whether it may name records of this pattern: "pipelines/{pipeline}".
  bool MayName(absl::string_view pattern) const;
};

// Those of a category's resources. Aborts, saying which, where a field cannot be one: it is no name
// or list of names of the resource itself, or is set by the server, or cannot be emptied.
std::vector<HeldLink> HeldLinksOf(absl::string_view category,
                                  const google::protobuf::Descriptor& resource);

// At most so many resources are emptied of one record's name when it is deleted.
inline constexpr size_t kEmptiedMax = 100;

// One of those that name a record. Borrows all.
struct LinkingResource {
  const ResourceRules* rules;
  const HeldLink* link;
  const google::protobuf::Message* resource;  // as it is
  bool is_hidden = false;                     // from the caller, who is told no name of it
  std::string record = {};                    // the name that it has, of those that mean one record
};

// A record that a link names, and that is not there or goes.
struct NamedRecord {
  const HeldLink* link;
  std::string record;
};

// The deletion of `record` is refused: these name it, at least one, some of them with links that
// refuse, or they are more than kEmptiedMax. Of those that are hidden only that there are some is
// told.
absl::Status StillLinked(absl::string_view record, absl::Span<const LinkingResource> linking);
absl::Status LinkedByMany(absl::string_view record, absl::Span<const LinkingResource> linking);

// `resource` cannot be brought back: these records, at least one, were deleted, and it cannot be
// without them.
absl::Status LinkedRecordDeleted(absl::string_view resource, absl::Span<const NamedRecord> missing);

// What empties the fields of a resource of these names, and what follows from them. The resource's
// own rules are not asked: a field that may be emptied is one that may be empty.
Change EmptyLinks(const ResourceRules& rules, const google::protobuf::Message& before,
                  absl::Span<const NamedRecord> gone, const CommandContext& context);

}  // namespace kith
