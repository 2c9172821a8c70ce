#include "projections/scoring_models/deal_outcomes.h"

#include <optional>
#include <utility>

#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/users/v1/user.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "projections/store/key_codec.h"
#include "projections/tables/fold_resource.h"

namespace kith::scoring_models {
namespace {

using deals::v1::Deal;
using projections::KeyOf;
using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;

const Table<v1::CountedDeal>& Counted() {
  static const auto& table = *new Table<v1::CountedDeal>(
      TableBuilder<v1::CountedDeal>(3)
          .Key([](const v1::CountedDeal& deal) -> const std::string& { return deal.deal(); })
          .Build());
  return table;
}

absl::Status FollowUser(const eventstore::RecordedEvent& event, ViewBatch& batch) {
  const WorkspaceId workspace = event.header().workspace;
  KITH_ASSIGN_OR_RETURN(auto known,
                        DealOutcomes::Teams().Get(batch, workspace, event.header().stream));
  users::v1::User user;
  if (known.has_value() && !known->team().empty()) user.add_teams(known->team());
  FoldStandardEvent(projections::HappeningOf(event), user);
  v1::UserTeam row;
  row.set_user(event.header().stream);
  if (!user.teams().empty()) row.set_team(user.teams(0));
  return DealOutcomes::Teams().Put(batch, workspace, row);
}

void AddValue(const char* field, std::string value, v1::CountedDeal& counted) {
  if (value.empty()) return;
  v1::CountedValue& one = *counted.add_values();
  one.set_field(field);
  one.set_value(std::move(value));
}

// How a deal is counted; nullopt of one that is open. Of a lost one the stage before the last is
// where it was lost.
std::optional<v1::CountedDeal> CountedAs(const Deal& deal, const std::string& team) {
  if (deal.status() != deals::v1::WON && deal.status() != deals::v1::LOST) return std::nullopt;
  v1::CountedDeal counted;
  counted.set_deal(deal.name());
  counted.set_won(deal.status() == deals::v1::WON);
  counted.set_pipeline(deal.pipeline());
  counted.set_team(team);
  for (const char* const field : kCountedFields) {
    AddValue(field, CountedText(deal, field), counted);
  }
  const int stays = deal.stage_intervals_size();
  if (!counted.won() && stays > 1) {
    AddValue(kStageField, deal.stage_intervals(stays - 2).stage(), counted);
  }
  return counted;
}

// Adds one to a count, or takes it away; a row that counts nothing is none. Whether the row came or
// went: 1, -1, else 0.
absl::StatusOr<int> AddOne(ViewBatch& batch, WorkspaceId workspace, v1::OutcomeCount row, bool won,
                           int times, int values) {
  int moved = 0;
  KITH_RETURN_IF_ERROR(DealOutcomes::Counts().Change(
      batch, workspace,
      DealOutcomes::CountKey(row.pipeline(), row.team(), row.field(), row.value()),
      [&](v1::OutcomeCount& count) {
        const bool was = count.won_count() + count.lost_count() > 0;
        row.set_won_count(count.won_count() + (won ? times : 0));
        row.set_lost_count(count.lost_count() + (won ? 0 : times));
        row.set_value_count(count.value_count() + values);
        count = row;
        const bool is = count.won_count() + count.lost_count() > 0;
        moved = static_cast<int>(is) - static_cast<int>(was);
        return is;
      }));
  return moved;
}

absl::Status Count(ViewBatch& batch, WorkspaceId workspace, const v1::CountedDeal& deal,
                   int times) {
  std::vector<std::string> teams = {""};
  if (!deal.team().empty()) teams.push_back(deal.team());
  for (const std::string& team : teams) {
    v1::OutcomeCount row;
    row.set_pipeline(deal.pipeline());
    row.set_team(team);
    KITH_RETURN_IF_ERROR(AddOne(batch, workspace, row, deal.won(), times, 0).status());
    for (const v1::CountedValue& value : deal.values()) {
      row.set_field(value.field());
      row.set_value(value.value());
      KITH_ASSIGN_OR_RETURN(const int values, AddOne(batch, workspace, row, deal.won(), times, 0));
      row.clear_value();
      KITH_RETURN_IF_ERROR(AddOne(batch, workspace, row, deal.won(), times, values).status());
    }
  }
  return absl::OkStatus();
}

absl::Status FollowDeal(const Deal* before, const Deal* after, WorkspaceId workspace,
                        ViewBatch& batch) {
  // What is deleted was won or lost all the same.
  if (after == nullptr) return absl::OkStatus();
  const auto is_open = [](const Deal* deal) {
    return deal == nullptr || deal->status() == deals::v1::OPEN;
  };
  if (is_open(before) && is_open(after)) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const auto known, Counted().Get(batch, workspace, after->name()));
  std::string team;
  const bool keeps_team =
      known.has_value() && before != nullptr && before->owner() == after->owner();
  if (keeps_team) {
    team = known->team();
  } else if (!after->owner().empty()) {
    KITH_ASSIGN_OR_RETURN(const auto user,
                          DealOutcomes::Teams().Get(batch, workspace, after->owner()));
    if (user.has_value()) team = user->team();
  }
  const std::optional<v1::CountedDeal> now = CountedAs(*after, team);
  if (known.has_value() && now.has_value() &&
      known->SerializeAsString() == now->SerializeAsString()) {
    return absl::OkStatus();
  }
  if (known.has_value()) {
    KITH_RETURN_IF_ERROR(Count(batch, workspace, *known, -1));
    KITH_RETURN_IF_ERROR(Counted().Delete(batch, workspace, after->name()));
  }
  if (!now.has_value()) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(Count(batch, workspace, *now, 1));
  return Counted().Put(batch, workspace, *now);
}

}  // namespace

std::string DealOutcomes::CountKey(const std::string& pipeline, const std::string& team,
                                   const std::string& field, const std::string& value) {
  return KeyOf(pipeline, team, field, value);
}

const Table<v1::OutcomeCount>& DealOutcomes::Counts() {
  static const auto& table = *new Table<v1::OutcomeCount>(
      TableBuilder<v1::OutcomeCount>(1)
          .Key([](const v1::OutcomeCount& count) {
            return CountKey(count.pipeline(), count.team(), count.field(), count.value());
          })
          .Build());
  return table;
}

const Table<v1::UserTeam>& DealOutcomes::Teams() {
  static const auto& table = *new Table<v1::UserTeam>(
      TableBuilder<v1::UserTeam>(2)
          .Key([](const v1::UserTeam& user) -> const std::string& { return user.user(); })
          .Build());
  return table;
}

absl::Status DealOutcomes::Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const {
  if (eventstore::CategoryOf(event.header().stream) == "users") {
    KITH_RETURN_IF_ERROR(FollowUser(event, batch));
  }
  for (const projections::RowChange& change : batch.changes()) {
    KITH_RETURN_IF_ERROR(
        FollowDeal(change.before<Deal>(), change.after<Deal>(), change.workspace(), batch));
  }
  return absl::OkStatus();
}

std::string CountedText(const google::protobuf::Message& deal, const char* name) {
  const auto* const field = deal.GetDescriptor()->FindFieldByName(name);
  const google::protobuf::Reflection& told = *deal.GetReflection();
  if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
    return told.GetString(deal, field);
  }
  const google::protobuf::EnumValueDescriptor* const value = told.GetEnum(deal, field);
  return value->number() == 0 ? "" : value->name();
}

}  // namespace kith::scoring_models
