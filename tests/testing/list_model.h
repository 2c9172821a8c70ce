// ListModel: a list made by hand from a map of rows, which a table must answer to the same query.
// It filters and orders in the plainest way, and knows neither indexes nor pages.
//
// A field's values are texts that sort as the table's values do. What is random is drawn from
// RapidCheck: only within a property. One thread.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "projections/tables/table.h"

namespace kith::testing {

inline std::string AnyOf(const std::vector<std::string>& values) {
  return *rc::gen::elementOf(values);
}

// A text that sorts among others as the number does.
inline std::string NumberText(int64_t number) {
  return absl::StrCat(4'000'000'000'000'000'000 + number);
}

// A string literal of the filter language.
inline std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '*') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

// The names on every page.
template <class Row>
absl::StatusOr<std::vector<std::string>> ListAll(const projections::Table<Row>& table,
                                                 const projections::ViewSnapshot& snapshot,
                                                 WorkspaceId workspace,
                                                 projections::ListQuery query) {
  std::vector<std::string> names;
  std::string token;
  do {
    query.page_token = token;
    KITH_ASSIGN_OR_RETURN(const auto page, table.List(snapshot, workspace, query));
    for (const Row& row : page.rows) names.push_back(row.name());
    token = page.next_page_token;
    if (!token.empty() && page.rows.empty()) {
      return absl::InternalError("an empty page that is not the last");
    }
  } while (!token.empty());
  return names;
}

template <class Row>
class ListModel {
 public:
  using Rows = std::map<std::string, Row>;  // by name
  using Values = std::vector<std::string>;
  struct Field {
    std::function<Values(const Row&)> values;
    std::function<std::string(absl::string_view)> normalise;  // of texts, where they are
    std::optional<std::string> unset;  // a day or time that is not set is before no other
  };
  struct Condition {
    std::string text;  // as the filter has it
    std::function<bool(const Row&)> holds;
  };
  struct Order {
    std::string field;
    bool descending;
  };

  explicit ListModel(std::map<std::string, Field> fields) : fields_(std::move(fields)) {}

  // The field against a value, which the filter writes as `literal`, by any operator.
  Condition AnyComparison(const std::string& name, const std::string& literal,
                          const std::string& value) const {
    const std::string op = AnyOf({"=", "=", "=", "!=", "<", "<=", ">", ">=", ":"});
    const Field& field = fields_.at(name);
    const auto holds = [=, unset = field.unset](const std::string& other) {
      if (other == unset && op[0] == '<') return false;
      if (op == "<") return other < value;
      if (op == "<=") return other <= value;
      if (op == ">") return other > value;
      if (op == ">=") return other >= value;
      return other == value;
    };
    return {absl::StrCat(name, " ", op, " ", literal), [=](const Row& row) {
              const Values values = field.values(row);
              const bool any = std::any_of(values.begin(), values.end(), holds);
              return op == "!=" ? !any : any;
            }};
  }
  // The same with a text.
  Condition AnyComparison(const std::string& name, const std::string& text) const {
    return AnyComparison(name, Quoted(text), Normal(name, text));
  }

  Condition Prefix(const std::string& name, const std::string& beginning) const {
    const Field& field = fields_.at(name);
    const std::string quoted = Quoted(beginning);
    return {absl::StrCat(name, " = ", quoted.substr(0, quoted.size() - 1), "*\""),
            [=, normal = Normal(name, beginning)](const Row& row) {
              const Values values = field.values(row);
              return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
                return absl::StartsWith(value, normal);
              });
            }};
  }

  // By up to two of the fields, which have one value each.
  static std::vector<Order> AnyOrder(std::vector<std::string> fields) {
    std::vector<Order> order;
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

  // Lists what fulfils all the conditions, as of the snapshot's position, and fails the property
  // where the table says otherwise.
  void ExpectListed(const projections::Table<Row>& table, const projections::ViewSnapshot& snapshot,
                    WorkspaceId workspace, const Rows& rows,
                    const std::vector<Condition>& conditions,
                    const std::vector<Order>& order) const {
    const std::string filter = absl::StrJoin(
        conditions, " AND ",
        [](std::string* out, const Condition& condition) { absl::StrAppend(out, condition.text); });
    const std::string order_by = absl::StrJoin(order, ", ", [](std::string* out, const Order& by) {
      absl::StrAppend(out, by.field, by.descending ? " desc" : "");
    });
    RC_LOG() << "filter: " << filter << "\norder_by: " << order_by << "\n";
    const int page_size = *rc::gen::inRange(1, 6);
    const auto listed =
        ListAll(table, snapshot, workspace,
                {.filter = filter, .order_by = order_by, .page_size = page_size, .as_of = true});
    RC_LOG() << listed.status().ToString() << "\n";
    RC_ASSERT(listed.ok());
    std::vector<std::string> names = *listed;
    for (size_t i = 1; i < names.size(); ++i) {
      RC_ASSERT(InOrder(rows.at(names[i - 1]), rows.at(names[i]), order));
    }
    std::sort(names.begin(), names.end());
    RC_ASSERT(names == Select(rows, conditions));  // each once
  }

 private:
  std::string Normal(const std::string& name, const std::string& text) const {
    const Field& field = fields_.at(name);
    return field.normalise ? field.normalise(text) : text;
  }

  static std::vector<std::string> Select(const Rows& rows,
                                         const std::vector<Condition>& conditions) {
    std::vector<std::string> names;
    for (const auto& row : rows) {
      const bool all =
          std::all_of(conditions.begin(), conditions.end(),
                      [&](const Condition& condition) { return condition.holds(row.second); });
      if (all) names.push_back(row.first);
    }
    return names;
  }

  // As far as an order is asked for.
  bool InOrder(const Row& a, const Row& b, const std::vector<Order>& order) const {
    for (const Order& by : order) {
      const Field& field = fields_.at(by.field);
      const std::string left = field.values(a)[0];
      const std::string right = field.values(b)[0];
      if (left != right) return (left < right) != by.descending;
    }
    return true;
  }

  const std::map<std::string, Field> fields_;
};

}  // namespace kith::testing
