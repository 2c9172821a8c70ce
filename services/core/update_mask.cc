#include "services/core/update_mask.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/rpc/error_details.pb.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/reject.h"

namespace kith {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::MessageDifferencer;
using google::rpc::BadRequest;

const options::v1::FieldRules& RulesOf(const FieldDescriptor* field) {
  return field->options().GetExtension(options::v1::field);
}

// What identifies a resource and its state is no part of what changes.
bool IsIdentity(const FieldDescriptor* field) {
  return field->name() == "name" || field->name() == "etag";
}

bool IsSet(const Message& message, const FieldDescriptor* field) {
  const Reflection& reflection = *message.GetReflection();
  return field->is_repeated() ? reflection.FieldSize(message, field) > 0
                              : reflection.HasField(message, field);
}

bool Differs(const Message& a, const Message& b, const FieldDescriptor* field) {
  if (IsSet(a, field) != IsSet(b, field)) return true;
  if (!IsSet(a, field)) return false;
  MessageDifferencer differencer;
  return !differencer.CompareWithFields(a, b, {field}, {field});
}

// A path comes from a caller, and may be of any length; a longer one is not said again.
constexpr size_t kPathBytesMax = 100;

void Report(absl::string_view path, absl::string_view description, BadRequest* violations) {
  if (path.size() > kPathBytesMax) {
    return AddViolation("update_mask",
                        absl::StrCat("has a path of ", path.size(), " bytes, which ", description),
                        *violations);
  }
  AddViolation(absl::StrCat("update_mask.", path), description, *violations);
}

// Without what is output-only, also in messages within: what a caller sends of it counts for
// nothing.
std::unique_ptr<Message> Sendable(const Message& resource) {
  std::unique_ptr<Message> sendable(resource.New());
  sendable->CopyFrom(resource);
  ClearOutputOnly(sendable.get());
  return sendable;
}

// Fields, and single keys of map fields.
using Paths = std::vector<FieldPath>;

// Adds what differs in a field: of a map each key that `meant`, if it is given, names.
void AddDiffering(const Message& before, const Message& after, const FieldDescriptor* field,
                  const Paths* meant, FieldMask& differing) {
  if (!Differs(before, after, field)) return;
  if (!IsTextMap(*field)) return differing.add_paths(field->name());
  const MapEntries held = EntriesIn(before, *field);
  const MapEntries wanted = EntriesIn(after, *field);
  std::set<std::string> keys;
  for (const MapEntries* const entries : {&held, &wanted}) {
    for (const auto& [key, value] : *entries) keys.insert(key);
  }
  for (const std::string& key : keys) {
    const bool is_meant =
        meant == nullptr || std::any_of(meant->begin(), meant->end(), [&](const FieldPath& path) {
          return path.field == field && (path.key.empty() || path.key == key);
        });
    const Message* const was = FindMapValue(before, *field, key);
    const Message* const is = FindMapValue(after, *field, key);
    const bool same = was != nullptr && is != nullptr && MessageDifferencer::Equals(*was, *is);
    if (is_meant && !same) differing.add_paths(absl::StrCat(field->name(), ".", key));
  }
}

// The fields meant by an empty mask or "*". An empty one means of a map the keys that it has.
Paths Implied(const Message& current, const Message& wanted, bool all, BadRequest* violations) {
  Paths fields;
  const Descriptor* const type = wanted.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* const field = type->field(i);
    if (RulesOf(field).output_only() || IsIdentity(field)) continue;
    if (!IsSet(wanted, field) && (!all || RulesOf(field).immutable())) continue;
    if (!all && IsTextMap(*field)) {
      for (const auto& [key, value] : EntriesIn(wanted, *field)) fields.push_back({field, key});
    } else if (!RulesOf(field).immutable()) {
      fields.push_back({field, ""});
    } else if (Differs(*Sendable(current), *Sendable(wanted), field)) {
      Report(field->name(), "cannot be changed after creation", violations);
    }
  }
  return fields;
}

