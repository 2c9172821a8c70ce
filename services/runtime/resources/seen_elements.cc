#include "services/runtime/resources/seen_elements.h"

#include <memory>
#include <optional>
#include <string>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "kith/options/v1/options.pb.h"
#include "projections/tables/table_core.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

SeenElements::SeenElements(const std::vector<ResourceType>& types, const ResourceType& type,
                           const Runtime& runtime)
    : record_(type.rules->resource->GetDescriptor()),
      views_({&runtime.views.Find(type.directory->name())}) {
  for (const SeenElementsRule& rule : type.rules->seen_elements) {
    const auto& options = rule.link->options().GetExtension(options::v1::field);
    KITH_CHECK(options.resource_size() == 1);
    const absl::string_view category = eventstore::CategoryOf(options.resource(0));
    const ResourceType& named = TypeOf(types, category);
    projections::View& view = runtime.views.Find(named.directory->name());
    lists_.push_back({rule.list, rule.link, &named, &view, Visibility(named),
                      projections::MergedNames(*named.rules->resource)});
    views_.push_back(&view);
  }
}

absl::Status SeenElements::Hide(const ReadContext& context, Message& reply) const {
  for (const List& list : lists_) {
    if (!list.visibility.IsBounded(context.caller)) continue;
    if (reply.GetDescriptor() == record_) {
      KITH_RETURN_IF_ERROR(HideIn(context, list, reply));
      continue;
    }
    const google::protobuf::Reflection& reflection = *reply.GetReflection();
    for (int i = 0; i < reply.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *reply.GetDescriptor()->field(i);
      if (!field.is_repeated() || field.message_type() != record_) continue;
      for (int row = 0; row < reflection.FieldSize(reply, &field); ++row) {
        KITH_RETURN_IF_ERROR(
            HideIn(context, list, *reflection.MutableRepeatedMessage(&reply, &field, row)));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status SeenElements::HideIn(const ReadContext& context, const List& list,
                                  Message& record) const {
  const google::protobuf::Reflection& reflection = *record.GetReflection();
  int kept = 0;
  for (int i = 0; i < reflection.FieldSize(record, list.list); ++i) {
    const Message& element = reflection.GetRepeatedMessage(record, list.list, i);
    KITH_ASSIGN_OR_RETURN(
        const bool is_seen,
        IsSeen(context, list, element.GetReflection()->GetString(element, list.link)));
    if (is_seen) reflection.SwapElements(&record, list.list, kept++, i);
  }
  while (reflection.FieldSize(record, list.list) > kept) reflection.RemoveLast(&record, list.list);
  return absl::OkStatus();
}

absl::StatusOr<bool> SeenElements::IsSeen(const ReadContext& context, const List& list,
                                          const std::string& name) const {
  const projections::ViewSnapshot& view = context.SnapshotOf(*list.view);
  KITH_ASSIGN_OR_RETURN(const std::string meant,
                        list.merged.SurvivorOf(view, context.workspace(), name, context.tier));
  KITH_ASSIGN_OR_RETURN(
      const std::optional<std::string> row,
      list.named->directory->table().Get(view, context.workspace(), meant, context.tier));
  if (!row.has_value()) return false;
  const std::unique_ptr<Message> named(list.named->rules->resource->New());
  if (!named->ParseFromString(*row)) return projections::MalformedRow();
  return !list.visibility.Hides(context.caller, *named);
}

}  // namespace kith::runtime
