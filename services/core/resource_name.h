// Resource names: "contacts/01J…", "pipelines/default/stages/won": collections and ids,
// alternating.
//
// An id is 1 to 63 of A-Z a-z 0-9 _ - and begins with a letter or digit. Pure, any thread.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kith {

bool IsResourceId(absl::string_view id);

// "pipelines/{pipeline}/stages/{stage}". Immutable.
class ResourcePattern {
 public:
  // Aborts when the pattern is malformed: patterns are written in code and protos, never by
  // callers.
  explicit ResourcePattern(absl::string_view pattern);

  bool Matches(absl::string_view name) const;
  // The ids in the name, which point into it; nullopt when the name is not of this pattern.
  std::optional<std::vector<absl::string_view>> Parse(absl::string_view name) const;
  // The name with these ids, as many as the pattern has. Aborts when there are more or fewer, or
  // one is no id.
  std::string Format(std::initializer_list<absl::string_view> ids) const;

  const std::string& pattern() const { return pattern_; }

 private:
  std::string pattern_;
  std::vector<std::string> segments_;  // empty where an id stands
};

// "customFields" → "custom_fields": a collection as permissions and policies call it.
std::string Underscored(absl::string_view collection);

// "stages/won" → "won"; all of a name without a slash.
absl::string_view IdOf(absl::string_view name);
// "pipelines/default/stages/won" → "pipelines/default"; empty when the name has no parent.
absl::string_view ParentOf(absl::string_view name);

}  // namespace kith
