#include "projections/engine/fold_crew.h"

#include <algorithm>

namespace kith::projections {
namespace {

constexpr size_t kMembersMax = 3;

}  // namespace

class FoldCrew::Member final : public FoldTask {
 public:
  explicit Member(FoldCrew& crew) : FoldTask(/*always_behind=*/true), crew_(crew) {}

  // It does not wait for further items: others may have more to do.
  Next Step() override {
    crew_.DoSome();
    return Next::kRest;
  }

 private:
  FoldCrew& crew_;
};

FoldCrew::FoldCrew(FoldPool& pool) : pool_(pool) {
  const size_t members = std::min(pool.threads() - 1, kMembersMax);
  for (size_t i = 0; i < members; ++i) members_.push_back(std::make_unique<Member>(*this));
}

FoldCrew::~FoldCrew() = default;

void FoldCrew::Begin(size_t count, absl::FunctionRef<void(size_t)> work) {
  {
    MutexLock lock(mutex_);
    work_.emplace(work);
    next_ = 0;
    count_ = count;
  }
  for (size_t i = 0; i < std::min(count, members_.size()); ++i) pool_.Wake(*members_[i]);
}

void FoldCrew::End() {
  DoSome();
  MutexLock lock(mutex_);
  if (running_ > 0) {
    const FoldPool::Wait wait(pool_);
    while (running_ > 0) done_.Wait(mutex_);
  }
  work_.reset();
}

void FoldCrew::DoSome() {
  MutexLock lock(mutex_);
  while (next_ < count_) {
    const size_t item = next_++;
    const auto work = *work_;
    ++running_;
    lock.Unlock();
    work(item);
    lock.Lock();
    if (--running_ == 0) done_.NotifyAll();
  }
}

}  // namespace kith::projections
