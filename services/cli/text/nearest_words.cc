#include "services/cli/text/nearest_words.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/nearest_words.h"

namespace kith::cli {
namespace {

constexpr size_t kAllToldMax = 8;
constexpr size_t kNearestTold = 5;

}  // namespace

std::string NearestTold(absl::string_view what, absl::string_view word,
                        const std::vector<std::string>& known) {
  if (known.size() <= kAllToldMax) {
    return absl::StrCat(what, " has ", absl::StrJoin(known, ", "));
  }
  return absl::StrCat("of the ", known.size(), " fields of ", what, " these are most like it: ",
                      absl::StrJoin(NearestWords(word, known, kNearestTold), ", "));
}

}  // namespace kith::cli
