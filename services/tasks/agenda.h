// What somebody has to do: what is overdue, what is due today, what comes next, and where nothing
// does. Any thread that
// may touch the disk.
#pragma once

#include "absl/status/status.h"
#include "kith/tasks/v1/tasks_service.pb.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/read_call.h"

namespace kith::tasks {

// view(0) is the task directory, view(1) the user directory; the read is of ViewsOfAgenda, too.
absl::Status QueryAgenda(const runtime::MethodTable& methods, const runtime::ReadContext& context,
                         const v1::QueryAgendaRequest& request, v1::Agenda* response);
// Those of the methods that list deals and meetings.
runtime::ReadViews ViewsOfAgenda(const runtime::MethodTable& methods);

}  // namespace kith::tasks
