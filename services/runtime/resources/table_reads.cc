#include "services/runtime/resources/table_reads.h"

#include <functional>

namespace kith::runtime {

absl::StatusOr<std::string> ListRows(const ReadContext& context,
                                     const projections::TableCore& table,
                                     projections::ListQuery query,
                                     absl::FunctionRef<google::protobuf::Message*()> add) {
  query.page_token = context.page_token;
  query.as_of = context.as_of;
  const std::function<bool(absl::string_view)> erased = [&](absl::string_view name) {
    return context.keys.IsDestroyed(context.workspace(), name);
  };
  if (context.keys.AnyDestroyed()) query.erased = &erased;
  return table.List(context.view(), context.workspace(), query, [&](absl::string_view bytes) {
    return add()->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  });
}

}  // namespace kith::runtime
