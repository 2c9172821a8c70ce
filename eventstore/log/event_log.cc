#include "eventstore/log/event_log.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/log.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/committer.h"
#include "eventstore/log/cursor.h"
#include "eventstore/log/disk_full.h"
#include "eventstore/log/follower.h"
#include "eventstore/log/recovery.h"

namespace kith::eventstore {
namespace {

// An append is prepared at most so often before its caller is told that the log moves on too fast.
constexpr int kAttemptsMax = 16;
// Payloads in flight take at most so much memory, whatever their number.
constexpr size_t kInFlightBytesMax = 256 << 20;
// The key store notes its state each time the log has grown by so much; recovery reads at most
// about that many records.
constexpr uint64_t kKeyCheckpointEvery = 1 << 16;

// An answer that one thread waits for. Shared with the completion, which may still hold the mutex
// when the waiter is gone.
template <class Answer>
class Awaited {
 public:
  void Set(absl::StatusOr<Answer> answer) {
    MutexLock lock(mutex_);
    answer_ = std::move(answer);
    answered_.NotifyAll();
  }
  absl::StatusOr<Answer> Wait() {
    MutexLock lock(mutex_);
    while (!answer_.has_value()) answered_.Wait(mutex_);
    return *std::move(answer_);
  }

 private:
  Mutex mutex_;
  CondVar answered_;
  std::optional<absl::StatusOr<Answer>> answer_ KITH_GUARDED_BY(mutex_);
};

class EventLogImpl final : public EventLog {
 public:
  EventLogImpl(std::unique_ptr<Engine> engine, KeyStore& keys, const Clock& clock,
               Executor& executor, const EventLogOptions& options, const LogState& state,
               absl::Time settled)
      : engine_(std::move(engine)),
        keys_(keys),
        executor_(executor),
        options_(options),
        tail_(executor, options.tail_records, options.recent_streams),
        reader_(*engine_, tail_),
        record_clock_(std::make_unique<RecordClock>(
            clock, executor, settled,
            [this](absl::Time bound, RecordClock::Kept kept) { Keep(bound, std::move(kept)); })),
        keys_checkpointed_(state.head.value()) {
    tail_.Reset(state.head, state.workspaces);
    CheckSpace();
    committer_ = std::make_unique<Committer>(*engine_, tail_, executor_, *record_clock_,
                                             options.overlay_batches, state, MakeHooks());
    metrics_.emplace([this](MetricPage& page) { AddMetrics(page); });
  }

  ~EventLogImpl() override {
    metrics_.reset();
    {
      MutexLock lock(mutex_);
      closing_ = true;
      while (in_flight_ > 0) answered_.Wait(mutex_);
    }
    committer_.reset();
    // What fails here is made up for when the log is opened: the mark only widens what can be
    // noticed.
    (void)keys_.Checkpoint(head());
    (void)engine_->WriteMark(head());
    if (const auto settled = record_clock_->Unkept()) (void)engine_->WriteSettled(*settled);
  }

  void AppendAsync(Append append, AppendDone done) override {
    auto prepared = std::make_unique<PreparedAppend>();
    prepared->append = std::move(append);
    prepared->done = std::move(done);
    prepared->bytes = PayloadBytes(prepared->append);
    absl::Status status = ValidateAppend(prepared->append);
    if (status.ok()) status = Admit(prepared->bytes);
    if (!status.ok()) {
      prepared->answer = std::move(status);
      return Post(std::move(prepared));
    }
    Prepare(std::move(prepared), ReadTier::kMemory);
  }

  Position head() const override { return tail_.head(); }
  Sequence WorkspaceHead(WorkspaceId workspace) const override {
    return tail_.WorkspaceHead(workspace);
  }
  absl::string_view store_id() const override { return engine_->store_id(); }
  uint64_t epoch() const override { return engine_->epoch(); }
  bool takes_writes() const override {
    const absl::StatusOr<uint64_t> free = engine_->FreeBytes();
    return committer_->takes_appends() && (!free.ok() || *free >= options_.min_free_bytes);
  }
  const TokenSealer& token_sealer() const override { return keys_.token_sealer(); }

  absl::StatusOr<StreamHead> HeadOf(WorkspaceId workspace, absl::string_view stream,
                                    ReadTier tier) const override {
    return reader_.HeadOf(HeadKey(workspace, stream), tier);
  }

  absl::StatusOr<std::optional<std::pair<RequestKey, Appended>>> FindRequest(
      WorkspaceId workspace, absl::string_view method, absl::string_view request_id,
      ReadTier tier) const override {
    // The head first: whatever was published by then is found, and nothing later is told.
    const Position published = head();
    auto found = reader_.FindRequest(RequestIndexKey(workspace, method, request_id), tier);
    if (found.ok() && found->has_value() && (*found)->second.first > published) found->reset();
    return found;
  }

  absl::StatusOr<std::shared_ptr<const Record>> ReadAt(Position position,
                                                       ReadTier tier) const override {
    return reader_.ReadAt(position, tier);
  }

