#include "services/runtime/commands/transaction.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "services/core/reject.h"
#include "services/runtime/requests/retry.h"
#include "services/runtime/requests/validate.h"

namespace kith::runtime {
namespace {

using eventstore::NewEvent;
using eventstore::StreamAppend;

constexpr size_t kSecretBytes = 20;

// 160 bits in the base32 of RFC 4648, in lower case.
std::string DrawSecret(Random& random) {
  constexpr char kDigits[] = "abcdefghijklmnopqrstuvwxyz234567";
  const std::string bytes = random.Bytes(kSecretBytes);
  std::string secret;
  uint64_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(byte);
    for (count += 8; count >= 5; count -= 5) secret += kDigits[bits >> (count - 5) & 31];
  }
  return secret;
}

absl::Status Conflict() {
  return Error(type::v1::ERROR_CONFLICT,
               "Other writers kept changing what the command was decided on. Try again.", {},
               RetryAfter(absl::Milliseconds(100)));
}

StreamAppend& AppendTo(absl::string_view stream, std::vector<StreamAppend>& streams) {
  for (StreamAppend& at : streams) {
    if (at.stream == stream) return at;
  }
  return streams.emplace_back(StreamAppend{std::string(stream), {}});
}

}  // namespace

Transaction::Transaction(Transact& transact, Command& command)
    : transact_(transact),
      command_(command),
      ids_([this] { return transact_.environment_.ulids.Next(); },
           [this] { return DrawSecret(transact_.environment_.random); }) {}

void Transaction::Attempt(ReadTier tier) {
  const Origin& origin = command_.origin();
  const absl::Time now = transact_.environment_.clock.Now();
  if (transact_.environment_.clock.Elapsed() >= origin.deadline) {
    return End(Error(type::v1::ERROR_DEADLINE_EXCEEDED, "The deadline passed. Nothing was done."));
  }
  if (attempts_ == transact_.options_.attempts_max) return End(Conflict());
  ++attempts_;
  workspace_ = command_.Workspace();
  rendering_.reset();
  ids_.Restart();
  if (!cause_checked_) {
    absl::Status cause = CheckCause(tier);
    if (tier == ReadTier::kMemory && absl::IsUnavailable(cause)) {
      --attempts_;
      return OnPool([this] { Attempt(ReadTier::kDisk); });
    }
    if (!cause.ok()) return End(std::move(cause));
    cause_checked_ = true;
  }
  Loader loader(transact_.states_, *origin.caller, transact_.owned_, workspace_, tier);
  const bool said = origin.occurred != absl::InfinitePast();
  const CommandContext context{
      now,
      said ? origin.occurred : now,
      origin.caller->actor,
      workspace_,
      *origin.caller->settings,
      ids_,
      said,
      &origin.caller->grants,
      origin.caller->member == nullptr ? absl::string_view() : origin.caller->member->user,
      origin.caller->on_behalf_of};
  Decision decision = command_.Decide(loader, context);
  if (tier == ReadTier::kDisk) Mark(CallPart::kLoad);
  if (loader.would_block()) {
    --attempts_;
    return OnPool([this] { Attempt(ReadTier::kDisk); });
  }
  if (!decision.ok()) return Settle(decision.status(), loader, tier);
  if (decision->empty()) {
    rendering_.emplace(Rendering(transact_.states_, workspace_, tier));
    rendering_->states_ = loader.states();
    rendering_->secret_ = decision->secret();
    return Settle(absl::OkStatus(), loader, tier);
  }
  if (MustWait(*decision)) return;
  const absl::Time occurred = decision->occurred().value_or(context.occurred);
  Append(*std::move(decision), loader, occurred);
}

absl::Status Transaction::CheckCause(ReadTier tier) const {
  const Position causation = command_.origin().causation;
  if (causation == Position()) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const eventstore::Record> cause,
                        transact_.environment_.log.ReadAt(causation, tier));
  if (cause != nullptr && cause->header.workspace == workspace_) return absl::OkStatus();
  return Error(
      type::v1::ERROR_INVALID_TOKEN,
      absl::StrCat("The token sent as kith-cause is that of no event of workspaces/",
                   workspace_.value(), ". Send that of an event, or of the call that made it."),
      {{"metadata", "kith-cause"}});
}

