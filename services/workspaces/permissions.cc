#include "services/workspaces/permissions.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kith/workspaces/v1/workspaces_errors.pb.h"
#include "services/core/reject.h"
#include "services/runtime/admission/authorizer.h"

namespace kith::workspaces {
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

std::vector<std::string> PermissionsOf(const runtime::MethodTable& methods) {
  std::set<std::string> permissions;
  for (const auto& [name, bound] : methods.methods()) {
    if (!bound->method().permission.empty()) permissions.insert(bound->method().permission);
  }
  return {permissions.begin(), permissions.end()};
}

std::vector<std::string> PermissionsLike(absl::string_view grant,
                                         const std::vector<std::string>& known) {
  const absl::string_view resource = grant.substr(0, grant.find('.'));
  std::vector<std::string> like;
  for (const std::string& permission : known) {
    if (absl::StartsWith(permission, absl::StrCat(resource, "."))) like.push_back(permission);
  }
  if (!like.empty()) return like;
  size_t fewest = kSlipsMax;
  for (const std::string& permission : known) {
    const size_t letters = LettersBetween(grant, permission);
    if (letters > fewest) continue;
    if (letters < fewest) like.clear();
    fewest = letters;
    like.push_back(permission);
  }
  return like;
}

absl::Status CheckPermissions(const v1::ApiKey& key, const std::vector<std::string>& known) {
  google::rpc::BadRequest request;
  for (int i = 0; i < key.permissions_size(); ++i) {
    const std::string& grant = key.permissions(i);
    const runtime::Grants grants({grant});
    if (std::any_of(known.begin(), known.end(),
                    [&](const std::string& permission) { return grants.Contain(permission); })) {
      continue;
    }
    const std::vector<std::string> like = PermissionsLike(grant, known);
    AddViolation(absl::StrCat("api_key.permissions[", i, "]"),
                 absl::StrCat("is no permission: \"", grant, "\"",
                              like.empty() ? "" : ", perhaps for ", absl::StrJoin(like, " or ")),
                 request);
  }
  if (request.field_violations().empty()) return absl::OkStatus();
  const std::string all = absl::StrJoin(known, ", ");
  return Reject(v1::WORKSPACES_ERROR_UNKNOWN_PERMISSION,
                absl::StrCat("No key can grant that: ", Summary(request), ". There are ", all,
                             "; and contacts.* for all of a resource, *.read for one of all "
                             "resources, and * for everything in the workspace."),
                {{"permissions", all}}, request);
}

}  // namespace kith::workspaces
