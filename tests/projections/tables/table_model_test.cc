// A table against a map: random histories of puts and deletes, then random queries as of random
// positions, page by page. The model filters and sorts in the plainest way; where the table refuses
// a query it must be for its size, which these histories never reach.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tests/projections/tables/table_fixture.h"
#include "tests/testing/list_model.h"

namespace kith::projections {
namespace {

using deals::v1::Deal;
using testing::AnyOf;
using testing::NumberText;
using testing::Quoted;
using Model = testing::ListModel<Deal>;
using Rows = Model::Rows;
using Values = Model::Values;

// Small domains, so that values meet.
std::string AnyName() { return absl::StrCat("deals/", *rc::gen::inRange(0, 12)); }
std::string AnyOwner() { return AnyOf({"", "users/a", "users/b", "users/b\\*"}); }
std::string AnyStage() { return AnyOf({"pipelines/p/stages/1", "pipelines/p/stages/2"}); }
std::string AnyContact() {
  return AnyOf({"contacts/a", "contacts/ab", "contacts/b", "contacts/x"});
}
std::string AnyText() {
  return AnyOf({"", "a", "AB", "ab", "abc", "b", std::string("a\0b", 3), "B abc", "ab-a b"});
}

Deal AnyDeal() {
  Deal deal = MakeDeal(AnyName(), AnyOwner(), AnyText());
  deal.set_product(AnyText());
  deal.set_status(static_cast<deals::v1::DealStatus>(*rc::gen::inRange(0, 4)));
  deal.set_stage(AnyStage());
  deal.set_probability(*rc::gen::inRange(-2, 3));
  if (*rc::gen::arbitrary<bool>()) {
    deal.mutable_expected_close_date()->set_year(2026);
    deal.mutable_expected_close_date()->set_month(*rc::gen::inRange(1, 4));
    deal.mutable_expected_close_date()->set_day(1);
  }
  if (*rc::gen::arbitrary<bool>()) {
    deal.mutable_create_time()->set_seconds(*rc::gen::inRange(-2, 3));
  }
  if (*rc::gen::inRange(0, 4) != 0) {
    deal.mutable_last_activity_time()->set_seconds(*rc::gen::inRange(0, 5));
  }
  if (*rc::gen::inRange(0, 4) != 0) {
    deal.mutable_amount()->set_currency_code(AnyOf({"EUR", "USD"}));
    deal.mutable_amount()->set_units(*rc::gen::inRange(-1, 2));
    deal.mutable_amount()->set_nanos(deal.amount().units() < 0 ? -500'000'000 : 0);
  }
  deal.set_source(AnyOf({"", "web", "Web", "fair"}));
  const int contacts = *rc::gen::inRange(0, 4);
  for (int i = 0; i < contacts; ++i) {
    auto& contact = *deal.add_contacts();
    contact.set_contact(AnyContact());
    contact.set_role(static_cast<deals::v1::ContactRole>(*rc::gen::inRange(0, 3)));
  }
  return deal;
}

std::string Seconds(bool is_set, const google::protobuf::Timestamp& time) {
  return is_set ? NumberText(time.seconds()) : "";
}

std::string Month(const Deal& deal) {
  const auto& date = deal.expected_close_date();
  return NumberText(date.year() * 12 + date.month());
}

// In tenths, behind its currency.
std::string AmountText(const Deal& deal) {
  if (!deal.has_amount()) return "";
  return absl::StrCat(deal.amount().currency_code(),
                      NumberText(deal.amount().units() * 10 + deal.amount().nanos() / 100'000'000));
}

const Model& DealModel() {
  static const Model& model = *new Model(
      {
          {"owner", {[](const Deal& deal) { return Values{deal.owner()}; }}},
          {"product", {[](const Deal& deal) { return Values{deal.product()}; }}},
          {"stage", {[](const Deal& deal) { return Values{deal.stage()}; }}},
          {"display_name",
           {[](const Deal& deal) { return Values{FoldAscii(deal.display_name())}; }, FoldAscii}},
          {"status", {[](const Deal& deal) { return Values{NumberText(deal.status())}; }}},
          {"probability",
           {[](const Deal& deal) { return Values{NumberText(deal.probability())}; }}},
          {"expected_close_date",
           {.values = [](const Deal& deal) { return Values{Month(deal)}; },
            .unset = NumberText(0)}},
          {"create_time",
           {.values =
                [](const Deal& deal) {
                  return Values{Seconds(deal.has_create_time(), deal.create_time())};
                },
            .unset = ""}},
          {"last_activity_time",
           {.values =
                [](const Deal& deal) {
                  return Values{Seconds(deal.has_last_activity_time(), deal.last_activity_time())};
                },
            .unset = ""}},
          {"source",
           {[](const Deal& deal) { return Values{FoldAscii(deal.source())}; }, FoldAscii}},
          {"amount", {[](const Deal& deal) { return Values{AmountText(deal)}; }}},
          {"contacts.role", {[](const Deal& deal) {
             Values roles;
             for (const auto& contact : deal.contacts())
               roles.push_back(NumberText(contact.role()));
             return roles;
           }}},
          {"contact", {[](const Deal& deal) {
             Values contacts;
             for (const auto& contact : deal.contacts()) contacts.push_back(contact.contact());
             return contacts;
           }}},
      },
      {
          {"amount",
           [](const Deal& deal) -> std::optional<Model::Amount> {
             if (!deal.has_amount()) return std::nullopt;
             const auto& amount = deal.amount();
             return Model::Amount(amount.currency_code(),
                                  amount.units() * 1'000'000'000 + amount.nanos());
           }},
          {"probability", [](const Deal& deal) { return Model::Amount("", deal.probability()); }},
      });
  return model;
}

// A day of a time is every moment of it.
Model::Condition AnyCreateDay() {
  const std::string op = AnyOf({"=", "!=", "<", "<=", ">", ">="});
  const bool before = *rc::gen::arbitrary<bool>();
  const int64_t from = before ? -86'400 : 0;  // the two days that the times are of
  const auto holds = [=](const Deal& deal) {
    const bool is_set = deal.has_create_time();
    const int64_t second = deal.create_time().seconds();
    const bool within = is_set && second >= from && second < from + 86'400;
    if (op == "=") return within;
    if (op == "!=") return !within;
    if (op == "<") return is_set && second < from;
    if (op == "<=") return is_set && second < from + 86'400;
    if (op == ">") return is_set && second >= from + 86'400;
    return is_set && second >= from;
  };
  return {absl::StrCat("create_time ", op, before ? " 1969-12-31" : " 1970-01-01"), holds};
}

// Amounts of another currency are neither more nor less.
Model::Condition AnyAmount() {
  const std::string op = AnyOf({"=", "!=", "<", "<=", ">", ">="});
  const std::string currency = AnyOf({"EUR", "USD"});
  const int tenths = *rc::gen::elementOf(std::vector<int>{-15, -10, 0, 5, 10});
  const std::string wanted = absl::StrCat(currency, NumberText(tenths));
  const auto holds = [=](const Deal& deal) {
    const std::string amount = AmountText(deal);
    const bool comparable = deal.amount().currency_code() == currency;
    if (op == "=") return amount == wanted;
    if (op == "!=") return amount != wanted;
    if (op == "<") return comparable && amount < wanted;
    if (op == "<=") return comparable && amount <= wanted;
    if (op == ">") return comparable && amount > wanted;
    return comparable && amount >= wanted;
  };
  return {absl::StrFormat("amount %s \"%.1f %s\"", op, tenths / 10.0, currency), holds};
}

// Each of the words begins one of the name.
Model::Condition AnyWords() {
  const std::vector<std::string> words = AnyOf({"a", "b"}) == "a"
                                             ? std::vector<std::string>{AnyOf({"a", "AB", "abc"})}
                                             : std::vector<std::string>{"B", AnyOf({"ab", "a"})};
  return {Quoted(absl::StrJoin(words, " ")), [=](const Deal& deal) {
            const std::vector<std::string> there = absl::StrSplit(
                FoldAscii(deal.display_name()), absl::ByAnyChar(std::string(" -\0", 3)));
            for (const std::string& word : words) {
              bool begins = false;
              for (const std::string& other : there) {
                begins = begins || absl::StartsWith(other, FoldAscii(word));
              }
              if (!begins) return false;
            }
            return true;
          }};
}

Model::Condition AnyCondition() {
  const Model& model = DealModel();
  switch (*rc::gen::inRange(0, 20)) {
    case 0:
      return model.AnyComparison("owner", AnyOwner());
    case 1: {
      const std::string stage = AnyStage();
      return model.AnyComparison("stage", stage, stage);
    }
    case 2: {
      const auto status = static_cast<deals::v1::DealStatus>(*rc::gen::inRange(0, 4));
      return model.AnyComparison("status", deals::v1::DealStatus_Name(status), NumberText(status));
    }
    case 3: {
      const int percent = *rc::gen::inRange(-3, 4);
      return model.AnyComparison("probability", absl::StrCat(percent), NumberText(percent));
    }
    case 4: {
      const int month = *rc::gen::inRange(1, 4);
      return model.AnyComparison("expected_close_date", absl::StrCat("2026-0", month, "-01"),
                                 NumberText(2026 * 12 + month));
    }
    case 5: {
      const int second = *rc::gen::inRange(0, 3);
      return model.AnyComparison("create_time", absl::StrCat("\"1970-01-01T00:00:0", second, "Z\""),
                                 NumberText(second));
    }
    case 9: {
      const int second = *rc::gen::inRange(0, 5);
      return model.AnyComparison("last_activity_time",
                                 absl::StrCat("\"1970-01-01T00:00:0", second, "Z\""),
                                 NumberText(second));
    }
    case 6: {
      const std::string contact = AnyContact();
      return model.AnyComparison("contact", contact, contact);
    }
    case 7:
      return model.AnyComparison("display_name", AnyText());
    case 8:
      return model.Prefix(AnyOf({"display_name", "product"}), AnyText());
    case 10:
      return model.Contains(AnyOf({"display_name", "product", "owner", "contact"}),
                            AnyOf({"a", "B", "ab", "users", "1", std::string("\0", 1), "\1"}));
    case 11: {
      const std::string first = AnyContact();
      const std::string second = AnyContact();
      return model.In("contact", {{Quoted(first), first}, {second, second}});
    }
    case 12:
      return model.In("owner", {{"\"\"", ""}, {"users/a", "users/a"}});
    case 13:
      return model.IsThere(AnyOf({"owner", "product", "display_name", "contact", "create_time",
                                  "expected_close_date", "last_activity_time"}));
    case 14:
      return AnyCreateDay();
    case 15:
      return AnyAmount();
    case 16:
      return AnyWords();
    case 17:
      return model.AnyComparison("source", AnyOf({"", "WEB", "fair"}));
    case 18: {
      const auto role = static_cast<deals::v1::ContactRole>(*rc::gen::inRange(0, 3));
      return model.AnyComparison("contacts.role", deals::v1::ContactRole_Name(role),
                                 NumberText(role));
    }
    default:
      return model.Prefix("contact", AnyContact());
  }
}

// A history in a workspace of its own of one store, since opening a store takes longer than a whole
// history.
class History {
 public:
  // Puts and deletes anything; the model keeps every state.
  History() : workspace_(next_workspace_++), before_(fixture().position()) {
    const int events = *rc::gen::inRange(0, 40);
    for (int i = 0; i < events; ++i) {
      Rows rows = states_.back();
      if (*rc::gen::inRange(0, 4) == 0) {
        const std::string name = AnyName();
        fixture().Delete(name, workspace_);
        rows.erase(name);
      } else {
        const Deal deal = AnyDeal();
        fixture().Put(deal, workspace_);
        rows[deal.name()] = deal;
      }
      if (*rc::gen::inRange(0, 200) == 0) fixture().Flush();
      states_.push_back(std::move(rows));
    }
  }

  WorkspaceId workspace() const { return workspace_; }
  // State 0 is before the first event.
  size_t size() const { return states_.size(); }
  const Rows& StateAt(size_t event) const { return states_[event]; }
  ViewSnapshot SnapshotAt(size_t event) const {
    return fixture().At(Position(before_.value() + event));
  }

 private:
  static TableFixture& fixture() {
    static TableFixture fixture;
    return fixture;
  }
  static inline uint32_t next_workspace_ = 1;

  const WorkspaceId workspace_;
  const Position before_;
  std::vector<Rows> states_ = {Rows()};
};

// Of trees of conditions, which are found through every kind of plan: each by itself, through
// several stretches side by side, gathered, and by a look at all rows.
RC_GTEST_PROP(TableModel, ListsWhatAMapWouldAsOfAnyPosition, ()) {
  const History history;
  for (int round = 0; round < 12; ++round) {
    const auto event = *rc::gen::inRange<size_t>(0, history.size());
    const Rows& rows = history.StateAt(event);
    Model::Conditions conditions;
    const int count = *rc::gen::inRange(0, 4);
    for (int i = 0; i < count; ++i) {
      conditions.push_back(Model::AnyTree(AnyCondition, *rc::gen::inRange(0, 4)));
    }
    const auto order =
        Model::AnyOrder({"owner", "status", "product", "probability", "expected_close_date",
                         "create_time", "display_name", "last_activity_time", "amount", "source"});
    const bool live = event + 1 == history.size() && *rc::gen::arbitrary<bool>();
    DealModel().ExpectListed(TestDeals(), history.SnapshotAt(event), history.workspace(), rows,
                             conditions, order, !live);
  }
}

// Several hundred rows, of which many have the same in the fields that lists are narrowed by, and
// what became of some of them after each of a few events.
class LongHistory {
 public:
  static constexpr int kRows = 400;
  static constexpr size_t kManyFrom = 4;  // from this event on there are hundreds

  LongHistory() {
    Rows rows;
    for (int i = 0; i < kRows; i += kPerEvent) {
      for (int j = i; j < i + kPerEvent; ++j) PutAny(absl::StrCat("deals/", j), rows);
      Keep(rows);
    }
    for (int event = 0; event < 4; ++event) {
      for (int i = 0; i < kPerEvent; ++i) {
        const std::string name = absl::StrCat("deals/", *rc::gen::inRange(0, kRows));
        if (*rc::gen::inRange(0, 4) != 0) {
          PutAny(name, rows);
        } else if (rows.erase(name) == 1) {
          changes_.emplace_back(name, std::nullopt);
        }
      }
      Keep(rows);
      fixture_.Flush();
    }
  }

  size_t size() const { return states_.size(); }
  const Rows& StateAt(size_t event) const { return states_[event]; }
  ViewSnapshot SnapshotAt(size_t event) const { return fixture_.At(positions_[event]); }

 private:
  static constexpr int kPerEvent = 50;

  void PutAny(const std::string& name, Rows& rows) {
    Deal deal = AnyDeal();
    deal.set_name(name);
    changes_.emplace_back(name, deal);
    rows[name] = std::move(deal);
  }
  // In one event.
  void Keep(const Rows& rows) {
    fixture_.Fold([&](ViewBatch& batch) {
      for (const auto& [name, deal] : changes_) {
        KITH_RETURN_IF_ERROR(deal.has_value() ? TestDeals().Put(batch, kWorkspace, *deal)
                                              : TestDeals().Delete(batch, kWorkspace, name));
      }
      return absl::OkStatus();
    });
    changes_.clear();
    states_.push_back(rows);
    positions_.push_back(fixture_.position());
  }

  TableFixture fixture_;
  std::vector<std::pair<std::string, std::optional<Deal>>> changes_;  // of the next event
  std::vector<Rows> states_;
  std::vector<Position> positions_;
};

// Goal: the same of lists with many pages and long stretches, live and as of a moment, and where a
// page may look at so few rows that most are short. Nothing is shrunk: fewer rows are above.
TEST(TableModelOfManyRows, ListsWhatAMapWouldAsOfAnyPosition) {
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = 6;
  params.disableShrinking = true;
  rc::detail::TestMetadata metadata;
  metadata.id = metadata.description = "a table lists many rows as a map would";
  int filters = 0;
  int live = 0;
  int short_pages = 0;
  int refused = 0;
  size_t fewest_rows = LongHistory::kRows;
  size_t most_rows = 0;
  const auto lists_as_a_map = [&] {
    const LongHistory history;
    for (int round = 0; round < 40; ++round) {
      const bool is_live = round % 2 == 0;
      const size_t event = is_live
                               ? history.size() - 1
                               : *rc::gen::inRange<size_t>(LongHistory::kManyFrom, history.size());
      const Rows& rows = history.StateAt(event);
      Model::Conditions conditions;
      const int count = *rc::gen::inRange(0, 3);
      for (int i = 0; i < count; ++i) {
        conditions.push_back(Model::AnyTree(AnyCondition, *rc::gen::inRange(0, 3)));
      }
      const bool looks_at_few = round % 4 >= 2;
      const std::vector<std::string> few_fields = {"owner", "status", "display_name",
                                                   "last_activity_time"};
      const std::vector<std::string> fields = {"owner",
                                               "status",
                                               "product",
                                               "probability",
                                               "create_time",
                                               "display_name",
                                               "last_activity_time",
                                               "amount",
                                               "source"};
      const auto order = Model::AnyOrder(looks_at_few ? few_fields : fields);
      testing::ListPaging paging{.page_size = *rc::gen::inRange(20, 100)};
      if (looks_at_few) paging.looks_max = *rc::gen::inRange<size_t>(10, 150);
      const bool listed =
          DealModel().ExpectListed(TestDeals(), history.SnapshotAt(event), kWorkspace, rows,
                                   conditions, order, !is_live, paging);
      ++filters;
      live += is_live ? 1 : 0;
      refused += listed ? 0 : 1;
      short_pages += listed && looks_at_few ? 1 : 0;
      fewest_rows = std::min(fewest_rows, rows.size());
      most_rows = std::max(most_rows, rows.size());
    }
  };
  const auto result = rc::detail::checkTestable(lists_as_a_map, metadata, params);
  std::cout << filters << " filters on " << fewest_rows << " to " << most_rows << " rows, " << live
            << " of them live; " << short_pages << " with pages by a few rows, where " << refused
            << " have to be sorted and are refused.\n";
  if (result.is<rc::detail::FailureResult>()) {
    ADD_FAILURE() << result.get<rc::detail::FailureResult>().description;
  }
  EXPECT_TRUE(result.is<rc::detail::SuccessResult>()) << "RC_PARAMS=\"seed=" << params.seed << "\"";
  EXPECT_GT(short_pages, refused);
}

RC_GTEST_PROP(TableModel, GetsWhatAMapHadAtEveryPosition, ()) {
  const History history;
  for (size_t event = 0; event < history.size(); ++event) {
    const Rows& rows = history.StateAt(event);
    for (int i = 0; i < 12; ++i) {
      const std::string name = absl::StrCat("deals/", i);
      const auto got = TestDeals().Get(history.SnapshotAt(event), history.workspace(), name,
                                       eventstore::ReadTier::kDisk);
      RC_ASSERT(got.ok());
      const auto expected = rows.find(name);
      RC_ASSERT(got->has_value() == (expected != rows.end()));
      if (got->has_value()) {
        RC_ASSERT((*got)->SerializeAsString() == expected->second.SerializeAsString());
      }
    }
  }
}

}  // namespace
}  // namespace kith::projections