// Those that a caller may set when the resource is created.
Paths Settable(const Descriptor* type, const FieldMask& mask, BadRequest* violations) {
  Paths fields;
  for (const std::string& path : mask.paths()) {
    const FieldPath found = FieldPathOf(*type, path);
    if (found.field == nullptr) {
      Report(path, absl::StrCat("is not a field of ", type->name()), violations);
    } else if (RulesOf(found.field).output_only() || IsIdentity(found.field)) {
      Report(path, "is set by the server", violations);
    } else {
      fields.push_back(found);
    }
  }
  return fields;
}

Paths Named(const Message& current, const Message& wanted, const FieldMask& mask,
            BadRequest* violations) {
  Paths fields;
  for (const FieldPath& path : Settable(wanted.GetDescriptor(), mask, violations)) {
    const FieldDescriptor* const field = path.field;
    if (!RulesOf(field).immutable()) {
      fields.push_back(path);
    } else if (Differs(*Sendable(current), *Sendable(wanted), field)) {
      Report(field->name(), "cannot be changed after creation", violations);
    }
  }
  return fields;
}

absl::Status MaskError(const BadRequest& violations) {
  if (violations.field_violations().empty()) return absl::OkStatus();
  return Reject(type::v1::ERROR_INVALID_UPDATE_MASK,
                absl::StrCat("The update cannot be made: ", Summary(violations), "."), {},
                violations);
}

bool IsStar(const FieldMask& mask) { return mask.paths_size() == 1 && mask.paths(0) == "*"; }

}  // namespace

absl::StatusOr<FieldMask> ChangedFields(const Message& current, const Message& wanted,
                                        const FieldMask& requested) {
  BadRequest violations;
  const bool all = IsStar(requested);
  const Paths fields = requested.paths().empty() || all
                           ? Implied(current, wanted, all, &violations)
                           : Named(current, wanted, requested, &violations);
  KITH_RETURN_IF_ERROR(MaskError(violations));
  FieldMask changed;
  const Descriptor* const type = wanted.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* const field = type->field(i);
    const bool meant = std::any_of(fields.begin(), fields.end(),
                                   [&](const FieldPath& path) { return path.field == field; });
    if (meant) AddDiffering(current, wanted, field, &fields, changed);
  }
  return changed;
}

absl::Status CheckMaskOfNew(const Descriptor& resource, const FieldMask& requested) {
  BadRequest violations;
  if (!IsStar(requested)) Settable(&resource, requested, &violations);
  return MaskError(violations);
}

FieldMask DifferingFields(const Message& before, const Message& after) {
  FieldMask differing;
  const Descriptor* const type = before.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    AddDiffering(before, after, type->field(i), nullptr, differing);
  }
  return differing;
}

bool Means(const FieldMask& requested, absl::string_view field) {
  const auto& paths = requested.paths();
  return paths.empty() || IsStar(requested) ||
         std::find(paths.begin(), paths.end(), field) != paths.end();
}

void ApplyFields(const Message& from, const FieldMask& mask, Message* to) {
  std::vector<const FieldDescriptor*> fields;
  for (const std::string& path : mask.paths()) {
    const FieldPath found = FieldPathOf(*to->GetDescriptor(), path);
    if (found.field == nullptr) continue;
    if (!found.key.empty()) {
      TakeMapValue(from, *found.field, found.key, *to);
    } else {
      fields.push_back(found.field);
    }
  }
  const std::unique_ptr<Message> copy(from.New());
  copy->CopyFrom(from);
  to->GetReflection()->SwapFields(to, copy.get(), fields);
}

void ClearImmutable(Message* resource) {
  const Descriptor* const type = resource->GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    if (RulesOf(type->field(i)).immutable()) {
      resource->GetReflection()->ClearField(resource, type->field(i));
    }
  }
}

void ClearOutputOnly(Message* resource) {
  const Descriptor* const type = resource->GetDescriptor();
  const Reflection& reflection = *resource->GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* const field = type->field(i);
    if (!IsSet(*resource, field)) continue;
    if (RulesOf(field).output_only()) {
      reflection.ClearField(resource, field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field->is_repeated()) {
      for (int j = 0; j < reflection.FieldSize(*resource, field); ++j) {
        ClearOutputOnly(reflection.MutableRepeatedMessage(resource, field, j));
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      ClearOutputOnly(reflection.MutableMessage(resource, field));
    }
  }
}

}  // namespace kith
