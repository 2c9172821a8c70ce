// InteractionReader: finds interactions by their names, and tells them as they are or were.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "projections/engine/view.h"
#include "projections/interactions/timeline.h"
#include "services/interactions/amendment.h"
#include "services/runtime/calls/read_call.h"

namespace kith::interactions {

using RecordedEventPtr = std::shared_ptr<const eventstore::RecordedEvent>;

// Any thread, but not gRPC's: it reads from disk. Borrows everything.
class InteractionReader {
 public:
  InteractionReader(const eventstore::EventLog& log, const eventstore::EventRegistry& registry,
                    const eventstore::KeyStore& keys, const projections::View& timeline)
      : log_(log), registry_(registry), keys_(keys), timeline_(timeline) {}

  absl::StatusOr<RecordedEventPtr> EventAt(Position position) const;

  // An entry of the timeline that is an interaction: `recorded` is its event.
  absl::StatusOr<v1::Interaction> Render(const eventstore::RecordedEvent& recorded,
                                         Position amended) const;
  // The interaction as of the snapshot; nullopt where there was none.
  absl::StatusOr<std::optional<v1::Interaction>> Find(const projections::ViewSnapshot& timeline,
                                                      WorkspaceId workspace,
                                                      absl::string_view name) const;
  // The event that recorded it, as of the snapshot; null where there was none.
  absl::StatusOr<RecordedEventPtr> RecordedBy(const projections::ViewSnapshot& timeline,
                                              WorkspaceId workspace, absl::string_view name) const;
  // The event that recorded it, however lately; null where there is none. Unavailable where the
  // timeline is far behind the log.
  absl::StatusOr<RecordedEventPtr> FindRecorded(WorkspaceId workspace,
                                                absl::string_view name) const;
  // As it is at a revision of its own stream, for a command.
  // INTERACTIONS_ERROR_INTERACTION_NOT_FOUND; ERROR_INVALID_FIELD where that revision is only about
  // to be appended.
  absl::StatusOr<InteractionNow> NowAt(WorkspaceId workspace, absl::string_view name,
                                       Revision revision) const;
  // The refusal of a read of it where the moment read has none of this name; see
  // runtime::NotThere.
  absl::Status NotThere(const runtime::ReadContext& context, absl::string_view name) const;
  // The reason where it is redacted now, which may be empty: then its text is told as of no moment.
  absl::StatusOr<std::optional<std::string>> WhyRedacted(WorkspaceId workspace,
                                                         absl::string_view name) const;
  // Takes the text away of one that is redacted now, however it was at the moment told.
  absl::Status HideRedacted(WorkspaceId workspace, v1::Interaction& interaction) const;

 private:
  struct Found {
    RecordedEventPtr recorded;
    Position amended;
  };
  absl::StatusOr<std::optional<Found>> FindIn(const projections::ViewSnapshot& timeline,
                                              WorkspaceId workspace, absl::string_view name) const;

  const eventstore::EventLog& log_;
  const eventstore::EventRegistry& registry_;
  const eventstore::KeyStore& keys_;
  const projections::View& timeline_;
};

absl::Status InteractionNotFound(absl::string_view name);

// "interactions.read".
const std::string& ReadPermission();

// An interaction is seen by who sees one of the records that it is about, and may read interactions
// of that one.
absl::StatusOr<bool> AnySeen(
    const v1::Interaction& interaction,
    absl::FunctionRef<absl::StatusOr<bool>(absl::string_view record)> sees);

}  // namespace kith::interactions
