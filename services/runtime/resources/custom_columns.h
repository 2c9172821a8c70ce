// CustomColumns: which custom fields a list can be asked by.
//
// A list whose filter, order or sums name one reads the directory of custom fields beside its own,
// at the same position: so a list of the past knows those that there were then. Other lists read
// and await nothing more. Borrows everything. Immutable; any thread.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "kith/custom_fields/v1/custom_field.pb.h"
#include "projections/tables/custom_columns.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

// What rows with these maps have of it; nullopt where none of the maps is one for such values.
std::optional<projections::CustomColumn> ColumnOf(
    const custom_fields::v1::CustomField& field,
    const std::vector<const google::protobuf::FieldDescriptor*>& maps);

class CustomColumns {
 public:
  // Of lists that take such a request, while the server starts.
  CustomColumns(const ResourceType& listed, const google::protobuf::Descriptor& request,
                const Runtime& runtime);
  // Of filters alone.
  CustomColumns(const ResourceType& listed, const Runtime& runtime);

  // Adds the directory where the request, or a filter, needs it and `views` has it not.
  void AddViewsFor(const google::protobuf::Message& request, ReadViews& views) const;
  void AddViewsFor(absl::string_view filter, ReadViews& views) const;
  // In a read of these views. None where the request, or the filter, names none.
  absl::StatusOr<std::vector<projections::CustomColumn>> In(
      const ReadContext& context, const google::protobuf::Message& request) const;
  absl::StatusOr<std::vector<projections::CustomColumn>> In(const ReadContext& context,
                                                            absl::string_view filter) const;

 private:
  bool AreNamed(const google::protobuf::Message& request) const;
  bool AreNamed(absl::string_view filter) const;
  void AddDirectory(ReadViews& views) const;
  absl::StatusOr<std::vector<projections::CustomColumn>> All(const ReadContext& context) const;

  const absl::string_view collection_;
  const std::vector<const google::protobuf::FieldDescriptor*> maps_;
  // Of the request; null where there is none.
  const google::protobuf::FieldDescriptor* filter_ = nullptr;
  const google::protobuf::FieldDescriptor* order_by_ = nullptr;
  const google::protobuf::FieldDescriptor* summary_ = nullptr;
  projections::View* directory_ = nullptr;  // null: the resource has no custom fields
};

}  // namespace kith::runtime
