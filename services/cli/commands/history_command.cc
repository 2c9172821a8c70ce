// `kith history`: what happened to one record, whichever it is.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/cli/commands/commands.h"

namespace kith::cli {

absl::Status RunHistory(Session& session, const std::vector<std::string>& words) {
  // "deals x" is as good as "deals/x".
  if (words.size() > 1 && !absl::StartsWith(words[1], "-")) {
    if (const Method* const method = session.catalog().Find(words[0], "list-revisions")) {
      return RunMethod(session, *method, {words.begin() + 1, words.end()});
    }
  }
  for (const std::string& word : words) {
    const std::vector<std::string> segments = absl::StrSplit(word, '/');
    if (segments.size() < 2 || segments.size() % 2 != 0) continue;
    const std::string collection = KebabCase(segments[segments.size() - 2]);
    const Method* const method = session.catalog().Find(collection, "list-revisions");
    if (method != nullptr) return RunMethod(session, *method, words);
    return absl::InvalidArgumentError(absl::StrCat(
        collection, " have no history of their own", segments.size() > 2 ? "; that of " : "",
        segments.size() > 2 ? absl::StrCat(segments[0], "/", segments[1], " tells of them") : ""));
  }
  return absl::InvalidArgumentError("name a record, like deals/x or deals x");
}

}  // namespace kith::cli
