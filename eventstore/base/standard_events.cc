#include "eventstore/base/standard_events.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "eventstore/base/check.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/proto_time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/field_mask.pb.h"

namespace kith {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;

// The member of the oneof `event` that is set; the registry has made sure there is one.
const FieldDescriptor& MemberOf(const Message& event) {
  const auto* oneof = event.GetDescriptor()->FindOneofByName("event");
  KITH_CHECK(oneof != nullptr);
  const FieldDescriptor* member = event.GetReflection()->GetOneofFieldDescriptor(event, oneof);
  KITH_CHECK(member != nullptr);
  return *member;
}

const Message& PayloadOf(const Message& event) {
  return event.GetReflection()->GetMessage(event, &MemberOf(event));
}

// The values an event carries, clear and personal together.
std::unique_ptr<Message> ValuesOf(const Message& payload, const Message& resource) {
  const auto* reflection = payload.GetReflection();
  std::unique_ptr<Message> values(resource.New());
  const FieldDescriptor* clear = ValuesField(*payload.GetDescriptor(), *resource.GetDescriptor());
  const FieldDescriptor* personal = payload.GetDescriptor()->FindFieldByName("personal");
  values->MergeFrom(reflection->GetMessage(payload, clear));
  if (personal != nullptr) values->MergeFrom(reflection->GetMessage(payload, personal));
  return values;
}

const FieldMask& MaskOf(const Message& payload) {
  const FieldDescriptor* field = payload.GetDescriptor()->FindFieldByName("update_mask");
  KITH_CHECK(field != nullptr && field->message_type() == FieldMask::descriptor());
  return static_cast<const FieldMask&>(payload.GetReflection()->GetMessage(payload, field));
}

// Moves the fields that the update names from `values` to `resource`.
void TakeMasked(const Message& payload, Message& values, Message& resource) {
  std::vector<const FieldDescriptor*> changed;
  for (const std::string& path : MaskOf(payload).paths()) {
    const FieldPath target = FieldPathOf(*resource.GetDescriptor(), path);
    if (target.field == nullptr) continue;
    if (!target.key.empty()) {
      TakeMapValue(values, *target.field, target.key, resource);
    } else {
      changed.push_back(target.field);
    }
  }
  resource.GetReflection()->SwapFields(&resource, &values, changed);
}

std::string TextIn(const Message& message, const char* name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? "" : message.GetReflection()->GetString(message, field);
}

// "emails.0.opted_out" becomes true, where the list has such an element.
void RaiseFlag(absl::string_view path, Message& resource) {
  const std::vector<std::string> steps = absl::StrSplit(path, '.');
  int index = 0;
  if (steps.size() != 3 || !absl::SimpleAtoi(steps[1], &index)) return;
  const auto* reflection = resource.GetReflection();
  const FieldDescriptor* list = resource.GetDescriptor()->FindFieldByName(steps[0]);
  if (list == nullptr || !list->is_repeated() || list->message_type() == nullptr || index < 0 ||
      index >= reflection->FieldSize(resource, list)) {
    return;
  }
  Message* element = reflection->MutableRepeatedMessage(&resource, list, index);
  const FieldDescriptor* flag = element->GetDescriptor()->FindFieldByName(steps[2]);
  if (flag == nullptr || flag->is_repeated() || flag->cpp_type() != FieldDescriptor::CPPTYPE_BOOL) {
    return;
  }
  element->GetReflection()->SetBool(element, flag, true);
}

std::vector<std::string> TextsIn(const Message& message, const char* name) {
  std::vector<std::string> texts;
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return texts;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    texts.push_back(message.GetReflection()->GetRepeatedString(message, field, i));
  }
  return texts;
}