void Transaction::Settle(absl::Status verdict, const Loader& loader, ReadTier tier) {
  const eventstore::RequestKey& request = command_.origin().request;
  if (!request.id.empty()) {
    // Only now, because most commands do append, and then the append itself tells a repeat.
    // Whatever of a first request made this decision come out so was published together with its
    // request id.
    const auto known =
        transact_.environment_.log.FindRequest(workspace_, request.method, request.id, tier);
    if (!known.ok()) {
      if (tier == ReadTier::kDisk) return End(known.status());
      --attempts_;
      return OnPool([this] { Attempt(ReadTier::kDisk); });
    }
    if (known->has_value()) {
      if ((*known)->first.digest != request.digest) return End(Reused());
      const eventstore::Appended appended = (*known)->second;
      return OnPool([this, appended] { Replay(appended); });
    }
  }
  const absl::StatusOr<bool> outdated = IsOutdated(loader, tier);
  if (!outdated.ok()) {
    if (tier == ReadTier::kDisk) return End(outdated.status());
    --attempts_;
    return OnPool([this] { Attempt(ReadTier::kDisk); });
  }
  if (*outdated || loader.again()) return Attempt(tier);
  if (!verdict.ok()) return End(std::move(verdict));
  Render();
}

absl::StatusOr<bool> Transaction::IsOutdated(const Loader& loader, ReadTier tier) {
  bool outdated = false;
  for (const LoadedState& state : loader.states()) {
    KITH_ASSIGN_OR_RETURN(
        const bool current,
        transact_.states_.IsCurrent(workspace_, state.stream, state.folded.revision, tier));
    outdated |= !current;
  }
  if (outdated) return true;
  // Who has a value was maybe asked more than once in the attempt, and answered differently.
  for (const eventstore::TagCondition& condition : loader.tag_conditions()) {
    const auto cursor =
        transact_.environment_.log.ReadTag(workspace_, condition.tag, condition.after);
    KITH_ASSIGN_OR_RETURN(const auto later, cursor->Next());
    if (later != nullptr) return true;
  }
  return false;
}

void Transaction::Append(Changes changes, const Loader& loader, absl::Time occurred) {
  const Transact::Environment& environment = transact_.environment_;
  const Origin& origin = command_.origin();
  eventstore::Append append;
  append.workspace = workspace_;
  append.actor = origin.caller->actor;
  append.on_behalf_of = origin.caller->on_behalf_of;
  append.correlation_id = origin.correlation_id;
  append.causation = origin.causation;
  append.request = origin.request;
  append.stream_conditions = loader.stream_conditions();
  append.tag_conditions = loader.tag_conditions();

  rendering_.emplace(Rendering(transact_.states_, workspace_, ReadTier::kMemory));
  rendering_->states_ = loader.states();
  rendering_->secret_ = changes.secret();
  std::vector<Change> list = std::move(changes).TakeList();
  // Events of one stream stand together in an append, the streams in the order of their first
  // event.
  for (Change& change : list) {
    NewEvent event =
        environment.registry.Encode(eventstore::CategoryOf(change.stream), *change.event);
    event.occur_time = change.occurred.value_or(occurred);
    for (const Claim& claim : change.claims) {
      event.tags.push_back(environment.keys.Mac(workspace_, claim.purpose, claim.value));
    }
    AppendTo(change.stream, append.streams).events.push_back(std::move(event));
  }
  for (const StreamAppend& stream : append.streams) {
    const Revision* const base = loader.RevisionOf(stream.stream);
    uint64_t revision = base == nullptr ? 0 : base->value();
    for (Change& change : list) {
      if (change.stream != stream.stream) continue;
      rendering_->events_.push_back({change.stream, std::move(change.event),
                                     base == nullptr ? Revision() : Revision(++revision),
                                     change.occurred.value_or(occurred), absl::Time(), false});
    }
  }
  Mark(CallPart::kDecide);
  environment.log.AppendAsync(
      std::move(append),
      [this](absl::StatusOr<eventstore::Appended> appended) { Appended(std::move(appended)); });
}

void Transaction::Appended(absl::StatusOr<eventstore::Appended> appended) {
  Mark(CallPart::kCommit);
  if (appended.ok()) {
    if (!appended->repeated) return Conclude(*appended);
    return OnPool([this, then = *appended] { Replay(then); });
  }
  if (!absl::IsAborted(appended.status())) return End(AppendError(appended.status()));
  std::string lost;
  for (const eventstore::Conflict& conflict : eventstore::ConflictsOf(appended.status())) {
    if (conflict.stream.empty()) continue;
    transact_.cache_.Outdate(workspace_, conflict.stream);
    const std::vector<AppendedEvent>& events = rendering_->events_;
    if (std::any_of(events.begin(), events.end(),
                    [&](const AppendedEvent& event) { return event.stream == conflict.stream; })) {
      lost = conflict.stream;
    }
  }
  Retry(lost);
}

