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
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"
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

// The names on every page. None but the last is empty, where none may be short.
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
    if (!token.empty() && page.rows.empty() && !query.may_be_short) {
      return absl::InternalError("an empty page that is not the last");
    }
  } while (!token.empty());
  return names;
}

// How a list is paged through.
struct ListPaging {
  int page_size = 0;     // 0: some
  size_t looks_max = 0;  // as ListQuery has it; 0: as usual
};

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
    enum class Form { kOne, kNot, kAny, kAll };  // the later ones bind less
    Form form = Form::kOne;
  };
  using Conditions = std::vector<Condition>;
  struct Order {
    std::string field;
    bool descending;
  };

  // A currency, and billionths of it; of numbers, "" and the number.
  using Amount = std::pair<std::string, int64_t>;
  // Fields to sum; a row may have none.
  using Sums = std::map<std::string, std::function<std::optional<Amount>(const Row&)>>;

  explicit ListModel(std::map<std::string, Field> fields, Sums sums = {})
      : fields_(std::move(fields)), sums_(std::move(sums)) {}

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
                const bool is_there = value != field.unset.value_or("");
                return absl::StartsWith(value, normal) && (is_there || !beginning.empty());
              });
            }};
  }

  // Whether the field has a value.
  Condition IsThere(const std::string& name) const {
    const Field& field = fields_.at(name);
    return {absl::StrCat(name, AnyOf({":*", " : *"})),
            [=, unset = field.unset.value_or("")](const Row& row) {
              for (const std::string& value : field.values(row)) {
                if (value != unset) return true;
              }
              return false;
            }};
  }

  // `text` is not empty.
  Condition Contains(const std::string& name, const std::string& text) const {
    const Field& field = fields_.at(name);
    return {absl::StrCat("contains(", name, ", ", Quoted(text), ")"),
            [=, normal = Normal(name, text)](const Row& row) {
              for (const std::string& value : field.values(row)) {
                if (absl::StrContains(value, normal)) return true;
              }
              return false;
            }};
  }

  // Literals, and the values that they stand for.
  Condition In(const std::string& name,
               const std::vector<std::pair<std::string, std::string>>& literals) const {
    const Field& field = fields_.at(name);
    std::string text = absl::StrCat(name, " in (");
    for (const auto& [literal, value] : literals) absl::StrAppend(&text, literal, ", ");
    text.resize(text.size() - 2);
    return {text + ")", [=](const Row& row) {
              for (const std::string& value : field.values(row)) {
                for (const auto& literal : literals) {
                  if (literal.second == value) return true;
                }
              }
              return false;
            }};
  }

  static Condition Not(const Condition& part) {
    const std::string inner = Within(part, Condition::Form::kOne);
    return {AnyOf({"NOT ", "-"}) + inner, [part](const Row& row) { return !part.holds(row); },
            Condition::Form::kNot};
  }
  static Condition All(const Conditions& parts) {
    std::string text;
    for (const Condition& part : parts) {
      if (!text.empty()) text += AnyOf({" AND ", " "});
      text += Within(part, Condition::Form::kAny);
    }
    const auto holds = [parts](const Row& row) {
      for (const Condition& part : parts) {
        if (!part.holds(row)) return false;
      }
      return true;
    };
    return {text, holds, Condition::Form::kAll};
  }
  static Condition Any(const Conditions& parts) {
    std::string text;
    for (const Condition& part : parts) {
      if (!text.empty()) text += " OR ";
      text += Within(part, Condition::Form::kNot);
    }
    const auto holds = [parts](const Row& row) {
      for (const Condition& part : parts) {
        if (part.holds(row)) return true;
      }
      return false;
    };
    return {text, holds, Condition::Form::kAny};
  }

  // A tree of the conditions that `leaf` draws.
  static Condition AnyTree(const std::function<Condition()>& leaf, int depth) {
    if (depth == 0 || *rc::gen::inRange(0, 4) == 0) return leaf();
    if (*rc::gen::inRange(0, 4) == 0) return Not(AnyTree(leaf, depth - 1));
    Conditions parts;
    const int count = *rc::gen::inRange(2, 4);
    for (int i = 0; i < count; ++i) parts.push_back(AnyTree(leaf, depth - 1));
    return *rc::gen::arbitrary<bool>() ? All(parts) : Any(parts);
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
  // where the table says otherwise. `as_of` as ListQuery has it. False where the table refuses it
  // because it may look at fewer rows than usual.
  bool ExpectListed(const projections::Table<Row>& table, const projections::ViewSnapshot& snapshot,
                    WorkspaceId workspace, const Rows& rows, const Conditions& conditions,
                    const std::vector<Order>& order, bool as_of = true,
                    const ListPaging& paging = {}) const {
    const std::string filter = All(conditions).text;
    const std::string order_by = absl::StrJoin(order, ", ", [](std::string* out, const Order& by) {
      absl::StrAppend(out, by.field, by.descending ? " desc" : "");
    });
    RC_LOG() << "filter: " << filter << "\norder_by: " << order_by << "\n";
    const bool looks_at_few = paging.looks_max != 0;
    const int page_size = paging.page_size == 0 ? *rc::gen::inRange(1, 6) : paging.page_size;
    type::v1::SummaryOptions summarise;
    summarise.set_total_size(true);
    for (const auto& sum : sums_) summarise.add_sums(sum.first);
    type::v1::ListSummary summary;
    const auto listed =
        ListAll(table, snapshot, workspace,
                {.filter = filter,
                 .order_by = order_by,
                 .page_size = page_size,
                 .may_be_short = looks_at_few,
                 .looks_max = looks_at_few ? paging.looks_max : projections::kScanRowsMax,
                 .as_of = as_of,
                 .summarise = &summarise,
                 .summary = &summary});
    RC_LOG() << listed.status().ToString() << "\n";
    if (looks_at_few && IsError(listed.status(), type::v1::ERROR_INVALID_FILTER)) return false;
    RC_ASSERT(listed.ok());
    std::vector<std::string> names = *listed;
    for (size_t i = 1; i < names.size(); ++i) {
      RC_ASSERT(InOrder(rows.at(names[i - 1]), rows.at(names[i]), order));
    }
    std::sort(names.begin(), names.end());
    RC_ASSERT(names == Select(rows, conditions));  // each once
    RC_ASSERT(summary.total_size() == static_cast<int64_t>(names.size()));
    RC_ASSERT(!summary.total_size_is_at_least());
    RC_ASSERT(!summary.sums_are_partial());
    RC_ASSERT(summary.sums_size() == static_cast<int>(sums_.size()));
    for (const type::v1::FieldSum& sum : summary.sums())
      RC_ASSERT(Told(sum) == Sum(sum, names, rows));
    return true;
  }

 private:
  static std::map<std::string, int64_t> Told(const type::v1::FieldSum& sum) {
    std::map<std::string, int64_t> told;
    if (sum.has_number()) told[""] = sum.number();
    for (const auto& amount : sum.amounts()) {
      told[amount.currency_code()] = amount.units() * 1'000'000'000 + amount.nanos();
    }
    return told;
  }
  std::map<std::string, int64_t> Sum(const type::v1::FieldSum& sum,
                                     const std::vector<std::string>& names,
                                     const Rows& rows) const {
    std::map<std::string, int64_t> total;
    if (sum.has_number()) total[""] = 0;
    for (const std::string& name : names) {
      const std::optional<Amount> amount = sums_.at(sum.field())(rows.at(name));
      if (amount.has_value()) total[amount->first] += amount->second;
    }
    return total;
  }

  // As a part of another one, in which those that bind less than `form` need parentheses.
  static std::string Within(const Condition& part, typename Condition::Form form) {
    return part.form <= form ? part.text : absl::StrCat("(", part.text, ")");
  }

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
  const Sums sums_;
};

}  // namespace kith::testing
