#include "eventstore/base/nearest_words.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace kith {
namespace {

constexpr size_t kTextBytesMax = 64;
// Shorter words are held by many by chance.
constexpr size_t kHeldBytesMin = 3;

bool Holds(absl::string_view word, absl::string_view part) {
  return part.size() >= kHeldBytesMin &&
         absl::StrContains(absl::AsciiStrToLower(word), absl::AsciiStrToLower(part));
}

}  // namespace

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = absl::ascii_tolower(a[i - 1]) == absl::ascii_tolower(b[j - 1]);
      const size_t replaced = diagonal + (same ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::vector<std::string> NearestWords(absl::string_view text, const std::vector<std::string>& words,
                                      size_t count) {
  text = text.substr(0, kTextBytesMax);
  std::vector<std::pair<size_t, size_t>> ranked;  // how unlike it is, and which word
  for (size_t i = 0; i < words.size(); ++i) {
    const size_t distance = EditDistance(text, words[i]);
    const bool is_part = Holds(words[i], text) || Holds(text, words[i]);
    ranked.emplace_back(is_part ? std::min<size_t>(distance, 1) : distance, i);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> nearest;
  for (size_t i = 0; i < std::min(count, ranked.size()); ++i) {
    nearest.push_back(words[ranked[i].second]);
  }
  return nearest;
}

}  // namespace kith
