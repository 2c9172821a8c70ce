#include "services/runtime/policies/policy_course.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/failure.h"
#include "eventstore/base/log.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/policies/v1/policies_errors.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "services/core/reject.h"
#include "services/runtime/commands/command_list.h"
#include "services/runtime/requests/request_key.h"

namespace kith::runtime {
namespace {

using google::protobuf::Message;
using policies::v1::PolicyEvent;
using policies::v1::ReactionOutcome;

// Of what is done instead of a reaction: its request id is its own.
constexpr absl::string_view kOtherwise = "/otherwise";

}  // namespace

// A reaction whose effect is being performed.
class PolicyCourse::Performance {
 public:
  // Deletes itself.
  static void Start(PolicyCourse& course, Key key, const PendingReaction& reaction, int attempt,
                    Effect& effect) {
    auto* const performance = new Performance(course, std::move(key), reaction, attempt, effect);
    effect.Perform(*performance->request_, performance->context_,
                   [performance](Effect::Outcome outcome) {
                     performance->outcome_ = std::move(outcome);
                     performance->course_.End([performance] {
                       const std::unique_ptr<Performance> ended(performance);
                       ended->course_.Performed(ended->key_, ended->outcome_);
                     });
                   });
  }

 private:
  Performance(PolicyCourse& course, Key key, const PendingReaction& reaction, int attempt,
              const Effect& effect)
      : course_(course),
        key_(std::move(key)),
        request_(google::protobuf::MessageFactory::generated_factory()
                     ->GetPrototype(&effect.takes())
                     ->New()),
        context_{key_.first,
                 absl::StrCat(key_.first.value(), "-", reaction.sequence(), "-", reaction.number()),
                 attempt, course.runtime_.clock.Now()} {
    request_->ParsePartialFromString(reaction.requests(0).request());
  }

  PolicyCourse& course_;
  const Key key_;
  const std::unique_ptr<Message> request_;
  const EffectContext context_;
  Effect::Outcome outcome_ = absl::UnknownError("");
};

// A reaction that is being decided.
class PolicyCourse::ReactionCommand final : public Command {
 public:
  // `way` is what tells its request id from those of the same reaction.
  ReactionCommand(PolicyCourse& course, Key key, absl::string_view way)
      : course_(course), key_(std::move(key)), way_(way) {}

  // What it asks for; an error where that cannot be.
  absl::Status Prepare(const PendingReaction& reaction, std::shared_ptr<const Caller> caller);

  const Origin& origin() const override { return origin_; }
  Decision Decide(Loader& load, const CommandContext& context) override {
    if (list_.size() == 1) return list_[0].handler->Decide(load, *list_[0].request, context);
    return DecideInOrder(list_, load, context);
  }
  absl::Status Render(Rendering& after) override {
    has_appended_ = after.last() != Position();
    return absl::OkStatus();
  }
  void Done(absl::Status status) override {
    course_.End([this, status = std::move(status)] {
      const std::unique_ptr<ReactionCommand> ended(this);
      --course_.running_;
      course_.Tried(key_, status, has_appended_);
    });
  }

 private:
  absl::Status AddRequest(const policies::v1::ReactionRequest& wanted);

