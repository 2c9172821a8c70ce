// Acyclic links: fields that name others of the same kind, as a manager, a parent, or what has to
// be done first, and lead from record to record to an end. Their proto declares them with
// `acyclic`.
//
// A change that sets one is decided on every record that it then leads over, each of which is a
// condition of its append. So of two changes that would close a circle together, the second is
// decided on what the first made. Pure functions, any thread.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace kith {

// A link leads over at most so many records, in all.
inline constexpr size_t kChainMax = 100;

// Of a resource's own fields, those that are. Aborts where a field cannot be one.
std::vector<const google::protobuf::FieldDescriptor*> AcyclicLinksOf(
    const google::protobuf::Descriptor& resource);

// What such a link of the resource names.
std::vector<std::string> NamesIn(const google::protobuf::Message& resource,
                                 const google::protobuf::FieldDescriptor& link);

// One that begins to lead elsewhere: of the resource, and as people write it.
struct AcyclicLink {
  const google::protobuf::FieldDescriptor* declared;
  std::string path;  // "user.manager"; of one that comes back "manager"
};

// The chain from one record: it, what its link names, and so on. Where a link names several, one
// after the other is gone along and left again.
class LinkChain {
 public:
  LinkChain(const AcyclicLink& link, absl::string_view resource) : link_(link) {
    names_.emplace_back(resource);
    told_.emplace_back(resource);
  }

  // Whether the record was gone along and left: what it leads to is known.
  bool HasLeft(absl::string_view record) const { return left_.contains(record); }
  // The next record of the chain. ERROR_LINK_CYCLE where it stands in it already,
  // ERROR_LINK_CHAIN_TOO_LONG where it is one too many of all. What is `hidden` from the caller is
  // told as "…".
  absl::Status Add(absl::string_view record, bool hidden);
  // The last one.
  void Leave();

 private:
  const AcyclicLink& link_;
  std::vector<std::string> names_;
  std::vector<std::string> told_;  // of each, in a refusal
  std::set<std::string, std::less<>> left_;
};

}  // namespace kith
