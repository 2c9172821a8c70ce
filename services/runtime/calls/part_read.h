// ReadPart: what another method answers, within a read.
//
// So a read tells what belongs to another capability without knowing how that keeps it, and shows
// its caller no more of it than that method would. Any thread that may touch the disk.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/read_call.h"

namespace kith::runtime {

// What `method` answers as of the moment of the read and to its caller, into a message that is
// empty; what is to be hidden of it is hidden with the whole reply. Its page token is sealed for
// that method. Errors are ERROR_PERMISSION_DENIED where the caller is not granted it, and the
// method's own. Aborts where it is no read, or of a view that the read is not of.
absl::Status ReadPart(const ReadContext& context, const BoundMethod& method,
                      const google::protobuf::Message& request,
                      google::protobuf::Message* response);

}  // namespace kith::runtime
