// Overlay: everything decided lately, so that the committer judges prepared appends without reading
// the disk.
//
// A prepared append knows the log as of a position Q; the overlay knows every stream, tag and
// request that changed after floor(). If Q is at or above the floor, the overlay's word where it
// has one, and the prepared one where not, is the truth, also about what is queued or in fsync.
// Below the floor the append must be prepared again.
//
// Two generations of maps: when the current one has seen enough batches the older is dropped whole,
// which costs less than remembering for each batch what to remove. Used by one thread at a time.
#pragma once

#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/types.h"

namespace kith::eventstore {

class Overlay {
 public:
  struct Request {
    Tag digest{};
    Appended appended;
  };

  // A generation lasts `batches` batches, so at least that many are remembered.
  explicit Overlay(size_t batches) : batches_max_(batches) {}

  // Knows nothing; nothing is decided after `head`.
  void Reset(Position head);

  Position floor() const { return floor_; }
  // Null where the overlay has no word.
  const StreamHead* FindStream(absl::string_view head_key) const;
  const Request* FindRequest(absl::string_view request_key) const;
  Position LastTagged(WorkspaceId workspace, const Tag& tag) const;  // 0 where it has none

  void SetStream(std::string head_key, StreamHead head);
  void SetRequest(std::string request_key, Request request);
  void SetTagged(WorkspaceId workspace, const Tag& tag, Position position);

  // A batch is complete; `last` is the last position decided.
  void EndBatch(Position last);

 private:
  using TagKey = std::pair<WorkspaceId, Tag>;
  struct Generation {
    absl::flat_hash_map<std::string, StreamHead> streams;
    absl::flat_hash_map<std::string, Request> requests;
    absl::flat_hash_map<TagKey, Position> tags;
    Position begins_after;
  };

  const size_t batches_max_;
  size_t batches_ = 0;  // in current_
  Generation current_;
  Generation previous_;
  Position floor_;
};

}  // namespace kith::eventstore
