#include "projections/tables/plan.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "projections/tables/table_core.h"

namespace kith::projections {
namespace {

// The order of a list that no index has.
constexpr uint32_t kSortedOrder = 1000;
// Added to the id of an order in which several stretches stand, with what they are bound by.
constexpr uint32_t kMergedOrder = 4000;

// More is better. Among equals the one declared first.
using Narrowness = std::tuple<size_t, bool>;

Narrowness NarrownessOf(const Access& access) { return {access.bound_fields, access.has_next}; }

// Whatever it is about, all rows have to be looked at.
bool IsUnbounded(const Access& access) { return NarrownessOf(access) == Narrowness(0, false); }

Narrowness NarrownessOf(const Route& route) {
  Narrowness least(SIZE_MAX, true);
  for (const Access& access : route) least = std::min(least, NarrownessOf(access));
  return least;
}

bool IsCurrent(const Access& access) { return access.index != nullptr && access.index->current; }

// What its entries have after the values that are bound.
std::vector<size_t> FieldsAfter(const Access& access) {
  if (access.index == nullptr) return {};
  const std::vector<size_t>& fields = access.index->fields;
  return {fields.begin() + static_cast<std::ptrdiff_t>(access.bound_fields), fields.end()};
}

bool IsSameStretch(const Access& a, const Access& b) {
  return a.index == b.index && a.bound == b.bound && a.next.from == b.next.from &&
         a.next.to == b.next.to && a.next.none == b.next.none && a.next_is_many == b.next_is_many;
}

// Whether the field holds names of parts of records, as of stages of pipelines: the parts stand in
// an order of their own, which is not that of their names.
bool IsOfParts(const Field& field) {
  return field.links.size() == 1 && absl::StrContains(field.links.front(), "}/");
}

class Planner {
 public:
  Planner(const TableDeclaration& table, const PlanQuery& query)
      : table_(table), masked_(query.masked), has_besides_(query.has_besides) {}

  absl::StatusOr<Plan> Make(const PlanQuery& query) {
    Expression filter;
    if (query.parsed != nullptr) {
      filter = *query.parsed;
    } else {
      KITH_ASSIGN_OR_RETURN(filter, ParseFilter(query.filter));
    }
    if (query.name_of != nullptr) KITH_RETURN_IF_ERROR(PutNames(*query.name_of, &filter));
    if (query.names_of != nullptr) {
      KITH_RETURN_IF_ERROR(PutAllNames(*query.names_of, table_.fields, &filter));
    }
    KITH_RETURN_IF_ERROR(CheckMasked(query, filter));
    if (query.within != nullptr) {
      filter = {Expression::Kind::kAll, {}, {std::move(filter), *query.within}};
    }
    KITH_ASSIGN_OR_RETURN(whole_,
                          BindExpression(filter, table_.fields, query.moment, &plan_.predicates));
    conjunctions_ = ConjunctionsOf(whole_);
    KITH_RETURN_IF_ERROR(BindOrder(query.order_by));
    Choose();
    plan_.tells_personal = TellsPersonal();
    plan_.whole = whole_;
    return std::move(plan_);
  }

 private:
  bool IsMasked(size_t field) const {
    return masked_ != nullptr && (*masked_)(table_.fields[field]);
  }

  // What is masked is in neither the filter nor the order.
  absl::Status CheckMasked(const PlanQuery& query, const Expression& filter) const {
    if (masked_ == nullptr) return absl::OkStatus();
    std::vector<Predicate> predicates;
    KITH_RETURN_IF_ERROR(BindExpression(filter, table_.fields, query.moment, &predicates).status());
    for (const Predicate& predicate : predicates) {
      if (IsMasked(predicate.field)) return FieldMasked(table_.fields[predicate.field].name);
    }
    KITH_ASSIGN_OR_RETURN(const auto order, ParseOrderBy(query.order_by));
    for (const OrderField& by : order) {
      KITH_ASSIGN_OR_RETURN(const size_t field, FindField(by.field, table_.fields));
      if (IsMasked(field)) return FieldMasked(by.field);
    }
    return absl::OkStatus();
  }

  // The places of its rows would tell what is masked.
  bool StandsInMasked(const Access& access) const {
    const std::vector<size_t> fields = FieldsAfter(access);
    return std::any_of(fields.begin(), fields.end(), [&](size_t field) { return IsMasked(field); });
  }

