#include "eventstore/log/committer.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/log.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/thread_name.h"

namespace kith::eventstore {
namespace {

// A group this large is written before more is taken in, so that no fsync waits for much.
constexpr size_t kGroupEventsMax = 4096;
constexpr size_t kGroupBytesMax = 8 << 20;
// Answers given by one task of the executor: enough to be cheap, few enough to spread over its
// threads.
constexpr size_t kAnswersPerTask = 32;
// While a group is written, the next one is sequenced ahead in portions of so many: waking a thread
// for each append would cost more than sequencing it.
constexpr size_t kSequencedAhead = 32;
constexpr std::chrono::milliseconds kRecoverPause(500);

bool IsFull(const CommitGroup& group) {
  return group.records.size() >= kGroupEventsMax || group.bytes >= kGroupBytesMax ||
         group.answers.size() >= kGroupEventsMax;
}

size_t BytesOf(const std::vector<std::unique_ptr<PreparedAppend>>& appends) {
  size_t bytes = 0;
  for (const auto& append : appends) bytes += append->bytes;
  return bytes;
}

absl::Status OutcomeUnknown() {
  return absl::UnavailableError(
      "a write to the log failed: the outcome is unknown, retry with the same request id");
}

absl::Status TakesNoChanges(const absl::Status& damage) {
  return absl::DataLossError(absl::StrCat(
      "the log is damaged, and takes no changes until it is restored: ", damage.message()));
}

}  // namespace

void PostAnswers(Executor& executor, std::vector<std::unique_ptr<PreparedAppend>> appends) {
  for (size_t begin = 0; begin < appends.size(); begin += kAnswersPerTask) {
    const size_t end = std::min(begin + kAnswersPerTask, appends.size());
    std::vector<std::unique_ptr<PreparedAppend>> some(
        std::make_move_iterator(appends.begin() + begin),
        std::make_move_iterator(appends.begin() + end));
    executor.Run([some = std::move(some)]() mutable {
      for (auto& append : some) {
        append->done(std::move(append->answer));
        append.reset();
      }
    });
  }
}

Committer::Committer(Engine& engine, Tail& tail, Executor& executor, RecordClock& clock,
                     size_t overlay_batches, const LogState& state, CommitterHooks hooks)
    : engine_(engine),
      tail_(tail),
      executor_(executor),
      clock_(clock),
      hooks_(std::move(hooks)),
      sequencer_(clock, overlay_batches) {
  sequencer_.Reset(state);
  for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { Run(); });
}

Committer::~Committer() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    work_.NotifyAll();
    roles_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

void Committer::Enqueue(std::unique_ptr<PreparedAppend> append) {
  {
    const absl::Status met = engine_.Damage();
    MutexLock lock(mutex_);
    if (damage_.ok() && !met.ok()) damage_ = TakesNoChanges(met);
    if (!broken_ && !stopping_ && damage_.ok()) {
      queue_.push_back(std::move(append));
      WakeFor(queue_.size());
      return;
    }
    append->answer = damage_.ok() ? OutcomeUnknown() : damage_;
  }
  Appends refused;
  refused.push_back(std::move(append));
  AnswerFailed(refused);
}

// Whoever finishes a write looks at the queue, so a short one needs no other thread meanwhile.
void Committer::WakeFor(size_t queued) {
  if (sequencing_) {
    if (queued == (writing_ ? kSequencedAhead : 1)) work_.NotifyOne();
  } else if (!writing_ || queued == kSequencedAhead) {
    roles_.NotifyOne();
  }
}

void Committer::Run() {
  NameThisThread("kith-commit");
  CommitGroup group(engine_.NewBatch());
  while (Gather(group)) {
    Write(group);
    group.Clear();
  }
}

// Sequences a group until it can be written; returns as the writer. False when there is nothing
// more to do, ever.
bool Committer::Gather(CommitGroup& group) {
  Appends taken;
  MutexLock lock(mutex_);
  while (sequencing_ || broken_) roles_.Wait(mutex_);
  sequencing_ = true;
  bool go_on = true;
  for (;;) {
    if (broken_) {
      // The group stands on one whose write failed: give it up and let the writer recover.
      Appends lost = std::exchange(group.answers, {});
      group.Clear();
      sequencing_ = false;
      roles_.NotifyAll();
      lock.Unlock();
      Fail(lost);
      lock.Lock();
      while (sequencing_ || broken_) roles_.Wait(mutex_);
      sequencing_ = true;
      continue;
    }
    if (!queue_.empty() && !IsFull(group)) {
      taken.swap(queue_);
      lock.Unlock();
      DecideSome(taken, group);
      lock.Lock();
      // What the group had no room for goes back to where it was.
      queue_.insert(queue_.begin(), std::make_move_iterator(taken.begin()),
                    std::make_move_iterator(taken.end()));
      taken.clear();
      continue;
    }
    if (!group.empty() && !writing_) break;
    if (stopping_ && queue_.empty() && group.empty()) {
      go_on = false;
      break;
    }
    work_.Wait(mutex_);
  }
  if (go_on) {
    lock.Unlock();
    sequencer_.Finish(group);
    lock.Lock();
    writing_ = true;
  }
  sequencing_ = false;
  if (!go_on || queue_.size() >= kSequencedAhead) roles_.NotifyOne();
  return go_on;
}

