#include "services/users/user_fields.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/normalise.h"
#include "kith/users/v1/users_errors.pb.h"
#include "services/core/date.h"
#include "services/core/reject.h"

namespace kith::users {
namespace {

// What undeleting and unmerging call the field of what comes back, which no request has.
constexpr absl::string_view kOwnerOfUndeleted = "owner";

bool HaveDaysInCommon(const v1::Absence& a, const v1::Absence& b) {
  return CivilDayOf(a.start_date()) <= CivilDayOf(b.end_date()) &&
         CivilDayOf(b.start_date()) <= CivilDayOf(a.end_date());
}

void CheckAbsence(const v1::User& user, int index, google::rpc::BadRequest& violations) {
  const v1::Absence& absence = user.absences(index);
  const std::string field = absl::StrCat("user.absences[", index, "]");
  if (CivilDayOf(absence.end_date()) < CivilDayOf(absence.start_date())) {
    return AddViolation(absl::StrCat(field, ".end_date"), "must not be before start_date",
                        violations);
  }
  for (int other = 0; other < index; ++other) {
    if (!HaveDaysInCommon(user.absences(other), absence)) continue;
    AddViolation(field, absl::StrCat("has a day in common with absences[", other, "]"), violations);
    break;
  }
  if (!absence.stand_in().empty() && absence.stand_in() == user.name()) {
    AddViolation(absl::StrCat(field, ".stand_in"), "must be somebody else", violations);
  }
}

}  // namespace

absl::Status CheckFields(const v1::User& user) {
  google::rpc::BadRequest violations;
  AddRepeats("user.teams", user.teams(), violations);
  AddRepeats("user.roles", user.roles(), violations);
  for (int i = 0; i < user.absences_size(); ++i) CheckAbsence(user, i, violations);
  CheckPreferences(user.notification_preferences(), "user.", violations);
  return RejectFields(violations);
}

void CheckPreferences(const notifications::v1::NotificationPreferences& preferences,
                      absl::string_view prefix, google::rpc::BadRequest& violations) {
  const std::string path = absl::StrCat(prefix, "notification_preferences.");
  const auto& kinds = preferences.kinds();
  for (int i = 0; i < kinds.size(); ++i) {
    const bool is_there = std::any_of(kinds.begin(), kinds.begin() + i, [&](const auto& other) {
      return other.kind() == kinds[i].kind();
    });
    if (!is_there) continue;
    AddViolation(absl::StrCat(path, "kinds[", i, "].kind"), "stands there already", violations);
  }
  const std::string& start = preferences.quiet_start_time();
  const std::string& end = preferences.quiet_end_time();
  if (start.empty() != end.empty()) {
    AddViolation(absl::StrCat(path, start.empty() ? "quiet_start_time" : "quiet_end_time"),
                 "is required where the other is said", violations);
  } else if (!start.empty() && start == end) {
    AddViolation(absl::StrCat(path, "quiet_end_time"), "must be another than the start",
                 violations);
  }
}

std::vector<std::string> EmailKeys(const v1::User& user) {
  if (user.email().empty()) return {};
  return {EmailKey(user.email()).value_or(user.email())};
}

std::vector<std::string> AdminKeys(const v1::User& user) {
  const bool is_admin =
      user.state() != v1::INACTIVE &&
      std::find(user.roles().begin(), user.roles().end(), kAdminRole) != user.roles().end();
  if (!is_admin) return {};
  return {std::string(kAdminRole)};
}

absl::Status LastAdmin(absl::string_view name) {
  return RejectState(v1::USERS_ERROR_LAST_ADMIN,
                     absl::StrCat("Nobody else who is active has ", kAdminRole,
                                  ". Give it to somebody else first."),
                     name, {{"name", std::string(name)}, {"role", std::string(kAdminRole)}});
}

absl::Status MayBeNamed(const v1::User& user, absl::string_view field) {
  if (user.state() != v1::INACTIVE) return absl::OkStatus();
  const bool comes_back = field == kOwnerOfUndeleted;
  const bool is_owner = comes_back || absl::EndsWith(field, ".owner") || field == "new_owner";
  const bool is_colleague = absl::EndsWith(field, ".manager") || absl::EndsWith(field, ".stand_in");
  if (!is_owner && !is_colleague) return absl::OkStatus();
  const absl::string_view what =
      is_owner ? "Nothing can become theirs: " : "Nobody is managed or stood in for by them: ";
  const absl::string_view todo =
      comes_back ? "Activate them, bring it back, hand it over, and deactivate them again."
                 : "Activate them, or name another.";
  return RejectState(v1::USERS_ERROR_USER_INACTIVE,
                     absl::StrCat(what, user.name(), " does not work with Kith any more. ", todo),
                     user.name(), {{"name", user.name()}, {"field", std::string(field)}});
}

absl::Status MayGive(const roles::v1::Role& role, absl::string_view field, const Grants* grants) {
  const std::optional<Excess> beyond = FirstBeyond(GrantsOf(role), grants);
  if (!beyond.has_value()) return absl::OkStatus();
  ErrorMetadata metadata = {{"field", std::string(field)}, {"role", role.name()}};
  for (auto& told : beyond->Metadata()) metadata.push_back(std::move(told));
  return Reject(v1::USERS_ERROR_ROLE_NOT_GRANTED,
                absl::StrCat("You cannot give anybody ", role.name(), ": ", beyond->Why(), "."),
                metadata);
}

}  // namespace kith::users
