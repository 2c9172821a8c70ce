#include "projections/workflows/part_tables.h"

#include "kith/interactions/v1/interaction.pb.h"
#include "kith/messages/v1/message.pb.h"
#include "projections/tables/row_fields.h"

namespace kith::workflows {

const projections::TableDeclaration* PartTable(absl::string_view resource) {
  if (resource == kInteractions) return &projections::RowFields<interactions::v1::Interaction>();
  if (resource == kMessages) return &projections::RowFields<messages::v1::Message>();
  return nullptr;
}

absl::string_view CollectionOfRun(absl::string_view resource) {
  return PartTable(resource) == nullptr ? resource : "contacts";
}

}  // namespace kith::workflows
