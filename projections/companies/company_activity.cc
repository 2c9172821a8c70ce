#include "projections/companies/company_activity.h"

#include <string>

#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/companies/v1/company_rows.pb.h"
#include "projections/tables/table.h"

namespace kith::companies {
namespace {

const projections::Table<v1::CompanyActivity>& Activities() {
  static const auto& table = *new projections::Table<v1::CompanyActivity>(
      projections::TableBuilder<v1::CompanyActivity>(kActivityTable)
          .Key([](const v1::CompanyActivity& row) { return row.company(); })
          .Build());
  return table;
}

}  // namespace

absl::Status NoteActivity(WorkspaceId workspace, absl::string_view company, absl::Time time,
                          projections::ViewBatch& batch) {
  return Activities().Change(batch, workspace, company, [&](v1::CompanyActivity& row) {
    row.set_company(std::string(company));
    const bool is_later =
        !row.has_last_activity_time() || FromTimestamp(row.last_activity_time()) < time;
    if (is_later) *row.mutable_last_activity_time() = ToTimestamp(time);
    return true;
  });
}

absl::StatusOr<absl::Time> LastActivity(const projections::ViewSnapshot& snapshot,
                                        WorkspaceId workspace, absl::string_view company) {
  KITH_ASSIGN_OR_RETURN(
      const auto row, Activities().Get(snapshot, workspace, company, eventstore::ReadTier::kDisk));
  return row.has_value() ? FromTimestamp(row->last_activity_time()) : absl::InfinitePast();
}

}  // namespace kith::companies
