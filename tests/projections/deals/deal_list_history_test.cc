// Goal: whatever happens to deals, the list holds every deal as a fold by hand has it, with all the
// stages it has been in, and finds and orders deals as filtering and sorting by hand does; at the
// end and as of a moment in between. And a rebuilt view equals the live one, and an event folded
// twice changes nothing (ViewSpec::Then). Method: random histories; the seed is printed when one
// fails.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/proto_time.h"
#include "projections/deals/deal_list.h"
#include "projections/deals/deal_position.h"
#include "tests/projections/deals/deal_events.h"
#include "tests/testing/histories.h"
#include "tests/testing/list_model.h"
#include "tests/testing/view_spec.h"

namespace kith::deals {
namespace {

using testing::AnyOf;
using testing::GivenOptions;
using testing::NumberText;
using testing::ViewSpec;
using Model = testing::ListModel<v1::Deal>;
using Rows = Model::Rows;
using Values = Model::Values;

constexpr absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
const char* const kOpenStages[] = {"new-lead", "contacted", "qualified"};
const std::vector<std::string> kTexts = {"", "Zoë", "zoe", "ZOE & Söhne", "Bäcker", "b"};
const std::vector<std::string> kOwners = {"", "users/1", "users/2"};

// One random step: `what` says what happens, the other numbers to which deal and how.
struct Step {
  int what;
  int deal;
  int number;
  int hours;  // since the step before; what is recorded late may have happened before it
};

rc::Gen<Step> AnyStep() {
  return rc::gen::build<Step>(rc::gen::set(&Step::what, rc::gen::inRange(0, 10)),
                              rc::gen::set(&Step::deal, rc::gen::inRange(0, 5)),
                              rc::gen::set(&Step::number, rc::gen::inRange(0, 10'000)),
                              rc::gen::set(&Step::hours, rc::gen::inRange(-3, 30)));
}

void showValue(const Step& step, std::ostream& out) {
  out << "{what " << step.what << ", deal " << step.deal << ", number " << step.number << ", hours "
      << step.hours << "}";
}

// Sets everything that a caller may set, out of a few values each.
void SetValues(int number, v1::Deal& deal) {
  deal.set_display_name(kTexts[number % 6]);
  deal.set_company_name(kTexts[number / 2 % 6]);
  deal.set_product(kTexts[number / 3 % 6]);
  deal.set_owner(kOwners[number % 3]);
  *deal.mutable_amount() = MoneyIn("EUR", number);
  deal.clear_expected_close_date();
  if (number % 4 != 0) {
    deal.mutable_expected_close_date()->set_year(2026);
    deal.mutable_expected_close_date()->set_month(1 + number % 3);
    deal.mutable_expected_close_date()->set_day(1 + number % 2);
  }
  deal.clear_contacts();
  for (int i = 0; i < number % 3; ++i) {
    deal.add_contacts()->set_contact(absl::StrCat("contacts/", (number + i) % 4));
  }
}

// Gives a history to the view and to the deals folded by hand alike.
class History {
 public:
  History(ViewSpec& spec, Rows& deals) : spec_(spec), deals_(deals) {}

  void Take(const Step& step) {
    now_ += absl::Hours(step.hours);
    const std::string name = absl::StrCat("deals/", step.deal);
    const auto found = deals_.find(name);
    if (found == deals_.end()) return Create(name, step.number);
    v1::Deal& deal = found->second;
    const bool open = deal.status() == v1::OPEN;
    switch (step.what) {
      case 0:
        return Delete(name);
      case 1:
        return Update(step.number, {"display_name", "owner"}, deal);
      case 2:
        return Update(step.number, {"company_name", "product", "amount"}, deal);
      case 3:
        return Update(step.number, {"expected_close_date", "contacts"}, deal);
      case 4:
        return open ? Win(deal) : Reopen(step.number, deal);
      case 5:
        return open ? Lose(step.number, deal) : Reopen(step.number, deal);
      default:
        return open ? Move(step.number, deal) : Reopen(step.number, deal);
    }
  }

 private:
  template <class Event>
  void Given(const std::string& name, const Event& event) {
    spec_.Given(name, event, GivenOptions{.occur_time = now_});
    ++revisions_[name];
  }
  // What every event of a deal does to it.
  void Mark(v1::Deal& deal) {
    deal.set_etag(absl::StrCat(revisions_[deal.name()]));
    *deal.mutable_update_time() = ToTimestamp(now_);
    if (deal.has_last_activity_time() && FromTimestamp(deal.last_activity_time()) > now_) return;
    *deal.mutable_last_activity_time() = ToTimestamp(now_);
  }

  void Create(const std::string& name, int number) {
    v1::Deal deal = DealIn(name, kOpenStages[number % 3]);
    SetValues(number, deal);
    // An id is not given again, but the view need not rely on that.
    Given(name, Created(deal));
    deal.set_status(v1::OPEN);
    *deal.mutable_create_time() = ToTimestamp(now_);
    Enter(kOpenStages[number % 3], deal);
    Mark(deal);
    deals_[name] = deal;
  }

  void Delete(const std::string& name) {
    v1::DealDeleted deleted;
    deleted.set_name(name);
    Given(name, deleted);
    deals_.erase(name);
  }

  void Update(int number, const std::vector<std::string>& mask, v1::Deal& deal) {
    v1::Deal values = deal;
    SetValues(number, values);
    Given(deal.name(), Updated(values, mask));
    for (const std::string& path : mask) {
      if (path == "display_name") deal.set_display_name(values.display_name());
      if (path == "owner") deal.set_owner(values.owner());
      if (path == "company_name") deal.set_company_name(values.company_name());
      if (path == "product") deal.set_product(values.product());
      if (path == "amount") *deal.mutable_amount() = values.amount();
      if (path == "contacts") *deal.mutable_contacts() = values.contacts();
      if (path == "expected_close_date") {
        deal.clear_expected_close_date();
        if (values.has_expected_close_date()) {
          *deal.mutable_expected_close_date() = values.expected_close_date();
        }
      }
    }
    Mark(deal);
  }

  // Leaves the stage it is in, where it is in one.
  void Enter(const std::string& stage_id, v1::Deal& deal) {
    const int stays = deal.stage_intervals_size();
    if (stays > 0) {
      *deal.mutable_stage_intervals(stays - 1)->mutable_leave_time() = ToTimestamp(now_);
    }
    v1::StageInterval* stay = deal.add_stage_intervals();
    stay->set_stage(StagePath(stage_id));
    *stay->mutable_enter_time() = ToTimestamp(now_);
    deal.set_stage(StagePath(stage_id));
    deal.set_position(PositionOnEntry(now_, deal.name()));
    *deal.mutable_stage_enter_time() = ToTimestamp(now_);
  }

  void Move(int number, v1::Deal& deal) {
    Given(deal.name(), Moved(kOpenStages[number % 3]));
    Enter(kOpenStages[number % 3], deal);
    Mark(deal);
  }

  void Win(v1::Deal& deal) {
    Given(deal.name(), Won());
    Enter("closed-won", deal);
    deal.set_status(v1::WON);
    *deal.mutable_close_time() = ToTimestamp(now_);
    if (!deal.has_first_win_time()) *deal.mutable_first_win_time() = ToTimestamp(now_);
    Mark(deal);
  }

  void Lose(int number, v1::Deal& deal) {
    v1::DealLost lost = Lost(number % 2 == 0 ? v1::PRICING : v1::BUDGET);
    lost.set_notes(kTexts[number % 6]);
    Given(deal.name(), lost);
    Enter("closed-lost", deal);
    deal.set_status(v1::LOST);
    *deal.mutable_close_time() = ToTimestamp(now_);
    deal.set_lost_reason(lost.reason());
    deal.set_lost_notes(lost.notes());
    Mark(deal);
  }

  void Reopen(int number, v1::Deal& deal) {
    Given(deal.name(), Reopened(kOpenStages[number % 3]));
    Enter(kOpenStages[number % 3], deal);
    deal.set_status(v1::OPEN);
    deal.clear_close_time();
    deal.clear_lost_reason();
    deal.clear_lost_notes();
    Mark(deal);
  }

  ViewSpec& spec_;
  Rows& deals_;
  std::map<std::string, int> revisions_;
  absl::Time now_ = kStart;
};

// A field of one text, by a getter: [](const v1::Deal& deal) { return deal.owner(); }.
template <class Get>
Model::Field Text(Get get, std::function<std::string(absl::string_view)> normalise = {}) {
  return {.values =
              [=](const v1::Deal& deal) {
                return Values{normalise ? normalise(get(deal)) : get(deal)};
              },
          .normalise = normalise};
}

std::string TimeText(bool is_set, const google::protobuf::Timestamp& time) {
  return is_set ? NumberText(time.seconds()) : "";
}

std::string DayText(const google::type::Date& date) {
  return NumberText((date.year() * 12 + date.month()) * 31 + date.day());
}

const Model& Deals() {
  static const Model& model = *new Model({
      {"pipeline", Text([](const v1::Deal& deal) { return deal.pipeline(); })},
      {"stage", Text([](const v1::Deal& deal) { return deal.stage(); })},
      {"status", Text([](const v1::Deal& deal) { return NumberText(deal.status()); })},
      {"owner", Text([](const v1::Deal& deal) { return deal.owner(); })},
      {"display_name", Text([](const v1::Deal& deal) { return deal.display_name(); }, FoldedName)},
      {"company_name", Text([](const v1::Deal& deal) { return deal.company_name(); }, FoldedName)},
      {"product", Text([](const v1::Deal& deal) { return deal.product(); }, FoldedName)},
      {"contact",
       {.values =
            [](const v1::Deal& deal) {
              Values contacts;
              for (const auto& contact : deal.contacts()) contacts.push_back(contact.contact());
              return contacts;
            }}},
      {"expected_close_date",
       {.values = [](const v1::Deal& deal) { return Values{DayText(deal.expected_close_date())}; },
        .unset = NumberText(0)}},
      {"close_time",
       {.values =
            [](const v1::Deal& deal) {
              return Values{TimeText(deal.has_close_time(), deal.close_time())};
            },
        .unset = ""}},
      {"create_time",
       {.values =
            [](const v1::Deal& deal) {
              return Values{TimeText(deal.has_create_time(), deal.create_time())};
            },
        .unset = ""}},
      {"last_activity_time",
       {.values =
            [](const v1::Deal& deal) {
              return Values{TimeText(deal.has_last_activity_time(), deal.last_activity_time())};
            },
        .unset = ""}},
  });
  return model;
}

Model::Condition AnyTime(const std::string& field) {
  const absl::Time time = kStart + absl::Hours(*rc::gen::inRange(-10, 200));
  const std::string literal =
      testing::Quoted(absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone()));
  return Deals().AnyComparison(field, literal, NumberText(absl::ToUnixSeconds(time)));
}

Model::Condition AnyDay() {
  const int month = *rc::gen::inRange(1, 5);
  const int day = *rc::gen::inRange(1, 4);
  google::type::Date date;
  date.set_year(2026);
  date.set_month(month);
  date.set_day(day);
  return Deals().AnyComparison("expected_close_date", absl::StrFormat("2026-%02d-%02d", month, day),
                               DayText(date));
}

Model::Condition AnyCondition() {
  const std::string name = AnyOf({"display_name", "company_name", "product"});
  switch (*rc::gen::inRange(0, 10)) {
    case 0:
      return Deals().AnyComparison("pipeline", AnyOf({"pipelines/default", "pipelines/other"}));
    case 1:
    case 2:
      return Deals().AnyComparison(
          "stage", StagePath(AnyOf({"new-lead", "contacted", "closed-won", "closed-lost"})));
    case 3: {
      const std::string status = AnyOf({"OPEN", "WON", "LOST"});
      v1::DealStatus number;
      v1::DealStatus_Parse(status, &number);
      return Deals().AnyComparison("status", status, NumberText(number));
    }
    case 4:
      return Deals().AnyComparison("owner", AnyOf(kOwners));
    case 5:
      return Deals().AnyComparison("contact", AnyOf({"contacts/0", "contacts/1", "contacts/2"}));
    case 6:
      return Deals().AnyComparison(name, AnyOf(kTexts));
    case 7:
      return Deals().Prefix(name, AnyOf(kTexts));
    case 8:
      return AnyDay();
    default:
      return AnyTime(AnyOf({"close_time", "create_time", "last_activity_time"}));
  }
}

void ExpectSame(const projections::ViewSnapshot& list, const Rows& deals) {
  for (int i = 0; i < 5; ++i) {
    const std::string name = absl::StrCat("deals/", i);
    const auto row = DealList::Deals().Get(list, WorkspaceId(1), name, eventstore::ReadTier::kDisk);
    RC_ASSERT(row.ok());
    const auto expected = deals.find(name);
    RC_ASSERT(row->has_value() == (expected != deals.end()));
    if (row->has_value()) RC_ASSERT((*row)->DebugString() == expected->second.DebugString());
  }
  for (int query = 0; query < 8; ++query) {
    std::vector<Model::Condition> conditions;
    const int count = *rc::gen::inRange(0, 4);
    for (int i = 0; i < count; ++i) conditions.push_back(AnyCondition());
    const auto order =
        Model::AnyOrder({"pipeline", "status", "owner", "display_name", "company_name", "product",
                         "expected_close_date", "close_time", "create_time", "last_activity_time"});
    Deals().ExpectListed(DealList::Deals(), list, WorkspaceId(1), deals, conditions, order);
  }
}

TEST(DealListHistory, HoldsAndFindsWhatAFoldByHandDoes) {
  const bool held = testing::HoldsForHistories("the list equals the deals folded by hand", [] {
    ViewSpec spec = ViewSpec::Of<DealList>()
                        .Takes<v1::DealEvent>("deals")
                        .Takes<interactions::v1::InteractionEvent>("interactions");
    Rows deals;
    History history(spec, deals);
    testing::CompareWithModel(
        AnyStep(), spec, deals, [&](const Step& step) { history.Take(step); }, ExpectSame);
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace kith::deals
