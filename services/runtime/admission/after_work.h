// AfterWork: what waits for the end of the piece of work that a thread of a pool is at.
//
// One piece of work may tell many calls of one session what became of them, as one commit ends many
// commands: what all of them need once, such as a message that is written, is done after the last.
#pragma once

#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace kith::runtime {

// Stands on the stack of a pool's thread around a piece of work. One thread.
class AfterWork {
 public:
  AfterWork();
  // Runs what was added, in its order, and what that adds.
  ~AfterWork();
  AfterWork(const AfterWork&) = delete;
  AfterWork& operator=(const AfterWork&) = delete;

  // Of the piece of work that this thread is at; null where it is at none.
  static AfterWork* OfThisThread();

  void Add(absl::AnyInvocable<void()> then) { then_.push_back(std::move(then)); }

 private:
  AfterWork* const outer_;  // where a piece of work runs within another
  std::vector<absl::AnyInvocable<void()>> then_;
};

}  // namespace kith::runtime