  // In place of the aliases of a filter.
  absl::Status PutNames(const NameOfAlias& name_of, Expression* filter) const {
    const auto put = [&](const Field& field, Comparison& comparison) -> absl::Status {
      KITH_ASSIGN_OR_RETURN(comparison.literal, name_of(field, comparison));
      return absl::OkStatus();
    };
    return ForEachAlias(*filter, table_.fields, put);
  }

  absl::Status BindOrder(absl::string_view order_by) {
    KITH_ASSIGN_OR_RETURN(const auto order, ParseOrderBy(order_by));
    for (const OrderField& by : order) {
      KITH_ASSIGN_OR_RETURN(const size_t field, FindField(by.field, table_.fields));
      if (IsManifold(field)) {
        return InvalidFilter(absl::StrCat("A list cannot be ordered by ", by.field,
                                          ", of which a record may have many values."));
      }
      if (IsOfParts(table_.fields[field])) {
        return InvalidFilter(absl::StrCat("A list cannot be ordered by ", by.field,
                                          ": the order of names like ",
                                          table_.fields[field].links.front(),
                                          " says nothing. Ask for one of them at a time, with ",
                                          by.field, " = …, and order by another field."));
      }
      const bool is_constant = !has_besides_ && IsEquated(field);
      if (!is_constant) order_.push_back({field, by.descending});
    }
    return absl::OkStatus();
  }

  // A row may have several values of it.
  bool IsManifold(size_t field) const {
    return table_.fields[field].many && !table_.fields[field].single;
  }

  // The same value of it is asked for in every way to fulfil the filter.
  bool IsEquated(size_t field) const {
    const std::string* value = nullptr;
    for (const Conjunction& conjunction : conjunctions_) {
      const Predicate* const equal = FindEqual(conjunction, field, {});
      if (equal == nullptr || (value != nullptr && *value != *equal->equal)) return false;
      value = &*equal->equal;
    }
    return value != nullptr;
  }

  void Choose() {
    const Route any = Any();
    const std::optional<Route> walk = Walk();
    if (walk.has_value() && !walk->empty()) {
      plan_.can_walk = true;
      plan_.walk = *walk;
      plan_.descending = !order_.empty() && order_.front().descending;
      for (const size_t field : FieldsAfter(walk->front())) plan_.order.push_back({field, false});
      plan_.order_id = OrderIdOf(*walk);
    } else {
      plan_.order = order_;
      plan_.order_id = kSortedOrder;
    }
    if (!plan_.can_walk || plan_.walks_current() || NarrownessOf(any) > NarrownessOf(*walk)) {
      plan_.can_gather = true;
      plan_.gather = any;
    }
    plan_.wanted_index = WantedIndex(any);
  }

  static uint32_t OrderIdOf(const Route& route) {
    if (route.empty() || route.front().index == nullptr) return 0;
    const Access& access = route.front();
    if (route.size() == 1) return access.index->number;
    return kMergedOrder + 256 * static_cast<uint32_t>(access.bound_fields) + access.index->number;
  }

  // The narrowest way to the rows, in whatever order, of those that are as of the list's position.
  Route Any() const {
    Route route;
    for (size_t i = 0; i < conjunctions_.size(); ++i) {
      route.push_back(IsLikeBefore(i) ? Like(route.back(), conjunctions_[i])
                                      : BestOf(conjunctions_[i]));
    }
    return Simplified(std::move(route));
  }

  // Whether a conjunction asks for other values of the fields that the one before it asks for, and
  // in the same way, so that the same stretches serve both: as those of the owners whose records
  // somebody sees.
  bool IsLikeBefore(size_t i) const {
    if (i == 0) return false;
    const std::vector<size_t>& before = conjunctions_[i - 1].predicates;
    const std::vector<size_t>& now = conjunctions_[i].predicates;
    return std::equal(before.begin(), before.end(), now.begin(), now.end(),
                      [&](size_t a, size_t b) {
                        const Predicate& one = plan_.predicates[a];
                        const Predicate& other = plan_.predicates[b];
                        return one.field == other.field && one.is_range() == other.is_range() &&
                               one.equal.has_value() == other.equal.has_value();
                      });
  }

