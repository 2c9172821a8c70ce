#include "services/interactions/interaction_reader.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/interactions/v1/interactions_errors.pb.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/runtime/requests/method.h"
#include "services/runtime/resources/not_there.h"

namespace kith::interactions {
namespace {

using eventstore::Direction;
using eventstore::ReadTier;
using eventstore::RecordedEvent;

// How many positions behind the log the timeline may be where a command looks for an interaction:
// so many records are read past instead.
constexpr uint64_t kBehindMax = 20'000;

const v1::InteractionEvent& MessageOf(const RecordedEvent& event) {
  return static_cast<const v1::InteractionEvent&>(*event.event);
}

Recorded<v1::InteractionEvent> AsRecorded(const RecordedEvent& event) {
  const eventstore::EventHeader& header = event.header();
  return {MessageOf(event), header.revision, header.occur_time, header.record_time, event.erased};
}

// The stream in which the interaction of this name was recorded.
absl::string_view StreamOf(absl::string_view name) { return name.substr(0, name.rfind('/')); }

}  // namespace

absl::Status InteractionNotFound(absl::string_view name) {
  return RejectResource(v1::INTERACTIONS_ERROR_INTERACTION_NOT_FOUND,
                        absl::StrCat("There is no ", name, "."), name);
}

const std::string& ReadPermission() {
  return runtime::MethodOf<v1::GetInteractionRequest>().permission;
}

absl::StatusOr<bool> AnySeen(
    const v1::Interaction& interaction,
    absl::FunctionRef<absl::StatusOr<bool>(absl::string_view record)> sees) {
  KITH_ASSIGN_OR_RETURN(bool is_seen, sees(ParentOf(interaction.name())));
  for (int i = 0; !is_seen && i < interaction.links_size(); ++i) {
    KITH_ASSIGN_OR_RETURN(is_seen, sees(interaction.links(i)));
  }
  return is_seen;
}

absl::StatusOr<RecordedEventPtr> InteractionReader::EventAt(Position position) const {
  KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record,
                        log_.ReadAt(position, ReadTier::kDisk));
  if (record == nullptr) {
    return absl::DataLossError(
        absl::StrCat("The timeline points to position ", position.value(), ", which is empty."));
  }
  return registry_.Decode(std::move(record), keys_);
}

absl::StatusOr<v1::Interaction> InteractionReader::Render(const RecordedEvent& recorded,
                                                          Position amended) const {
  if (amended == Position()) {
    const eventstore::EventHeader& header = recorded.header();
    return interactions::Render(MessageOf(recorded).interaction_recorded(), header.occur_time,
                                header.record_time, recorded.erased);
  }
  KITH_ASSIGN_OR_RETURN(const RecordedEventPtr event, EventAt(amended));
  return RenderAmended(AsRecorded(*event));
}

