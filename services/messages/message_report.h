// The message report: what the totals of messages come to, in numbers and rates.
#pragma once

#include "kith/messages/v1/message_totals.pb.h"
#include "kith/messages/v1/messages_service.pb.h"
#include "services/runtime/calls/read_call.h"

namespace kith::messages {

// Pure; any thread. Opens and clicks of programs count where `include_automatic` says so.
v1::MessageReport ReportOf(const v1::MessageTotals& totals, bool include_automatic);

// ERROR_PERMISSION_DENIED where the caller does not see all contacts. Any thread.
absl::Status GetMessageReport(const runtime::ReadContext& context,
                              const v1::GetMessageReportRequest& request,
                              v1::MessageReport* response);

}  // namespace kith::messages
