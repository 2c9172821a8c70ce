// What solves the captcha of a form, and what does not, as its proto says it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/sha256.h"

namespace kith::testing {

inline bool IsSolution(const std::string& text, int difficulty) {
  const Sha256Hash hash = Sha256::Of(text);
  for (int bit = 0; bit < difficulty; ++bit) {
    if ((hash[static_cast<size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

// The first number that does.
inline std::string SolutionOf(const std::string& challenge, int difficulty) {
  for (int64_t number = 0;; ++number) {
    std::string solution = absl::StrCat(challenge, ".", number);
    if (IsSolution(solution, difficulty)) return solution;
  }
}
// The first number that does not.
inline std::string WrongSolutionOf(const std::string& challenge, int difficulty) {
  for (int64_t number = 0;; ++number) {
    std::string solution = absl::StrCat(challenge, ".", number);
    if (!IsSolution(solution, difficulty)) return solution;
  }
}

}  // namespace kith::testing
