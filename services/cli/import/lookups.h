// Lookups: the records that rows of a table refer to by a text.
//
// What is there is found before the first row is sent. What is missing is made where the lookup
// says how: with the first row that names it and can be sent; before all rows, where these are of
// the same collection and one may be of that very record. It goes again where every row that names
// it is refused.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/cli/calls/session.h"
#include "services/cli/import/import_plan.h"
#include "services/cli/import/importer.h"
#include "services/cli/import/taken_back.h"

namespace kith::cli {

// One thread. Borrows all it is given; what it sends has the client's cause.
class Lookups {
 public:
  // `collection` is what the rows are of.
  Lookups(Session& session, const ImportPlanner& planner, const TakenBack& taken_back,
          std::string collection)
      : session_(session),
        planner_(planner),
        taken_back_(taken_back),
        collection_(std::move(collection)) {}

  // Looks for all that rows refer to, and makes of the rows' own collection what is missing, where
  // it `makes` anything. Fails only where every further call would fail too.
  absl::Status Find(bool makes = true);
  // The calls of a row, as ImportPlanner::Plan has them. Makes what it refers to and is missing,
  // where the row has no mistake of its own.
  absl::StatusOr<std::vector<PlannedCall>> Plan(const CsvRow& row);
  // The same, and makes nothing: what is missing has a name that is none.
  absl::StatusOr<std::vector<PlannedCall>> PlanOnly(const CsvRow& row) const {
    return planner_.Plan(row, references_);
  }
  // Whether the row refers to what would be made first.
  bool NamesMissing(const CsvRow& row) const;
  // Takes in what became of a row.
  void Take(const Importer::Result& result);
  // Deletes what was made and is named by no row that was taken; what stays, is told. After the
  // last row.
  void DeleteUnused();

 private:
  // A record that this run made.
  struct Made {
    std::string collection;
    std::string name;
    std::string etag;
    bool is_used = false;
  };

  absl::StatusOr<std::string> FindOne(const ReferenceKey& key);
  absl::StatusOr<std::string> Make(const ReferenceKey& key, const CsvRow& row);
  absl::StatusOr<bool> IsThere(const std::string& collection, const std::string& name);
  absl::Status Delete(const Made& made);

  Session& session_;
  const ImportPlanner& planner_;
  const TakenBack& taken_back_;
  const std::string collection_;
  // Of one that is missing, a name that stands for that which it will have.
  References references_;
  std::map<ReferenceKey, const CsvRow*> missing_;  // and the row that says what it is made of
  std::vector<Made> made_;
};

}  // namespace kith::cli
