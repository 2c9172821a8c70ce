// PolicyCourse: what it notes of what became of reactions.
#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/runtime/policies/policy_course.h"
#include "services/runtime/requests/request_key.h"

namespace kith::runtime {
namespace {

using policies::v1::PolicyEvent;
using policies::v1::ReactionOutcome;

// Outcomes that are noted by one event.
constexpr size_t kOutcomesMax = 5'000;
// How long until what could not be noted is tried again.
constexpr absl::Duration kPause = absl::Milliseconds(500);
// What tells the request id of a note from that of the reaction.
constexpr absl::string_view kNoted = "/noted";

}  // namespace

// An event of the policy's own that is being appended.
class PolicyCourse::NoteCommand final : public Command {
 public:
  NoteCommand(PolicyCourse& course, Origin origin, PolicyEvent event,
              std::function<void(const absl::Status&, Position)> noted)
      : course_(course),
        origin_(std::move(origin)),
        event_(std::move(event)),
        noted_(std::move(noted)) {}

  const Origin& origin() const override { return origin_; }
  Decision Decide(Loader& /*load*/, const CommandContext& /*context*/) override {
    return Changes().Append(course_.stream_, event_);
  }
  absl::Status Render(Rendering& after) override {
    // Of what was noted before, nothing later is known than where the log stands.
    appended_ = after.last() == Position() ? course_.runtime_.log.head() : after.last();
    return absl::OkStatus();
  }
  void Done(absl::Status status) override {
    course_.End([this, status = std::move(status)] {
      const std::unique_ptr<NoteCommand> ended(this);
      --course_.noting_;
      noted_(status, appended_);
    });
  }

 private:
  PolicyCourse& course_;
  const Origin origin_;
  const PolicyEvent event_;
  const std::function<void(const absl::Status&, Position)> noted_;
  Position appended_;
};

void PolicyCourse::NoteOutcomes(bool stopping) {
  const absl::Duration elapsed = runtime_.clock.Elapsed();
  next_note_ = absl::InfiniteDuration();
  for (auto& [workspace, place] : places_) {
    if ((place.outcomes.empty() && place.being_noted.empty()) || place.is_noting) continue;
    const bool is_due =
        elapsed - place.since >= options_.gather || place.outcomes.size() >= kOutcomesMax;
    // What cannot be noted at the end is decided again after the next start, under the same ids.
    const bool is_last = stopping && running_ == 0 && performing_ == 0;
    if ((!is_due && !is_last) || elapsed < place.not_before) {
      next_note_ = std::min(next_note_, std::max(place.since + options_.gather, place.not_before));
      continue;
    }
    // What may have been noted is noted again as it was, and so once.
    if (place.being_noted.empty()) {
      const auto end = place.outcomes.begin() +
                       static_cast<std::ptrdiff_t>(std::min(place.outcomes.size(), kOutcomesMax));
      place.being_noted.assign(std::make_move_iterator(place.outcomes.begin()),
                               std::make_move_iterator(end));
      place.outcomes.erase(place.outcomes.begin(), end);
    }
    PolicyEvent event;
    event.mutable_policy_progressed()->set_name(stream_);
    auto& told = *event.mutable_policy_progressed()->mutable_outcomes();
    told.Assign(place.being_noted.begin(), place.being_noted.end());
    const ReactionOutcome& first = place.being_noted.front();
    place.is_noting = true;
    StartNote(workspace, absl::StrCat(first.sequence(), "/", first.reaction()), std::move(event),
              [this, workspace = workspace](const absl::Status& status, Position appended) {
                Noted(workspace, status, appended);
              });
  }
}

void PolicyCourse::Noted(WorkspaceId workspace, const absl::Status& status, Position appended) {
  Place& place = places_.at(workspace);
  place.is_noting = false;
  if (!status.ok()) {
    place.not_before = runtime_.clock.Elapsed() + kPause;
    return;
  }
  for (const ReactionOutcome& outcome : place.being_noted) {
    noted_.emplace_back(appended, Key(workspace, outcome.reaction()));
  }
  place.being_noted.clear();
}

void PolicyCourse::StartNote(WorkspaceId workspace, const std::string& id, PolicyEvent event,
                             std::function<void(const absl::Status&, Position)> noted) {
  Origin origin;
  origin.request = MakeRequestKey(runtime_.keys, workspace,
                                  absl::StrCat(projections::PolicyMethod(policy_.name()), kNoted),
                                  id, event, nullptr);
  origin.caller = runtime_.authorizer->CallerOfPolicy(workspace, stream_);
  ++noting_;
  auto command =
      std::make_unique<NoteCommand>(*this, std::move(origin), std::move(event), std::move(noted));
  runtime_.transact.Start(*command.release());
}

}  // namespace kith::runtime
