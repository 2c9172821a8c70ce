#include "services/workflows/record_row.h"

#include <optional>
#include <string>

#include "eventstore/base/status_macros.h"
#include "google/protobuf/timestamp.pb.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/field_of.h"
#include "services/runtime/resources/not_known_yet.h"

namespace kith::workflows {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsTimeOfServer(const FieldDescriptor& field) {
  return !field.is_repeated() &&
         field.message_type() == google::protobuf::Timestamp::descriptor() &&
         field.options().GetExtension(options::v1::field).output_only();
}

// Its row may know a time that the record does not have.
bool MayLackTime(const Message& record, const FieldDescriptor& field) {
  // What is decided on is there.
  return IsTimeOfServer(field) && field.name() != "delete_time" &&
         !record.GetReflection()->HasField(record, &field);
}

bool MayLackTimes(const Message& record) {
  for (int i = 0; i < record.GetDescriptor()->field_count(); ++i) {
    if (MayLackTime(record, *record.GetDescriptor()->field(i))) return true;
  }
  return false;
}

}  // namespace

RecordRows::RecordRows(const runtime::Runtime& runtime)
    : runtime_(runtime), opened_(runtime.log.head()) {}

absl::StatusOr<Position> RecordRows::Known(const runtime::ResourceType& type) const {
  const Position known = runtime_.views.Find(type.directory->name()).position();
  if (known < opened_) return runtime::NotKnownYet("Which records there are");
  return known;
}

absl::StatusOr<std::unique_ptr<Message>> RecordRows::WithTimes(runtime::Loader& load,
                                                               const runtime::ResourceType& type,
                                                               const Message& record) const {
  std::unique_ptr<Message> told(record.New());
  told->CopyFrom(record);
  if (type.directory == nullptr || !MayLackTimes(record)) return told;
  KITH_RETURN_IF_ERROR(load.NeedDisk());
  KITH_ASSIGN_OR_RETURN(const Position known, Known(type));
  const std::string name =
      record.GetReflection()->GetString(record, FieldOf(*record.GetDescriptor(), "name"));
  const projections::View& view = runtime_.views.Find(type.directory->name());
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                        type.directory->table().Get(view.At(known), load.workspace(), name,
                                                    eventstore::ReadTier::kDisk));
  const std::unique_ptr<Message> row(record.New());
  if (!bytes.has_value() || !row->ParseFromString(*bytes)) return told;
  for (int i = 0; i < record.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* const field = record.GetDescriptor()->field(i);
    if (!MayLackTime(record, *field) || !row->GetReflection()->HasField(*row, field)) continue;
    told->GetReflection()
        ->MutableMessage(told.get(), field)
        ->CopyFrom(row->GetReflection()->GetMessage(*row, field));
  }
  return told;
}

}  // namespace kith::workflows
