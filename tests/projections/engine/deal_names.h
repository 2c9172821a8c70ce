// DealNames: a small projection for tests of the engine: the deals by name, and how often each one
// was updated.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "projections/engine/projection.h"

namespace kith::projections {

// Row: "r" ‖ stream → display name ‖ " #" ‖ number of updates. An update to kPoison changes the
// row and fails then.
class DealNames : public Projection {
 public:
  static constexpr absl::string_view kPoison = "poison";

  explicit DealNames(std::string name = "deal_names", int version = 1)
      : name_(std::move(name)), version_(version) {}

  absl::string_view name() const override { return name_; }
  int version() const override { return version_; }
  std::vector<std::string> categories() const override { return {"deals"}; }

  absl::Status Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const override {
    const auto& deal_event = static_cast<const deals::v1::DealEvent&>(*event.event);
    const std::string key = absl::StrCat("r", event.header().stream);
    if (deal_event.has_deal_deleted()) {
      batch.Delete(key);
      return absl::OkStatus();
    }
    const auto before = batch.Get(key);
    if (!before.ok()) return before.status();
    int updates = 0;
    if (before->has_value()) {
      const size_t mark = (*before)->rfind('#');
      updates = std::stoi((*before)->substr(mark + 1)) + 1;
    }
    const std::string& display_name = deal_event.has_deal_created()
                                          ? deal_event.deal_created().deal().display_name()
                                          : deal_event.deal_updated().deal().display_name();
    batch.Put(key, absl::StrCat(display_name, " #", updates));
    // After the write, so that a failing event has something to discard.
    if (display_name == kPoison) return absl::InternalError("poisoned");
    return absl::OkStatus();
  }

 private:
  const std::string name_;
  const int version_;
};

inline deals::v1::DealEvent Created(absl::string_view display_name) {
  deals::v1::DealEvent event;
  event.mutable_deal_created()->mutable_deal()->set_display_name(std::string(display_name));
  return event;
}

inline deals::v1::DealEvent Renamed(absl::string_view display_name) {
  deals::v1::DealEvent event;
  event.mutable_deal_updated()->mutable_deal()->set_display_name(std::string(display_name));
  return event;
}

inline deals::v1::DealEvent Deleted() {
  deals::v1::DealEvent event;
  event.mutable_deal_deleted();
  return event;
}

}  // namespace kith::projections
