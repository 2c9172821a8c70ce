#include "projections/scoring_models/record_outcomes.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "kith/users/v1/user.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "projections/store/key_codec.h"
#include "projections/tables/fold_resource.h"

namespace kith::scoring_models {
namespace {

using projections::KeyOf;
using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;

const Table<v1::CountedRecord>& Counted() {
  static const auto& table = *new Table<v1::CountedRecord>(
      TableBuilder<v1::CountedRecord>(3)
          .Key(
              [](const v1::CountedRecord& record) -> const std::string& { return record.record(); })
          .Build());
  return table;
}

absl::Status FollowUser(const eventstore::RecordedEvent& event, ViewBatch& batch) {
  const WorkspaceId workspace = event.header().workspace;
  KITH_ASSIGN_OR_RETURN(auto known,
                        RecordOutcomes::Teams().Get(batch, workspace, event.header().stream));
  users::v1::User user;
  if (known.has_value() && !known->team().empty()) user.add_teams(known->team());
  FoldStandardEvent(projections::HappeningOf(event), user);
  v1::UserTeam row;
  row.set_user(event.header().stream);
  if (!user.teams().empty()) row.set_team(user.teams(0));
  return RecordOutcomes::Teams().Put(batch, workspace, row);
}

void AddValue(const char* field, std::string value, v1::CountedRecord& counted) {
  v1::CountedValue& one = *counted.add_values();
  one.set_field(field);
  one.set_value(std::move(value));
}

// What a record was counted by; empty where that is nothing.
std::string ValueOf(const v1::CountedRecord& counted, absl::string_view field) {
  for (const v1::CountedValue& one : counted.values()) {
    if (one.field() == field) return one.value();
  }
  return "";
}

// Adds one to a count, or takes it away; a row that counts nothing is none. Whether the row came or
// went: 1, -1, else 0.
absl::StatusOr<int> AddOne(ViewBatch& batch, WorkspaceId workspace, v1::OutcomeCount row, bool won,
                           int times, int values) {
  int moved = 0;
  KITH_RETURN_IF_ERROR(RecordOutcomes::Counts().Change(
      batch, workspace,
      RecordOutcomes::CountKey(row.pipeline(), row.team(), row.field(), row.value()),
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

absl::Status Count(ViewBatch& batch, WorkspaceId workspace, const v1::CountedRecord& record,
                   int times) {
  std::vector<std::string> teams = {""};
  if (!record.team().empty()) teams.push_back(record.team());
  for (const std::string& team : teams) {
    v1::OutcomeCount row;
    row.set_pipeline(record.pipeline());
    row.set_team(team);
    KITH_RETURN_IF_ERROR(AddOne(batch, workspace, row, record.won(), times, 0).status());
    for (const v1::CountedValue& value : record.values()) {
      row.set_field(value.field());
      row.set_value(value.value());
      KITH_ASSIGN_OR_RETURN(const int values,
                            AddOne(batch, workspace, row, record.won(), times, 0));
      row.clear_value();
      KITH_RETURN_IF_ERROR(AddOne(batch, workspace, row, record.won(), times, values).status());
    }
  }
  return absl::OkStatus();
}

// Of whom a record is that an owner closes: a team that has it in its queue, or the owner's.
absl::StatusOr<std::string> TeamOf(const std::string& owner, WorkspaceId workspace,
                                   ViewBatch& batch) {
  if (owner.empty() || absl::StartsWith(owner, "teams/")) return owner;
  KITH_ASSIGN_OR_RETURN(const auto user, RecordOutcomes::Teams().Get(batch, workspace, owner));
  return user.has_value() ? user->team() : std::string();
}

}  // namespace

v1::CountedRecord RecordOutcomes::CountedAs(const Standing& standing, const Message& record,
                                            std::string team,
                                            const v1::CountedRecord* known) const {
  v1::CountedRecord counted;
  counted.set_record(standing.record);
  counted.set_won(standing.outcome == Outcome::kWon);
  counted.set_pipeline(standing.pipeline);
  counted.set_team(std::move(team));
  counted.set_owner(standing.owner);
  for (const CountedField& field : fields_) {
    for (std::string& text : CountedTexts(record, field.path)) {
      AddValue(field.path, std::move(text), counted);
    }
  }
  if (standing.outcome == Outcome::kWon) return counted;
  std::string lost_at = standing.lost_at;
  if (lost_at.empty() && known != nullptr) lost_at = ValueOf(*known, reach_);
  if (!lost_at.empty()) AddValue(reach_, std::move(lost_at), counted);
  return counted;
}

absl::Status RecordOutcomes::Follow(const Message* before, const Message* after,
                                    WorkspaceId workspace, ViewBatch& batch) const {
  // What is deleted was won or lost all the same.
  if (after == nullptr) return absl::OkStatus();
  const Standing standing = StandingOf(before, *after);
  const bool is_open = standing.outcome == Outcome::kOpen;
  const bool was_open = before == nullptr || StandingOf(nullptr, *before).outcome == Outcome::kOpen;
  if (is_open && was_open) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const auto known, Counted().Get(batch, workspace, standing.record));
  std::optional<v1::CountedRecord> now;
  if (!is_open) {
    // Whose it was as it was closed, until it is somebody else's.
    std::string team;
    if (known.has_value() && known->owner() == standing.owner) {
      team = known->team();
    } else {
      KITH_ASSIGN_OR_RETURN(team, TeamOf(standing.owner, workspace, batch));
    }
    now = CountedAs(standing, *after, std::move(team), known.has_value() ? &*known : nullptr);
  }
  if (known.has_value() && now.has_value() &&
      known->SerializeAsString() == now->SerializeAsString()) {
    return absl::OkStatus();
  }
  if (known.has_value()) {
    KITH_RETURN_IF_ERROR(Count(batch, workspace, *known, -1));
    KITH_RETURN_IF_ERROR(Counted().Delete(batch, workspace, standing.record));
  }
  if (!now.has_value()) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(Count(batch, workspace, *now, 1));
  return Counted().Put(batch, workspace, *now);
}

std::string RecordOutcomes::CountKey(const std::string& pipeline, const std::string& team,
                                     const std::string& field, const std::string& value) {
  return KeyOf(pipeline, team, field, value);
}

const Table<v1::OutcomeCount>& RecordOutcomes::Counts() {
  static const auto& table = *new Table<v1::OutcomeCount>(
      TableBuilder<v1::OutcomeCount>(1)
          .Key([](const v1::OutcomeCount& count) {
            return CountKey(count.pipeline(), count.team(), count.field(), count.value());
          })
          .Build());
  return table;
}

const Table<v1::UserTeam>& RecordOutcomes::Teams() {
  static const auto& table = *new Table<v1::UserTeam>(
      TableBuilder<v1::UserTeam>(2)
          .Key([](const v1::UserTeam& user) -> const std::string& { return user.user(); })
          .Build());
  return table;
}

absl::Status RecordOutcomes::Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const {
  if (eventstore::CategoryOf(event.header().stream) == "users") {
    KITH_RETURN_IF_ERROR(FollowUser(event, batch));
  }
  for (const projections::RowChange& change : batch.changes()) {
    KITH_RETURN_IF_ERROR(
        Follow(change.before<Message>(), change.after<Message>(), change.workspace(), batch));
  }
  return absl::OkStatus();
}

std::vector<std::string> CountedTexts(const google::protobuf::Message& record, const char* path) {
  const google::protobuf::Message* message = &record;
  const std::vector<absl::string_view> names = absl::StrSplit(path, '.');
  for (size_t i = 0; i + 1 < names.size(); ++i) {
    message = &message->GetReflection()->GetMessage(
        *message, message->GetDescriptor()->FindFieldByName(std::string(names[i])));
  }
  const google::protobuf::Reflection& told = *message->GetReflection();
  const auto* const field = message->GetDescriptor()->FindFieldByName(std::string(names.back()));
  std::vector<std::string> texts;
  if (field->is_repeated()) {
    for (int i = 0; i < told.FieldSize(*message, field); ++i) {
      texts.push_back(told.GetRepeatedString(*message, field, i));
    }
  } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
    texts.push_back(told.GetString(*message, field));
  } else if (told.GetEnumValue(*message, field) != 0) {
    texts.push_back(told.GetEnum(*message, field)->name());
  }
  std::erase(texts, "");
  return texts;
}

}  // namespace kith::scoring_models
