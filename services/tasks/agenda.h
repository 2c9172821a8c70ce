// What somebody has to do: what is overdue, what is due today, and what comes next. Any thread that
// may touch the disk.
#pragma once

#include "absl/status/status.h"
#include "kith/tasks/v1/tasks_service.pb.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/read_call.h"

namespace kith::tasks {

// view(0) is the task directory, view(1) the user directory; the meeting directory is read, too.
absl::Status QueryAgenda(const runtime::MethodTable& methods, const runtime::ReadContext& context,
                         const v1::QueryAgendaRequest& request, v1::Agenda* response);

}  // namespace kith::tasks
