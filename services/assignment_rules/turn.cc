#include "services/assignment_rules/turn.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "services/core/date.h"

namespace kith::assignment_rules {
namespace {

// So many of those who were passed over are told in words.
constexpr size_t kToldMax = 3;

v1::PassedOver Because(const std::string& assignee, v1::Obstacle obstacle) {
  v1::PassedOver passed_over;
  passed_over.set_assignee(assignee);
  passed_over.set_obstacle(obstacle);
  return passed_over;
}

v1::PassedOver Until(absl::CivilDay last, absl::TimeZone zone, v1::PassedOver passed_over) {
  *passed_over.mutable_until_date() = DateOf(last);
  *passed_over.mutable_until_time() = ToTimestamp(TimeOf(absl::CivilSecond(last + 1), zone));
  return passed_over;
}

// The last day of the absences that follow on one another and have this day in them.
std::optional<absl::CivilDay> AbsentUntil(const users::v1::User& user, absl::CivilDay day) {
  std::optional<absl::CivilDay> last;
  for (int i = 0; i < user.absences_size(); ++i) {
    const absl::CivilDay at = last.has_value() ? *last + 1 : day;
    const auto found = std::find_if(
        user.absences().begin(), user.absences().end(), [&](const users::v1::Absence& absence) {
          return CivilDayOf(absence.start_date()) <= at && at <= CivilDayOf(absence.end_date());
        });
    if (found == user.absences().end()) break;
    last = CivilDayOf(found->end_date());
  }
  return last;
}

absl::CivilDay LastDayOfMonth(absl::CivilDay day) {
  return absl::CivilDay(absl::CivilMonth(day) + 1) - 1;
}

bool IsSameMonth(const google::type::Date& date, absl::CivilDay day) {
  return date.year() == day.year() && date.month() == day.month();
}

int64_t GivenThisMonth(const v1::MemberTurns* turns, absl::CivilDay today) {
  return turns != nullptr && IsSameMonth(turns->date(), today) ? turns->month_count() : 0;
}

int64_t GivenToday(const v1::MemberTurns* turns, absl::CivilDay today) {
  const bool is_today =
      turns != nullptr && IsSameMonth(turns->date(), today) && turns->date().day() == today.day();
  return is_today ? turns->day_count() : 0;
}

int64_t LastTurnOf(const Candidate& candidate) {
  return candidate.turns == nullptr ? 0 : candidate.turns->last_turn();
}

std::optional<v1::PassedOver> FindCapacityReached(const v1::AssignmentMember& member,
                                                  const v1::MemberTurns* turns,
                                                  const TurnMoment& moment) {
  if (!member.has_monthly_capacity()) return std::nullopt;
  v1::PassedOver reached = Because(member.user(), v1::AT_CAPACITY);
  if (member.monthly_capacity() == 0) return reached;
  const absl::CivilDay today = moment.today();
  if (GivenThisMonth(turns, today) >= member.monthly_capacity()) {
    return Until(LastDayOfMonth(today), moment.zone, std::move(reached));
  }
  if (GivenToday(turns, today) < CapacityOn(today, member.monthly_capacity())) return std::nullopt;
  absl::CivilDay last = today;
  while (CapacityOn(last + 1, member.monthly_capacity()) == 0) ++last;
  return Until(last, moment.zone, std::move(reached));
}

std::optional<v1::PassedOver> FindLimitReached(const v1::AssignmentRule& rule,
                                               const v1::AssignmentMember& member,
                                               const v1::MemberTurns* turns, absl::Time now) {
  if (!rule.has_limit()) return std::nullopt;
  v1::PassedOver reached = Because(member.user(), v1::AT_LIMIT);
  const int most = rule.limit().records();
  if (most == 0) return reached;
  if (turns == nullptr || turns->times_us_size() < most) return std::nullopt;
  const absl::Time oldest = absl::FromUnixMicros(turns->times_us(turns->times_us_size() - most));
  const absl::Time until = oldest + FromDuration(rule.limit().window());
  if (until <= now) return std::nullopt;
  *reached.mutable_until_time() = ToTimestamp(until);
  return reached;
}

// Who prefers the record, then who prefers none, then the others.
int TierOf(const Candidate& candidate) {
  if (candidate.prefers) return 0;
  return candidate.member->preference().empty() ? 1 : 2;
}

// Whether a is due before b under the strategy; neither, where only the turns tell.
int Compare(v1::AssignmentStrategy strategy, const Candidate& a, const Candidate& b,
            absl::CivilDay today) {
  int64_t of_a = 0;
  int64_t of_b = 0;
  if (strategy == v1::LEAST_BUSY) {
    of_a = a.open_records;
    of_b = b.open_records;
  } else if (strategy == v1::SPREAD) {
    // The shares of their capacities, on one denominator.
    of_a = GivenThisMonth(a.turns, today) * b.member->monthly_capacity();
    of_b = GivenThisMonth(b.turns, today) * a.member->monthly_capacity();
  }
  return of_a < of_b ? -1 : of_a > of_b ? 1 : 0;
}

}  // namespace

int64_t CapacityOn(absl::CivilDay day, int64_t monthly_capacity) {
  const int64_t days = LastDayOfMonth(day).day();
  const auto by_end_of = [&](int64_t number) {
    return (2 * monthly_capacity * number + days) / (2 * days);
  };
  return by_end_of(day.day()) - by_end_of(day.day() - 1);
}

std::optional<v1::PassedOver> FindObstacle(const std::string& name, const users::v1::User* user,
                                           const TurnMoment& moment) {
  if (user == nullptr || user->state() == users::v1::INACTIVE) return Because(name, v1::INACTIVE);
  // A user without a zone of their own has the workspace's days.
  const absl::TimeZone zone =
      user->time_zone().empty() ? moment.zone : TimeZoneOf(user->time_zone()).value_or(moment.zone);
  const auto last = AbsentUntil(*user, absl::ToCivilDay(moment.now, zone));
  if (!last.has_value()) return std::nullopt;
  return Until(*last, zone, Because(name, v1::ABSENT));
}

std::optional<v1::PassedOver> FindObstacle(const v1::AssignmentRule& rule,
                                           const v1::AssignmentMember& member,
                                           const users::v1::User* user,
                                           const v1::MemberTurns* turns, const TurnMoment& moment,
                                           bool ignore_capacity) {
  if (member.paused()) return Because(member.user(), v1::PAUSED);
  auto obstacle = FindObstacle(member.user(), user, moment);
  if (obstacle.has_value() || ignore_capacity) return obstacle;
  obstacle = FindCapacityReached(member, turns, moment);
  if (obstacle.has_value()) return obstacle;
  return FindLimitReached(rule, member, turns, moment.now);
}

size_t NextTurn(v1::AssignmentStrategy strategy, const std::vector<Candidate>& candidates,
                absl::CivilDay today) {
  KITH_CHECK(!candidates.empty());
  size_t next = 0;
  for (size_t i = 1; i < candidates.size(); ++i) {
    const Candidate& a = candidates[i];
    const Candidate& b = candidates[next];
    const auto place_a = std::tuple(TierOf(a), Compare(strategy, a, b, today), LastTurnOf(a));
    const auto place_b = std::tuple(TierOf(b), 0, LastTurnOf(b));
    if (place_a < place_b) next = i;
  }
  return next;
}

std::string Told(const v1::PassedOver& passed_over) {
  const auto until = [&] {
    return passed_over.has_until_date()
               ? absl::StrCat(" until ",
                              absl::FormatCivilTime(CivilDayOf(passed_over.until_date())))
               : std::string();
  };
  const std::string& who = passed_over.assignee();
  switch (passed_over.obstacle()) {
    case v1::ABSENT:
      return absl::StrCat(who, " is absent", until());
    case v1::INACTIVE:
      return absl::StrCat(who, " is deactivated or deleted");
    case v1::PAUSED:
      return absl::StrCat(who, " is paused");
    case v1::AT_CAPACITY:
      return absl::StrCat(who, " has what their capacity lets them have", until());
    case v1::AT_LIMIT:
      return absl::StrCat(
          who, " is at the limit",
          passed_over.has_until_time()
              ? absl::StrCat(" until ", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ",
                                                         FromTimestamp(passed_over.until_time()),
                                                         absl::UTCTimeZone()))
              : "");
    case v1::RULE_FOUND_NOBODY:
      return absl::StrCat(who, " finds nobody");
    default:
      return who;
  }
}

std::string Told(const std::vector<v1::PassedOver>& passed_over) {
  std::string told;
  for (size_t i = 0; i < passed_over.size() && i < kToldMax; ++i) {
    absl::StrAppend(&told, "; ", Told(passed_over[i]));
  }
  if (passed_over.size() > kToldMax) {
    absl::StrAppend(&told, "; and ", passed_over.size() - kToldMax, " more");
  }
  return told;
}

}  // namespace kith::assignment_rules
