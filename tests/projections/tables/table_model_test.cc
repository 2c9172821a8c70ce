// A table against a map: random histories of puts and deletes, then random queries as of random
// positions, page by page. The model filters and sorts in the plainest way; where the table refuses
// a query it must be for its size, which these histories never reach.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

#include "tests/projections/tables/table_fixture.h"

namespace kith::projections {
namespace {

using deals::v1::Deal;
using Rows = std::map<std::string, Deal>;

// Small domains, so that values meet.
std::string AnyOf(const std::vector<std::string>& values) { return *rc::gen::elementOf(values); }
std::string AnyName() { return absl::StrCat("deals/", *rc::gen::inRange(0, 12)); }
std::string AnyOwner() { return AnyOf({"", "users/a", "users/b", "users/b\\*"}); }
std::string AnyContact() { return AnyOf({"contacts/a", "contacts/ab", "contacts/b", "x"}); }
std::string AnyText() { return AnyOf({"", "a", "AB", "ab", "abc", "b", std::string("a\0b", 3)}); }

Deal AnyDeal() {
  Deal deal = MakeDeal(AnyName(), AnyOwner(), AnyText());
  deal.set_product(AnyText());
  deal.set_status(static_cast<deals::v1::DealStatus>(*rc::gen::inRange(0, 4)));
  deal.set_stage(AnyOf({"s/1", "s/2"}));
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
  const int contacts = *rc::gen::inRange(0, 4);
  for (int i = 0; i < contacts; ++i) deal.add_contacts()->set_contact(AnyContact());
  return deal;
}

// What the model compares: numbers and texts of a field, in the order that the table promises.
using Values = std::vector<std::string>;
std::string Number(int64_t number) { return absl::StrCat(5'000'000 + number); }

Values ValuesOf(const Deal& deal, const std::string& field) {
  if (field == "owner") return {deal.owner()};
  if (field == "product") return {deal.product()};
  if (field == "stage") return {deal.stage()};
  if (field == "display_name") return {FoldAscii(deal.display_name())};
  if (field == "status") return {Number(deal.status())};
  if (field == "probability") return {Number(deal.probability())};
  if (field == "expected_close_date") {
    const auto& date = deal.expected_close_date();
    return {Number(date.year() * 12 + date.month())};
  }
  if (field == "create_time") {
    return {deal.has_create_time() ? Number(deal.create_time().seconds()) : ""};
  }
  if (field == "last_activity_time") {
    return {deal.has_last_activity_time() ? Number(deal.last_activity_time().seconds()) : ""};
  }
  Values contacts;
  for (const auto& contact : deal.contacts()) contacts.push_back(contact.contact());
  return contacts;
}

struct Condition {
  std::string text;  // as the filter has it
  std::function<bool(const Deal&)> holds;
};

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '*') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

Condition Compare(const std::string& field, const std::string& literal, const std::string& value) {
  const std::string op = AnyOf({"=", "=", "=", "!=", "<", "<=", ">", ">=", ":"});
  // A day or a time that is not set is before no other.
  const bool is_time =
      field == "expected_close_date" || field == "create_time" || field == "last_activity_time";
  const std::string unset = field == "expected_close_date" ? Number(0) : "";
  const auto holds = [=](const std::string& other) {
    if (is_time && other == unset && op[0] == '<') return false;
    if (op == "<") return other < value;
    if (op == "<=") return other <= value;
    if (op == ">") return other > value;
    if (op == ">=") return other >= value;
    return other == value;
  };
  return {absl::StrCat(field, " ", op, " ", literal), [=](const Deal& deal) {
            const Values values = ValuesOf(deal, field);
            const bool any = std::any_of(values.begin(), values.end(), holds);
            return op == "!=" ? !any : any;
          }};
}

Condition Prefix(const std::string& field, const std::string& beginning) {
  const std::string quoted = Quoted(beginning);
  const std::string folded = field == "display_name" ? FoldAscii(beginning) : beginning;
  return {absl::StrCat(field, " = ", quoted.substr(0, quoted.size() - 1), "*\""),
          [=](const Deal& deal) {
            const Values values = ValuesOf(deal, field);
            return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
              return value.compare(0, folded.size(), folded) == 0;
            });
          }};
}

