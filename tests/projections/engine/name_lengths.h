// NameLengths: a small projection for tests of the engine that is based on NameOrder: how many
// deals have a name of each length.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deal.pb.h"
#include "projections/engine/projection.h"

namespace kith::projections {

// Row: "l" ‖ length → how many, as text. A name of kTooLong fails after its row was changed.
class NameLengths final : public Projection {
 public:
  static constexpr size_t kTooLong = 40;

  explicit NameLengths(std::string name, int version = 1)
      : name_(std::move(name)), version_(version) {}
  static std::string KeyOf(size_t length) { return absl::StrCat("l", length); }

  absl::string_view name() const override { return name_; }
  int version() const override { return version_; }
  std::string base() const override { return "name_order"; }
  std::vector<std::string> categories() const override { return {}; }
  absl::Status Apply(const eventstore::RecordedEvent&, ViewBatch& batch) const override {
    for (const RowChange& change : batch.changes()) {
      if (const auto* const deal = change.before<deals::v1::Deal>(); deal != nullptr) {
        KITH_RETURN_IF_ERROR(Count(deal->display_name().size(), -1, batch));
      }
      if (const auto* const deal = change.after<deals::v1::Deal>(); deal != nullptr) {
        KITH_RETURN_IF_ERROR(Count(deal->display_name().size(), 1, batch));
      }
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status Count(size_t length, int times, ViewBatch& batch) {
    KITH_ASSIGN_OR_RETURN(const auto row, batch.Get(KeyOf(length)));
    int count = 0;
    if (row.has_value() && !absl::SimpleAtoi(*row, &count)) return absl::InternalError("no count");
    count += times;
    if (count > 0) {
      batch.Put(KeyOf(length), absl::StrCat(count));
    } else {
      batch.Delete(KeyOf(length));
    }
    return length == kTooLong ? absl::InternalError("too long") : absl::OkStatus();
  }

  const std::string name_;
  const int version_;
};

}  // namespace kith::projections
