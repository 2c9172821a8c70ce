#include "services/core/merge_lists.h"

#include <algorithm>

namespace kith {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

MergeList::MergeList(const MergeRule& rule, const FieldDescriptor& field, const Message& record)
    : field_(field), record_(record) {
  const Reflection& reflection = *record.GetReflection();
  for (int i = 0; i < reflection.FieldSize(record, &field); ++i) {
    keys_.push_back(field.message_type() == nullptr
                        ? reflection.GetRepeatedString(record, &field, i)
                        : rule.key(field, reflection.GetRepeatedMessage(record, &field, i)));
  }
}

int MergeList::Find(absl::string_view key) const {
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  return found == keys_.end() ? -1 : static_cast<int>(found - keys_.begin());
}

const Message& MergeList::element(int index) const {
  return record_.GetReflection()->GetRepeatedMessage(record_, &field_, index);
}

void AddElement(const Message& from, const FieldDescriptor& list, int index, Message& to) {
  if (list.message_type() == nullptr) {
    to.GetReflection()->AddString(&to, &list,
                                  from.GetReflection()->GetRepeatedString(from, &list, index));
    return;
  }
  to.GetReflection()
      ->AddMessage(&to, &list)
      ->CopyFrom(from.GetReflection()->GetRepeatedMessage(from, &list, index));
}

void RemoveElement(const FieldDescriptor& list, int index, Message& record) {
  const Reflection& reflection = *record.GetReflection();
  const int last = reflection.FieldSize(record, &list) - 1;
  for (int i = index; i < last; ++i) reflection.SwapElements(&record, &list, i, i + 1);
  reflection.RemoveLast(&record, &list);
}

bool HasPrimary(const Message& record, const FieldDescriptor& list) {
  const FieldDescriptor* const primary = list.message_type()->FindFieldByName(kPrimary);
  if (primary == nullptr) return false;
  const Reflection& reflection = *record.GetReflection();
  for (int i = 0; i < reflection.FieldSize(record, &list); ++i) {
    const Message& element = reflection.GetRepeatedMessage(record, &list, i);
    if (element.GetReflection()->GetBool(element, primary)) return true;
  }
  return false;
}

}  // namespace kith