  PolicyCourse& course_;
  const Key key_;
  const absl::string_view way_;
  Origin origin_;
  std::vector<std::unique_ptr<Message>> requests_;
  std::vector<ListedCommand> list_;
  bool has_appended_ = false;
};

absl::Status PolicyCourse::ReactionCommand::Prepare(const PendingReaction& reaction,
                                                    std::shared_ptr<const Caller> caller) {
  if (reaction.depth() > projections::kReactionDepthMax) {
    return RejectState(policies::v1::POLICIES_ERROR_TOO_DEEP,
                       "Policies set each other off in a circle.", course_.policy_.ResourceName());
  }
  if (caller == nullptr) return absl::UnavailableError("the workspace is not there");
  if (!reaction.on_behalf_of().empty()) {
    KITH_ASSIGN_OR_RETURN(caller, course_.runtime_.authorizer->OnBehalfOf(std::move(caller),
                                                                          reaction.on_behalf_of()));
  }
  for (const auto& wanted : reaction.requests()) KITH_RETURN_IF_ERROR(AddRequest(wanted));
  if (list_.size() == 1) origin_.occurred = list_[0].occurred;
  PendingReaction said;
  *said.mutable_requests() = reaction.requests();
  origin_.request =
      MakeRequestKey(course_.runtime_.keys, key_.first,
                     absl::StrCat(projections::PolicyMethod(course_.policy_.name()), way_),
                     projections::ReactionRequestId(reaction), said, nullptr);
  origin_.caller = std::move(caller);
  origin_.correlation_id = reaction.correlation_id();
  origin_.causation = Position(reaction.position());
  return absl::OkStatus();
}

absl::Status PolicyCourse::ReactionCommand::AddRequest(
    const policies::v1::ReactionRequest& wanted) {
  const auto command = course_.doers_.commands.find(wanted.type());
  if (command == course_.doers_.commands.end()) {
    return absl::UnimplementedError("no command takes such a request any more");
  }
  const Method& method = command->second->method();
  auto& request = requests_.emplace_back(google::protobuf::MessageFactory::generated_factory()
                                             ->GetPrototype(method.descriptor->input_type())
                                             ->New());
  if (!request->ParseFromString(wanted.request())) {
    return absl::UnimplementedError("the request is malformed");
  }
  KITH_RETURN_IF_ERROR(method.Check(*request));
  KITH_ASSIGN_OR_RETURN(const absl::Time occurred,
                        method.occur_time.Read(*request, course_.runtime_.clock.Now()));
  list_.push_back({command->second->handler(), request.get(), occurred});
  return absl::OkStatus();
}

PolicyCourse::PolicyCourse(const Runtime& runtime, const ReactionDoers& doers,
                           const projections::Policy& policy, const PolicyOptions& options,
                           std::function<void()> wake)
    : runtime_(runtime),
      doers_(doers),
      policy_(policy),
      options_(options),
      wake_(std::move(wake)),
      stream_(policy.ResourceName()),
      view_(runtime.views.Find(policy.name())) {}

PolicyCourse::~PolicyCourse() = default;

void PolicyCourse::Begin() { floor_ = runtime_.log.head(); }

void PolicyCourse::Turn(bool stopping) {
  TakeEnded();
  if (!stopping) {
    TakeLearned();
    Forget();
    Look();
    StartReady();
  }
  NoteOutcomes(stopping);
  waiting_.store(static_cast<int64_t>(tasks_.size()), std::memory_order_relaxed);
}

bool PolicyCourse::IsAtRest() const { return running_ == 0 && performing_ == 0 && noting_ == 0; }

absl::Duration PolicyCourse::Rest(absl::Time now, absl::Duration elapsed) const {
  const Position position = view_.position();
  const bool is_moving = position != looked_at_ || position < runtime_.log.head();
  if (is_moving || looks_again_ || !ready_.empty() ||
      generation_ != runtime_.authorizer->generation()) {
    return absl::ZeroDuration();
  }
  absl::Duration next = next_note_;
  if (!delayed_.empty()) next = std::min(next, delayed_.begin()->first);
  return std::min(next_due_ - now, next - elapsed);
}

void PolicyCourse::Learn(WorkspaceId workspace) {
  {
    MutexLock lock(mutex_);
    learned_[workspace] = runtime_.log.head();
  }
  wake_();
}

void PolicyCourse::End(std::function<void()> conclude) {
  {
    MutexLock lock(mutex_);
    ended_.push_back(std::move(conclude));
  }
  wake_();
}

void PolicyCourse::TakeEnded() {
  std::vector<std::function<void()>> ended;
  {
    MutexLock lock(mutex_);
    ended.swap(ended_);
  }
  for (const auto& conclude : ended) conclude();
}

// When the view has it, too: what is to be retried stands in the queue again then, before what
// follows in its stream. Of places that are not known nothing is held; they are read when they are
// needed.
void PolicyCourse::TakeLearned() {
  const Position position = view_.position();
  std::vector<WorkspaceId> learned;
  {
    MutexLock lock(mutex_);
    for (auto one = learned_.begin(); one != learned_.end();) {
      if (one->second > position) {
        ++one;
        continue;
      }
      learned.push_back(one->first);
      one = learned_.erase(one);
    }
  }
  for (const WorkspaceId workspace : learned) {
    const auto place = places_.find(workspace);
    if (place == places_.end()) continue;
    if (Load(workspace, place->second)) {
      LookAgainAt(place->second);
    } else {
      Learn(workspace);
    }
  }
}

void PolicyCourse::LookAgainAt(Place& place) {
  if (!std::exchange(place.holds, false)) return;
  if (place.passed_over.has_value()) place.passed_over->clear();
  cursor_.clear();
  looks_again_ = true;
}

bool PolicyCourse::Load(WorkspaceId workspace, Place& place) {
  const auto state = runtime_.transact.Fold<PolicyAggregate>(workspace, stream_);
  if (!state.ok()) return false;
  place.state = **state;
  place.parked_streams.clear();
  for (const auto& parked : place.state.policy.parked()) {
    place.parked_streams.insert(parked.stream());
  }
  return true;
}

PolicyCourse::Place* PolicyCourse::PlaceOf(WorkspaceId workspace) {
  const auto [place, is_new] = places_.try_emplace(workspace);
  if (!is_new || Load(workspace, place->second)) return &place->second;
  places_.erase(place);
  return nullptr;
}

bool PolicyCourse::IsHeld(WorkspaceId workspace, const PendingReaction& reaction, Place& place) {
  const auto& policy = place.state.policy;
  // What nobody here can do waits for a server that can, as one with a way to send.
  for (const auto& request : reaction.requests()) {
    if (!doers_.commands.contains(request.type()) && !doers_.effects.contains(request.type())) {
      return true;
    }
  }
  const auto caller = runtime_.authorizer->CallerOfPolicy(workspace, stream_);
  return caller == nullptr || caller->standing != Standing::kActive ||
         policy.state() == policies::v1::PAUSED || policy.parked_size() >= kParkedMax ||
         place.parked_streams.contains(reaction.stream());
}

bool PolicyCourse::Admit(WorkspaceId workspace, const PendingReaction& reaction) {
  Key key(workspace, reaction.reaction());
  if (tasks_.contains(key)) return true;
  if (tasks_.size() >= options_.known_max) return false;
  Place* const place = PlaceOf(workspace);
  if (place == nullptr) return false;
  if (!reaction.has_due_time() && place->passed_over.has_value()) return true;
  if (IsFull(*place)) {
    if (!reaction.has_due_time()) place->passed_over = cursor_;
    return true;
  }
  return Take(workspace, reaction, *place);
}

bool PolicyCourse::IsFull(Place& place) const {
  place.is_full = place.is_full || place.known >= options_.known_of_workspace_max;
  return place.is_full;
}

bool PolicyCourse::Take(WorkspaceId workspace, const PendingReaction& reaction, Place& place) {
  Key key(workspace, reaction.reaction());
  if (IsHeld(workspace, reaction, place)) {
    place.holds = true;
    return true;
  }
  Key subject(workspace, reaction.stream());
  auto& queue = subjects_[subject];
  queue.push_back(reaction.reaction());
  if (queue.size() == 1) ready_.push_back(std::move(subject));
  tasks_.emplace(std::move(key), Task{reaction});
  ++place.known;
  return true;
}

// What was noted and is gone from the queue needs not be known any more.
void PolicyCourse::Forget() {
  const Position position = view_.position();
  while (!noted_.empty() && noted_.front().first <= position) {
    ForgetTask(noted_.front().second);
    noted_.pop_front();
    looks_again_ = true;  // for a timer of the same name that was set anew
  }
}

void PolicyCourse::ForgetTask(const Key& key) {
  if (tasks_.erase(key) == 0) return;
  Place& place = places_.at(key.first);
  --place.known;
  if (!place.is_full || place.known > options_.known_of_workspace_max / 2) return;
  place.is_full = false;
  looks_again_ = true;
}

void PolicyCourse::Look() {
  const Position position = view_.position();
  if (position < floor_) return;
  const uint64_t generation = runtime_.authorizer->generation();
  if (generation != std::exchange(generation_, generation)) {
    for (auto& [workspace, place] : places_) LookAgainAt(place);
  }
  // A timer is due by a moment of which everything is folded: it may have been moved or cancelled.
  if (!asked_.has_value()) asked_.emplace(runtime_.clock.Now(), runtime_.log.head());
  if (position >= asked_->second) {
    settled_ = asked_->first;
    asked_.reset();
  }
  const absl::Time now = settled_;
  const bool may_have_changed = position != looked_at_ && HasQueueChanged();
  floor_ = position;
  looked_at_ = position;
  if (!may_have_changed && now < next_due_ && !looks_again_) return;
  looks_again_ = false;
  const projections::ViewSnapshot snapshot = view_.At(position);
  const auto visit = [&](absl::string_view place, WorkspaceId workspace,
                         const PendingReaction& reaction) {
    if (!Admit(workspace, reaction)) {
      looks_again_ = true;
      return false;
    }
    if (!reaction.has_due_time()) cursor_ = std::string(place);
    return true;
  };
  absl::Status looked = projections::ScanAtOnce(snapshot, cursor_, visit);
  for (auto& [workspace, place] : places_) {
    if (!looked.ok() || place.is_full || !place.passed_over.has_value()) continue;
    looked = CatchUp(snapshot, workspace, place);
  }
  if (looked.ok()) looked = projections::ScanDue(snapshot, now, visit);
  if (looked.ok()) {
    const auto next = projections::NextDue(snapshot, now);
    if (next.ok()) next_due_ = *next;
    looked = next.status();
  }
  if (!looked.ok()) looks_again_ = true;
}

bool PolicyCourse::HasQueueChanged() const {
  const absl::StatusOr<bool> has_changed = view_.At(looked_at_).HasMovedOn();
  return !has_changed.ok() || *has_changed;
}

absl::Status PolicyCourse::CatchUp(const projections::ViewSnapshot& snapshot, WorkspaceId workspace,
                                   Place& place) {
  const std::string from = *place.passed_over;
  bool has_caught_up = true;
  const auto visit = [&](absl::string_view at, WorkspaceId of, const PendingReaction& reaction) {
    if (at > cursor_) return false;
    if (of != workspace) return true;
    if (!tasks_.contains(Key(workspace, reaction.reaction()))) {
      has_caught_up = !IsFull(place) && tasks_.size() < options_.known_max;
      if (!has_caught_up) return false;
      Take(workspace, reaction, place);
    }
    place.passed_over = std::string(at);
    return true;
  };
  KITH_RETURN_IF_ERROR(projections::ScanAtOnce(snapshot, from, visit));
  if (has_caught_up) place.passed_over.reset();
  looks_again_ = looks_again_ || !(has_caught_up || place.is_full);
  return absl::OkStatus();
}

void PolicyCourse::StartReady() {
  const absl::Duration elapsed = runtime_.clock.Elapsed();
  while (!delayed_.empty() && delayed_.begin()->first <= elapsed) {
    ready_.push_back(std::move(delayed_.begin()->second));
    delayed_.erase(delayed_.begin());
  }
  while (!ready_.empty() && running_ < options_.running_max) {
    const auto queue = subjects_.find(ready_.front());
    if (queue == subjects_.end()) {  // it was parked meanwhile
      ready_.pop_front();
      continue;
    }
    const Key key(ready_.front().first, queue->second.front());
    Task& task = tasks_.at(key);
    const Effect* const effect = EffectOf(task);
    if (effect != nullptr && performing_ >= effect->performed_max()) return;
    ready_.pop_front();
    StartTask(key, task);
  }
}

void PolicyCourse::StartTask(const Key& key, Task& task) {
  ++task.attempts;
  if (Effect* const effect = EffectOf(task)) {
    ++performing_;
    return Performance::Start(*this, key, task.reaction, task.attempts, *effect);
  }
  ++running_;
  if (!task.reason.empty()) return DecideOtherwise(key, task);
  if (!task.record.has_value()) return Decide(key, task.reaction, "");
  PendingReaction asked = task.reaction;
  asked.clear_requests();
  *asked.add_requests() = *task.record;
  Decide(key, asked, "");
}

void PolicyCourse::Decide(const Key& key, const PendingReaction& asked, absl::string_view way) {
  auto command = std::make_unique<ReactionCommand>(*this, key, way);
  auto caller = runtime_.authorizer->CallerOfPolicy(key.first, stream_);
  const absl::Status prepared = command->Prepare(asked, std::move(caller));
  if (prepared.ok()) return runtime_.transact.Start(*command.release());
  --running_;
  Tried(key, prepared, false);
}

void PolicyCourse::Performed(const Key& key, const Effect::Outcome& outcome) {
  --performing_;
  if (!outcome.ok()) return Tried(key, outcome.status(), false);
  // Where that cannot be recorded now, it is kept, and recorded later: performing takes nothing
  // back, and its tries are no measure for those of the log.
  Task& task = tasks_.at(key);
  policies::v1::ReactionRequest& record = task.record.emplace();
  record.set_type((*outcome)->GetTypeName());
  (*outcome)->SerializeToString(record.mutable_request());
  task.attempts = 0;
  StartTask(key, task);
}

void PolicyCourse::DecideOtherwise(const Key& key, const Task& task) {
  PendingReaction asked = task.reaction;
  asked.clear_on_behalf_of();
  // Where the reaction was one too deep, this still says so.
  asked.set_depth(std::min(asked.depth(), projections::kReactionDepthMax));
  asked.clear_requests();
  auto& request = *asked.add_requests();
  request = task.reaction.otherwise();
  const auto command = doers_.commands.find(request.type());
  if (command != doers_.commands.end()) {
    const auto& type = *command->second->method().descriptor->input_type();
    const std::unique_ptr<Message> message(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
    message->ParsePartialFromString(request.request());
    const auto* const reason = type.FindFieldByName("reason");
    if (reason != nullptr) message->GetReflection()->SetString(message.get(), reason, task.reason);
    message->SerializePartialToString(request.mutable_request());
  }
  Decide(key, asked, kOtherwise);
}

Effect* PolicyCourse::EffectOf(const Task& task) const {
  // Where it was refused, what is done instead is a command; so is what records a performance.
  if (!task.reason.empty() || task.record.has_value()) return nullptr;
  if (task.reaction.requests_size() != 1) return nullptr;
  const auto effect = doers_.effects.find(task.reaction.requests(0).type());
  return effect == doers_.effects.end() ? nullptr : effect->second;
}

void PolicyCourse::Tried(const Key& key, const absl::Status& status, bool has_appended) {
  Task& task = tasks_.at(key);
  const bool is_otherwise = !task.reason.empty();
  if (is_otherwise && (status.ok() || !MayPass(status))) {
    return Conclude(key, task, policies::v1::REFUSED, task.reason);
  }
  if (status.ok()) {
    return Conclude(key, task, has_appended ? policies::v1::DONE : policies::v1::UNCHANGED, "");
  }
  // Another version of the policy reacted to the event, and what that did stands.
  if (IsError(status, type::v1::ERROR_REQUEST_ID_REUSED)) {
    return Conclude(key, task, policies::v1::DONE, "");
  }
  if (!MayPass(status)) {
    if (!task.reaction.has_otherwise()) {
      return Conclude(key, task, policies::v1::REFUSED, ReasonOf(status));
    }
    task.reason = ReasonOf(status);
    ready_.push_front(Key(key.first, task.reaction.stream()));
    return;
  }
  retried_.fetch_add(1, std::memory_order_relaxed);
  // A view that is being built gets there by itself, and nobody could do anything about it.
  if (IsError(status, type::v1::ERROR_VIEW_BEHIND)) return AwaitViews(key, task);
  const Effect* const effect = EffectOf(task);
  const int most = effect == nullptr ? options_.attempts_max : effect->attempts_max();
  if (task.attempts >= most) return Park(key, task, status);
  TryLater(key, task);
}

void PolicyCourse::Conclude(const Key& key, Task& task, policies::v1::ReactionResult result,
                            std::string reason) {
  task.is_over = true;
  auto& counter = result == policies::v1::DONE        ? done_
                  : result == policies::v1::UNCHANGED ? unchanged_
                                                      : refused_;
  counter.fetch_add(1, std::memory_order_relaxed);
  Place& place = places_.at(key.first);
  if (place.outcomes.empty()) place.since = runtime_.clock.Elapsed();
  ReactionOutcome& outcome = place.outcomes.emplace_back();
  outcome.set_reaction(task.reaction.reaction());
  outcome.set_sequence(task.reaction.sequence());
  outcome.set_result(result);
  outcome.set_reason(std::move(reason));
  if (task.reaction.has_due_time()) *outcome.mutable_due_time() = task.reaction.due_time();
  PassOn(key, task);
}

void PolicyCourse::PassOn(const Key& key, const Task& task) {
  Key subject(key.first, task.reaction.stream());
  const auto queue = subjects_.find(subject);
  if (queue == subjects_.end()) return;
  queue->second.pop_front();
  if (queue->second.empty()) {
    subjects_.erase(queue);
  } else {
    ready_.push_back(std::move(subject));
  }
}

void PolicyCourse::TryLater(const Key& key, const Task& task) {
  const Effect* const effect = EffectOf(task);
  const absl::Duration delay =
      effect == nullptr ? DelayAfter(task.attempts) : effect->RetryDelay(task.attempts);
  delayed_.emplace(runtime_.clock.Elapsed() + delay, Key(key.first, task.reaction.stream()));
}

void PolicyCourse::AwaitViews(const Key& key, Task& task) {
  --task.attempts;
  ++task.waits;
  delayed_.emplace(runtime_.clock.Elapsed() + DelayAfter(task.waits),
                   Key(key.first, task.reaction.stream()));
}

absl::Duration PolicyCourse::DelayAfter(int tries) const {
  absl::Duration delay = options_.retry_first;
  for (int i = 1; i < tries && delay < options_.retry_most; ++i) delay *= 2;
  return std::min(delay, options_.retry_most);
}

void PolicyCourse::Park(const Key& key, const Task& task, const absl::Status& status) {
  PolicyEvent event;
  event.mutable_reaction_parked()->set_name(stream_);
  auto& parked = *event.mutable_reaction_parked()->mutable_parked();
  parked.set_reaction(task.reaction.reaction());
  parked.set_sequence(task.reaction.sequence());
  parked.set_stream(task.reaction.stream());
  parked.set_request(task.reaction.requests(0).type());
  parked.set_reason(ReasonOf(status));
  parked.set_attempts(task.attempts);
  Log(LogLevel::kWarning, "a reaction could not be done, and is parked",
      {{"policy", stream_}, {"workspace", key.first.value()}, {"reason", parked.reason()}},
      {{"reaction", parked.reaction()}});
  // Parked again after a retry, it is another event.
  StartNote(key.first,
            absl::StrCat(task.reaction.sequence(), "/", task.reaction.reaction(), "/",
                         runtime_.log.head().value()),
            std::move(event),
            [this, key](const absl::Status& noted, Position at) { Parked(key, noted, at); });
}

void PolicyCourse::Parked(const Key& key, const absl::Status& status, Position appended) {
  Task& task = tasks_.at(key);
  const Key subject(key.first, task.reaction.stream());
  if (!status.ok()) return TryLater(key, task);
  parked_.fetch_add(1, std::memory_order_relaxed);
  // What follows in the stream is looked at again when somebody has said what becomes of this one.
  auto queue = subjects_.extract(subject);
  queue.mapped().pop_front();
  for (std::string& held : queue.mapped()) ForgetTask(Key(key.first, std::move(held)));
  Place& place = places_.at(key.first);
  place.holds = true;
  place.parked_streams.insert(subject.second);
  task.is_over = true;
  noted_.emplace_back(appended, key);
}

void PolicyCourse::AddMetrics(MetricPage& page) const {
  const std::string policy(policy_.name());
  const auto count = [&](absl::string_view result, const std::atomic<int64_t>& counter) {
    page.Counter("kith_policy_reactions_total", "What became of what policies did.",
                 static_cast<double>(counter.load(std::memory_order_relaxed)),
                 {{"policy", policy}, {"result", std::string(result)}});
  };
  count("done", done_);
  count("unchanged", unchanged_);
  count("refused", refused_);
  count("retried", retried_);
  count("parked", parked_);
  page.Gauge("kith_policy_known", "Reactions that are due and not done, or not noted.",
             static_cast<double>(waiting_.load(std::memory_order_relaxed)), {{"policy", policy}});
}

}  // namespace kith::runtime
