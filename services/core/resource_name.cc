#include "services/core/resource_name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"

namespace kith {
namespace {

constexpr size_t kIdBytesMax = 63;

}  // namespace

std::string Underscored(absl::string_view collection) {
  std::string name;
  for (const char c : collection) {
    if (absl::ascii_isupper(c)) name.push_back('_');
    name.push_back(absl::ascii_tolower(c));
  }
  return name;
}

bool IsResourceId(absl::string_view id) {
  return !id.empty() && id.size() <= kIdBytesMax && absl::ascii_isalnum(id[0]) &&
         std::all_of(id.begin(), id.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; });
}

ResourcePattern::ResourcePattern(absl::string_view pattern) : pattern_(pattern) {
  for (const absl::string_view segment : absl::StrSplit(pattern, '/')) {
    const bool id = absl::StartsWith(segment, "{") && absl::EndsWith(segment, "}");
    KITH_CHECK(!segment.empty() && id == (segments_.size() % 2 == 1));
    segments_.emplace_back(id ? "" : segment);
  }
  KITH_CHECK(segments_.size() % 2 == 0);
}

bool ResourcePattern::Matches(absl::string_view name) const {
  size_t at = 0;
  for (const absl::string_view segment : absl::StrSplit(name, '/')) {
    if (at == segments_.size()) return false;
    const std::string& expected = segments_[at++];
    if (expected.empty() ? !IsResourceId(segment) : segment != expected) return false;
  }
  return at == segments_.size();
}

std::optional<std::vector<absl::string_view>> ResourcePattern::Parse(absl::string_view name) const {
  if (!Matches(name)) return std::nullopt;
  std::vector<absl::string_view> ids;
  size_t at = 0;
  for (const absl::string_view segment : absl::StrSplit(name, '/')) {
    if (segments_[at++].empty()) ids.push_back(segment);
  }
  return ids;
}

std::string ResourcePattern::Format(std::initializer_list<absl::string_view> ids) const {
  KITH_CHECK(ids.size() * 2 == segments_.size());
  std::string name;
  auto id = ids.begin();
  for (const std::string& segment : segments_) {
    if (!name.empty()) name += '/';
    if (!segment.empty()) {
      name += segment;
      continue;
    }
    KITH_CHECK(IsResourceId(*id));
    absl::StrAppend(&name, *id++);
  }
  return name;
}

absl::string_view IdOf(absl::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == absl::string_view::npos ? name : name.substr(slash + 1);
}

absl::string_view ParentOf(absl::string_view name) {
  const size_t id = name.rfind('/');
  if (id == absl::string_view::npos || id == 0) return {};
  const size_t collection = name.rfind('/', id - 1);
  return collection == absl::string_view::npos ? absl::string_view() : name.substr(0, collection);
}

}  // namespace kith
