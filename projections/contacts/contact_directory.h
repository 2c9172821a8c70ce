// The contact directory: who the contacts are, and which of them has this address, number, name,
// owner or stage.
//
// Holds every live contact; a deleted one leaves no row, and is found as of before.
#pragma once

#include "kith/contacts/v1/contact.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::contacts {

class ContactDirectory final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "contact_directory";

  // The contacts, by resource name. Filter fields: email, phone, external_id ("billing:4711"),
  // display_name, owner, lifecycle_stage, company_name, create_time. E-mail addresses and names are
  // compared by their normal forms.
  static const projections::Table<v1::Contact>& Contacts();

  absl::string_view name() const override { return kName; }
  int version() const override { return 2; }
  std::vector<std::string> categories() const override { return {"contacts"}; }
  bool has_indexes() const override { return true; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

}  // namespace kith::contacts