bool Transaction::MustWait(const Changes& changes) {
  if (!turn_.empty() || transact_.hot_streams_.none()) return false;
  for (const Change& change : changes.list()) {
    turn_ = HotStreams::KeyOf(workspace_, change.stream);
    if (TakePlace(transact_.hot_streams_.Join(turn_, *this))) return true;
  }
  return false;
}

void Transaction::Retry(absl::string_view stream) {
  std::string key = stream.empty() ? "" : HotStreams::KeyOf(workspace_, stream);
  if (!key.empty() && key != turn_) {
    PassTurn();
    turn_ = std::move(key);
    if (TakePlace(transact_.hot_streams_.Enter(turn_, *this))) return;
  }
  Attempt(ReadTier::kMemory);
}

bool Transaction::TakePlace(HotStreams::Place place) {
  switch (place) {
    case HotStreams::Place::kWaits:
      return true;  // and may be another thread's already
    case HotStreams::Place::kTurn:
      return false;
    case HotStreams::Place::kNone:
      turn_.clear();
      return false;
    case HotStreams::Place::kFull:
      turn_.clear();
      End(Conflict());
      return true;
  }
  KITH_UNREACHABLE();
}

Transaction* Transaction::LeaveTurn() {
  if (turn_.empty()) return nullptr;
  Transaction* const next = transact_.hot_streams_.Leave(turn_);
  turn_.clear();
  return next;
}

void Transaction::TakeTurn(ReadTier tier) {
  Mark(CallPart::kQueue);
  Attempt(tier);
}

void Transaction::PassTurn() {
  Transaction* const next = LeaveTurn();
  if (next == nullptr) return;
  transact_.environment_.pools.folds.Run([next] { next->TakeTurn(ReadTier::kDisk); });
}

void Transaction::Conclude(const eventstore::Appended& appended) {
  rendering_->last_ = Position(appended.first.value() + appended.count - 1);
  for (AppendedEvent& event : rendering_->events_) event.record_time = appended.record_time;
  FoldOn();
  // At once and here, for all that wait at the stream wait for it.
  if (Transaction* const next = LeaveTurn()) next->TakeTurn(ReadTier::kMemory);
  Observe();
  Render();
}

void Transaction::FoldOn() {
  const std::vector<AppendedEvent>& events = rendering_->events_;
  // What the decision stood on is what the events follow: the conditions held.
  for (LoadedState& state : rendering_->states_) {
    std::shared_ptr<void> next;
    for (const AppendedEvent& event : events) {
      if (event.stream != state.stream) continue;
      if (next == nullptr) next = state.type->copy(state.folded.state.get());
      state.type->evolve(next.get(), event.recorded());
      state.folded.revision = event.revision;
    }
    if (next == nullptr) continue;
    state.folded.state = std::move(next);
    transact_.cache_.Put(*state.type, workspace_, state.stream, state.folded);
  }
  // Other aggregates folded from the same streams fall behind; so does what was not loaded.
  for (size_t i = 0; i < events.size(); ++i) {
    if (i > 0 && events[i].stream == events[i - 1].stream) continue;
    size_t last = i;
    while (last + 1 < events.size() && events[last + 1].stream == events[i].stream) ++last;
    const Revision reached = events[last].revision;
    transact_.cache_.Update(
        workspace_, events[i].stream,
        [&](const AggregateType&, const Folded& folded) -> std::optional<Folded> {
          if (reached == Revision() || folded.revision < reached) return std::nullopt;
          return folded;
        });
  }
}

void Transaction::Replay(const eventstore::Appended& appended) {
  if (absl::Status read = ReadBack(appended); !read.ok()) return End(std::move(read));
  Observe();
  Render();
}

absl::Status Transaction::ReadBack(const eventstore::Appended& appended) {
  const Transact::Environment& environment = transact_.environment_;
  rendering_.emplace(Rendering(transact_.states_, workspace_, ReadTier::kDisk));
  rendering_->repeated_ = true;
  rendering_->last_ = Position(appended.first.value() + appended.count - 1);
  bool was_caller = false;
  for (uint32_t i = 0; i < appended.count; ++i) {
    KITH_ASSIGN_OR_RETURN(
        std::shared_ptr<const eventstore::Record> record,
        environment.log.ReadAt(Position(appended.first.value() + i), ReadTier::kDisk));
    KITH_CHECK(record != nullptr);
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::RecordedEvent> recorded,
                          environment.registry.Decode(std::move(record), environment.keys));
    const eventstore::EventHeader& header = recorded->header();
    rendering_->events_.push_back(
        {header.stream,
         std::shared_ptr<const google::protobuf::Message>(recorded, recorded->event.get()),
         header.revision, header.occur_time, header.record_time, recorded->erased});
    const Caller& caller = *command_.origin().caller;
    was_caller = header.actor == caller.actor && header.on_behalf_of == caller.on_behalf_of;
  }
  return was_caller ? absl::OkStatus() : CheckSeen();
}

