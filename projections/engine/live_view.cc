#include "projections/engine/live_view.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/sha256.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/thread_name.h"
#include "google/rpc/error_details.pb.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {
namespace {

// Persisted.
constexpr absl::string_view kCheckpointKey("\0c", 2);
constexpr absl::string_view kStalePrefix("\0s", 2);
constexpr absl::string_view kRowsFrom("\1", 1);

// A batch is written when it has grown to this, however much is queued.
constexpr size_t kBatchBytes = 1 << 20;
constexpr size_t kStaleShownMax = 100;

std::string StaleKey(WorkspaceId workspace, absl::string_view stream) {
  std::string key(kStalePrefix);
  AppendFixed32(workspace.value(), &key);
  key.append(stream.data(), stream.size());
  return key;
}

std::string StaleValue(const StaleEntity& entity) {
  std::string value;
  AppendVarint(entity.since.value(), &value);
  AppendString(entity.error, &value);
  return value;
}

bool ParseStale(absl::string_view key, absl::string_view value, StaleEntity* entity) {
  key.remove_prefix(kStalePrefix.size());
  if (key.size() < sizeof(uint32_t)) return false;
  entity->workspace = WorkspaceId(LoadFixed32(key.data()));
  entity->stream = std::string(key.substr(sizeof(uint32_t)));
  ByteReader reader(value);
  uint64_t since = 0;
  if (!reader.ReadVarint(&since) || !reader.ReadString(&entity->error)) return false;
  entity->since = Position(since);
  return true;
}

// The digest of keys and values, each told from the next by its size.
class EntriesHash {
 public:
  // True, so that a scan goes on.
  bool Add(absl::string_view key, absl::string_view value) {
    sizes_.clear();
    AppendVarint(key.size(), &sizes_);
    AppendVarint(value.size(), &sizes_);
    hash_.Add(sizes_).Add(key).Add(value);
    return true;
  }
  std::string Finish() {
    const Sha256Hash digest = hash_.Finish();
    return absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
  }

 private:
  Sha256 hash_;
  std::string sizes_;
};

absl::Status ShuttingDown() {
  return Error(type::v1::ERROR_SHUTTING_DOWN, "The server is shutting down.");
}

}  // namespace

absl::StatusOr<ViewProgress> ReadProgress(const ViewFamilies& families) {
  const VersionedFamily& family = *families.rows;
  ViewProgress progress;
  KITH_ASSIGN_OR_RETURN(const auto checkpoint,
                        family.Get(kCheckpointKey, Position(0), eventstore::ReadTier::kDisk));
  if (checkpoint.has_value()) {
    ByteReader reader(*checkpoint);
    uint64_t position = 0;
    if (!reader.ReadVarint(&position)) return absl::DataLossError("a checkpoint does not parse");
    progress.checkpoints.rows = Position(position);
  }
  progress.checkpoints.index = progress.checkpoints.rows;
  if (families.index != nullptr) {
    KITH_ASSIGN_OR_RETURN(progress.checkpoints.index, families.index->Checkpoint());
  }
  bool parsed = true;
  KITH_RETURN_IF_ERROR(family.Scan(KeyRange::Prefix(kStalePrefix), Position(0),
                                   [&](absl::string_view key, absl::string_view value) {
                                     parsed =
                                         ParseStale(key, value, &progress.stale.emplace_back());
                                     return parsed;
                                   }));
  if (!parsed) return absl::DataLossError("a stale entity does not parse");
  return progress;
}

LiveView::LiveView(Surroundings surroundings, size_t number, std::unique_ptr<Projection> projection,
                   ViewFamilies families, ViewProgress progress)
    : surroundings_(std::move(surroundings)),
      bit_(uint64_t{1} << number),
      projection_(std::move(projection)),
      families_(std::move(families)),
      feed_(surroundings_.options.queue_events),
      batch_(families_, progress.checkpoints),
      folded_(progress.folded()),
      checkpoint_(progress.folded()),
      position_(progress.folded().value()),
      flushed_(progress.folded().value()),
      meter_(progress.folded(), surroundings_.options.clock->Now()) {
  const int64_t now_us = absl::ToUnixMicros(surroundings_.options.clock->Now());
  moved_us_ = polled_us_ = flushed_us_ = now_us;
  for (StaleEntity& entity : progress.stale) {
    EntityKey key(entity.workspace, entity.stream);
    stale_.emplace(std::move(key), std::move(entity));
  }
  stale_count_ = stale_.size();
}

