#include "projections/engine/fold_crew.h"

#include <algorithm>

namespace kith::projections {
namespace {

constexpr size_t kHelpersMax = 3;

}  // namespace

class FoldCrew::Helper final : public FoldTask {
 public:
  explicit Helper(FoldCrew& crew) : FoldTask(/*always_behind=*/true), crew_(crew) {}

  Next Step() override {
    crew_.Help();
    return Next::kRest;
  }

 private:
  FoldCrew& crew_;
};

FoldCrew::FoldCrew(FoldPool& pool) : pool_(pool) {
  const size_t helpers = std::min(pool.threads() - 1, kHelpersMax);
  for (size_t i = 0; i < helpers; ++i) helpers_.push_back(std::make_unique<Helper>(*this));
}

FoldCrew::~FoldCrew() = default;

void FoldCrew::Call() {
  {
    MutexLock lock(mutex_);
    called_ = true;
  }
  for (const auto& helper : helpers_) pool_.Wake(*helper);
}

void FoldCrew::Dismiss() {
  MutexLock lock(mutex_);
  called_ = false;
  changed_.NotifyAll();
}

void FoldCrew::Begin(size_t count, absl::FunctionRef<void(size_t)> work) {
  MutexLock lock(mutex_);
  work_.emplace(work);
  next_ = 0;
  count_ = count;
  if (count > 0) changed_.NotifyAll();
}

void FoldCrew::End() {
  MutexLock lock(mutex_);
  DoSome();
  while (running_ > 0) changed_.Wait(mutex_);
  work_.reset();
}

void FoldCrew::DoSome() {
  while (next_ < count_) {
    const size_t item = next_++;
    const auto work = *work_;
    ++running_;
    mutex_.Unlock();
    work(item);
    mutex_.Lock();
    if (--running_ == 0 && next_ == count_) changed_.NotifyAll();
  }
}

void FoldCrew::Help() {
  MutexLock lock(mutex_);
  while (called_) {
    DoSome();
    if (called_) changed_.Wait(mutex_);
  }
}

}  // namespace kith::projections
