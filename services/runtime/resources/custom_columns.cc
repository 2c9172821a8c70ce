#include "services/runtime/resources/custom_columns.h"

#include <algorithm>
#include <string>
#include <utility>

#include "eventstore/base/custom_maps.h"
#include "eventstore/base/status_macros.h"
#include "kith/options/v1/options.pb.h"
#include "kith/type/v1/list.pb.h"
#include "services/core/field_of.h"

namespace kith::runtime {
namespace {

using custom_fields::v1::CustomField;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using projections::CustomColumn;

constexpr absl::string_view kDirectory = "custom_field_directory";

bool IsPersonal(const FieldDescriptor* map) {
  return map->options().GetExtension(options::v1::field).personal();
}

}  // namespace

std::optional<CustomColumn> ColumnOf(const CustomField& field,
                                     const std::vector<const FieldDescriptor*>& maps) {
  const auto map = std::find_if(maps.begin(), maps.end(), [&](const FieldDescriptor* each) {
    return IsPersonal(each) == field.personal();
  });
  if (map == maps.end()) return std::nullopt;
  return CustomColumn{*map, field.key(),
                      static_cast<type::v1::CustomValue::ValueCase>(field.type()), field.slot()};
}

CustomColumns::CustomColumns(const ResourceType& listed,
                             const google::protobuf::Descriptor& request, const Runtime& runtime)
    : CustomColumns(listed, runtime) {
  filter_ = FieldOf(request, "filter");
  order_by_ = FieldOf(request, "order_by");
  summary_ = FieldOf(request, "summary");
}

CustomColumns::CustomColumns(const ResourceType& listed, const Runtime& runtime)
    : collection_(listed.rules->category),
      maps_(CustomMapsOf(*listed.rules->resource->GetDescriptor())) {
  if (!maps_.empty()) directory_ = &runtime.views.Find(kDirectory);
}

bool CustomColumns::AreNamed(const Message& request) const {
  if (directory_ == nullptr) return false;
  const auto& ask = *request.GetReflection();
  std::string unused;
  for (const FieldDescriptor* const text : {filter_, order_by_}) {
    if (projections::MayNameColumns(ask.GetStringReference(request, text, &unused))) return true;
  }
  const auto* const summary = google::protobuf::DynamicCastToGenerated<type::v1::SummaryOptions>(
      &ask.GetMessage(request, summary_));
  return std::any_of(summary->sums().begin(), summary->sums().end(),
                     [](const std::string& sum) { return projections::MayNameColumns(sum); });
}

bool CustomColumns::AreNamed(absl::string_view filter) const {
  return directory_ != nullptr && projections::MayNameColumns(filter);
}

void CustomColumns::AddViewsFor(const Message& request, ReadViews& views) const {
  if (AreNamed(request)) AddDirectory(views);
}

void CustomColumns::AddViewsFor(absl::string_view filter, ReadViews& views) const {
  if (AreNamed(filter)) AddDirectory(views);
}

void CustomColumns::AddDirectory(ReadViews& views) const {
  if (std::find(views.begin(), views.end(), directory_) == views.end()) {
    views.push_back(directory_);
  }
}

absl::StatusOr<std::vector<CustomColumn>> CustomColumns::In(const ReadContext& context,
                                                            const Message& request) const {
  if (!AreNamed(request)) return std::vector<CustomColumn>();
  return All(context);
}

absl::StatusOr<std::vector<CustomColumn>> CustomColumns::In(const ReadContext& context,
                                                            absl::string_view filter) const {
  if (!AreNamed(filter)) return std::vector<CustomColumn>();
  return All(context);
}

absl::StatusOr<std::vector<CustomColumn>> CustomColumns::All(const ReadContext& context) const {
  std::vector<CustomColumn> columns;
  KITH_RETURN_IF_ERROR(projections::DirectoryRows<CustomField>().Scan(
      context.SnapshotOf(*directory_), context.workspace(), projections::KeyRange::Prefix(""),
      [&](const CustomField& field) {
        if (field.resource() != collection_) return true;
        std::optional<CustomColumn> column = ColumnOf(field, maps_);
        if (column.has_value()) columns.push_back(*std::move(column));
        return true;
      }));
  return columns;
}

}  // namespace kith::runtime
