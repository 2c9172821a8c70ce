// Plan: how a table answers a list: in which order, and over which index it finds the rows.
// Immutable.
//
// The order is settled first and by the query alone, so that every page of a list has the same one:
// that of the index that serves order_by (or, without order_by, of the index that serves the filter
// best), else of the values of the order fields, then of the primary key. Then there is a way to
// that order by walking it (`walk`), and perhaps another by looking at fewer rows and sorting them
// (`gather`). A current index is walked where no other is as good, and never gathered from; beside
// it there always is a way to gather, because it has only the present.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
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
  bool next_is_many =
      false;                 // a row may have several entries in the stretch: only its first counts
  std::vector<bool> served;  // by predicate: holds for every row of the stretch
};

// What an ordering compares, when no index has it.
struct SortField {
  size_t field = 0;
  bool descending = false;
};

struct Plan {
  std::vector<Predicate> predicates;
  bool descending = false;             // walk backwards
  std::optional<Access> walk;          // its index's order is the list's
  std::optional<Access> gather;        // look at these and sort
  std::vector<SortField> sort_fields;  // when nothing can be walked
  uint32_t order_id = 0;               // names the order in page tokens
  // Who is in the list, or where, may tell something personal.
  bool tells_personal = false;
  std::string wanted_index;  // what would serve this query best, for people

  // The index whose entries are the list's order; null: the primary key, unless there are
  // sort_fields.
  const IndexDeclaration* order_index() const { return walk.has_value() ? walk->index : nullptr; }
  // The order is that of an index whose entries are those of the present.
  bool walks_current() const;
};

// ERROR_INVALID_FILTER for what cannot be parsed or names something that is not declared.
absl::StatusOr<Plan> MakePlan(const TableDeclaration& table, absl::string_view filter,
                              absl::string_view order_by);

}  // namespace kith::projections