absl::StatusOr<std::optional<InteractionReader::Found>> InteractionReader::FindIn(
    const projections::ViewSnapshot& timeline, WorkspaceId workspace,
    absl::string_view name) const {
  KITH_ASSIGN_OR_RETURN(const std::vector<projections::TimelineEvent> candidates,
                        projections::FindInteraction(timeline, workspace, name));
  for (const projections::TimelineEvent& candidate : candidates) {
    KITH_ASSIGN_OR_RETURN(RecordedEventPtr event, EventAt(candidate.recorded));
    if (MessageOf(*event).interaction_recorded().name() == name) {
      return Found{std::move(event), candidate.amended};
    }
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<v1::Interaction>> InteractionReader::Find(
    const projections::ViewSnapshot& timeline, WorkspaceId workspace,
    absl::string_view name) const {
  KITH_ASSIGN_OR_RETURN(const std::optional<Found> found, FindIn(timeline, workspace, name));
  if (!found.has_value()) return std::nullopt;
  return Render(*found->recorded, found->amended);
}

absl::StatusOr<RecordedEventPtr> InteractionReader::RecordedBy(
    const projections::ViewSnapshot& timeline, WorkspaceId workspace,
    absl::string_view name) const {
  KITH_ASSIGN_OR_RETURN(std::optional<Found> found, FindIn(timeline, workspace, name));
  return found.has_value() ? std::move(found->recorded) : nullptr;
}

absl::StatusOr<RecordedEventPtr> InteractionReader::FindRecorded(WorkspaceId workspace,
                                                                 absl::string_view name) const {
  const projections::ViewSnapshot timeline = timeline_.Latest();
  KITH_ASSIGN_OR_RETURN(std::optional<Found> found, FindIn(timeline, workspace, name));
  if (found.has_value()) return std::move(found->recorded);

  // It may be among what the timeline has not folded yet.
  const Position head = log_.head();
  if (head.value() - timeline.position().value() > kBehindMax) {
    return absl::UnavailableError("The timeline is being built. Try again later.");
  }
  const auto cursor = log_.ReadAll(timeline.position().Next(), Direction::kForwards);
  for (;;) {
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record, cursor->Next());
    if (record == nullptr || record->header.position > head) return nullptr;
    if (record->header.workspace != workspace || record->header.stream != StreamOf(name)) continue;
    KITH_ASSIGN_OR_RETURN(RecordedEventPtr event, registry_.Decode(std::move(record), keys_));
    if (MessageOf(*event).interaction_recorded().name() == name) return event;
  }
}

absl::StatusOr<InteractionNow> InteractionReader::NowAt(WorkspaceId workspace,
                                                        absl::string_view name,
                                                        Revision revision) const {
  KITH_ASSIGN_OR_RETURN(const RecordedEventPtr recorded, FindRecorded(workspace, name));
  if (recorded == nullptr) return InteractionNotFound(name);
  InteractionNow now;
  now.subject = MessageOf(*recorded).interaction_recorded().subject();
  now.recorded_sequence = static_cast<int64_t>(recorded->header().sequence.value());
  Position amended;
  if (revision != Revision()) {
    const auto cursor =
        log_.ReadStream(workspace, name, revision, Direction::kForwards, ReadTier::kDisk);
    KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const eventstore::Record> last, cursor->Next());
    // The loader tells what is decided before it is appended.
    if (last == nullptr) {
      return RejectField("name", "is changed by an earlier command of the same list already");
    }
    amended = last->header.position;
  }
  KITH_ASSIGN_OR_RETURN(now.interaction, Render(*recorded, amended));
  return now;
}

absl::Status InteractionReader::NotThere(const runtime::ReadContext& context,
                                         absl::string_view name) const {
  const absl::Status not_found = InteractionNotFound(name);
  // Who may not see everything is not told that there was something.
  if (!context.as_of || context.caller.member != nullptr) return not_found;
  KITH_ASSIGN_OR_RETURN(const RecordedEventPtr recorded, FindRecorded(context.workspace(), name));
  if (recorded == nullptr) return not_found;
  return runtime::NotThere(context, name, recorded->header(), not_found);
}

absl::StatusOr<std::optional<std::string>> InteractionReader::WhyRedacted(
    WorkspaceId workspace, absl::string_view name) const {
  const auto cursor =
      log_.ReadStream(workspace, name, Revision(), Direction::kBackwards, ReadTier::kDisk);
  KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> last, cursor->Next());
  if (last == nullptr) return std::nullopt;
  // Amendments of what is redacted go on saying so, so the last event tells.
  KITH_ASSIGN_OR_RETURN(const RecordedEventPtr event, registry_.DecodeClear(std::move(last)));
  v1::Interaction now = RenderAmended(AsRecorded(*event));
  if (!now.redacted()) return std::nullopt;
  return std::move(*now.mutable_redact_reason());
}

absl::Status InteractionReader::HideRedacted(WorkspaceId workspace,
                                             v1::Interaction& interaction) const {
  KITH_ASSIGN_OR_RETURN(std::optional<std::string> reason,
                        WhyRedacted(workspace, interaction.name()));
  if (reason.has_value()) {
    HideText(interaction);
    interaction.set_redacted(true);
    interaction.set_redact_reason(*std::move(reason));
  }
  return absl::OkStatus();
}

}  // namespace kith::interactions
