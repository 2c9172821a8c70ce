#include "services/workspaces/settings_history.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "kith/workspaces/v1/workspace_events.pb.h"
#include "services/core/lifecycle.h"

namespace kith::workspaces {
namespace {

using eventstore::ReadTier;

std::shared_ptr<const Settings> DefaultSettings() {
  static const auto& defaults =
      *new std::shared_ptr<const Settings>(std::make_shared<const Settings>());
  return defaults;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Settings>> SettingsHistory::At(WorkspaceId workspace,
                                                                    Position position,
                                                                    ReadTier tier) const {
  MutexLock lock(mutex_);
  History& history = histories_[workspace];
  if (position > history.known_to) KITH_RETURN_IF_ERROR(FoldOn(workspace, tier, history));
  const auto after =
      std::upper_bound(history.changes.begin(), history.changes.end(), position,
                       [](Position asked, const auto& change) { return asked < change.first; });
  return after == history.changes.begin() ? DefaultSettings() : std::prev(after)->second;
}

absl::Status SettingsHistory::FoldOn(WorkspaceId workspace, ReadTier tier, History& history) const {
  // Taken first: what is published up to here is seen by every look at the log that follows.
  const Position head = log_.head();
  const std::string stream = NameOf(workspace);
  KITH_ASSIGN_OR_RETURN(const eventstore::StreamHead last, log_.HeadOf(workspace, stream, tier));
  if (last.revision > history.revision) {
    const auto cursor = log_.ReadStream(workspace, stream, history.revision.Next(),
                                        eventstore::Direction::kForwards, tier);
    while (true) {
      KITH_ASSIGN_OR_RETURN(auto record, cursor->Next());
      if (record == nullptr) break;
      KITH_ASSIGN_OR_RETURN(const auto recorded, registry_.DecodeClear(std::move(record)));
      const auto& event = static_cast<const v1::WorkspaceEvent&>(*recorded->event);
      const eventstore::EventHeader& header = recorded->header();
      FoldResource(Recorded<v1::WorkspaceEvent>{event, header.revision, header.occur_time,
                                                header.record_time},
                   Lifecycle::kActive, history.workspace);
      history.revision = header.revision;
      // Most other events are of keys.
      if (event.event_case() != v1::WorkspaceEvent::kWorkspaceCreated &&
          event.event_case() != v1::WorkspaceEvent::kWorkspaceUpdated) {
        continue;
      }
      history.changes.emplace_back(header.position,
                                   std::make_shared<const Settings>(SettingsOf(history.workspace)));
    }
  }
  history.known_to = std::max(history.known_to, head);
  return absl::OkStatus();
}

}  // namespace kith::workspaces
