// SessionCall: one session: a stream that carries calls of unary methods, dispatched through the
// method table as if each had come by itself.
//
// Sessions begin their calls in turns, a few at a time, a session of each key after the other, so
// that one with many, or a key with many sessions, does not keep the others waiting. Outcomes that
// one piece of work tells, such as the answers of one commit, go together, and so do those that
// are there while others are being written: a message costs as much as several calls. A session
// with many calls on their way, or whose client does not take outcomes, is not read from.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kith/sessions/v1/sessions_service.pb.h"
#include "services/runtime/calls/duplex_call.h"

namespace kith::runtime {

class MethodTable;
class UnaryMethod;

// Calls of a session that are not told, beyond which it is not read from.
inline constexpr int kSessionCallsMax = 1'000;

class SessionCourse final : public DuplexCourse {
 public:
  SessionCourse(const CallEnvironment& environment, StreamCarrier& carrier,
                const MethodTable& methods);
  ~SessionCourse() override;

 private:
  class Call;
  // What came in one message and has not begun.
  struct Batch {
    sessions::v1::RunSessionRequest message;
    int begun = 0;  // so many of its calls have
    absl::Duration arrived;
    absl::flat_hash_set<uint64_t> cancelled;  // of those that have not
  };
  // Outcomes that are written together.
  struct Answer {
    sessions::v1::RunSessionResponse message;
    int64_t bytes = 0;  // in memory, about; counted as replies of the key until it is taken
  };

  absl::Status Take() override KITH_EXCLUDES(mutex_);
  bool MayRead() const override KITH_REQUIRES(mutex_);
  const google::protobuf::Message* NextAnswer() override KITH_REQUIRES(mutex_);
  void AnswerTaken() override KITH_REQUIRES(mutex_);
  void DropAnswers() override KITH_REQUIRES(mutex_);
  bool IsIdle() const override KITH_REQUIRES(mutex_) { return untold_ == 0; }

  absl::Status Check(const sessions::v1::RunSessionRequest& message) const;
  void Cancel(const sessions::v1::RunSessionRequest& message) KITH_REQUIRES(mutex_);
  // Has a turn taken, unless one is coming.
  void ScheduleTurn() KITH_REQUIRES(mutex_);
  // Begins a few calls. On the pool for sessions, one at a time.
  void TakeTurn() KITH_EXCLUDES(mutex_);
  std::vector<Call*> CallsOfTurn() KITH_REQUIRES(mutex_);
  // The next call of the first batch.
  Call* NextOfBatch() KITH_REQUIRES(mutex_);
  // Whether calls that it names are on their way: then it begins after them.
  bool MustWait(Call& call, const google::protobuf::RepeatedField<uint64_t>& after)
      KITH_REQUIRES(mutex_);
  // Where an outcome that takes so much goes.
  Answer& AnswerFor(int64_t bytes) KITH_REQUIRES(mutex_);
  // Tells the outcome of a call, which is gone then.
  void Tell(Call* call, const google::rpc::Status& status, std::string reply) KITH_EXCLUDES(mutex_);
  // The work that told outcomes has ended: they are written.
  void EndGathering() KITH_EXCLUDES(mutex_);

  const MethodTable& methods_;
  std::vector<const UnaryMethod*> named_ KITH_GUARDED_BY(mutex_);  // null: there is no such
  std::deque<std::unique_ptr<Batch>> batches_ KITH_GUARDED_BY(mutex_);
  std::deque<Call*> ready_ KITH_GUARDED_BY(mutex_);  // have waited for others
  // By their ids: those that have begun and those that wait for others.
  absl::flat_hash_map<uint64_t, Call*> calls_ KITH_GUARDED_BY(mutex_);
  int untold_ KITH_GUARDED_BY(mutex_) = 0;  // calls that were read
  // Of what was told, the last that a call appended.
  Position appended_ KITH_GUARDED_BY(mutex_);
  bool turn_comes_ KITH_GUARDED_BY(mutex_) = false;
  bool in_turn_ KITH_GUARDED_BY(mutex_) = false;
  bool gathering_ KITH_GUARDED_BY(mutex_) = false;  // work that has told outcomes goes on

  std::deque<std::unique_ptr<Answer>> told_ KITH_GUARDED_BY(mutex_);
  std::unique_ptr<Answer> answer_ KITH_GUARDED_BY(mutex_);  // is being written, or was
};

}  // namespace kith::runtime
