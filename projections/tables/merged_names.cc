#include "projections/tables/merged_names.h"

#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"

namespace kith::projections {
namespace {

using eventstore::RecordedEvent;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// As kRecordNamesMax has it for commands.
constexpr size_t kNamesMax = 100;

// The one that a record was merged into, or taken out of.
std::string SurvivorNamedIn(const Message& event) {
  const auto& reflection = *event.GetReflection();
  const FieldDescriptor* const member =
      reflection.GetOneofFieldDescriptor(event, event.GetDescriptor()->FindOneofByName("event"));
  const Message& payload = reflection.GetMessage(event, member);
  const FieldDescriptor* const survivor = payload.GetDescriptor()->FindFieldByName("survivor");
  KITH_CHECK(survivor != nullptr);
  return payload.GetReflection()->GetString(payload, survivor);
}

}  // namespace

MergedNames::MergedNames(const Message& row, uint8_t table)
    : row_(row),
      name_(row.GetDescriptor()->FindFieldByName("name")),
      merged_into_(row.GetDescriptor()->FindFieldByName("merged_into")),
      merged_(row.GetDescriptor()->FindFieldByName("merged")) {
  if (merged_into_ == nullptr) return;
  KITH_CHECK(merged_ != nullptr && name_ != nullptr);
  TableDeclaration declaration;
  declaration.number = table;
  declaration.row = &row;
  declaration.key = [name = name_](const Message& one) {
    return one.GetReflection()->GetString(one, name);
  };
  table_.emplace(std::move(declaration));
}

absl::StatusOr<std::string> MergedNames::SurvivorOf(const ViewSnapshot& view, WorkspaceId workspace,
                                                    absl::string_view name,
                                                    eventstore::ReadTier tier) const {
  std::string survivor(name);
  if (!any()) return survivor;
  const auto find = [&](absl::string_view one) {
    return Parse(table_->Get(view, workspace, one, tier));
  };
  KITH_RETURN_IF_ERROR(FindMeant(find, survivor).status());
  return survivor;
}

absl::StatusOr<std::vector<std::string>> MergedNames::AllOf(const ViewSnapshot& view,
                                                            WorkspaceId workspace,
                                                            absl::string_view name,
                                                            eventstore::ReadTier tier) const {
  if (!any()) return std::vector<std::string>{std::string(name)};
  const auto find = [&](absl::string_view one) {
    return Parse(table_->Get(view, workspace, one, tier));
  };
  return AllBy(find, name);
}

absl::StatusOr<std::string> MergedNames::SurvivorOf(ViewBatch& batch, WorkspaceId workspace,
                                                    absl::string_view name) const {
  std::string survivor(name);
  if (!any()) return survivor;
  const auto find = [&](absl::string_view one) {
    return Parse(table_->Get(batch, workspace, one));
  };
  KITH_RETURN_IF_ERROR(FindMeant(find, survivor).status());
  return survivor;
}

absl::StatusOr<std::vector<std::string>> MergedNames::AllOf(ViewBatch& batch, WorkspaceId workspace,
                                                            absl::string_view name) const {
  if (!any()) return std::vector<std::string>{std::string(name)};
  const auto find = [&](absl::string_view one) {
    return Parse(table_->Get(batch, workspace, one));
  };
  return AllBy(find, name);
}

bool MergedNames::IsChangedBy(const RecordedEvent& event) const {
  if (!any()) return false;
  const StandardEvent kind = kith::KindOf(*event.event, *row_.GetDescriptor());
  return kind == StandardEvent::kMergedInto || kind == StandardEvent::kUnmergedFrom;
}

absl::Status MergedNames::Follow(const RecordedEvent& event, ViewBatch& batch) const {
  if (!IsChangedBy(event)) return absl::OkStatus();
  const bool is_merged =
      kith::KindOf(*event.event, *row_.GetDescriptor()) == StandardEvent::kMergedInto;
  const WorkspaceId workspace = event.header().workspace;
  const std::string name(event.header().stream);
  const std::string survivor = SurvivorNamedIn(*event.event);
  KITH_RETURN_IF_ERROR(Change(batch, workspace, name, [&](Message& row) {
    row.GetReflection()->SetString(&row, merged_into_, is_merged ? survivor : "");
  }));
  return Change(batch, workspace, survivor, [&](Message& row) {
    const auto& reflection = *row.GetReflection();
    if (is_merged) return reflection.AddString(&row, merged_, name);
    std::vector<std::string> others;
    for (int i = 0; i < reflection.FieldSize(row, merged_); ++i) {
      std::string other = reflection.GetRepeatedString(row, merged_, i);
      if (other != name) others.push_back(std::move(other));
    }
    reflection.ClearField(&row, merged_);
    for (std::string& other : others) reflection.AddString(&row, merged_, std::move(other));
  });
}

absl::Status MergedNames::Change(ViewBatch& batch, WorkspaceId workspace, const std::string& name,
                                 absl::FunctionRef<void(Message& row)> change) const {
  const Row row(row_.New());
  return table_->Change(batch, workspace, name, *row, [&] {
    const auto& reflection = *row->GetReflection();
    reflection.SetString(row.get(), name_, name);
    change(*row);
    return !reflection.GetString(*row, merged_into_).empty() ||
           reflection.FieldSize(*row, merged_) > 0;
  });
}

absl::StatusOr<MergedNames::Row> MergedNames::Parse(
    const absl::StatusOr<std::optional<std::string>>& bytes) const {
  if (!bytes.ok()) return bytes.status();
  if (!bytes->has_value()) return Row();
  Row row(row_.New());
  if (!row->ParseFromString(**bytes)) return MalformedRow();
  return row;
}

absl::StatusOr<MergedNames::Row> MergedNames::FindMeant(Find find, std::string& survivor) const {
  KITH_ASSIGN_OR_RETURN(Row row, find(survivor));
  // What was merged never leads back to itself.
  while (row != nullptr) {
    std::string next = row->GetReflection()->GetString(*row, merged_into_);
    if (next.empty()) break;
    survivor = std::move(next);
    KITH_ASSIGN_OR_RETURN(row, find(survivor));
  }
  return row;
}

absl::StatusOr<std::vector<std::string>> MergedNames::AllBy(Find find,
                                                            absl::string_view name) const {
  std::string survivor(name);
  KITH_ASSIGN_OR_RETURN(Row row, FindMeant(find, survivor));
  std::vector<std::string> names = {std::move(survivor)};
  for (size_t at = 0; at < names.size(); ++at) {
    if (at > 0) {
      KITH_ASSIGN_OR_RETURN(row, find(names[at]));
    }
    if (row == nullptr) continue;
    const auto& reflection = *row->GetReflection();
    for (int i = 0; i < reflection.FieldSize(*row, merged_) && names.size() < kNamesMax; ++i) {
      names.push_back(reflection.GetRepeatedString(*row, merged_, i));
    }
  }
  return names;
}

}  // namespace kith::projections
