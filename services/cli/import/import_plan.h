// Plan: the calls that one row of a CSV file gives rise to. Pure: no server, no clock.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "kith/import_jobs/v1/import_job.pb.h"
#include "services/cli/calls/catalog.h"
#include "services/cli/import/csv_reader.h"
#include "services/cli/import/import_mapping.h"

namespace kith::cli {

// A text that names a record, and a row it stands in.
struct ReferenceKey {
  const Lookup* lookup;
  std::string text;
  bool operator<(const ReferenceKey& other) const {
    return lookup != other.lookup ? lookup < other.lookup : text < other.text;
  }
};

// The names of the records that rows refer to, or why there is none.
using References = std::map<ReferenceKey, absl::StatusOr<std::string>>;

struct PlannedCall {
  const Method* method = nullptr;
  // Complete but for the name of the record, which the reply to the first call tells.
  std::unique_ptr<google::protobuf::Message> request;
  const std::vector<FieldMapping>* fields = nullptr;  // the mapping's, what it is made of
  // The method whose flags these are; null: `method`.
  const Method* described = nullptr;
};

// Digests of all that the record of a request can be matched by: an address, a number, an external
// id, a domain, the id of a deal, however they are written. Rows that have one in common may be of
// the same record.
std::vector<uint64_t> MatchDigests(const google::protobuf::Message& request);

// What a call that had this request id has instead where the import job whose it was was taken
// back: the same in every run.
std::string RenewedRequestId(absl::string_view id, absl::string_view import_job);

// The error of a planned call, which also names the columns of the fields that it is about.
absl::Status WithColumns(const absl::Status& error, const PlannedCall& call);
// The columns that an error of a row is about, as WithColumns and Plan name them.
std::vector<std::string> ColumnsConcerned(const absl::Status& error);

// Fails where a call that creates a record lacks what its fields require, as the server would.
absl::Status CheckRequired(const PlannedCall& call);

// Whether the first call of a row creates a record that has anything which one could be found by.
bool MayMatch(const google::protobuf::RepeatedField<int>& match_keys,
              const google::protobuf::Message& request);

// Makes the first call of a row one that finds the record which the row matches: the row's line in
// the import job tells it apart. Fails where the mapping's first step creates no contact, company,
// lead or deal.
absl::Status MatchRecord(const Catalog& catalog, const std::string& import_job, const CsvRow& row,
                         std::vector<PlannedCall>& calls);

// The same, of a row that is only to be checked as one of the job, which need not be there: its
// further calls, which are of a record that is not there yet, are left out.
absl::Status CheckRecord(const Catalog& catalog, const import_jobs::v1::ImportJob& job,
                         const CsvRow& row, std::vector<PlannedCall>& calls);

// Makes plans for the rows of one file. Immutable; any thread. Borrows all it is given.
class ImportPlanner {
 public:
  // Fails when the mapping names a collection, verb, field or column that does not exist.
  static absl::StatusOr<ImportPlanner> Make(const Mapping& mapping, const Catalog& catalog,
                                            const CsvFile& file);

  // What the rows refer to, each with the first row that does.
  std::map<ReferenceKey, const CsvRow*> CollectReferences() const;
  // What the row refers to; of one that cannot be read, nothing.
  std::vector<ReferenceKey> ReferencesOf(const CsvRow& row) const;

  // The calls of a row, in order. Fails with every mistake in the row, each with the field it is
  // about, and where a row before it has its key. A row's request ids are the same in every run:
  // they come from the mapping's name and the row's key, or from all that it holds where the
  // mapping has no key or the row nothing in it.
  absl::StatusOr<std::vector<PlannedCall>> Plan(const CsvRow& row,
                                                const References& references) const;

  // The call that makes the record a text refers to. Its request id comes from the lookup and the
  // text.
  absl::StatusOr<PlannedCall> PlanReference(const ReferenceKey& key, const CsvRow& row) const;

 private:
  struct Step {
    const ImportStep* step;
    const Method* method;
  };

  ImportPlanner(const Mapping& mapping, const Catalog& catalog, const CsvFile& file)
      : mapping_(mapping), catalog_(catalog), file_(file) {}

  absl::Status CheckFields(const Method& method, const std::vector<FieldMapping>& fields,
                           const std::string& where) const;
  // Fails where the row has not a cell for each column, or no text in one that is read.
  absl::Status CheckCells(const CsvRow& row) const;
  std::string Cell(const CsvRow& row, const std::string& column) const;
  // The cells of its key; empty where the mapping has none, or the row nothing in it.
  std::vector<std::string> Key(const CsvRow& row) const;
  // Remembers the first row with each key.
  void FindFirstLines();
  // Fails where a row before it has its key.
  absl::Status CheckKey(const CsvRow& row) const;
  // What the row holds, without what an import that rejected it added.
  std::vector<std::string> Content(const CsvRow& row) const;
  // What the columns give; nothing where none of the templates is complete.
  std::optional<std::string> Text(const CsvRow& row, const ValueSource& source) const;
  // The texts of a field: one, or the elements of a list; none where there is nothing to set.
  absl::StatusOr<std::vector<std::string>> Texts(const CsvRow& row,
                                                 const ValueSource& source) const;
  bool Takes(const CsvRow& row, const ImportStep& step) const;
  // Sets what it can, and adds what it cannot to the mistakes.
  void SetFields(const CsvRow& row, const Method& method, const std::vector<FieldMapping>& fields,
                 const References& references, google::protobuf::Message* request,
                 std::vector<std::string>* mistakes, std::vector<std::string>* columns) const;
  absl::Status SetOne(const CsvRow& row, const Method& method, const FieldMapping& field,
                      const References& references, google::protobuf::Message* request) const;

  const Mapping& mapping_;
  const Catalog& catalog_;
  const CsvFile& file_;
  std::vector<Step> steps_;
  std::unordered_map<uint64_t, int64_t> first_lines_;  // by the digest of a key
};

}  // namespace kith::cli
