// What the read models know of a record beside its events: when something happened to it last. It
// stands in the record's row alone, and what conditions ask is asked of both.
//
// Any thread.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::workflows {

// A copy of the record as it is decided on, with the times that only its row has, as the view is
// now, which may be a little behind the log. Reads the disk: fails as Loader::NeedDisk does.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> WithTimesOfRow(
    runtime::Loader& load, const runtime::Runtime& runtime, const runtime::ResourceType& type,
    const google::protobuf::Message& record);

}  // namespace kith::workflows