LiveView::~LiveView() { KITH_CHECK(!worker_.joinable()); }

void LiveView::Start() {
  worker_ = std::thread([this] { Work(); });
}

void LiveView::Stop() {
  feed_.Close();
  if (worker_.joinable()) worker_.join();
  std::vector<WaitList::Wait> waits;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    waits = waits_.TakeAll();
    flush_done_.NotifyAll();
  }
  Answer(std::move(waits), [](Position) { return ShuttingDown(); });
}

void LiveView::Fail(absl::Status status) {
  std::vector<WaitList::Wait> waits;
  {
    MutexLock lock(mutex_);
    if (!status_.ok()) return;
    status_ = status;
    waits = waits_.TakeAll();
    flush_done_.NotifyAll();
  }
  Answer(std::move(waits), [this](Position wanted) { return Behind(wanted); });
  Notify(ViewState::kStopped, /*is_error=*/true,
         absl::StrCat("The view ", name(), " has stopped: ", status.ToString()));
}

void LiveView::Skip(Position last) {
  if (!feed_.Skip(last)) return;
  Publish(last);
  // A view that nothing concerns is still never far behind after a crash.
  if (last.value() - flushed_.load() >= surroundings_.options.flush_positions) {
    feed_.AskForFlush();
  }
}

void LiveView::Tick(absl::Time now) {
  std::vector<WaitList::Wait> expired;
  {
    MutexLock lock(mutex_);
    expired = waits_.TakeExpired(now);
  }
  Answer(std::move(expired), [this](Position wanted) { return Behind(wanted); });
  // Ticks come every quarter of the interval, so what is due before the next one is flushed now.
  const absl::Duration since = now - absl::FromUnixMicros(flushed_us_.load());
  if (since >= surroundings_.options.flush_interval * 0.75) feed_.AskForFlush();
}

absl::Time LiveView::NextDeadline() const {
  MutexLock lock(mutex_);
  return waits_.NextDeadline();
}

void LiveView::WhenAt(Position position, absl::Time deadline, WaitList::Done done) {
  if (this->position() >= position) return done(absl::OkStatus());
  absl::Status refused;
  bool added = false;
  {
    MutexLock lock(mutex_);
    if (stopped_) {
      refused = ShuttingDown();
    } else if (!status_.ok()) {
      refused = Behind(position);
    } else if (this->position() < position) {
      waits_.Add({position, deadline, std::move(done)});
      added = true;
    }
  }
  if (!added) return done(std::move(refused));  // OK when it got there meanwhile
  surroundings_.wake_at(deadline);
}

ViewSnapshot LiveView::At(Position position) const {
  KITH_CHECK(position <= this->position());
  return ViewSnapshot(families_.rows, families_.index, position);
}

absl::StatusOr<std::string> LiveView::Digest(Position position) const {
  const ViewSnapshot snapshot = At(position);
  EntriesHash hash;
  KITH_RETURN_IF_ERROR(snapshot.Scan(
      {std::string(kRowsFrom), ""},
      [&](absl::string_view key, absl::string_view value) { return hash.Add(key, value); }));
  if (families_.index != nullptr) {
    KITH_RETURN_IF_ERROR(
        snapshot.ScanEntries({}, [&](absl::string_view entry) { return hash.Add(entry, ""); }));
  }
  return hash.Finish();
}

absl::StatusOr<std::string> LiveView::IndexDigest() const {
  EntriesHash hash;
  if (families_.index != nullptr) {
    KITH_RETURN_IF_ERROR(families_.index->ScanSpans([&](const IndexSpan& span) {
      const std::string moments =
          absl::StrCat(span.from.value(), " ", span.to.value_or(Position()).value());
      return hash.Add(LiveKey(span.kind, span.entry), moments);
    }));
  }
  return hash.Finish();
}

