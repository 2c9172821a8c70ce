// What the events of a task make of it. The aggregate's Evolve and every view fold with this
// function, so what a command is decided on and what a read shows cannot differ.
//
// Pure and total: history already happened, so nothing fails. Any thread.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/tasks/v1/task.pb.h"

namespace kith::tasks {

// Folds a TaskEvent into the task it happened to. Says whether the task was created or deleted by
// it; after a delete the fields stay as they were last.
StandardEvent FoldTask(const Happening& happening, v1::Task& task);

}  // namespace kith::tasks
