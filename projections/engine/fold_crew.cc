#include "projections/engine/fold_crew.h"

#include <algorithm>

namespace kith::projections {
namespace {

constexpr size_t kMembersMax = 3;

}  // namespace

class FoldCrew::Member final : public FoldTask {
 public:
  explicit Member(FoldCrew& crew) : FoldTask(/*always_behind=*/true), crew_(crew) {}

  Next Step() override {
    crew_.Help();
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

void FoldCrew::Call() {
  {
    MutexLock lock(mutex_);
    called_ = true;
  }
  for (const auto& member : members_) pool_.Wake(*member);
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
