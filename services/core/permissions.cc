#include "services/core/permissions.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/core/access.h"
#include "services/core/reject.h"

namespace kith {
namespace {

// More letters than this make another word.
constexpr size_t kSlipsMax = 2;

// How many letters are to be put in, taken out or changed to make one the other.
size_t LettersBetween(absl::string_view from, absl::string_view to) {
  std::vector<size_t> row(to.size() + 1);  // from the letters looked at to each beginning of `to`
  std::iota(row.begin(), row.end(), 0);
  for (const char letter : from) {
    size_t diagonal = row[0]++;
    for (size_t i = 1; i < row.size(); ++i) {
      const size_t changed = diagonal + (to[i - 1] == letter ? 0 : 1);
      diagonal = row[i];
      row[i] = std::min({changed, row[i] + 1, row[i - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> PermissionsLike(absl::string_view wanted,
                                         const std::vector<std::string>& known) {
  const absl::string_view resource = wanted.substr(0, wanted.find('.'));
  std::vector<std::string> like;
  for (const std::string& permission : known) {
    if (absl::StartsWith(permission, absl::StrCat(resource, "."))) like.push_back(permission);
  }
  if (!like.empty()) return like;
  size_t fewest = kSlipsMax;
  for (const std::string& permission : known) {
    const size_t letters = LettersBetween(wanted, permission);
    if (letters > fewest) continue;
    if (letters < fewest) like.clear();
    fewest = letters;
    like.push_back(permission);
  }
  return like;
}

absl::Status CheckPermissionsFor(const google::protobuf::EnumValueDescriptor& unknown,
                                 const std::vector<WantedPermission>& wanted,
                                 const std::vector<std::string>& known) {
  google::rpc::BadRequest request;
  for (const auto& [field, permission] : wanted) {
    const bool matches = std::any_of(known.begin(), known.end(), [&](const std::string& one) {
      return Matches(permission, one);
    });
    if (matches) continue;
    const std::vector<std::string> like = PermissionsLike(permission, known);
    AddViolation(field,
                 absl::StrCat("is no permission: \"", permission, "\"",
                              like.empty() ? "" : ", perhaps for ", absl::StrJoin(like, " or ")),
                 request);
  }
  if (request.field_violations().empty()) return absl::OkStatus();
  const std::string all = absl::StrJoin(known, ", ");
  return ErrorOfValue(
      unknown,
      absl::StrCat("Nothing can grant that: ", Summary(request), ". There are ", all,
                   "; and contacts.* for all of a resource, *.read for one of all "
                   "resources, and * for everything in the workspace."),
      {{"permissions", all}}, {&request});
}

}  // namespace kith
