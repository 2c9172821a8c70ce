#include "services/runtime/resources/merge_request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "kith/type/v1/merge.pb.h"
#include "services/core/field_of.h"
#include "services/core/reject.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

absl::Status WithItself(const std::string& name, const std::string& survivor, int index) {
  return RejectState(
      type::v1::ERROR_MERGE_WITH_ITSELF,
      absl::StrCat(name,
                   name == survivor ? " is the record that stays" : " means the record that stays",
                   ". Leave it out of those that are merged into it."),
      survivor, {{"name", survivor}, {"field", absl::StrCat("merged[", index, "]")}});
}

absl::Status MergedSince(const std::string& name, const std::string& survivor) {
  return RejectState(type::v1::ERROR_MERGED_FURTHER,
                     absl::StrCat(name, " was merged into ", survivor, " since. Merge ", survivor,
                                  " if that is meant, or unmerge ", name, " first."),
                     survivor, {{"name", name}, {"survivor", survivor}});
}

// Those of a part of a record: what it does not have, another part has.
std::vector<MergeChoice> ChoicesFor(const Message& part, absl::Span<const MergeChoice> choices) {
  std::vector<MergeChoice> kept;
  const std::string name = ResourceNameOf(part);
  for (const MergeChoice& choice : choices) {
    const FieldPath at = FieldPathOf(*part.GetDescriptor(), choice.field);
    const bool has = at.key.empty() ? part.GetReflection()->HasField(part, at.field)
                                    : FindMapValue(part, *at.field, at.key) != nullptr;
    // Nobody else gives it either.
    kept.push_back({choice.field, choice.from == name && !has ? std::string("-") : choice.from});
  }
  return kept;
}

}  // namespace

MergeFields::MergeFields(const Descriptor& request)
    : name(FieldOf(request, "name")),
      merged(FieldOf(request, "merged")),
      picks(FieldOf(request, "picks")) {
  KITH_CHECK(merged->is_repeated() && picks->message_type() == type::v1::MergePick::descriptor());
}

std::vector<MergeChoice> MergeFields::ChoicesIn(const Message& request) const {
  std::vector<MergeChoice> choices;
  for (int i = 0; i < request.GetReflection()->FieldSize(request, picks); ++i) {
    const auto& pick = static_cast<const type::v1::MergePick&>(
        request.GetReflection()->GetRepeatedMessage(request, picks, i));
    choices.push_back({pick.field(), pick.source()});
  }
  return choices;
}

const std::string& Merged::NameOf(const std::string& asked) const {
  const auto at = std::find(called.begin(), called.end(), asked);
  return at == called.end() ? asked : names[static_cast<size_t>(at - called.begin())];
}

absl::Status RecordErased(const std::string& name) {
  return RejectState(type::v1::ERROR_RECORD_ERASED,
                     "Personal data of this record was erased: it is neither merged nor unmerged.",
                     name, {{"name", name}});
}

bool IsErasedIn(const Message& resource) {
  const FieldDescriptor* const erased = resource.GetDescriptor()->FindFieldByName("erased");
  return erased != nullptr && resource.GetReflection()->GetBool(resource, erased);
}

std::vector<std::string> TextsIn(const Message& message, const FieldDescriptor* field) {
  std::vector<std::string> texts;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    texts.push_back(message.GetReflection()->GetRepeatedString(message, field, i));
  }
  return texts;
}

absl::StatusOr<Merged> FindMerged(const ResourceRules& rules, const MergeFields& fields,
                                  const Message& request, FindRecord find) {
  Merged merged;
  std::vector<std::string> asked = TextsIn(request, fields.merged);
  asked.insert(asked.begin(), request.GetReflection()->GetString(request, fields.name));
  for (size_t i = 0; i < asked.size(); ++i) {
    KITH_ASSIGN_OR_RETURN(const Message* const record, find(asked[i]));
    if (record == nullptr) return ResourceNotFound(rules, asked[i]);
    const std::string name = ResourceNameOf(*record);
    if (i > 0 && name == merged.names.front()) {
      if (asked[i] != name && asked[i] != asked.front()) continue;  // it was merged into it before
      return WithItself(asked[i], name, static_cast<int>(i) - 1);
    }
    // Who asks for it knows nothing of that one, which would be gone with it.
    if (i > 0 && asked[i] != name) return MergedSince(asked[i], name);
    if (IsErasedIn(*record)) return RecordErased(name);
    merged.called.push_back(asked[i]);
    merged.names.push_back(name);
    merged.records.push_back(record);
    merged.inner.emplace_back();
  }
  return merged;
}

absl::StatusOr<std::vector<MergeChoice>> ChoicesOf(const ResourceRules& rules,
                                                   const MergeFields& fields,
                                                   const Message& request, const Merged& merged) {
  std::vector<MergeChoice> choices = fields.ChoicesIn(request);
  for (MergeChoice& choice : choices) choice.from = merged.NameOf(choice.from);
  KITH_RETURN_IF_ERROR(CheckChoices(rules, choices, merged.names));
  return choices;
}

absl::StatusOr<MergeSteps> MergeAll(const ResourceRules& rules, const Settings& settings,
                                    const Merged& merged, absl::Span<const MergeChoice> choices) {
  MergeSteps all;
  const Message* record = merged.records.front();
  for (size_t i = 1; i < merged.records.size(); ++i) {
    const auto first = std::find(merged.names.begin(), merged.names.end(), merged.names[i]);
    if (first != merged.names.begin() + static_cast<std::ptrdiff_t>(i)) continue;
    const std::vector<RecordPart> parts = PartsOf(rules, *merged.records[i], merged.inner[i]);
    for (size_t part = 0; part < parts.size(); ++part) {
      const Message& given = *parts[part].part;
      const std::vector<MergeChoice> chosen =
          part == 0 ? std::vector<MergeChoice>(choices.begin(), choices.end())
                    : ChoicesFor(given, choices);
      KITH_ASSIGN_OR_RETURN(MergeStep step, MergeInto(rules, settings, *record, given, chosen));
      const bool gives = !step.changed.paths().empty() || !step.flags.empty() || step.joined;
      if (part > 0 && !gives) continue;
      all.of.push_back(i);
      all.steps.push_back(std::move(step));
      all.sources.push_back(parts[part].source);
      record = all.steps.back().after.get();
    }
  }
  return all;
}

}  // namespace kith::runtime