// Elements of lists take the texts that stand in the same place of `joined`; those that are named
// whole among the flags, "consents.0", become what stands there.
void JoinElements(const Message& joined, const std::vector<std::string>& flags, Message& resource) {
  std::vector<const FieldDescriptor*> lists;
  joined.GetReflection()->ListFields(joined, &lists);
  const auto* reflection = resource.GetReflection();
  for (const FieldDescriptor* list : lists) {
    if (!list->is_repeated() || list->is_map() || list->message_type() == nullptr) continue;
    const int size = std::min(reflection->FieldSize(resource, list),
                              joined.GetReflection()->FieldSize(joined, list));
    for (int i = 0; i < size; ++i) {
      const std::string path = absl::StrCat(list->name(), ".", i);
      Message* element = reflection->MutableRepeatedMessage(&resource, list, i);
      if (std::find(flags.begin(), flags.end(), path) != flags.end()) element->Clear();
      element->MergeFrom(joined.GetReflection()->GetRepeatedMessage(joined, list, i));
    }
  }
}

// As TakeMasked, but that lists are gone on with.
void TakeMerged(const Message& payload, Message& values, Message& resource) {
  const std::vector<std::string> flags = TextsIn(payload, "flags");
  for (const std::string& flag : flags) RaiseFlag(flag, resource);
  if (const FieldDescriptor* joined = payload.GetDescriptor()->FindFieldByName("joined")) {
    JoinElements(payload.GetReflection()->GetMessage(payload, joined), flags, resource);
  }
  std::vector<const FieldDescriptor*> lists;
  for (const std::string& path : MaskOf(payload).paths()) {
    const FieldPath target = FieldPathOf(*resource.GetDescriptor(), path);
    if (target.field == nullptr) continue;
    if (target.key.empty() && target.field->is_repeated()) lists.push_back(target.field);
  }
  std::unique_ptr<Message> further(values.New());
  values.GetReflection()->SwapFields(&values, further.get(), lists);
  std::vector<const FieldDescriptor*> single;
  for (const std::string& path : MaskOf(payload).paths()) {
    const FieldPath target = FieldPathOf(*resource.GetDescriptor(), path);
    if (target.field == nullptr) continue;
    if (!target.key.empty()) {
      TakeMapValue(values, *target.field, target.key, resource);
    } else if (!target.field->is_repeated()) {
      single.push_back(target.field);
    }
  }
  resource.GetReflection()->SwapFields(&resource, &values, single);
  resource.MergeFrom(*further);
}

// `merged` names the other record, or no more.
void NoteMerged(const std::string& other, bool is_there, Message& resource) {
  const FieldDescriptor* field = resource.GetDescriptor()->FindFieldByName("merged");
  if (field == nullptr) return;
  const auto* reflection = resource.GetReflection();
  std::vector<std::string> names;
  for (int i = 0; i < reflection->FieldSize(resource, field); ++i) {
    names.push_back(reflection->GetRepeatedString(resource, field, i));
    if (names.back() == other) names.pop_back();
  }
  if (is_there) names.push_back(other);
  reflection->ClearField(&resource, field);
  for (std::string& name : names) reflection->AddString(&resource, field, std::move(name));
}

void SetText(Message& resource, const char* name, std::string value) {
  const FieldDescriptor* field = resource.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return;
  resource.GetReflection()->SetString(&resource, field, std::move(value));
}

// Where the event keeps the name beside the resource and not in it.
void TakeName(const Message& payload, Message& resource) {
  const FieldDescriptor* name = payload.GetDescriptor()->FindFieldByName("name");
  if (name == nullptr) return;
  SetText(resource, "name", payload.GetReflection()->GetString(payload, name));
}

void SetTime(Message& resource, const char* name, absl::Time time) {
  const FieldDescriptor* field = resource.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return;
  resource.GetReflection()->MutableMessage(&resource, field)->CopyFrom(ToTimestamp(time));
}

void Clear(Message& resource, const char* name) {
  const FieldDescriptor* field = resource.GetDescriptor()->FindFieldByName(name);
  if (field != nullptr) resource.GetReflection()->ClearField(&resource, field);
}

void SetFlag(Message& resource, const char* name) {
  const FieldDescriptor* field = resource.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return;
  resource.GetReflection()->SetBool(&resource, field, true);
}

}  // namespace