ViewHealth LiveView::Health() const {
  ViewHealth health;
  health.view = std::string(name());
  health.version = version();
  health.position = position();
  health.flushed = Position(flushed_.load());
  const Position head = surroundings_.log.head();
  health.lag = head > health.position ? head.value() - health.position.value() : 0;
  health.moved = absl::FromUnixMicros(moved_us_.load());
  health.polled =
      feed_.idle() ? surroundings_.options.clock->Now() : absl::FromUnixMicros(polled_us_.load());
  MutexLock lock(mutex_);
  health.status = status_;
  health.state = StateAt(health.lag);
  health.progress = meter_.At(health.position, head, surroundings_.options.clock->Now());
  health.stale_count = stale_.size();
  for (const auto& [key, entity] : stale_) {
    if (health.stale.size() == kStaleShownMax) break;
    health.stale.push_back(entity);
  }
  return health;
}

ViewState LiveView::StateAt(uint64_t lag) const {
  if (!status_.ok()) return ViewState::kStopped;
  return lag > surroundings_.options.near_positions ? ViewState::kBuilding : ViewState::kLive;
}

void LiveView::Notify(ViewState state, bool is_error, std::string text) const {
  const auto& notice = surroundings_.options.notice;
  if (notice) notice({std::string(name()), state, is_error, std::move(text)});
}

absl::Status LiveView::Flush() {
  MutexLock lock(mutex_);
  const uint64_t asked = ++flushes_asked_;
  feed_.AskForFlush();
  while (flushes_done_ < asked && status_.ok() && !stopped_) flush_done_.Wait(mutex_);
  if (flushes_done_ >= asked) return absl::OkStatus();
  return stopped_ ? ShuttingDown() : status_;
}

void LiveView::Work() {
  NameThisThread(projection_->name());
  absl::Status failed;
  while (failed.ok()) {
    const Feed::Work work = feed_.Take();
    polled_us_ = absl::ToUnixMicros(surroundings_.options.clock->Now());
    if (work.closed) {
      folded_ = std::max(folded_, work.through);
      if (IsUnwritten()) failed = Write(/*with_checkpoint=*/true);
      break;
    }
    failed = FoldAll(work);
  }
  if (failed.ok()) return;
  feed_.Close();  // the feeder must not wait for this view
  Fail(std::move(failed));
}

absl::Status LiveView::FoldAll(const Feed::Work& work) {
  for (const auto& chunk : work.chunks) {
    for (const FedEvent& fed : chunk->events) KITH_RETURN_IF_ERROR(Fold(fed));
    folded_ = std::max(folded_, chunk->last);
  }
  folded_ = std::max(folded_, work.through);
  // Rows and checkpoint together; where there are no rows the checkpoint can wait for the next
  // flush.
  const bool something = !batch_.kept().empty() || !batch_.kept_entries().empty();
  if (something) KITH_RETURN_IF_ERROR(Write(/*with_checkpoint=*/false));
  Publish(folded_);
  const bool far = folded_.value() - flushed_.load() >= surroundings_.options.flush_positions;
  if (work.flush || far) KITH_RETURN_IF_ERROR(WriteToDisk());
  return absl::OkStatus();
}

absl::Status LiveView::Fold(const FedEvent& fed) {
  const eventstore::EventHeader& header = fed.record->header;
  if (header.position <= folded_) return absl::OkStatus();
  if ((fed.takers & bit_) != 0 && !IsStale(header)) {
    const absl::Status applied = Apply(fed);
    KITH_RETURN_IF_ERROR(batch_.read_error());  // the disk's fault, not the event's
    if (!applied.ok()) MarkStale(header, applied);
  }
  folded_ = header.position;
  if (batch_.kept().bytes() + batch_.kept_entries().bytes() < kBatchBytes) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(Write(/*with_checkpoint=*/false));
  Publish(folded_);
  return absl::OkStatus();
}

absl::Status LiveView::Apply(const FedEvent& fed) {
  if (fed.event == nullptr) return fed.undecoded;
  batch_.Begin(fed.record->header.position);
  absl::Status applied = projection_->Apply(*fed.event, batch_);
  if (applied.ok()) {
    batch_.Keep();
  } else {
    batch_.Discard();
  }
  return applied;
}

