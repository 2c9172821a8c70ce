#include "services/runtime/calls/part_read.h"

#include "absl/container/inlined_vector.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "services/runtime/admission/not_granted.h"
#include "services/runtime/reads/page_seal.h"

namespace kith::runtime {

absl::Status ReadPart(const ReadContext& context, const BoundMethod& method,
                      const google::protobuf::Message& request,
                      google::protobuf::Message* response) {
  KITH_CHECK(method.reader() != nullptr);
  const std::string& permission = method.method().permission;
  if (!context.caller.grants.Contain(permission)) {
    return NotGranted(context.caller, permission);
  }
  absl::InlinedVector<projections::ViewSnapshot, 2> snapshots;
  for (const projections::View* const view : method.views()) {
    snapshots.push_back(context.SnapshotOf(*view));
  }
  const ReadContext part{context.caller, context.authorizer, context.log,  snapshots,
                         context.tier,   context.read_time,  context.keys, /*page_token=*/"",
                         context.as_of,  method.views()};
  KITH_RETURN_IF_ERROR((*method.reader())(part, request, response));
  SealPageToken(context.log.token_sealer(), method.method(), context.workspace(), response);
  return absl::OkStatus();
}

}  // namespace kith::runtime