absl::Status Transaction::CheckSeen() {
  const Caller& caller = *command_.origin().caller;
  if (caller.member == nullptr) return absl::OkStatus();
  for (const AppendedEvent& event : rendering_->events_) {
    const std::vector<std::string> steps = absl::StrSplit(event.stream, '/');
    const auto owned = transact_.owned_.find(steps.front());
    if (owned == transact_.owned_.end() || steps.size() < 2) continue;
    KITH_ASSIGN_OR_RETURN(
        const void* const state,
        rendering_->LoadState(*owned->second.aggregate, absl::StrCat(steps[0], "/", steps[1])));
    if (!owned->second.access.MayRead(caller, owned->second.record(state))) return Reused();
  }
  return absl::OkStatus();
}

void Transaction::Observe() const {
  if (transact_.observers_.empty()) return;
  for (const AppendedEvent& event : rendering_->events_) {
    const absl::string_view category = eventstore::CategoryOf(event.stream);
    for (const auto& [wanted, observer] : transact_.observers_) {
      if (wanted == category) observer(workspace_, event);
    }
  }
}

void Transaction::Render() {
  absl::Status status = command_.Render(*rendering_);
  if (!rendering_->would_block_) return End(std::move(status));
  OnPool([this] {
    rendering_->tier_ = ReadTier::kDisk;
    rendering_->would_block_ = false;
    Render();
  });
}

void Transaction::End(absl::Status status) {
  Mark(rendering_.has_value() ? CallPart::kRender : CallPart::kDecide);
  PassTurn();
  Command& command = command_;
  delete this;
  command.Done(std::move(status));
}

void Transaction::OnPool(absl::AnyInvocable<void()> step) {
  Mark(rendering_.has_value() ? CallPart::kRender : CallPart::kDecide);
  auto marked = [this, step = std::move(step)]() mutable {
    Mark(CallPart::kQueue);
    step();
  };
  Pool& folds = transact_.environment_.pools.folds;
  // Once something may have been appended its outcome must be told; before, a full queue is an
  // answer.
  if (rendering_.has_value()) return folds.Run(std::move(marked));
  if (!folds.TryRun(std::move(marked))) End(QueueFull("folds"));
}

void Transaction::Mark(CallPart part) {
  if (CallParts* const parts = command_.parts()) parts->Mark(part);
}

absl::Status Transaction::AppendError(const absl::Status& status) const {
  switch (status.code()) {
    case absl::StatusCode::kAlreadyExists:
      return Reused();
    case absl::StatusCode::kResourceExhausted: {
      if (WireError(status).has_value()) return status;  // the disk: the log says it better
      google::rpc::QuotaFailure quota;
      auto* violation = quota.add_violations();
      violation->set_subject("log");
      violation->set_description("The log takes in no more for now.");
      return Error(type::v1::ERROR_LIMIT_REACHED, "The log takes in no more for now. Try again.",
                   {{"limit", "log"}}, quota, RetryAfter(absl::Milliseconds(200)));
    }
    case absl::StatusCode::kUnavailable:
      return Error(type::v1::ERROR_OUTCOME_UNKNOWN,
                   "Whether the command took effect is unknown. Send it again with the same "
                   "request id: it takes effect once.",
                   {}, RetryAfter(absl::Seconds(1)));
    case absl::StatusCode::kFailedPrecondition:
      return Error(type::v1::ERROR_PERSON_ERASED,
                   "The person's data was erased: nothing personal can be recorded of them.");
    case absl::StatusCode::kInvalidArgument:
      return ViolationError("",
                            "The request is too large to be recorded: 1 MiB for one event; 4 MiB, "
                            "500 events, or 1,000 records and values it depends on for one "
                            "command.");
    default:
      return status;
  }
}

absl::Status Transaction::Reused() const {
  return Error(type::v1::ERROR_REQUEST_ID_REUSED,
               "The request id was used before, for a request with other content or of somebody "
               "else.",
               {{"request_id", command_.origin().request.id}});
}

}  // namespace kith::runtime
