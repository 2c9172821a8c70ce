#include "services/visitors/visit_reader.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/visitors/v1/visitor_events.pb.h"
#include "kith/visitors/v1/visitors_errors.pb.h"
#include "projections/tables/query.h"
#include "projections/tables/row_filter.h"
#include "projections/visitors/visit_list.h"
#include "services/core/links.h"
#include "services/core/reject.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/requests/method.h"
#include "services/runtime/requests/validate.h"
#include "services/runtime/resources/not_there.h"
#include "services/runtime/resources/owned_records.h"
#include "services/runtime/resources/table_reads.h"
#include "services/runtime/resources/under_contact.h"

namespace kith::visitors {
namespace {

using projections::Expression;

constexpr absl::string_view kLatestFirst = "start_time desc";
constexpr int kPageSizeMax = 200;

const std::string& ReadPermission() { return runtime::MethodOf<v1::GetVisitRequest>().permission; }

absl::Status VisitNotFound(absl::string_view name) {
  return RejectResource(v1::VISITORS_ERROR_VISIT_NOT_FOUND, absl::StrCat("There is no ", name, "."),
                        name);
}

bool IsBefore(const v1::PageView& one, const v1::PageView& other) {
  return FromTimestamp(one.view_time()) < FromTimestamp(other.view_time());
}

}  // namespace

absl::Status NoSuchParent(absl::string_view field, const std::string& name) {
  const LinkedRecord hidden;
  const LinkedRecord* const records[] = {&hidden};
  return CheckLinks(v1::VISITORS_ERROR_LINKED_RECORD_NOT_FOUND, {{std::string(field), name}},
                    records);
}

absl::Status VisitReader::AddPages(WorkspaceId workspace, int64_t revision,
                                   v1::Visit& visit) const {
  const auto cursor =
      log_.ReadStream(workspace, visit.visitor(), Revision(static_cast<uint64_t>(revision)),
                      eventstore::Direction::kForwards, eventstore::ReadTier::kDisk);
  KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record, cursor->Next());
  if (record == nullptr) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const auto event, registry_.Decode(std::move(record), keys_));
  if (event->erased) visit.set_erased(true);
  const auto& viewed = static_cast<const v1::VisitorEvent&>(*event->event).visitor_pages_viewed();
  visit.mutable_page_views()->MergeFrom(viewed.personal().page_views());
  return absl::OkStatus();
}

absl::StatusOr<v1::Visit> VisitReader::Render(WorkspaceId workspace, const v1::VisitRow& row,
                                              bool is_full) const {
  v1::Visit visit = row.visit();
  if (is_full) {
    for (const int64_t revision : row.revisions()) {
      KITH_RETURN_IF_ERROR(AddPages(workspace, revision, visit));
    }
    std::stable_sort(visit.mutable_page_views()->begin(), visit.mutable_page_views()->end(),
                     IsBefore);
  } else if (row.landing_revision() > 0) {
    KITH_RETURN_IF_ERROR(AddPages(workspace, row.landing_revision(), visit));
  }
  if (!visit.page_views().empty()) {
    visit.set_landing_page(visit.page_views(0).url());
    visit.set_referrer(visit.page_views(0).referrer());
  }
  if (!is_full) visit.clear_page_views();
  return visit;
}

absl::StatusOr<bool> VisitReader::Sees(const runtime::ReadContext& context,
                                       const v1::Visit& visit) const {
  // Whose the visitor is does not matter where somebody is known: a visitor may be given to
  // anybody, or taken, and that must not open what a hidden contact did.
  const bool is_known = !visit.contact().empty();
  return runtime_.owned->Sees(context, is_known ? visit.contact() : visit.visitor(),
                              ReadPermission());
}

absl::Status VisitReader::Get(const runtime::ReadContext& context,
                              const v1::GetVisitRequest& request, v1::Visit* response) const {
  v1::VisitRow row;
  KITH_RETURN_IF_ERROR(
      runtime::GetRow(context, VisitList::Visits(), request.name(), VisitNotFound, &row));
  KITH_ASSIGN_OR_RETURN(const bool is_seen, Sees(context, row.visit()));
  if (!is_seen) return VisitNotFound(request.name());
  KITH_ASSIGN_OR_RETURN(
      *response, Render(context.workspace(), row, request.detail() != v1::VISIT_DETAIL_BASIC));
  return absl::OkStatus();
}

absl::Status VisitReader::List(const runtime::ReadContext& context,
                               const v1::ListVisitsRequest& request,
                               v1::ListVisitsResponse* response) const {
  const std::string& parent = request.parent();
  Expression within{Expression::Kind::kAll, {}, {}};
  if (parent.empty()) {
    const runtime::Reach reach(context.caller, ReadPermission());
    if (!reach.is_everything()) {
      return runtime::ViolationError("parent", "must be set: you do not see all visitors");
    }
  } else {
    KITH_ASSIGN_OR_RETURN(const bool is_seen,
                          runtime_.owned->Sees(context, parent, ReadPermission()));
    if (!is_seen) return NoSuchParent("parent", parent);
    if (absl::StartsWith(parent, "contacts/")) {
      KITH_ASSIGN_OR_RETURN(within, runtime::UnderContact(context, context.view(1), parent));
    } else {
      Expression of_visitor{Expression::Kind::kComparison, {}, {}};
      of_visitor.comparison.field = "visitor";
      of_visitor.comparison.literal = parent;
      within.parts.push_back(std::move(of_visitor));
    }
  }
  std::vector<std::unique_ptr<v1::VisitRow>> rows;
  const absl::string_view order = request.order_by().empty() ? kLatestFirst : request.order_by();
  KITH_RETURN_IF_ERROR(projections::CheckClearQuery(VisitList::Visits().core().declaration(),
                                                    request.filter(), order));
  KITH_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      runtime::ListRows(context, VisitList::Visits().core(),
                        {.filter = request.filter(),
                         .order_by = order,
                         .page_size = std::min(request.page_size(), kPageSizeMax),
                         .may_be_short = true,
                         .within = parent.empty() ? nullptr : &within},
                        [&] { return rows.emplace_back(std::make_unique<v1::VisitRow>()).get(); }));
  for (const std::unique_ptr<v1::VisitRow>& row : rows) {
    KITH_ASSIGN_OR_RETURN(const bool is_seen, Sees(context, row->visit()));
    if (!is_seen) continue;
    KITH_ASSIGN_OR_RETURN(*response->add_visits(),
                          Render(context.workspace(), *row, /*is_full=*/false));
  }
  return absl::OkStatus();
}

}  // namespace kith::visitors
