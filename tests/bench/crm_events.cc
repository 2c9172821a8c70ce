#include "tests/bench/crm_events.h"

#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/ulid.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/tasks/v1/task_events.pb.h"
#include "kith/teams/v1/team_events.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "services/core/default_pipeline.h"
#include "services/core/resource_events.h"

namespace kith::bench {
namespace {

constexpr const char* kStages[] = {"new-lead", "contacted", "qualified", "proposal-sent",
                                   "negotiation"};
constexpr size_t kStageCount = std::size(kStages);
constexpr char kTeam[] = "teams/01J00000000000000000000000";
constexpr int kDays = 365;
constexpr size_t kContactsOfAName = 20;
constexpr size_t kSubjectBytes = 30;
constexpr size_t kBodyBytes = 270;

std::string StageName(size_t stage) {
  return absl::StrCat(kDefaultPipeline, "/stages/", kStages[stage]);
}

// Some day of 2027.
google::type::Date DayOf(uint64_t random) {
  const absl::CivilDay day = absl::CivilDay(2027, 1, 1) + static_cast<int>(random % kDays);
  google::type::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

std::string OwnerName(int owner) {
  return absl::StrCat("users/01J0000000000000000000", absl::Dec(owner, absl::kZeroPad4));
}

}  // namespace

CrmEvents::CrmEvents(WorkspaceId workspace, const eventstore::KeyStore& keys, uint64_t seed,
                     int owners)
    : workspace_(workspace), keys_(keys), random_(seed), owners_(owners), text_(seed) {
  registry_.Register<contacts::v1::ContactEvent>("contacts");
  registry_.Register<deals::v1::DealEvent>("deals");
  registry_.Register<interactions::v1::InteractionEvent>("interactions");
  registry_.Register<tasks::v1::TaskEvent>("tasks");
  registry_.Register<teams::v1::TeamEvent>("teams");
  registry_.Register<users::v1::UserEvent>("users");
}

StreamEvent CrmEvents::NewTeam() {
  teams::v1::Team team;
  team.set_display_name("North");
  return Encode("teams", kTeam, CreatedEvent<teams::v1::TeamEvent>(kTeam, std::move(team)));
}

StreamEvent CrmEvents::NewUser(int of_team) {
  const bool is_manager = users_ == owners_;
  const std::string name = OwnerName(users_);
  users::v1::User user;
  user.set_display_name(absl::StrCat("User ", users_));
  user.add_roles(is_manager ? "roles/sales-manager" : "roles/sales-rep");
  if (is_manager || users_ < of_team) user.add_teams(kTeam);
  ++users_;
  return Encode("users", name, CreatedEvent<users::v1::UserEvent>(name, std::move(user)));
}

std::string CrmEvents::RandomOwner() {
  return OwnerName(static_cast<int>(random_() % static_cast<uint64_t>(owners_)));
}

std::string CrmEvents::NewId() {
  static constexpr char kDigits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string id(26, '0');
  for (char& digit : id) digit = kDigits[random_() % 32];
  return UlidAt(SystemClock().Now(), absl::StrCat("0", id.substr(1)));
}

StreamEvent CrmEvents::Encode(absl::string_view category, const std::string& stream,
                              const google::protobuf::Message& event) {
  StreamEvent encoded{stream, registry_.Encode(category, event)};
  encoded.event.occur_time = SystemClock().Now();
  return encoded;
}

StreamEvent CrmEvents::NewContact() {
  const std::string name = absl::StrCat("contacts/", NewId());
  const std::string email = absl::StrCat("fill", contacts_.size(), "@example.com");
  contacts::v1::Contact contact;
  contact.set_first_name(absl::StrCat("Fill", contacts_.size() / kContactsOfAName));
  contact.set_last_name(absl::StrCat("Contact ", contacts_.size()));
  contact.set_display_name(absl::StrCat(contact.first_name(), " ", contact.last_name()));
  contact.add_emails()->set_address(email);
  contact.mutable_emails(0)->set_primary(true);
  contact.set_lifecycle_stage(contacts::v1::LEAD);
  contact.set_owner(RandomOwner());
  contacts_.push_back(name);
  StreamEvent created =
      Encode("contacts", name, CreatedEvent<contacts::v1::ContactEvent>(name, std::move(contact)));
  created.event.tags.push_back(keys_.Mac(workspace_, "contacts.email", email));
  return created;
}

StreamEvent CrmEvents::NewInteraction() {
  KITH_CHECK(!contacts_.empty());
  const std::string& contact = contacts_[random_() % contacts_.size()];
  const std::string stream = absl::StrCat(contact, "/interactions");
  interactions::v1::InteractionEvent event;
  auto& recorded = *event.mutable_interaction_recorded();
  recorded.set_name(absl::StrCat(stream, "/", NewId()));
  recorded.set_subject(contact);
  recorded.mutable_interaction()->set_kind(interactions::v1::EMAIL);
  recorded.mutable_interaction()->set_direction(interactions::v1::INBOUND);
  recorded.mutable_personal()->set_subject(text_.Make(kSubjectBytes));
  recorded.mutable_personal()->set_body(text_.Make(kBodyBytes));
  return Encode("interactions", stream, event);
}

StreamEvent CrmEvents::NewDeal() {
  Deal& deal = deals_.emplace_back();
  deal.name = absl::StrCat("deals/", NewId());
  deal.stage = random_() % kStageCount;
  deal.entered = SystemClock().Now();
  deals::v1::DealEvent event;
  auto& created = *event.mutable_deal_created()->mutable_deal();
  created.set_name(deal.name);
  created.set_display_name(absl::StrCat("Deal ", deals_.size(), " ", text_.Make(12)));
  created.set_pipeline(std::string(kDefaultPipeline));
  created.set_stage(StageName(deal.stage));
  created.mutable_amount()->set_currency_code("EUR");
  created.mutable_amount()->set_units(static_cast<int64_t>(random_() % 100'000));
  *created.mutable_expected_close_date() = DayOf(random_());
  created.set_company_name(absl::StrCat("Company ", random_() % 5000));
  created.set_owner(RandomOwner());
  return Encode("deals", deal.name, event);
}

StreamEvent CrmEvents::NewTask() {
  const std::string name = absl::StrCat("tasks/", NewId());
  tasks::v1::TaskEvent event;
  event.mutable_task_created()->set_name(name);
  tasks::v1::Task& task = *event.mutable_task_created()->mutable_task();
  task.set_display_name(text_.Make(20));
  task.set_kind(tasks::v1::TO_DO);
  task.set_priority(tasks::v1::NORMAL);
  task.set_state(tasks::v1::OPEN);
  task.set_time_zone("UTC");
  const absl::Duration spread = absl::Seconds(static_cast<int64_t>(random_() % 10'000'000));
  *task.mutable_due_time() = ToTimestamp(absl::FromUnixSeconds(4'900'000'000) + spread);
  *task.add_reminders() = ToDuration(absl::Hours(1));
  return Encode("tasks", name, event);
}

StreamEvent CrmEvents::RepriceDeal() {
  KITH_CHECK(!deals_.empty());
  const Deal& deal = deals_[next_deal_++ % deals_.size()];
  deals::v1::DealEvent event;
  auto& updated = *event.mutable_deal_updated();
  updated.set_name(deal.name);
  updated.mutable_update_mask()->add_paths("amount");
  updated.mutable_deal()->mutable_amount()->set_currency_code("EUR");
  updated.mutable_deal()->mutable_amount()->set_units(static_cast<int64_t>(random_() % 100'000));
  return Encode("deals", deal.name, event);
}

StreamEvent CrmEvents::ChangeDeal(int moves_percent) {
  KITH_CHECK(!deals_.empty());
  Deal& deal = deals_[next_deal_++ % deals_.size()];
  deals::v1::DealEvent event;
  if (static_cast<int>(random_() % 100) < moves_percent) {
    const absl::Time now = SystemClock().Now();
    auto& moved = *event.mutable_deal_stage_changed();
    moved.set_name(deal.name);
    moved.set_from_stage(StageName(deal.stage));
    deal.stage = (deal.stage + 1) % kStageCount;
    moved.set_to_stage(StageName(deal.stage));
    *moved.mutable_dwell() = ToDuration(now - std::exchange(deal.entered, now));
  } else {
    auto& updated = *event.mutable_deal_updated();
    updated.set_name(deal.name);
    for (const char* field : {"amount", "expected_close_date", "owner"}) {
      updated.mutable_update_mask()->add_paths(field);
    }
    updated.mutable_deal()->mutable_amount()->set_currency_code("EUR");
    updated.mutable_deal()->mutable_amount()->set_units(static_cast<int64_t>(random_() % 100'000));
    *updated.mutable_deal()->mutable_expected_close_date() = DayOf(random_());
    updated.mutable_deal()->set_owner(RandomOwner());
  }
  return Encode("deals", deal.name, event);
}

eventstore::Append CrmEvents::AppendOf(std::vector<StreamEvent> events, const std::string& method) {
  eventstore::Append append;
  append.workspace = workspace_;
  append.actor = "01J00000000000000000000000";
  append.request = {method, absl::StrCat("fill-", NewId()), {}};
  for (uint8_t& byte : append.request.digest) byte = static_cast<uint8_t>(random_());
  std::map<std::string, size_t> places;
  for (StreamEvent& event : events) {
    const auto [place, is_new] = places.emplace(event.stream, append.streams.size());
    if (is_new) append.streams.push_back({std::move(event.stream), {}});
    append.streams[place->second].events.push_back(std::move(event.event));
  }
  return append;
}

}  // namespace kith::bench
