// What follows from the fields of a task, and what they must not be. Pure functions, any thread.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "kith/tasks/v1/task.pb.h"
#include "services/core/decider.h"

namespace kith::tasks {

// See ResourceRules.
void CompleteFields(const v1::Task& before, const Settings& settings, v1::Task& after);
absl::Status CheckFields(const v1::Task& task);

// Where a task is due on a day, its due time is when that day ends.
void SetDueTime(v1::Task& task);
// What is wrong with when it is to be done, in fields that begin with `prefix`: "task.".
void CheckTimes(const v1::Task& task, absl::string_view prefix,
                google::rpc::BadRequest& violations);

// The next of the series of a task that is done: the first that is due after its own occurrence and
// after `now`, without a name. Nullopt: it does not recur, or the series has ended.
std::optional<v1::Task> NextOf(const v1::Task& done, absl::Time now);

}  // namespace kith::tasks
