#include "projections/assignment_rules/turn_fold.h"

#include <algorithm>

namespace kith::assignment_rules {
namespace {

v1::MemberTurns& TurnsOf(const std::string& user, v1::AssignmentTurns& turns) {
  auto& members = *turns.mutable_members();
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const auto& member) { return member.user() == user; });
  if (found != members.end()) return *found;
  if (members.size() == kTurnsKnownMax) {
    members.erase(std::min_element(
        members.begin(), members.end(),
        [](const auto& a, const auto& b) { return a.last_turn() < b.last_turn(); }));
  }
  v1::MemberTurns& added = *members.Add();
  added.set_user(user);
  return added;
}

bool IsSameMonth(const google::type::Date& a, const google::type::Date& b) {
  return a.year() == b.year() && a.month() == b.month();
}

}  // namespace

void FoldTurn(const v1::AssignmentTurnEvent& event, absl::Time occur_time,
              v1::AssignmentTurns& turns) {
  if (!event.has_record_assigned()) return;
  const v1::RecordAssigned& assigned = event.record_assigned();
  const v1::Assignment& assignment = assigned.assignment();
  if (assignment.basis() != v1::TURN) return;
  turns.set_turns(assignment.turn());
  v1::MemberTurns& member = TurnsOf(assignment.owner(), turns);
  member.set_last_turn(assignment.turn());
  if (!IsSameMonth(member.date(), assigned.date())) member.set_month_count(0);
  if (!IsSameMonth(member.date(), assigned.date()) ||
      member.date().day() != assigned.date().day()) {
    member.set_day_count(0);
  }
  *member.mutable_date() = assigned.date();
  member.set_month_count(member.month_count() + 1);
  member.set_day_count(member.day_count() + 1);
  auto& times = *member.mutable_times_us();
  if (times.size() == kTimesKnownMax) times.erase(times.begin());
  times.Add(absl::ToUnixMicros(occur_time));
}

const v1::MemberTurns* FindTurns(const v1::AssignmentTurns& turns, const std::string& user) {
  const auto found = std::find_if(turns.members().begin(), turns.members().end(),
                                  [&](const auto& member) { return member.user() == user; });
  return found == turns.members().end() ? nullptr : &*found;
}

}  // namespace kith::assignment_rules
