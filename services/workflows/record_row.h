// RecordRows: what the read models know of records beside their events: which ones there are, and
// when something happened to one last. That stands in the rows of directories alone, and what
// conditions ask is asked of both.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::workflows {

// Immutable; any thread.
class RecordRows {
 public:
  // While the server starts. Borrows the runtime.
  explicit RecordRows(const runtime::Runtime& runtime);

  // How far the directory of the records is, which may be a little behind the log. Where it lacks
  // something that the log had when the server started, as after a crash, ERROR_VIEW_BEHIND.
  absl::StatusOr<Position> Known(const runtime::ResourceType& type) const;

  // A copy of the record as it is decided on, with the times that only its row has, as the view is
  // now. Reads the disk: fails as Loader::NeedDisk does, or Known.
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> WithTimes(
      runtime::Loader& load, const runtime::ResourceType& type,
      const google::protobuf::Message& record) const;

 private:
  const runtime::Runtime& runtime_;
  const Position opened_;  // the log's head then
};

}  // namespace kith::workflows
