#include "services/runtime/calls/part_read.h"

#include "absl/container/inlined_vector.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "services/core/field_of.h"
#include "services/runtime/admission/not_granted.h"
#include "services/runtime/calls/read_permission.h"
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
  ReadViews views = method.views();
  for (projections::View* const view : method.further_views(request)) views.push_back(view);
  for (const projections::View* const view : views) {
    snapshots.push_back(context.SnapshotOf(*view));
  }
  const ReadContext part{
      context.caller,    context.authorizer, context.log,       snapshots,     context.tier,
      context.read_time, context.keys,       /*page_token=*/"", context.as_of, views};
  KITH_RETURN_IF_ERROR((*method.reader())(part, request, response));
  SealPageToken(context.log.token_sealer(), method.method(), context.workspace(), response);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ReadRecord(const ReadContext& context,
                                                                      const MethodTable& methods,
                                                                      const std::string& name) {
  const BoundMethod* const get = FindGet(methods, eventstore::CategoryOf(name));
  KITH_CHECK(get != nullptr);
  const google::protobuf::MethodDescriptor& method = *get->method().descriptor;
  auto* const factory = google::protobuf::MessageFactory::generated_factory();
  const std::unique_ptr<google::protobuf::Message> request(
      factory->GetPrototype(method.input_type())->New());
  std::unique_ptr<google::protobuf::Message> record(
      factory->GetPrototype(method.output_type())->New());
  request->GetReflection()->SetString(request.get(), FieldOf(*method.input_type(), "name"), name);
  KITH_RETURN_IF_ERROR(ReadPart(context, *get, *request, record.get()));
  return record;
}

}  // namespace kith::runtime