bool LiveView::IsUnwritten() const {
  return folded_ != checkpoint_ || batch_.checkpoints().index < folded_;
}

bool LiveView::IsStale(const eventstore::EventHeader& header) const {
  if (stale_count_ == 0) return false;
  MutexLock lock(mutex_);
  const auto found = stale_.find(EntityKey(header.workspace, header.stream));
  // Events before the one that failed are folded again for a family that is behind.
  return found != stale_.end() && found->second.since <= header.position;
}

void LiveView::MarkStale(const eventstore::EventHeader& header, const absl::Status& error) {
  StaleEntity entity{header.workspace, header.stream, header.position, error.ToString()};
  batch_.kept().PutUnversioned(StaleKey(entity.workspace, entity.stream), StaleValue(entity));
  Notify(ViewState::kLive, /*is_error=*/true,
         absl::StrCat("The view ", name(), " leaves ", header.stream, " of workspace ",
                      header.workspace.value(), " alone, because folding its event ",
                      header.position.value(), " failed: ", entity.error));
  MutexLock lock(mutex_);
  stale_.emplace(EntityKey(header.workspace, header.stream), std::move(entity));
  stale_count_ = stale_.size();
}

absl::Status LiveView::Write(bool with_checkpoint) {
  // Rows that are ahead, while entries are folded again, stay so.
  const Position rows = std::max(folded_, batch_.checkpoints().rows);
  std::string checkpoint;
  AppendVarint(rows.value(), &checkpoint);
  batch_.kept().PutUnversioned(kCheckpointKey, checkpoint);
  KITH_RETURN_IF_ERROR(batch_.Write(folded_, with_checkpoint));
  checkpoint_ = folded_;
  return absl::OkStatus();
}

absl::Status LiveView::FlushFamilies(bool wait) {
  KITH_RETURN_IF_ERROR(families_.rows->Flush(wait));
  return families_.index == nullptr ? absl::OkStatus() : families_.index->Flush(wait);
}

absl::Status LiveView::WriteToDisk() {
  uint64_t asked = 0;
  bool wait = false;  // somebody waits for the disk; the timer does not
  {
    MutexLock lock(mutex_);
    asked = flushes_asked_;
    wait = asked > flushes_done_;
  }
  if (IsUnwritten()) KITH_RETURN_IF_ERROR(Write(/*with_checkpoint=*/true));
  if (wait || checkpoint_.value() != flushed_.load()) KITH_RETURN_IF_ERROR(FlushFamilies(wait));
  flushed_ = checkpoint_.value();
  flushed_us_ = absl::ToUnixMicros(surroundings_.options.clock->Now());
  MutexLock lock(mutex_);
  flushes_done_ = asked;
  flush_done_.NotifyAll();
  return absl::OkStatus();
}

// On the worker's thread; on the feeder's while the worker waits, which then has nothing to
// publish.
void LiveView::Publish(Position position) {
  if (position.value() <= position_.load(std::memory_order_relaxed)) return;
  position_.store(position.value(), std::memory_order_release);
  moved_us_ = absl::ToUnixMicros(surroundings_.options.clock->Now());
  std::vector<WaitList::Wait> reached;
  {
    MutexLock lock(mutex_);
    reached = waits_.TakeReached(position);
  }
  Answer(std::move(reached), [](Position) { return absl::OkStatus(); });
}

void LiveView::Answer(std::vector<WaitList::Wait> waits,
                      const std::function<absl::Status(Position)>& answer) {
  for (WaitList::Wait& wait : waits) {
    surroundings_.executor.Run(
        [done = std::move(wait.done), status = answer(wait.position)]() mutable {
          done(std::move(status));
        });
  }
}

absl::Status LiveView::Behind(Position wanted) const {
  const Position here = position();
  const uint64_t lag = wanted > here ? wanted.value() - here.value() : 0;
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(1);
  return Error(type::v1::ERROR_VIEW_BEHIND,
               absl::StrCat("The read model ", name(), " is ", lag, " events behind."),
               {{"view", std::string(name())},
                {"position", absl::StrCat(here.value())},
                {"lag", absl::StrCat(lag)}},
               retry);
}

}  // namespace kith::projections
