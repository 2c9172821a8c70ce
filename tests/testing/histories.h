// HoldsForHistories: checks a property on random histories; a few of them in the test command, as
// many as one likes by hand: `KITH_HISTORIES=1000 deals_tests --gtest_filter=BoardHistory.*`.
//
// The seed is printed at the start; RC_PARAMS="seed=…" begins with the same one. One thread.
#pragma once

#include <rapidcheck.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"

namespace kith::testing {

inline constexpr int kHistories = 20;

// True when `property`, a callable as for rc::check, held for all; otherwise prints the smallest
// history found that breaks it.
template <class Property>
bool HoldsForHistories(const std::string& description, Property property) {
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = kHistories;
  if (const char* asked = std::getenv("KITH_HISTORIES")) {
    if (!absl::SimpleAtoi(asked, &params.maxSuccess)) return false;
  }
  rc::detail::TestMetadata metadata;
  metadata.id = metadata.description = description;
  const auto result = rc::detail::checkTestable(std::move(property), metadata, params);
  rc::detail::printResultMessage(result, std::cerr);
  std::cerr << std::endl;
  return result.template is<rc::detail::SuccessResult>();
}

}  // namespace kith::testing
