// FormTraffic: how often each form was looked at and sent, and what came of it, as of any moment.
// One row a form, of a few numbers.
#pragma once

#include <string>
#include <vector>

#include "kith/forms/v1/forms_service.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::forms {

class FormTraffic final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "form_traffic";

  // By the form's name; conversion_percent is not set. What was deleted later counts.
  static const projections::Table<v1::FormReport>& Reports();

  absl::string_view name() const override { return kName; }
  int version() const override { return 1; }
  std::vector<std::string> categories() const override {
    return {"formTraffic", "formSubmissions"};
  }
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

}  // namespace kith::forms
