// Random histories of views. CompareWithModel gives one to a view and to a model of it alike.
//
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
#include <vector>

#include "absl/strings/numbers.h"
#include "tests/testing/view_spec.h"

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

// Draws a history and takes its steps, each of which `take` appends to the spec and does to the
// model; then `compare(snapshot, model)` compares the two at the end and as of a moment in between,
// for which the model is copied. Within a property.
template <class Step, class Model, class Take, class Compare>
void CompareWithModel(const rc::Gen<Step>& any_step, ViewSpec& spec, Model& model, Take take,
                      Compare compare) {
  const auto steps = *rc::gen::container<std::vector<Step>>(any_step);
  const size_t middle = steps.empty() ? 0 : *rc::gen::inRange<size_t>(0, steps.size());
  Model then = model;
  Position then_position = spec.last();
  for (size_t i = 0; i < steps.size(); ++i) {
    take(steps[i]);
    if (i != middle) continue;
    then = model;
    then_position = spec.last();
  }
  compare(spec.Then(), model);
  compare(spec.As(then_position), then);
}

}  // namespace kith::testing
