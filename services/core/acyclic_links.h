// Acyclic links: fields that name another resource of the same kind, as a manager or a parent, and
// lead from record to record to an end. Their proto declares them with `acyclic`.
//
// A change that sets one is decided on every record that it then leads over, each of which is a
// condition of its append. So of two changes that would close a circle together, the second is
// decided on what the first made. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace kith {

// At most so many records stand above one.
inline constexpr size_t kChainMax = 100;

// Of a resource's own fields, those that are. Aborts where a field cannot be one.
std::vector<const google::protobuf::FieldDescriptor*> AcyclicLinksOf(
    const google::protobuf::Descriptor& resource);

// One that begins to lead elsewhere: of the resource, and as people write it.
struct AcyclicLink {
  const google::protobuf::FieldDescriptor* declared;
  std::string path;  // "user.manager"; of one that comes back "manager"
};

// The chain of one record: it, what its link names, and so on.
class LinkChain {
 public:
  LinkChain(const AcyclicLink& link, absl::string_view resource) : link_(link) {
    names_.emplace_back(resource);
    told_.emplace_back(resource);
  }

  // The next record of the chain. ERROR_LINK_CYCLE where it stands in it already,
  // ERROR_LINK_CHAIN_TOO_LONG where it is one too many. What is `hidden` from the caller is told as
  // "…".
  absl::Status Add(absl::string_view record, bool hidden);

 private:
  const AcyclicLink& link_;
  std::vector<std::string> names_;
  std::vector<std::string> told_;  // of each, in a refusal
};

}  // namespace kith
