// Plan: how a table answers a list: in which order, and over which stretches of its indexes it
// finds the rows. Immutable.
//
// The filter is a union of conjunctions, and each is found through one stretch of an index; a
// conjunction that no index narrows needs every row, and so the rows themselves are the only
// stretch.
//
// The order is settled first and by the query alone, so that every page of a list has the same one:
// that of the index that serves order_by (or, without order_by, of the index that serves the filter
// best), else of the values of the order fields, then of the primary key. Several stretches have an
// order where each stands in it: where what their entries have after the values that the filter
// equates is the same. Then there is a way to that order by walking them side by side (`walk`), and
// perhaps another by looking at fewer rows and sorting them (`gather`). A current index is walked
// where no other is as good, and never gathered from; beside it there always is a way to gather,
// because it has only the present.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "projections/tables/aliases.h"
#include "projections/tables/condition.h"
#include "projections/tables/predicate.h"
#include "projections/tables/query.h"

namespace kith::projections {

struct IndexDeclaration;
struct TableDeclaration;

// A stretch of one index, or of the rows themselves.
struct Access {
  const IndexDeclaration* index = nullptr;  // null: the rows, by primary key
  std::string bound;  // the values of the leading fields that the filter equates
  ValueRange next;    // of the field after those
  size_t bound_fields = 0;
  bool has_next = false;  // `next` bounds something
  // A row may have several entries in the stretch: only its first counts.
  bool next_is_many = false;
  Condition rest;  // what its rows are still to be asked
};

// The stretches that a list is found in; none where nothing can be in it.
using Route = std::vector<Access>;

// What an ordering compares, when no index has it.
struct SortField {
  size_t field = 0;
  bool descending = false;
};

// What is asked of a table.
struct PlanQuery {
  absl::string_view filter;
  absl::string_view order_by;
  Moment moment;
  const Expression* within = nullptr;  // holds of every row of the list, beside the filter
  // Fields that are not to be asked for: ERROR_PERMISSION_DENIED; nor do rows stand in their order.
  // Null: none.
  const std::function<bool(const Field& field)>* masked = nullptr;
  // Whom the filter means by aliases. Null: aliases are refused, as any text that is no name.
  const NameOfAlias* name_of = nullptr;
  // All names of the records that it names. Null: each has one.
  const NamesOfRecord* names_of = nullptr;
  // Rows stand in the list of which `within` does not hold: it says nothing of their order.
  bool has_besides = false;
  // In place of what `filter` is parsed to. Null: that.
  const Expression* parsed = nullptr;
};

struct Plan {
  std::vector<Predicate> predicates;
  Condition whole;          // what holds of every row of the list
  bool descending = false;  // walk backwards
  bool can_walk = false;    // the order of `walk` is the list's
  Route walk;
  bool can_gather = false;
  Route gather;  // look at these and sort
  // The list's order, the primary key last: what the entries of `walk` have after the values that
  // the filter equates, or what is sorted by.
  std::vector<SortField> order;
  uint32_t order_id = 0;  // names the order in page tokens
  // Who is in the list, or where, may tell something personal.
  bool tells_personal = false;
  std::string wanted_index;  // what would serve this query best, for people

  // The order is that of an index whose entries are those of the present.
  bool walks_current() const;
};

// ERROR_INVALID_FILTER for what cannot be parsed or names something that is not declared.
absl::StatusOr<Plan> MakePlan(const TableDeclaration& table, const PlanQuery& query);

}  // namespace kith::projections
