// The lists of records that are merged: their elements, and which of two lists are the same.
//
// Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "services/core/resource_rules.h"

namespace kith {

// The flag of an element that is used first; lists of which none is so have none.
inline constexpr char kPrimary[] = "primary";

// The elements of a list, each under what makes it the same as another.
class MergeList {
 public:
  // Borrows the field and the record.
  MergeList(const MergeRule& rule, const google::protobuf::FieldDescriptor& field,
            const google::protobuf::Message& record);

  int size() const { return static_cast<int>(keys_.size()); }
  const std::string& key(int index) const { return keys_[static_cast<size_t>(index)]; }
  // -1 where there is none.
  int Find(absl::string_view key) const;
  bool has_messages() const { return field_.message_type() != nullptr; }
  const google::protobuf::Message& element(int index) const;

 private:
  const google::protobuf::FieldDescriptor& field_;
  const google::protobuf::Message& record_;
  std::vector<std::string> keys_;
};

// Adds the element of `from` at the end of the same list of `to`.
void AddElement(const google::protobuf::Message& from,
                const google::protobuf::FieldDescriptor& list, int index,
                google::protobuf::Message& to);
// Takes the element out of the list.
void RemoveElement(const google::protobuf::FieldDescriptor& list, int index,
                   google::protobuf::Message& record);
// Whether some element of the list, which is of messages, is the one that is used first.
bool HasPrimary(const google::protobuf::Message& record,
                const google::protobuf::FieldDescriptor& list);

}  // namespace kith
