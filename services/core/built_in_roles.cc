#include "services/core/built_in_roles.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"

namespace kith {
namespace {

using roles::v1::AccessScope;
using roles::v1::FieldGroup;
using roles::v1::MONEY;
using roles::v1::PERSONAL;
using roles::v1::Role;

using Granted = std::pair<const char*, AccessScope>;

constexpr AccessScope kOwn = roles::v1::OWN;
constexpr AccessScope kTeam = roles::v1::TEAM;
constexpr AccessScope kAll = roles::v1::ALL;

void AddGrant(const Granted& granted, Role& role) {
  roles::v1::RoleGrant& grant = *role.add_grants();
  grant.set_permission(granted.first);
  grant.set_scope(granted.second);
}

Role MakeRole(absl::string_view id, absl::string_view display_name, absl::string_view description,
              std::initializer_list<Granted> grants, std::initializer_list<FieldGroup> groups) {
  Role role;
  role.set_name(absl::StrCat("roles/", id));
  role.set_display_name(std::string(display_name));
  role.set_description(std::string(description));
  for (const Granted& grant : grants) AddGrant(grant, role);
  for (const FieldGroup group : groups) role.add_field_groups(group);
  role.set_built_in(true);
  return role;
}

Scope ScopeOf(AccessScope scope) {
  switch (scope) {
    case roles::v1::OWN:
      return Scope::kOwn;
    case roles::v1::TEAM:
      return Scope::kTeam;
    case roles::v1::ALL:
      return Scope::kAll;
    default:  // of a later version
      return Scope::kNone;
  }
}

// What everybody needs who works with Kith: who there is, what lists there are, and what they
// themselves are told.
Role WithWhatEverybodyHas(Role role) {
  for (const char* const permission :
       {"users.read", "teams.read", "roles.read", "workspaces.read", "saved_views.read",
        "custom_fields.read", "mail_templates.read", "business_calendars.read",
        "assignment_rules.read", "assignment_rules.assign", "meetings.respond", "calendars.read",
        "calendars.share", "scoring_models.read", "scores.read", "predictions.read"}) {
    AddGrant({permission, kAll}, role);
  }
  // Who makes them, makes them for others.
  AddGrant({"notifications.read", kOwn}, role);
  AddGrant({"notifications.write", kOwn}, role);
  return role;
}

std::vector<Role> SalesRoles() {
  return {WithWhatEverybodyHas(
              MakeRole("sales-manager", "Sales manager",
                       "The team's customers, deals and tasks, the pipelines, and the forecast.",
                       {{"contacts.*", kTeam},
                        {"companies.*", kTeam},
                        {"company_summaries.read", kTeam},
                        {"deals.*", kTeam},
                        {"leads.*", kTeam},
                        {"sites.read", kAll},
                        {"visitors.read", kTeam},
                        {"tasks.*", kTeam},
                        {"meetings.read", kTeam},
                        {"meetings.write", kTeam},
                        {"interactions.read", kTeam},
                        {"interactions.write", kTeam},
                        {"captures.write", kTeam},
                        {"capture_reviews.*", kAll},
                        {"forms.read", kAll},
                        {"form_submissions.read", kAll},
                        {"messages.read", kTeam},
                        {"messages.send", kTeam},
                        {"received_mails.read", kTeam},
                        {"mail_templates.write", kAll},
                        {"scoring_models.write", kAll},
                        {"import_jobs.*", kTeam},
                        {"export_jobs.*", kTeam},
                        {"scores.override", kTeam},
                        {"forecast.read", kTeam},
                        {"pipelines.write", kAll},
                        {"saved_views.write", kAll}},
                       {PERSONAL, MONEY})),
          WithWhatEverybodyHas(MakeRole("sales-rep", "Sales rep",
                                        "Their own customers, deals and tasks, and a look at the "
                                        "team's.",
                                        {{"contacts.read", kTeam},
                                         {"contacts.write", kOwn},
                                         {"companies.read", kTeam},
                                         {"companies.write", kOwn},
                                         {"company_summaries.read", kTeam},
                                         {"deals.read", kTeam},
                                         {"deals.write", kOwn},
                                         {"leads.read", kTeam},
                                         {"leads.write", kOwn},
                                         {"sites.read", kAll},
                                         {"visitors.read", kTeam},
                                         {"tasks.read", kTeam},
                                         {"tasks.write", kOwn},
                                         {"meetings.read", kTeam},
                                         {"meetings.write", kOwn},
                                         {"interactions.read", kTeam},
                                         {"interactions.write", kOwn},
                                         {"captures.write", kOwn},
                                         {"capture_reviews.read", kTeam},
                                         {"capture_reviews.write", kOwn},
                                         {"forms.read", kAll},
                                         {"form_submissions.read", kTeam},
                                         {"messages.read", kTeam},
                                         {"messages.send", kOwn},
                                         {"scores.override", kOwn},
                                         {"received_mails.read", kTeam},
                                         {"forecast.read", kOwn},
                                         {"saved_views.write", kAll}},
                                        {PERSONAL, MONEY}))};
}

std::vector<Role> OtherRoles() {
  return {
      WithWhatEverybodyHas(MakeRole("marketing", "Marketing",
                                    "All contacts and companies, and deals without their amounts.",
                                    {{"contacts.*", kAll},
                                     {"companies.*", kAll},
                                     {"interactions.read", kAll},
                                     {"forms.*", kAll},
                                     {"form_submissions.*", kAll},
                                     {"messages.read", kAll},
                                     {"messages.send", kAll},
                                     {"received_mails.read", kAll},
                                     {"mail_templates.write", kAll},
                                     {"scoring_models.write", kAll},
                                     {"import_jobs.*", kAll},
                                     {"export_jobs.*", kAll},
                                     {"deals.read", kAll},
                                     {"leads.*", kAll},
                                     {"sites.*", kAll},
                                     {"visitors.*", kAll},
                                     {"tasks.read", kTeam},
                                     {"tasks.write", kOwn},
                                     {"meetings.read", kTeam},
                                     {"meetings.write", kOwn},
                                     {"saved_views.write", kAll}},
                                    {PERSONAL})),
      WithWhatEverybodyHas(MakeRole(
          "support", "Support", "All contacts and companies, and what was said and done with them.",
          {{"contacts.*", kAll},
           {"companies.*", kAll},
           {"interactions.read", kAll},
           {"interactions.write", kAll},
           {"captures.write", kAll},
           {"capture_reviews.*", kAll},
           {"forms.read", kAll},
           {"form_submissions.read", kAll},
           {"messages.read", kAll},
           {"messages.send", kAll},
           {"received_mails.read", kAll},
           {"deals.read", kAll},
           {"leads.read", kAll},
           {"visitors.read", kAll},
           {"tasks.read", kTeam},
           {"tasks.write", kOwn},
           {"meetings.read", kTeam},
           {"meetings.write", kOwn},
           {"saved_views.write", kAll}},
          {PERSONAL})),
      MakeRole("auditor", "Auditor", "Reads everything, and changes nothing.", {{"*.read", kAll}},
               {PERSONAL, MONEY}),
      WithWhatEverybodyHas(MakeRole(
          "integration", "Integration",
          "Another system that brings and takes contacts, companies, deals and interactions.",
          {{"contacts.*", kAll},        {"companies.*", kAll},
           {"deals.*", kAll},           {"leads.*", kAll},
           {"sites.*", kAll},           {"visitors.*", kAll},
           {"interactions.read", kAll}, {"interactions.write", kAll},
           {"captures.write", kAll},    {"capture_reviews.*", kAll},
           {"forms.*", kAll},           {"form_submissions.*", kAll},
           {"tasks.*", kAll},           {"meetings.*", kAll},
           {"messages.*", kAll},        {"received_mails.*", kAll},
           {"mail_templates.*", kAll},  {"import_jobs.*", kAll},
           {"export_jobs.*", kAll},     {"events.read", kAll}},
          {PERSONAL, MONEY})),
  };
}

std::vector<Role> AllRoles() {
  std::vector<Role> all = {MakeRole("admin", "Admin",
                                    "Everything in the workspace, who may do what included.",
                                    {{"*", kAll}}, {PERSONAL, MONEY})};
  for (const std::vector<Role>& some : {SalesRoles(), OtherRoles()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace

const std::vector<Role>& BuiltInRoles() {
  static const auto& roles = *new std::vector<Role>(AllRoles());
  return roles;
}

const Role* FindBuiltInRole(absl::string_view name) {
  const std::vector<Role>& all = BuiltInRoles();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Role& role) { return role.name() == name; });
  return found == all.end() ? nullptr : &*found;
}

RoleGrants GrantsOf(const Role& role) {
  RoleGrants grants;
  for (const roles::v1::RoleGrant& grant : role.grants()) {
    grants.permissions.push_back({grant.permission(), ScopeOf(grant.scope())});
  }
  for (const int group : role.field_groups()) {
    grants.field_groups.push_back(FieldGroup_Name(static_cast<FieldGroup>(group)));
  }
  return grants;
}

std::vector<std::string> FieldGroups() {
  std::vector<std::string> groups;
  const auto& all = *roles::v1::FieldGroup_descriptor();
  for (int i = 1; i < all.value_count(); ++i) groups.push_back(all.value(i)->name());
  return groups;
}

}  // namespace kith
