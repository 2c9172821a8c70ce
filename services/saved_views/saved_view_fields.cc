#include "services/saved_views/saved_view_fields.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "kith/saved_views/v1/saved_views_errors.pb.h"
#include "services/core/reject.h"

namespace kith::saved_views {
namespace {

using google::rpc::BadRequest;

std::string PathOf(int column) { return absl::StrCat("saved_view.columns[", column, "]"); }

absl::Status CheckDistinct(const v1::SavedView& saved_view) {
  BadRequest violations;
  AddRepeats("saved_view.columns", saved_view.columns(), violations);
  return RejectFields(violations);
}

absl::Status UnknownCollection(const v1::SavedView& saved_view, const Collections& collections) {
  const std::string known = absl::StrJoin(
      collections, ", ",
      [](std::string* out, const Collection& collection) { out->append(collection.name); });
  BadRequest violations;
  AddViolation("saved_view.resource", absl::StrCat("must be one of ", known), violations);
  return Reject(
      v1::SAVED_VIEWS_ERROR_UNKNOWN_COLLECTION,
      absl::StrCat("There is no list of ", saved_view.resource(), ", but of ", known, "."),
      {{"resource", saved_view.resource()}, {"collections", known}}, violations);
}

absl::Status CheckColumns(const v1::SavedView& saved_view, const Collection& collection) {
  BadRequest violations;
  std::vector<std::string> unknown;
  for (int i = 0; i < saved_view.columns_size(); ++i) {
    const std::string& column = saved_view.columns(i);
    if (FieldPathOf(*collection.resource, column).field != nullptr) continue;
    unknown.push_back(column);
    AddViolation(PathOf(i), absl::StrCat("is no field of ", collection.name), violations);
  }
  if (unknown.empty()) return absl::OkStatus();
  std::vector<std::string> fields;
  for (int i = 0; i < collection.resource->field_count(); ++i) {
    fields.push_back(collection.resource->field(i)->name());
  }
  const std::string known = absl::StrJoin(fields, ", ");
  return Reject(v1::SAVED_VIEWS_ERROR_UNKNOWN_COLUMN,
                absl::StrCat("Of ", collection.name, " no field is called ",
                             absl::StrJoin(unknown, " or "), ", but ", known, "."),
                {{"resource", collection.name}, {"fields", known}}, violations);
}

absl::Status CheckQuery(const v1::SavedView& saved_view, const Collection& collection) {
  BadRequest violations;
  const absl::Status filter = collection.check_query(saved_view.filter(), "");
  if (!filter.ok()) AddViolation("saved_view.filter", filter.message(), violations);
  const absl::Status order_by = collection.check_query("", saved_view.order_by());
  if (!order_by.ok()) AddViolation("saved_view.order_by", order_by.message(), violations);
  if (violations.field_violations().empty()) return absl::OkStatus();
  const auto& first = violations.field_violations(0);
  return Reject(
      v1::SAVED_VIEWS_ERROR_CANNOT_BE_LISTED,
      absl::StrCat("No list of ", collection.name, " can be asked so: ", first.description()),
      {{"resource", collection.name}, {"field", first.field()}}, violations);
}

}  // namespace

absl::Status CheckFields(const v1::SavedView& saved_view, const ServerFacts& facts) {
  const Collections& collections = facts.collections;
  KITH_RETURN_IF_ERROR(CheckDistinct(saved_view));
  const auto collection =
      std::find_if(collections.begin(), collections.end(),
                   [&](const Collection& each) { return each.name == saved_view.resource(); });
  if (collection == collections.end()) return UnknownCollection(saved_view, collections);
  KITH_RETURN_IF_ERROR(CheckColumns(saved_view, *collection));
  return CheckQuery(saved_view, *collection);
}

}  // namespace kith::saved_views
