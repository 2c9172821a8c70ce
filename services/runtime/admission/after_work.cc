#include "services/runtime/admission/after_work.h"

namespace kith::runtime {
namespace {

thread_local AfterWork* at = nullptr;

}  // namespace

AfterWork::AfterWork() : outer_(std::exchange(at, this)) {}

AfterWork::~AfterWork() {
  for (size_t i = 0; i < then_.size(); ++i) {
    absl::AnyInvocable<void()> then = std::move(then_[i]);  // which may add to the list
    then();
  }
  at = outer_;
}

AfterWork* AfterWork::OfThisThread() { return at; }

}  // namespace kith::runtime