  // The stretch of a conjunction that is what `access` is of one that is like it.
  Access Like(const Access& access, const Conjunction& conjunction) const {
    if (access.index == nullptr) return Rows(conjunction);
    std::optional<Access> like = Through(*access.index, conjunction, access.bound_fields);
    KITH_CHECK(like.has_value());
    return *std::move(like);
  }

  // The narrowest way that is in the order asked for; nullopt when there is none.
  std::optional<Route> Walk() const {
    if (conjunctions_.empty()) return Route();
    const bool is_one = conjunctions_.size() == 1;
    std::vector<Access> firsts;
    for (Access& first : AccessesOf(conjunctions_.front())) {
      if (!Serves(first) || (first.next_is_many && !is_one) || StandsInMasked(first)) continue;
      firsts.push_back(std::move(first));
    }
    // The narrowest first, because a route is no narrower than any of its stretches, and it is dear
    // to find the others.
    std::vector<size_t> turns(firsts.size());
    std::iota(turns.begin(), turns.end(), size_t{0});
    std::stable_sort(turns.begin(), turns.end(), [&](size_t a, size_t b) {
      return NarrownessOf(firsts[a]) > NarrownessOf(firsts[b]);
    });
    std::optional<Route> best;
    std::pair<Narrowness, size_t> best_is;  // among equals the one declared first
    for (const size_t turn : turns) {
      // Counted from the end, so that more is better.
      const size_t place = firsts.size() - turn;
      if (best.has_value() && std::pair(NarrownessOf(firsts[turn]), place) < best_is) continue;
      std::optional<Route> route = is_one ? Route{firsts[turn]} : Beside(firsts[turn]);
      if (!route.has_value()) continue;
      const std::pair<Narrowness, size_t> is(NarrownessOf(*route), place);
      if (best.has_value() && is < best_is) continue;
      best = std::move(route);
      best_is = is;
    }
    return best;
  }

  // The stretches of the other conjunctions that stand in the same order as this one of the first;
  // nullopt where one has none.
  std::optional<Route> Beside(const Access& first) const {
    const std::vector<size_t> after = FieldsAfter(first);
    Route route = {first};
    for (size_t i = 1; i < conjunctions_.size(); ++i) {
      // The first of the route is the one that was asked for, and not the best.
      if (i > 1 && IsLikeBefore(i)) {
        route.push_back(Like(route.back(), conjunctions_[i]));
        continue;
      }
      std::optional<Access> best = BestBefore(after, conjunctions_[i], IsCurrent(first));
      if (!best.has_value()) return std::nullopt;
      route.push_back(*std::move(best));
    }
    return Simplified(std::move(route));
  }

  // The narrowest stretch of a conjunction whose entries have these fields after the values that
  // are bound; nullopt where there is none.
  std::optional<Access> BestBefore(const std::vector<size_t>& after, const Conjunction& conjunction,
                                   bool current) const {
    std::optional<Access> best;
    if (after.empty() && !current) best = Rows(conjunction);
    for (const IndexDeclaration& index : table_.indexes) {
      const std::vector<size_t>& fields = index.fields;
      if (index.current != current || fields.size() < after.size()) continue;
      const size_t bound = fields.size() - after.size();
      if (!std::equal(after.begin(), after.end(),
                      fields.end() - static_cast<std::ptrdiff_t>(after.size()))) {
        continue;
      }
      if (BoundOf(index, conjunction, bound) < bound) continue;
      if (best.has_value() && Narrowness(bound, true) <= NarrownessOf(*best)) continue;
      std::optional<Access> access = Through(index, conjunction, bound);
      if (!access.has_value() || access->next_is_many) continue;
      if (!best.has_value() || NarrownessOf(*access) > NarrownessOf(*best)) {
        best = std::move(access);
      }
    }
    return best;
  }

  // The ways to the rows of a conjunction: versioned indexes first. One of several is bound by no
  // more values than the others, too.
  std::vector<Access> AccessesOf(const Conjunction& conjunction) const {
    std::vector<Access> accesses = {Rows(conjunction)};
    for (const bool current : {false, true}) {
      for (const IndexDeclaration& index : table_.indexes) {
        if (index.current != current) continue;
        auto access = Through(index, conjunction, SIZE_MAX);
        size_t bound = access.has_value() ? access->bound_fields : 0;
        if (access.has_value()) accesses.push_back(*std::move(access));
        if (conjunctions_.size() == 1) continue;
        while (bound > 0) {
          access = Through(index, conjunction, --bound);
          if (access.has_value()) accesses.push_back(*std::move(access));
        }
      }
    }
    return accesses;
  }