  std::unique_ptr<RecordCursor> ReadAll(Position from, Direction direction) const override {
    return NewLogCursor(reader_, head(), from, direction);
  }

  std::unique_ptr<RecordCursor> ReadStream(WorkspaceId workspace, absl::string_view stream,
                                           Revision from, Direction direction,
                                           ReadTier tier) const override {
    return NewRunCursor(reader_, head(), Table::kStreams, StreamPrefix(workspace, stream),
                        from.value(), direction, tier);
  }

  std::unique_ptr<RecordCursor> ReadWorkspace(WorkspaceId workspace, Sequence from,
                                              Direction direction) const override {
    return NewRunCursor(reader_, head(), Table::kWorkspaces, WorkspacePrefix(workspace),
                        from.value(), direction, ReadTier::kDisk);
  }

  std::unique_ptr<RecordCursor> ReadTag(WorkspaceId workspace, const Tag& tag,
                                        Position after) const override {
    return NewTagCursor(reader_, head(), workspace, tag, after);
  }

  absl::Time Now() const override { return record_clock_->Now(); }
  void Settle(absl::Time time, Settled done) const override {
    record_clock_->Settle(time, std::move(done));
  }
  absl::StatusOr<Position> PositionAt(absl::Time time, ReadTier tier) const override {
    return reader_.PositionAt(time, tier);
  }
  absl::StatusOr<Position> PositionOf(WorkspaceId workspace, Sequence sequence,
                                      ReadTier tier) const override {
    return reader_.PositionOf(workspace, sequence, tier);
  }

  std::unique_ptr<Follower> Follow(Position after) override {
    return NewFollower(reader_, tail_, after);
  }
  std::unique_ptr<Follower> FollowWorkspace(WorkspaceId workspace, Sequence after) override {
    return NewWorkspaceFollower(reader_, tail_, workspace, after);
  }

 private:
  CommitterHooks MakeHooks() {
    return {
        .prepare_again =
            [this](std::unique_ptr<PreparedAppend> append) { PrepareLater(std::move(append)); },
        .answered = [this](size_t appends, size_t bytes) { Leave(appends, bytes); },
        .committed = [this] { AfterCommit(); },
        .recover = [this] { return LoadLogState(*engine_); },
    };
  }

  // Lets an append in, or says why not. What was let in is counted until it is answered.
  absl::Status Admit(size_t bytes) {
    if (low_space_.load(std::memory_order_relaxed) && !CheckSpace()) {
      return DiskFull(free_bytes_.load(), options_.min_free_bytes);
    }
    MutexLock lock(mutex_);
    if (closing_) return absl::UnavailableError("the log is shutting down");
    if (in_flight_ >= options_.queue_appends_max || in_flight_bytes_ + bytes > kInFlightBytesMax) {
      return absl::ResourceExhaustedError(absl::StrCat(
          in_flight_, " appends are in flight, and no more are taken in: try again later"));
    }
    ++in_flight_;
    in_flight_bytes_ += bytes;
    return absl::OkStatus();
  }

  void Leave(size_t count, size_t bytes) {
    MutexLock lock(mutex_);
    in_flight_ -= count;
    in_flight_bytes_ -= bytes;
    if (closing_ && in_flight_ == 0) answered_.NotifyAll();
  }

  void Prepare(std::unique_ptr<PreparedAppend> prepared, ReadTier tier) {
    absl::StatusOr<bool> known = false;
    if (absl::Status encoded = EncodeAppend(keys_, tier, *prepared); !encoded.ok()) {
      known = std::move(encoded);
    } else {
      known = LookUpFacts(reader_, head(), tier, *prepared);
    }
    if (tier == ReadTier::kMemory && absl::IsUnavailable(known.status())) {
      return PrepareLater(std::move(prepared));
    }
    if (!known.ok()) prepared->answer = known.status();
    if (!known.ok() || *known) return Answer(std::move(prepared));
    committer_->Enqueue(std::move(prepared));
  }

  // Where reading the disk is allowed.
  void PrepareLater(std::unique_ptr<PreparedAppend> prepared) {
    if (++prepared->attempts > kAttemptsMax) {
      prepared->answer = absl::ResourceExhaustedError(
          "the log moved on while the append was prepared: try again later");
      return Answer(std::move(prepared));
    }
    Preparing().Run([this, prepared = std::move(prepared)]() mutable {
      Prepare(std::move(prepared), ReadTier::kDisk);
    });
  }

  // Answers an append that was admitted and does not reach the committer.
  void Answer(std::unique_ptr<PreparedAppend> prepared) {
    const size_t bytes = prepared->bytes;
    Post(std::move(prepared));
    Leave(1, bytes);
  }

  void Post(std::unique_ptr<PreparedAppend> prepared) {
    std::vector<std::unique_ptr<PreparedAppend>> one;
    one.push_back(std::move(prepared));
    PostAnswers(executor_, std::move(one));
  }

