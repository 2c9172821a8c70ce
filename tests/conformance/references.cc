#include "tests/conformance/references.h"

#include <algorithm>
#include <array>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace kith::testing {
namespace {

// Fields that name records of many kinds, and so say none, with one that belongs to somebody.
const std::map<std::string, const char*>& OfManyKinds() {
  static const auto& fields = *new std::map<std::string, const char*>{
      {"kith.assignment_rules.v1.AssignRecordRequest.record", "leads/{lead}"},
      {"kith.assignment_rules.v1.PreviewAssignmentRequest.record", "leads/{lead}"},
      {"kith.users.v1.QueryRecordAccessRequest.name", "deals/{deal}"},
      {"kith.workflows.v1.FireWorkflowRequest.record", "contacts/{contact}"},
  };
  return fields;
}

bool LooksLikeOne(const FieldDescriptor& field) {
  constexpr std::array<absl::string_view, 5> kNames = {"name", "names", "parent", "record",
                                                       "records"};
  return std::find(kNames.begin(), kNames.end(), field.name()) != kNames.end();
}

// "interactions", of "contacts/{contact}/interactions/{interaction}" under "contacts/{contact}".
std::string Below(absl::string_view pattern, absl::string_view record) {
  if (!absl::ConsumePrefix(&pattern, record)) return "";
  absl::ConsumePrefix(&pattern, "/");
  return std::string(pattern.substr(0, pattern.find('/')));
}

// Adds the records with owners that a name of one of these patterns is of, or is under.
void AddNamed(const std::vector<std::string>& patterns, const std::string& path,
              References& references) {
  for (const std::string& pattern : patterns) {
    for (const Kind* const kind : KindsThat(BelongsToSomebody)) {
      const bool is_below = absl::StartsWith(pattern, absl::StrCat(kind->pattern, "/"));
      if (pattern != kind->pattern && !is_below) continue;
      references.found.push_back({kind, path, Below(pattern, kind->pattern)});
    }
  }
}

std::vector<std::string> PatternsOf(const Descriptor& resource) {
  const auto& rules = resource.options().GetExtension(options::v1::resource);
  std::vector<std::string> patterns(rules.further_patterns().begin(),
                                    rules.further_patterns().end());
  if (!rules.pattern().empty()) patterns.push_back(rules.pattern());
  return patterns;
}

void AddTexts(const FieldDescriptor& field, const std::string& path, References& references) {
  const auto& patterns = RulesOf(field).resource();
  if (!patterns.empty()) {
    return AddNamed({patterns.begin(), patterns.end()}, path, references);
  }
  const auto known = OfManyKinds().find(field.full_name());
  if (known != OfManyKinds().end()) return AddNamed({known->second}, path, references);
  if (LooksLikeOne(field)) references.unknown.push_back(field.full_name());
}

void AddAll(const Descriptor& request, const std::string& within, References& references) {
  const bool is_update = request.FindFieldByName("update_mask") != nullptr;
  for (int i = 0; i < request.field_count(); ++i) {
    const FieldDescriptor& field = *request.field(i);
    const std::string path = absl::StrCat(within, field.name());
    if (field.type() == FieldDescriptor::TYPE_STRING) {
      AddTexts(field, path, references);
    } else if (field.message_type() != nullptr && field.name() == "requests") {
      AddAll(*field.message_type(), absl::StrCat(path, "."), references);
    } else if (field.message_type() != nullptr && is_update) {
      AddNamed(PatternsOf(*field.message_type()), absl::StrCat(path, ".name"), references);
    }
  }
}

}  // namespace

bool BelongsToSomebody(const Kind& kind) {
  return kind.resource->FindFieldByName("owner") != nullptr;
}

References ReferencesIn(const Descriptor& request) {
  References references;
  AddAll(request, "", references);
  return references;
}

void SetReference(Message& request, absl::string_view path, absl::string_view name) {
  Message* at = &request;
  const std::vector<std::string> steps = absl::StrSplit(path, '.');
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    const FieldDescriptor& field = FieldOf(*at->GetDescriptor(), steps[i]);
    const auto& reflection = *at->GetReflection();
    if (!field.is_repeated()) {
      at = reflection.MutableMessage(at, &field);
    } else if (reflection.FieldSize(*at, &field) == 0) {
      at = reflection.AddMessage(at, &field);
    } else {
      at = reflection.MutableRepeatedMessage(at, &field, 0);
    }
  }
  const FieldDescriptor& field = FieldOf(*at->GetDescriptor(), steps.back());
  if (!field.is_repeated()) return SetText(*at, steps.back(), name);
  ClearField(*at, steps.back());
  AddText(*at, steps.back(), name);
}

}  // namespace kith::testing
