// LogWrapper: a log seen through another object, which overrides what it does otherwise.
// Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "eventstore/log/event_log.h"

namespace kith::testing {

class LogWrapper : public eventstore::EventLog {
 public:
  // Borrows `log`, which outlives it.
  explicit LogWrapper(eventstore::EventLog& log) : log_(log) {}

  void AppendAsync(eventstore::Append append, AppendDone done) override {
    log_.AppendAsync(std::move(append), std::move(done));
  }
  absl::Time Now() const override { return log_.Now(); }
  Position head() const override { return log_.head(); }
  Sequence WorkspaceHead(WorkspaceId workspace) const override {
    return log_.WorkspaceHead(workspace);
  }
  absl::string_view store_id() const override { return log_.store_id(); }
  uint64_t epoch() const override { return log_.epoch(); }
  bool takes_writes() const override { return log_.takes_writes(); }
  const eventstore::TokenSealer& token_sealer() const override { return log_.token_sealer(); }
  absl::StatusOr<eventstore::StreamHead> HeadOf(WorkspaceId workspace, absl::string_view stream,
                                                eventstore::ReadTier tier) const override {
    return log_.HeadOf(workspace, stream, tier);
  }
  absl::StatusOr<std::optional<std::pair<eventstore::RequestKey, eventstore::Appended>>>
  FindRequest(WorkspaceId workspace, absl::string_view method, absl::string_view request_id,
              eventstore::ReadTier tier) const override {
    return log_.FindRequest(workspace, method, request_id, tier);
  }
  absl::StatusOr<std::shared_ptr<const eventstore::Record>> ReadAt(
      Position position, eventstore::ReadTier tier) const override {
    return log_.ReadAt(position, tier);
  }
  std::unique_ptr<eventstore::RecordCursor> ReadAll(
      Position from, eventstore::Direction direction) const override {
    return log_.ReadAll(from, direction);
  }
  std::unique_ptr<eventstore::RecordCursor> ReadStream(WorkspaceId workspace,
                                                       absl::string_view stream, Revision from,
                                                       eventstore::Direction direction,
                                                       eventstore::ReadTier tier) const override {
    return log_.ReadStream(workspace, stream, from, direction, tier);
  }
  std::unique_ptr<eventstore::RecordCursor> ReadWorkspace(
      WorkspaceId workspace, Sequence from, eventstore::Direction direction) const override {
    return log_.ReadWorkspace(workspace, from, direction);
  }
  std::unique_ptr<eventstore::RecordCursor> ReadTag(WorkspaceId workspace,
                                                    const eventstore::Tag& tag,
                                                    Position after) const override {
    return log_.ReadTag(workspace, tag, after);
  }
  void Settle(absl::Time time, Settled done) const override { log_.Settle(time, std::move(done)); }
  absl::StatusOr<Position> PositionAt(absl::Time time, eventstore::ReadTier tier) const override {
    return log_.PositionAt(time, tier);
  }
  absl::StatusOr<Position> PositionOf(WorkspaceId workspace, Sequence sequence,
                                      eventstore::ReadTier tier) const override {
    return log_.PositionOf(workspace, sequence, tier);
  }
  std::unique_ptr<Follower> Follow(Position after) override { return log_.Follow(after); }
  std::unique_ptr<Follower> FollowWorkspace(WorkspaceId workspace, Sequence after) override {
    return log_.FollowWorkspace(workspace, after);
  }

 private:
  eventstore::EventLog& log_;
};

}  // namespace kith::testing