  Access Rows(const Conjunction& conjunction) const {
    Access access;
    access.rest = RestOf(conjunction, std::vector<bool>(plan_.predicates.size(), false));
    return access;
  }

  // The stretch of an index that a conjunction leaves, bound by so many values at most; nullopt
  // when it misses rows or has some twice.
  std::optional<Access> Through(const IndexDeclaration& index, const Conjunction& conjunction,
                                size_t bound_max) const {
    Access access;
    access.index = &index;
    std::vector<bool> served(plan_.predicates.size(), false);
    size_t at = 0;
    for (; at < index.fields.size() && at < bound_max; ++at) {
      const Predicate* const equal = FindEqual(conjunction, index.fields[at], served);
      if (equal == nullptr) break;
      access.bound += *equal->equal;
      served[static_cast<size_t>(equal - plan_.predicates.data())] = true;
    }
    access.bound_fields = at;
    if (at < index.fields.size()) BoundNext(conjunction, index.fields[at], &access, &served);
    for (size_t rest = at; rest < index.fields.size(); ++rest) {
      const bool many = table_.fields[index.fields[rest]].many;
      if (many && !(rest == at && access.has_next)) return std::nullopt;
    }
    // Its entries say what holds now, and the list shows what held at its position.
    if (index.current) served.assign(plan_.predicates.size(), false);
    access.rest = RestOf(conjunction, served);
    return access;
  }

  // How many of the leading fields of an index the conjunction equates, `most` at most.
  size_t BoundOf(const IndexDeclaration& index, const Conjunction& conjunction, size_t most) const {
    size_t bound = 0;
    while (bound < std::min(most, index.fields.size()) &&
           FindEqual(conjunction, index.fields[bound], {}) != nullptr) {
      ++bound;
    }
    return bound;
  }

  // How narrow a stretch of an index can be.
  Narrowness NarrownessIn(const IndexDeclaration& index, const Conjunction& conjunction) const {
    const size_t bound = BoundOf(index, conjunction, SIZE_MAX);
    const bool has_next =
        bound < index.fields.size() &&
        std::any_of(conjunction.predicates.begin(), conjunction.predicates.end(), [&](size_t i) {
          return plan_.predicates[i].field == index.fields[bound] && plan_.predicates[i].is_range();
        });
    return {bound, has_next};
  }

  // Ranges of one field. Where a row has many values each predicate may hold for another one, so
  // only one bounds.
  void BoundNext(const Conjunction& conjunction, size_t field, Access* access,
                 std::vector<bool>* served) const {
    const bool many = IsManifold(field);
    for (const size_t i : conjunction.predicates) {
      const Predicate& predicate = plan_.predicates[i];
      if ((*served)[i] || predicate.field != field || !predicate.is_range()) continue;
      if (many && access->has_next) return;
      access->next.Intersect(predicate.range);
      (*served)[i] = true;
      access->has_next = true;
      access->next_is_many = many;
    }
  }

  // A predicate of the conjunction that equates the field and is not served yet; null: none.
  const Predicate* FindEqual(const Conjunction& conjunction, size_t field,
                             const std::vector<bool>& served) const {
    for (const size_t i : conjunction.predicates) {
      const Predicate& predicate = plan_.predicates[i];
      if (!served.empty() && served[i]) continue;
      if (predicate.field == field && predicate.is_range() && predicate.equal.has_value()) {
        return &predicate;
      }
    }
    return nullptr;
  }

  // Each stretch once, and where all rows have to be looked at, that alone.
  Route Simplified(Route route) const {
    if (route.size() == 1) return route;
    const auto unbounded = std::find_if(route.begin(), route.end(), IsUnbounded);
    if (unbounded != route.end()) {
      Access all = *std::move(unbounded);
      all.rest = {Condition::Kind::kAll, 0, {whole_}};
      return {std::move(all)};
    }
    Route simplified;
    for (Access& access : route) {
      const auto same =
          std::find_if(simplified.begin(), simplified.end(),
                       [&](const Access& other) { return IsSameStretch(access, other); });
      if (same == simplified.end()) {
        simplified.push_back(std::move(access));
      } else {
        same->rest = EitherOf(std::move(same->rest), std::move(access.rest));
      }
    }
    return simplified;
  }

