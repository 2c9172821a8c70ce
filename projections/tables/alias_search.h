// AliasSearch: finds the records of a directory, or the parts of them, that people call by an alias
// (aliases.h). What was deleted has none any more.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "projections/engine/view_snapshot.h"
#include "projections/tables/table_core.h"

namespace kith::projections {

// So many are told of those that are called alike.
inline constexpr size_t kNamesakesMax = 10;
// Records whose parts are looked through for one alias.
inline constexpr size_t kPartOwnersMax = 1'000;
// Where there are more records, nobody says who may have been meant by what nobody is called.
inline constexpr size_t kGuessedAmongMax = 1'000;

// What of a table whoever looks for an alias may see.
struct RowsSeen {
  const Expression* within = nullptr;  // holds of all of its rows; null: of everything
  std::function<bool(const google::protobuf::Message& row)> hides;
  std::function<bool(const Field& field)> masked;  // which fields not; null: none
  std::string record = {};  // the one whose parts are looked through; empty: of each
};

// Immutable; any thread.
class AliasSearch {
 public:
  // Of what has names of this pattern: the rows of the table ("users/{user}"), or what they hold in
  // a field ("pipelines/{pipeline}/stages/{stage}"). Borrows the table. Aborts where there is no
  // such field, or no index for an alias.
  AliasSearch(const TableCore& table, absl::string_view pattern);

  // "id", "email": what an alias can be for who sees that.
  std::vector<std::string> FieldsFor(const RowsSeen& seen = {}) const;

  // The names of those that are called so, as of the snapshot: sorted, each once, and where there
  // are more than kNamesakesMax, so many and one. Of `erased`, by name, nothing personal is looked
  // at; null: of nobody. What is not `seen` is not there. ERROR_INVALID_FILTER where too many
  // records would have to be looked at. Not on a gRPC thread.
  absl::StatusOr<std::vector<std::string>> Find(
      const ViewSnapshot& snapshot, WorkspaceId workspace, absl::string_view alias,
      const std::function<bool(absl::string_view)>* erased, const RowsSeen& seen = {}) const;

  // What some record is called that is spelled nearly like this; "" where none is.
  absl::StatusOr<std::string> NearestTo(const ViewSnapshot& snapshot, WorkspaceId workspace,
                                        absl::string_view alias,
                                        const std::function<bool(absl::string_view)>* erased,
                                        const RowsSeen& seen = {}) const;

 private:
  // Adds all that a row or a part is called and that is seen.
  void AddTexts(const google::protobuf::Message& called, const RowsSeen& seen,
                std::vector<std::string>& texts) const;
  absl::StatusOr<std::vector<std::string>> FindRows(
      const ViewSnapshot& snapshot, WorkspaceId workspace, absl::string_view alias,
      const std::function<bool(absl::string_view)>* erased, const RowsSeen& seen) const;
  absl::StatusOr<std::vector<std::string>> FindParts(const ViewSnapshot& snapshot,
                                                     WorkspaceId workspace, absl::string_view alias,
                                                     const RowsSeen& seen) const;
  // Whether some alias of a part is this one.
  bool IsCalled(const google::protobuf::Message& part, absl::string_view name,
                absl::string_view alias, const RowsSeen& seen) const;

  const TableCore& table_;
  const std::string collection_;  // "users/": what names of rows begin with
  const google::protobuf::FieldDescriptor* parts_ = nullptr;  // null: the rows themselves
  std::vector<Field> aliases_;                                // of the rows or the parts
  std::vector<Field> spelled_;                                // the same as they were written
};

}  // namespace kith::projections
