// Collection: a resource of the server as those of others may have to know it: which fields it has,
// and whether it can be listed in a certain way. Immutable; any thread. Built when the server has
// registered all it has, so nothing names resources by hand.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kith {

struct Collection {
  std::string name;  // "contacts"
  const google::protobuf::Descriptor* resource;
  // OK where its list takes this filter and this order; else what is wrong with them, as the list
  // would say it. Pure.
  std::function<absl::Status(absl::string_view filter, absl::string_view order_by)> check_query;
  // Whether a record is as this filter says, what is relative counted from `now` in `zone`. Names
  // that people have for records, and custom fields, are refused. Pure.
  std::function<absl::StatusOr<bool>(absl::string_view filter,
                                     const google::protobuf::Message& record, absl::Time now,
                                     absl::TimeZone zone)>
      holds;
};

// Those that can be listed, by name.
using Collections = std::vector<Collection>;

// What the server has, as the rules of its resources may have to know it.
struct ServerFacts {
  Collections collections;
  std::vector<std::string> permissions;  // that its methods ask for, sorted
  // The method that changes something and is called so, "CreateContact" or
  // "kith.contacts.v1.ContactsService/CreateContact"; null where there is none, or several.
  std::function<const google::protobuf::MethodDescriptor*(absl::string_view name)> command;
};

}  // namespace kith