// Decides appends from the front until the group is full; those are gone from `appends` afterwards.
void Committer::DecideSome(Appends& appends, CommitGroup& group) {
  size_t decided = 0;
  for (; decided < appends.size() && !IsFull(group); ++decided) {
    auto& append = appends[decided];
    if (!sequencer_.Decide(append, group)) hooks_.prepare_again(std::move(append));
  }
  appends.erase(appends.begin(), appends.begin() + static_cast<ptrdiff_t>(decided));
}

absl::Status Committer::Commit(CommitGroup& group) {
  if (group.records.empty()) return absl::OkStatus();
  const auto began = std::chrono::steady_clock::now();
  absl::Status written = engine_.Commit(*group.batch);
  commits_.Observe(absl::FromChrono(std::chrono::steady_clock::now() - began));
  events_.fetch_add(group.records.size(), std::memory_order_relaxed);
  return written;
}

void Committer::Write(CommitGroup& group) {
  const absl::Status written = Commit(group);
  if (!written.ok()) {
    failed_.fetch_add(1, std::memory_order_relaxed);
    Log(LogLevel::kError, "a write of the log failed: its outcome is unknown until it is read back",
        {}, {{"error", written.message()}});
    clock_.Fail();
    if (absl::IsDataLoss(written)) NoteDamage(written);
    Fail(group.answers);
    Recover();
    return;
  }
  tail_.Publish(group.records);
  if (!group.records.empty()) clock_.EndBatch();
  hooks_.committed();
  {
    MutexLock lock(mutex_);
    writing_ = false;
    if (sequencing_) work_.NotifyAll();
  }
  // With no role: what follows holds up no append. Who waits for an answer comes before those who
  // follow the log.
  const size_t count = group.answers.size();
  const size_t bytes = BytesOf(group.answers);
  GiveAnswers(std::exchange(group.answers, {}));
  tail_.WakeFollowers();
  hooks_.answered(count, bytes);
}

// A lone append is answered on this thread.
void Committer::GiveAnswers(Appends answers) {
  if (answers.size() != 1) return PostAnswers(executor_, std::move(answers));
  const std::unique_ptr<PreparedAppend> append = std::move(answers.front());
  append->done(std::move(append->answer));
}

absl::StatusOr<LogState> Committer::ReadBack() {
  KITH_RETURN_IF_ERROR(engine_.Reopen());
  return hooks_.recover();
}

// An engine whose files are damaged refuses every write. Opening it again lets it take some, until
// it meets the damage again: that would go on for ever, and readers would have to wait each time.
void Committer::NoteDamage(const absl::Status& cause) {
  Log(LogLevel::kError,
      "the log is damaged, and takes no changes until it is restored from a backup and started "
      "anew",
      {}, {{"cause", cause.message()}});
  MutexLock lock(mutex_);
  damage_ = TakesNoChanges(cause);
}

// Called by the writer, which keeps its role until appends may resume.
void Committer::Recover() {
  Appends lost;
  {
    MutexLock lock(mutex_);
    broken_ = true;
    work_.NotifyAll();
    while (sequencing_) roles_.Wait(mutex_);
    lost.swap(queue_);
  }
  Fail(lost);
  for (;;) {
    const absl::StatusOr<LogState> state = ReadBack();
    if (state.ok()) return Resume(*state);
    Log(LogLevel::kError, "the log cannot be read back after a failed write, and is tried again",
        {}, {{"error", state.status().message()}});
    MutexLock lock(mutex_);
    if (stopping_) break;
    work_.WaitFor(mutex_, kRecoverPause);
  }
  MutexLock lock(mutex_);  // stopping without having recovered: nothing is queued any more
  broken_ = false;
  writing_ = false;
  roles_.NotifyAll();
  work_.NotifyAll();
}

void Committer::Resume(const LogState& state) {
  // Events of the failed write may be there after all. They are published as they stand on disk,
  // and before the sequencer's clock lets their time be settled.
  tail_.Reset(state.head, state.workspaces);
  sequencer_.Reset(state);
  Log(LogLevel::kInfo, "the log takes writes again", {}, {{"position", state.head.value()}});
  MutexLock lock(mutex_);
  broken_ = false;
  writing_ = false;
  roles_.NotifyAll();
  work_.NotifyAll();
}

void Committer::Fail(Appends& appends) {
  for (auto& append : appends) append->answer = OutcomeUnknown();
  AnswerFailed(appends);
}

void Committer::AnswerFailed(Appends& appends) {
  const size_t count = appends.size();
  const size_t bytes = BytesOf(appends);
  PostAnswers(executor_, std::exchange(appends, {}));
  hooks_.answered(count, bytes);
}

bool Committer::takes_appends() const {
  const bool is_whole = engine_.Damage().ok();
  MutexLock lock(mutex_);
  return is_whole && damage_.ok() && !broken_;
}

void Committer::AddMetrics(MetricPage& page) const {
  size_t queued = 0;
  {
    MutexLock lock(mutex_);
    queued = queue_.size();
  }
  page.Durations("kith_commit_seconds",
                 "How long a group of appends took to be written and synced.", commits_.Read());
  page.Counter("kith_commit_events_total", "Events in those groups.",
               static_cast<double>(events_.load()));
  page.Counter("kith_commit_failures_total",
               "Groups whose write failed, so that the log was opened again.",
               static_cast<double>(failed_.load()));
  page.Gauge("kith_commit_queued", "Appends that wait for a group.", static_cast<double>(queued));
}

}  // namespace kith::eventstore
