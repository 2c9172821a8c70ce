#include "services/workflows/record_row.h"

#include <optional>
#include <string>

#include "eventstore/base/status_macros.h"
#include "google/protobuf/timestamp.pb.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/field_of.h"

namespace kith::workflows {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsTimeOfServer(const FieldDescriptor& field) {
  return !field.is_repeated() &&
         field.message_type() == google::protobuf::Timestamp::descriptor() &&
         field.options().GetExtension(options::v1::field).output_only();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Message>> WithTimesOfRow(runtime::Loader& load,
                                                        const runtime::Runtime& runtime,
                                                        const runtime::ResourceType& type,
                                                        const Message& record) {
  std::unique_ptr<Message> told(record.New());
  told->CopyFrom(record);
  if (type.directory == nullptr) return told;
  KITH_RETURN_IF_ERROR(load.NeedDisk());
  const std::string name =
      record.GetReflection()->GetString(record, FieldOf(*record.GetDescriptor(), "name"));
  const projections::View& view = runtime.views.Find(type.directory->name());
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                        type.directory->table().Get(view.At(view.position()), load.workspace(),
                                                    name, eventstore::ReadTier::kDisk));
  const std::unique_ptr<Message> row(record.New());
  if (!bytes.has_value() || !row->ParseFromString(*bytes)) return told;
  for (int i = 0; i < record.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* const field = record.GetDescriptor()->field(i);
    if (!IsTimeOfServer(*field) || record.GetReflection()->HasField(record, field)) continue;
    if (!row->GetReflection()->HasField(*row, field)) continue;
    told->GetReflection()
        ->MutableMessage(told.get(), field)
        ->CopyFrom(row->GetReflection()->GetMessage(*row, field));
  }
  return told;
}

}  // namespace kith::workflows
