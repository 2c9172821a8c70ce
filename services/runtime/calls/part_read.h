// ReadPart: what another method answers, within a read.
//
// So a read tells what belongs to another capability without knowing how that keeps it, and shows
// its caller no more of it than that method would. Any thread that may touch the disk.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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

// The record of this name as the Get method of its resource answers it, in the same way. Aborts
// where no resource has such names.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ReadRecord(const ReadContext& context,
                                                                      const MethodTable& methods,
                                                                      const std::string& name);

}  // namespace kith::runtime