Condition AnyCondition() {
  switch (*rc::gen::inRange(0, 11)) {
    case 0: {
      const std::string owner = AnyOwner();
      return Compare("owner", Quoted(owner), owner);
    }
    case 1: {
      const std::string stage = AnyOf({"s/1", "s/2"});
      return Compare("stage", stage, stage);
    }
    case 2: {
      const auto status = static_cast<deals::v1::DealStatus>(*rc::gen::inRange(0, 4));
      return Compare("status", deals::v1::DealStatus_Name(status), Number(status));
    }
    case 3: {
      const int percent = *rc::gen::inRange(-3, 4);
      return Compare("probability", absl::StrCat(percent), Number(percent));
    }
    case 4: {
      const int month = *rc::gen::inRange(1, 4);
      return Compare("expected_close_date", absl::StrCat("2026-0", month, "-01"),
                     Number(2026 * 12 + month));
    }
    case 5: {
      const int second = *rc::gen::inRange(0, 3);
      return Compare("create_time", absl::StrCat("\"1970-01-01T00:00:0", second, "Z\""),
                     Number(second));
    }
    case 9: {
      const int second = *rc::gen::inRange(0, 5);
      return Compare("last_activity_time", absl::StrCat("\"1970-01-01T00:00:0", second, "Z\""),
                     Number(second));
    }
    case 6: {
      const std::string contact = AnyContact();
      return Compare("contact", contact, contact);
    }
    case 7: {
      const std::string text = AnyText();
      return Compare("display_name", Quoted(text), FoldAscii(text));
    }
    case 8:
      return Prefix(AnyOf({"display_name", "product"}), AnyText());
    default:
      return Prefix("contact", AnyContact());
  }
}

struct Order {
  std::string field;
  bool descending;
};

std::vector<Order> AnyOrder() {
  std::vector<Order> order;
  std::vector<std::string> fields = {"owner",       "stage",        "status",
                                     "product",     "probability",  "expected_close_date",
                                     "create_time", "display_name", "last_activity_time"};
  const bool same_direction = *rc::gen::arbitrary<bool>();
  const int count = *rc::gen::inRange(0, 3);
  for (int i = 0; i < count; ++i) {
    const auto at = *rc::gen::inRange<size_t>(0, fields.size());
    const bool descending = *rc::gen::arbitrary<bool>();
    order.push_back({fields[at], same_direction && i > 0 ? order[0].descending : descending});
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return order;
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

// The order of the list, as far as it is asked for.
bool InOrder(const Deal& a, const Deal& b, const std::vector<Order>& order) {
  for (const Order& by : order) {
    const std::string left = ValuesOf(a, by.field)[0], right = ValuesOf(b, by.field)[0];
    if (left != right) return (left < right) != by.descending;
  }
  return true;
}

RC_GTEST_PROP(TableModel, ListsWhatAMapWouldAsOfAnyPosition, ()) {
  const History history;
  for (int round = 0; round < 8; ++round) {
    const auto event = *rc::gen::inRange<size_t>(0, history.size());
    const Rows& rows = history.StateAt(event);
    std::vector<Condition> conditions;
    std::string filter;
    const int count = *rc::gen::inRange(0, 4);
    for (int i = 0; i < count; ++i) {
      conditions.push_back(AnyCondition());
      absl::StrAppend(&filter, i == 0 ? "" : " AND ", conditions.back().text);
    }
    const std::vector<Order> order = AnyOrder();
    std::string order_by;
    for (const Order& by : order) {
      absl::StrAppend(&order_by, order_by.empty() ? "" : ", ", by.field,
                      by.descending ? " desc" : "");
    }
    RC_LOG() << "filter: " << filter << "\norder_by: " << order_by << "\n";

    const int page_size = *rc::gen::inRange(1, 6);
    // At the end a list of the present has the same rows in the same order.
    const bool as_of = event + 1 < history.size() || *rc::gen::arbitrary<bool>();
    const auto listed =
        ListAll(history.SnapshotAt(event),
                {.filter = filter, .order_by = order_by, .page_size = page_size, .as_of = as_of},
                history.workspace());
    RC_LOG() << listed.status().ToString() << "\n";
    RC_ASSERT(listed.ok());
    std::vector<std::string> expected;
    for (const auto& row : rows) {
      const bool holds = std::all_of(conditions.begin(), conditions.end(),
                                     [&](const Condition& c) { return c.holds(row.second); });
      if (holds) expected.push_back(row.first);
    }
    std::vector<std::string> names = *listed;
    for (size_t i = 1; i < names.size(); ++i) {
      RC_ASSERT(InOrder(rows.at(names[i - 1]), rows.at(names[i]), order));
    }
    std::sort(names.begin(), names.end());
    RC_ASSERT(names == expected);  // each once
  }
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
