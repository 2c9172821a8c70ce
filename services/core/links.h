// Links: the records that a command makes a resource name, and the check that they are there.
//
// Only what a command adds: a resource may go on naming a record that was deleted since, and be
// changed in every other way. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/generated_enum_reflection.h"
#include "google/protobuf/message.h"
#include "services/core/linked_record.h"

namespace kith {

// Points into what names it.
struct Link {
  std::string field;         // of the request: "deal.owner", "deal.contacts[1].contact"
  absl::string_view record;  // "users/…"
};
using Links = std::vector<Link>;

// The states of the records that Links name, in their order.
using LinkedRecords = absl::Span<const LinkedRecord* const>;

// The records that `after` names in fields that are declared to name whole ones, and `before`, of
// one type, does not name in the same field; `field` is what the request calls the resource. Point
// into `after`.
Links NewLinks(const google::protobuf::Message& before, const google::protobuf::Message& after,
               absl::string_view field);

// The patterns of the records that resources of this type may name, each once: {"users/{user}"}.
std::vector<std::string> LinkPatterns(const google::protobuf::Descriptor& resource);

// As below, for an enum known only by its descriptor.
absl::Status CheckLinksFor(const google::protobuf::EnumValueDescriptor& not_found,
                           const Links& links, LinkedRecords records);

// OK, or `not_found` where some are not there or were deleted: BadRequest names every such field.
template <class Enum>
absl::Status CheckLinks(Enum not_found, const Links& links, LinkedRecords records) {
  return CheckLinksFor(*google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(not_found),
                       links, records);
}

}  // namespace kith