const FieldDescriptor* ValuesField(const Descriptor& payload, const Descriptor& resource) {
  for (int i = 0; i < payload.field_count(); ++i) {
    const FieldDescriptor* field = payload.field(i);
    if (field->message_type() == &resource && field->name() != "personal") return field;
  }
  return nullptr;
}

StandardEvent KindOf(const Message& event, const Descriptor& resource) {
  const FieldDescriptor& member = MemberOf(event);
  absl::string_view noun = member.name();
  StandardEvent kind;
  if (absl::ConsumeSuffix(&noun, "_created")) {
    kind = StandardEvent::kCreated;
  } else if (absl::ConsumeSuffix(&noun, "_updated")) {
    kind = StandardEvent::kUpdated;
  } else if (absl::ConsumeSuffix(&noun, "_deleted")) {
    kind = StandardEvent::kDeleted;
  } else if (absl::ConsumeSuffix(&noun, "_undeleted")) {
    kind = StandardEvent::kUndeleted;
  } else if (absl::ConsumeSuffix(&noun, "_merged")) {
    kind = StandardEvent::kMerged;
  } else if (absl::ConsumeSuffix(&noun, "_merged_into")) {
    kind = StandardEvent::kMergedInto;
  } else if (absl::ConsumeSuffix(&noun, "_unmerged")) {
    kind = StandardEvent::kUnmerged;
  } else if (absl::ConsumeSuffix(&noun, "_unmerged_from")) {
    kind = StandardEvent::kUnmergedFrom;
  } else {
    return StandardEvent::kOther;
  }
  // A stage_updated among a pipeline's events is no update of the pipeline: the creation tells
  // whose noun it is.
  const FieldDescriptor* created =
      event.GetDescriptor()->FindFieldByName(absl::StrCat(noun, "_created"));
  const bool own = created != nullptr && ValuesField(*created->message_type(), resource) != nullptr;
  return own ? kind : StandardEvent::kOther;
}

std::string SurvivorIn(const Message& event) {
  return absl::EndsWith(MemberOf(event).name(), "_merged_into")
             ? TextIn(PayloadOf(event), "survivor")
             : "";
}

StandardEvent FoldStandardEvent(const Happening& happening, Message& resource) {
  const Message& payload = PayloadOf(happening.event);
  const StandardEvent kind = KindOf(happening.event, *resource.GetDescriptor());
  switch (kind) {
    case StandardEvent::kCreated: {
      std::unique_ptr<Message> values = ValuesOf(payload, resource);
      resource.GetReflection()->Swap(&resource, values.get());
      TakeName(payload, resource);
      SetTime(resource, "create_time", happening.occur_time);
      break;
    }
    case StandardEvent::kUpdated:
      TakeMasked(payload, *ValuesOf(payload, resource), resource);
      break;
    case StandardEvent::kDeleted:
      SetTime(resource, "delete_time", happening.occur_time);
      break;
    case StandardEvent::kUndeleted:
      Clear(resource, "delete_time");
      break;
    case StandardEvent::kMerged:
      TakeMerged(payload, *ValuesOf(payload, resource), resource);
      NoteMerged(TextIn(payload, "merged"), true, resource);
      break;
    case StandardEvent::kMergedInto:
      SetText(resource, "merged_into", TextIn(payload, "survivor"));
      break;
    case StandardEvent::kUnmerged:
      TakeMasked(payload, *ValuesOf(payload, resource), resource);
      NoteMerged(TextIn(payload, "merged"), false, resource);
      break;
    case StandardEvent::kUnmergedFrom:
      Clear(resource, "merged_into");
      break;
    case StandardEvent::kOther:
      break;
  }
  SetText(resource, "etag", absl::StrCat(happening.revision.value()));
  SetTime(resource, "update_time", happening.occur_time);
  if (happening.erased) SetFlag(resource, "erased");
  return kind;
}

}  // namespace kith