  static Condition EitherOf(Condition a, Condition b) {
    if (a.IsAlways() || b.IsAlways()) return Condition();
    if (a.kind != Condition::Kind::kAny) a = {Condition::Kind::kAny, 0, {std::move(a)}};
    a.parts.push_back(std::move(b));
    return a;
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

  // "(owner, close_date)": what the conjunction that is found worst equates, then the fields of the
  // order, or else one that is compared.
  std::string WantedIndex(const Route& any) const {
    const Conjunction* worst = nullptr;
    if (any.size() == conjunctions_.size()) {
      const auto least = std::min_element(any.begin(), any.end(), [](const auto& a, const auto& b) {
        return NarrownessOf(a) < NarrownessOf(b);
      });
      if (least != any.end()) worst = &conjunctions_[static_cast<size_t>(least - any.begin())];
    }
    for (size_t i = 0; worst == nullptr && i < conjunctions_.size(); ++i) {
      const auto access = BestOf(conjunctions_[i]);
      if (IsUnbounded(access)) worst = &conjunctions_[i];
    }
    if (worst == nullptr && !conjunctions_.empty()) worst = &conjunctions_.front();
    std::vector<size_t> fields;
    const auto add = [&](size_t field) {
      if (std::find(fields.begin(), fields.end(), field) == fields.end()) fields.push_back(field);
    };
    const auto add_compared = [&](bool equal) {
      if (worst == nullptr) return;
      for (const size_t i : worst->predicates) {
        const Predicate& predicate = plan_.predicates[i];
        if (predicate.is_range() && predicate.equal.has_value() == equal) add(predicate.field);
      }
    };
    add_compared(true);
    for (const SortField& field : order_) add(field.field);
    if (order_.empty()) add_compared(false);
    // That of a custom field, which has no entries of rows without a value.
    const bool is_there = std::any_of(
        table_.indexes.begin(), table_.indexes.end(),
        [&](const IndexDeclaration& index) { return !index.current && index.fields == fields; });
    if (is_there) return "";
    std::vector<absl::string_view> names;
    for (const size_t field : fields) names.push_back(table_.fields[field].name);
    return names.empty() ? "" : absl::StrCat("(", absl::StrJoin(names, ", "), ")");
  }

  Access BestOf(const Conjunction& conjunction) const {
    Access best = Rows(conjunction);
    for (const IndexDeclaration& index : table_.indexes) {
      if (index.current || NarrownessIn(index, conjunction) <= NarrownessOf(best)) continue;
      std::optional<Access> access = Through(index, conjunction, SIZE_MAX);
      if (access.has_value() && NarrownessOf(*access) > NarrownessOf(best)) {
        best = *std::move(access);
      }
    }
    return best;
  }

  // What the filter compares, and what the rows stand in the order of.
  bool TellsPersonal() const {
    std::vector<size_t> fields;
    for (const Predicate& predicate : plan_.predicates) fields.push_back(predicate.field);
    for (const SortField& by : plan_.order) fields.push_back(by.field);
    for (const Access& access : plan_.walk) {
      if (access.index == nullptr) continue;
      fields.insert(fields.end(), access.index->fields.begin(), access.index->fields.end());
    }
    return std::any_of(fields.begin(), fields.end(),
                       [&](size_t field) { return table_.fields[field].personal; });
  }

  const TableDeclaration& table_;
  const std::function<bool(const Field& field)>* const masked_;  // null: nothing is
  const bool has_besides_;
  Condition whole_;
  std::vector<Conjunction> conjunctions_;
  std::vector<SortField> order_;
  Plan plan_;
};

}  // namespace

bool Plan::walks_current() const { return std::any_of(walk.begin(), walk.end(), IsCurrent); }

absl::StatusOr<Plan> MakePlan(const TableDeclaration& table, const PlanQuery& query) {
  return Planner(table, query).Make(query);
}

}  // namespace kith::projections
