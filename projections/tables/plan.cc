#include "projections/tables/plan.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/status_macros.h"
#include "projections/tables/table_core.h"

namespace kith::projections {
namespace {

// The order of a list that no index has.
constexpr uint32_t kSortedOrder = 1000;

class Planner {
 public:
  explicit Planner(const TableDeclaration& table) : table_(table) {}

  absl::StatusOr<Plan> Make(absl::string_view filter, absl::string_view order_by) {
    KITH_ASSIGN_OR_RETURN(const auto comparisons, ParseFilter(filter));
    for (const Comparison& comparison : comparisons) {
      KITH_ASSIGN_OR_RETURN(Predicate predicate, BindComparison(comparison, table_.fields));
      plan_.predicates.push_back(std::move(predicate));
    }
    KITH_RETURN_IF_ERROR(BindOrder(order_by));
    Choose();
    plan_.wanted_index = WantedIndex();
    plan_.tells_personal = TellsPersonal();
    return std::move(plan_);
  }

 private:
  absl::Status BindOrder(absl::string_view order_by) {
    KITH_ASSIGN_OR_RETURN(const auto order, ParseOrderBy(order_by));
    for (const OrderField& by : order) {
      KITH_ASSIGN_OR_RETURN(const size_t field, FindField(by.field, table_.fields));
      if (table_.fields[field].many) {
        return InvalidFilter(
            absl::StrCat("A list cannot be ordered by ", by.field, ", which has many values."));
      }
      if (!IsEquated(field)) order_.push_back({field, by.descending});  // else it is constant
    }
    return absl::OkStatus();
  }

  // Finds the best access in order, and the best one at all.
  void Choose() {
    std::vector<Access> accesses = {Rows()};
    for (const bool current : {false, true}) {
      for (const IndexDeclaration& index : table_.indexes) {
        if (index.current != current) continue;
        if (auto access = Through(index)) accesses.push_back(*std::move(access));
      }
    }
    const Access* walk = nullptr;
    const Access* any = nullptr;  // of those that are as of the list's position
    for (const Access& access : accesses) {
      const bool versioned = access.index == nullptr || !access.index->current;
      if (versioned && (any == nullptr || Narrowness(access) > Narrowness(*any))) any = &access;
      if (!Serves(access)) continue;
      if (walk == nullptr || Narrowness(access) > Narrowness(*walk)) walk = &access;
    }
    if (walk != nullptr) {
      plan_.walk = *walk;
      plan_.descending = !order_.empty() && order_.front().descending;
      plan_.order_id = walk->index == nullptr ? 0 : walk->index->number;
    } else {
      plan_.sort_fields = order_;
      plan_.order_id = kSortedOrder;
    }
    if (walk == nullptr || plan_.walks_current() || Narrowness(*any) > Narrowness(*walk)) {
      plan_.gather = *any;
    }
  }

  Access Rows() const {
    Access access;
    access.served.assign(plan_.predicates.size(), false);
    return access;
  }

  // The stretch of an index that the filter leaves; nullopt when it misses rows or has some twice.
  std::optional<Access> Through(const IndexDeclaration& index) const {
    Access access = Rows();
    access.index = &index;
    size_t at = 0;
    for (; at < index.fields.size(); ++at) {
      const size_t equal = FindEqual(index.fields[at], access.served);
      if (equal == plan_.predicates.size()) break;
      access.bound += *plan_.predicates[equal].equal;
      access.served[equal] = true;
    }
    access.bound_fields = at;
    if (at < index.fields.size()) BoundNext(index.fields[at], &access);
    for (size_t rest = at; rest < index.fields.size(); ++rest) {
      const bool many = table_.fields[index.fields[rest]].many;
      if (many && !(rest == at && access.has_next)) return std::nullopt;
    }
    // Its entries say what holds now, and the list shows what held at its position.
    if (index.current) access.served.assign(plan_.predicates.size(), false);
    return access;
  }

  // Ranges of one field. Where a row has many values each predicate may hold for another one, so
  // only one bounds.
  void BoundNext(size_t field, Access* access) const {
    const bool many = table_.fields[field].many;
    for (size_t i = 0; i < plan_.predicates.size(); ++i) {
      const Predicate& predicate = plan_.predicates[i];
      if (predicate.field != field || predicate.different.has_value()) continue;
      if (many && access->has_next) return;
      access->next.Intersect(predicate.range);
      access->served[i] = true;
      access->has_next = true;
      access->next_is_many = many;
    }
  }

  size_t FindEqual(size_t field, const std::vector<bool>& served) const {
    for (size_t i = 0; i < plan_.predicates.size(); ++i) {
      const Predicate& predicate = plan_.predicates[i];
      if (!served[i] && predicate.field == field && predicate.equal.has_value()) return i;
    }
    return plan_.predicates.size();
  }

  // True when the entries of the stretch stand in the order asked for.
  bool Serves(const Access& access) const {
    if (order_.empty()) return true;
    if (access.index == nullptr || access.next_is_many) return false;
    const auto& fields = access.index->fields;
    if (access.bound_fields + order_.size() > fields.size()) return false;
    for (size_t i = 0; i < order_.size(); ++i) {
      if (fields[access.bound_fields + i] != order_[i].field) return false;
      if (order_[i].descending != order_[0].descending) return false;
    }
    return true;
  }

  // More is better. Among equals the one declared first.
  static std::tuple<size_t, bool> Narrowness(const Access& access) {
    return {access.bound_fields, access.has_next};
  }

  bool IsEquated(size_t field) const {
    return std::any_of(plan_.predicates.begin(), plan_.predicates.end(),
                       [&](const Predicate& p) { return p.field == field && p.equal.has_value(); });
  }

  // "(owner, close_date)": the equated fields, then those of the order, or else one that is
  // compared.
  std::string WantedIndex() const {
    std::vector<size_t> fields;
    const auto add = [&](size_t field) {
      if (std::find(fields.begin(), fields.end(), field) == fields.end()) fields.push_back(field);
    };
    for (const Predicate& predicate : plan_.predicates) {
      if (predicate.equal.has_value()) add(predicate.field);
    }
    for (const SortField& field : order_) add(field.field);
    if (order_.empty()) {
      for (const Predicate& predicate : plan_.predicates) {
        if (!predicate.equal.has_value() && !predicate.different.has_value()) add(predicate.field);
      }
    }
    std::vector<absl::string_view> names;
    for (const size_t field : fields) names.push_back(table_.fields[field].name);
    return absl::StrCat("(", absl::StrJoin(names, ", "), ")");
  }

  // What the filter compares, and what the rows stand in the order of.
  bool TellsPersonal() const {
    std::vector<size_t> fields;
    for (const Predicate& predicate : plan_.predicates) fields.push_back(predicate.field);
    for (const SortField& by : plan_.sort_fields) fields.push_back(by.field);
    if (const IndexDeclaration* index = plan_.order_index(); index != nullptr) {
      fields.insert(fields.end(), index->fields.begin(), index->fields.end());
    }
    return std::any_of(fields.begin(), fields.end(),
                       [&](size_t field) { return table_.fields[field].personal; });
  }

  const TableDeclaration& table_;
  std::vector<SortField> order_;
  Plan plan_;
};

}  // namespace

bool Plan::walks_current() const {
  const IndexDeclaration* index = order_index();
  return index != nullptr && index->current;
}

absl::StatusOr<Plan> MakePlan(const TableDeclaration& table, absl::string_view filter,
                              absl::string_view order_by) {
  return Planner(table).Make(filter, order_by);
}

}  // namespace kith::projections