  void AfterCommit() {
    CheckSpace();
    if (head().value() < keys_checkpointed_.load() + kKeyCheckpointEvery) return;
    keys_checkpointed_.store(head().value());
    {
      MutexLock lock(mutex_);
      ++in_flight_;  // the log waits for the task below before it closes
    }
    executor_.Run([this, through = head()] {
      (void)keys_.Checkpoint(
          through);  // tried again with the next one; recovery reads more until then
      Leave(1, 0);
    });
  }

  // The log waits for what writes the bound before it closes.
  void Keep(absl::Time bound, RecordClock::Kept kept) {
    {
      MutexLock lock(mutex_);
      KITH_CHECK(!closing_);  // a caller of the log holds it open
      ++in_flight_;
    }
    Preparing().Run([this, bound, kept = std::move(kept)]() mutable {
      kept(engine_->WriteSettled(bound));
      Leave(1, 0);
    });
  }

  // Where waiting for the disk holds up nobody.
  Executor& Preparing() { return options_.preparing != nullptr ? *options_.preparing : executor_; }

  // Notes whether space is short; true when there is enough.
  bool CheckSpace() {
    const absl::StatusOr<uint64_t> free = engine_->FreeBytes();
    const bool enough = !free.ok() || *free >= options_.min_free_bytes;
    if (!enough) free_bytes_.store(*free);
    if (low_space_.load(std::memory_order_relaxed) == enough) NoteSpace(!enough);
    return enough;
  }
  void NoteSpace(bool is_low) {
    if (low_space_.exchange(is_low) == is_low) return;
    if (is_low) {
      Log(LogLevel::kError, "the disk is too full: changes are refused, reads go on", {},
          {{"free_bytes", free_bytes_.load()}, {"needed_bytes", options_.min_free_bytes}});
    } else {
      Log(LogLevel::kInfo, "the disk has room again: changes are taken");
    }
  }

  void AddMetrics(MetricPage& page) {
    committer_->AddMetrics(page);
    page.Gauge("kith_log_position", "The last position of the log.",
               static_cast<double>(head().value()));
    page.Gauge("kith_log_takes_writes",
               "0 while the disk is too full, or a failed write is being recovered from.",
               takes_writes() ? 1 : 0);
    if (const absl::StatusOr<uint64_t> free = engine_->FreeBytes(); free.ok()) {
      page.Gauge("kith_disk_free_bytes", "Bytes free on the disk of the data directory.",
                 static_cast<double>(*free));
    }
    page.Gauge("kith_disk_needed_bytes", "Changes are refused when less than this is free.",
               static_cast<double>(options_.min_free_bytes));
    MutexLock lock(mutex_);
    page.Gauge("kith_log_appends", "Appends that were let in and are not answered.",
               static_cast<double>(in_flight_));
    page.Gauge("kith_log_append_bytes", "Bytes of those appends.",
               static_cast<double>(in_flight_bytes_));
  }

  const std::unique_ptr<Engine> engine_;
  KeyStore& keys_;
  Executor& executor_;
  const EventLogOptions options_;
  Tail tail_;
  const LogReader reader_;
  const std::unique_ptr<RecordClock> record_clock_;
  std::atomic<bool> low_space_{false};
  std::atomic<uint64_t> free_bytes_{0};
  std::atomic<uint64_t> keys_checkpointed_;

  Mutex mutex_;
  CondVar answered_;
  size_t in_flight_ KITH_GUARDED_BY(mutex_) = 0;
  size_t in_flight_bytes_ KITH_GUARDED_BY(mutex_) = 0;
  bool closing_ KITH_GUARDED_BY(mutex_) = false;
  std::unique_ptr<Committer> committer_;
  std::optional<MetricSource> metrics_;
};

}  // namespace

absl::StatusOr<Appended> EventLog::AppendAndWait(Append append) {
  const auto awaited = std::make_shared<Awaited<Appended>>();
  AppendAsync(std::move(append), [awaited](auto answer) { awaited->Set(std::move(answer)); });
  return awaited->Wait();
}

absl::StatusOr<absl::Time> EventLog::SettleAndWait(absl::Time time) const {
  const auto awaited = std::make_shared<Awaited<absl::Time>>();
  Settle(time, [awaited](auto answer) { awaited->Set(std::move(answer)); });
  return awaited->Wait();
}

absl::StatusOr<std::unique_ptr<EventLog>> OpenEventLog(std::unique_ptr<Engine> engine,
                                                       KeyStore& keys, const Clock& clock,
                                                       Executor& executor,
                                                       const EventLogOptions& options) {
  KITH_ASSIGN_OR_RETURN(const LogState state, LoadLogState(*engine));
  KITH_RETURN_IF_ERROR(RecoverKeys(*engine, state, keys));
  KITH_ASSIGN_OR_RETURN(const absl::Time settled, engine->ReadSettled());
  return std::make_unique<EventLogImpl>(std::move(engine), keys, clock, executor, options, state,
                                        settled);
}

}  // namespace kith::eventstore
