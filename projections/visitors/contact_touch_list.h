// ContactTouchList: how each contact found us first and last, by its visits and the forms that it
// sent, as of any moment. A row a contact, and one for each visitor of whom nobody knows who it is.
#pragma once

#include <string>
#include <vector>

#include "kith/visitors/v1/visitor_rows.pb.h"
#include "kith/visitors/v1/visitors_service.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::visitors {

class ContactTouchList final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "contact_touches";

  // By the contact's name.
  static const projections::Table<v1::ContactTouches>& Contacts();
  // By the visitor's name.
  static const projections::Table<v1::AnonymousTouches>& Visitors();

  absl::string_view name() const override { return kName; }
  int version() const override { return 1; }
  std::vector<std::string> categories() const override { return {"visitors", "formSubmissions"}; }
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

// What one did under another name, as if it had been under this one.
void AddTouches(const v1::ContactTouches& more, v1::ContactTouches& touches);

}  // namespace kith::visitors
