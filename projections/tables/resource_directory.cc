#include "projections/tables/resource_directory.h"

#include <utility>

#include "eventstore/base/check.h"

namespace kith::projections {
namespace {

constexpr char kDeleteTime[] = "delete_time";
constexpr char kOwner[] = "owner";
constexpr char kViewers[] = "viewers";
constexpr char kEditors[] = "editors";

}  // namespace

ResourceDirectory::ResourceDirectory(absl::string_view name, int version, std::string category,
                                     const TableCore& table, ResourceFold fold)
    : name_(name),
      version_(version),
      category_(std::move(category)),
      table_(table),
      fold_(fold),
      names_(*table.declaration().row) {
  KITH_CHECK(has_indexes() && table.declaration().number == kDirectoryTable);
  const TableDeclaration& live = table.declaration();
  const google::protobuf::Descriptor& type = *live.row->GetDescriptor();
  if (names_.any()) {
    TableDeclaration merged;
    merged.number = kMergedTable;
    merged.row = live.row;
    merged.key = live.key;
    merged_.emplace(std::move(merged));
  }
  if (type.FindFieldByName(kDeleteTime) == nullptr) return;
  TableDeclaration deleted;
  deleted.number = kDeletedTable;
  deleted.row = live.row;
  deleted.key = live.key;
  deleted.fields.push_back(FieldAt(type, kDeleteTime, kDeleteTime, nullptr));
  // Who may see some records only is shown these.
  for (const char* const field : {kOwner, kViewers, kEditors}) {
    if (type.FindFieldByName(field) == nullptr) continue;
    deleted.fields.push_back(FieldAt(type, field, field, nullptr));
  }
  deleted.indexes.push_back({1, {kDeleteTime}, {}, false});
  deleted_.emplace(std::move(deleted));
}

}  // namespace kith::projections
