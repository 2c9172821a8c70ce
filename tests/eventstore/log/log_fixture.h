// What the log's tests stand on: a pool of threads, a clock set by hand, random bytes from a seed,
// and short ways to write down an append.
#pragma once

#include <deque>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/random.h"
#include "eventstore/log/event_log.h"
#include "tests/testing/manual_clock.h"

namespace kith::eventstore {

// A few threads over one queue. The destructor runs what is queued.
class PoolExecutor final : public Executor {
 public:
  explicit PoolExecutor(int threads = 2) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
  }
  ~PoolExecutor() override {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      queued_.NotifyAll();
    }
    for (std::thread& thread : threads_) thread.join();
  }
  void Run(absl::AnyInvocable<void()> work) override {
    MutexLock lock(mutex_);
    queue_.push_back(std::move(work));
    queued_.NotifyOne();
  }

 private:
  void Work() {
    MutexLock lock(mutex_);
    for (;;) {
      while (queue_.empty() && !stopping_) queued_.Wait(mutex_);
      if (queue_.empty()) return;
      absl::AnyInvocable<void()> work = std::move(queue_.front());
      queue_.pop_front();
      lock.Unlock();
      work();
      work = nullptr;
      lock.Lock();
    }
  }

  Mutex mutex_;
  CondVar queued_;
  std::deque<absl::AnyInvocable<void()>> queue_ KITH_GUARDED_BY(mutex_);
  bool stopping_ KITH_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

using testing::ManualClock;

// When the tests of the log begin.
inline constexpr absl::Time kTestBegin = absl::FromUnixSeconds(1'700'000'000);

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint32_t seed = 1) : engine_(seed) {}
  void Fill(void* bytes, size_t size) override {
    MutexLock lock(mutex_);
    for (size_t i = 0; i < size; ++i) static_cast<unsigned char*>(bytes)[i] = engine_() & 0xff;
  }

 private:
  Mutex mutex_;
  std::mt19937 engine_ KITH_GUARDED_BY(mutex_);
};

// A future for one append: Done() goes to AppendAsync, Get() waits for it.
class PendingAppend {
 public:
  EventLog::AppendDone Done() {
    return [state = state_](absl::StatusOr<Appended> answer) {
      MutexLock lock(state->mutex);
      state->answers.push_back(std::move(answer));
      state->answered.NotifyAll();
    };
  }
  absl::StatusOr<Appended> Get() {
    MutexLock lock(state_->mutex);
    while (state_->answers.empty()) state_->answered.Wait(state_->mutex);
    return state_->answers.front();
  }
  size_t answers() {
    MutexLock lock(state_->mutex);
    return state_->answers.size();
  }

 private:
  struct State {
    Mutex mutex;
    CondVar answered;
    std::vector<absl::StatusOr<Appended>> answers KITH_GUARDED_BY(mutex);
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

inline constexpr WorkspaceId kWorkspace{7};

inline Tag TagOf(absl::string_view text) {
  Tag tag{};
  for (size_t i = 0; i < text.size(); ++i) tag[i % tag.size()] ^= static_cast<uint8_t>(text[i] + i);
  return tag;
}

inline NewEvent Event(absl::string_view payload, std::vector<Tag> tags = {}) {
  NewEvent event;
  event.type = EventType(1);
  event.payload = std::string(payload);
  event.occur_time = absl::FromUnixSeconds(1'600'000'000);
  event.tags = std::move(tags);
  return event;
}

// `count` events for one stream.
inline Append AppendTo(absl::string_view stream, int count = 1,
                       WorkspaceId workspace = kWorkspace) {
  Append append;
  append.workspace = workspace;
  append.actor = "users/ada";
  append.streams.push_back({std::string(stream), {}});
  for (int i = 0; i < count; ++i)
    append.streams[0].events.push_back(Event(absl::StrCat(stream, " ", i)));
  return append;
}

inline Append WithRequest(Append append, absl::string_view id,
                          absl::string_view digest = "digest") {
  append.request = {"kith.test.v1.Tests/Run", std::string(id), TagOf(digest)};
  return append;
}

inline Append If(Append append, StreamCondition::Kind kind, absl::string_view stream,
                 uint64_t revision = 0) {
  append.stream_conditions.push_back({std::string(stream), kind, Revision(revision)});
  return append;
}

inline Append IfNoneTagged(Append append, const Tag& tag, Position after = Position()) {
  append.tag_conditions.push_back({tag, after});
  return append;
}

// What a cursor gives, written down as "stream@revision".
inline std::vector<std::string> Drain(std::unique_ptr<RecordCursor> cursor) {
  std::vector<std::string> events;
  for (;;) {
    auto record = cursor->Next();
    if (!record.ok()) {
      events.push_back(record.status().ToString());
      return events;
    }
    if (*record == nullptr) return events;
    events.push_back(
        absl::StrCat((*record)->header.stream, "@", (*record)->header.revision.value()));
  }
}

}  // namespace kith::eventstore
