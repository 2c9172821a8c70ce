// Catalog: the commands that the protos give rise to.
//
// A method becomes `kith <collection> <verb>`: CreateDeal is `deals create`, WinDeal `deals win`,
// AddStage of PipelinesService `pipelines add-stage`. Nothing here knows a capability, so a new one
// appears by itself.
#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kith::cli {

// One method as a command. Immutable; points into the descriptors, which live for ever.
struct Method {
  std::string collection;  // "deals"
  std::string verb;        // "win"
  std::string path;        // "/kith.deals.v1.DealsService/WinDeal"
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  // The field that holds the resource, whose fields become flags of the command; null where there
  // is none.
  const google::protobuf::FieldDescriptor* body = nullptr;
  // In a reply with pages, the field of the items; null elsewhere.
  const google::protobuf::FieldDescriptor* items = nullptr;
  // In the request, the field of type kith.type.v1.ReadOptions; null where the method is always
  // about now.
  const google::protobuf::FieldDescriptor* read = nullptr;
  // Where the method takes a stream of requests: the field of a request that holds items, and the
  // field of the reply that says what became of each. Null elsewhere.
  const google::protobuf::FieldDescriptor* stream = nullptr;
  const google::protobuf::FieldDescriptor* results = nullptr;
  // Where a value without a flag goes, as a path from the request: "name", "deal.name", "parent";
  // "names" takes several. May be empty.
  std::string positional;

  // True where the method changes something, and so takes a request id.
  bool mutates() const;
};

// Immutable; any thread.
class Catalog {
 public:
  // Every method of every service of `files` whose path begins with "kith/", but those that take a
  // stream of requests which are no lists of items with a result for each.
  explicit Catalog(const std::vector<const google::protobuf::FileDescriptor*>& files);

  // The catalog of the protos linked into this program. Lives for ever.
  static const Catalog& Linked();

  // Null when there is none.
  const Method* Find(absl::string_view collection, absl::string_view verb) const;
  bool HasCollection(absl::string_view collection) const;
  // By collection, then in the order of their services' declarations.
  const std::map<std::string, std::vector<Method>, std::less<>>& collections() const {
    return collections_;
  }

 private:
  std::map<std::string, std::vector<Method>, std::less<>> collections_;
};

// "do_not_call" → "do-not-call", "MoveDeal" → "move-deal".
std::string KebabCase(absl::string_view name);
// "business-calendars" → "businessCalendars": the collection in names of records.
std::string CamelCase(absl::string_view kebab);

}  // namespace kith::cli
