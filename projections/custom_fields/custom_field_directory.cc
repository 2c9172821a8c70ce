#include "projections/custom_fields/custom_field_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::custom_fields {

using projections::Table;
using projections::TableBuilder;

const Table<v1::CustomField>& CustomFieldDirectory::CustomFields() {
  static const auto& table = *new Table<v1::CustomField>(
      TableBuilder<v1::CustomField>(1)
          .Key([](const v1::CustomField& custom_field) { return custom_field.name(); })
          .Words([](const v1::CustomField& custom_field, projections::WordSink& out) {
            out.Add(custom_field.display_name());
          })
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("resource")
          .Field("key")
          .Field("create_time")
          .Index(1, {"display_name"})
          .Index(2, {"resource", "key"})
          .Index(3, {"create_time"})
          .Index(4, {"words"})
          .Build());
  return table;
}

}  // namespace kith::custom_fields
