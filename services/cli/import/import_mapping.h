// Mapping: how the columns of a CSV file become calls of Kith. Read from JSON;
// deploy/import/README.md describes it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/cli/import/table_file.h"

namespace kith::cli {

struct Lookup;

// Where the text of a field comes from, and what is done to it, in this order. Immutable once read.
struct ValueSource {
  // Texts with {column} in them; the first of which every column has something is taken.
  std::vector<std::string> templates;
  // Instead, where there is none.
  std::string fallback;
  // What stands for what; a text that is not among them is a mistake in the row.
  std::optional<std::map<std::string, std::string>> values;
  // How a date or time is written, in the form of strptime, "%d.%m.%Y": as one of these.
  std::vector<std::string> date_formats;
  // What stands before the fraction of a number, '.' or ','; 0: the number is written as Kith reads
  // it.
  char decimal = 0;
  // Joined to a number, which is then money.
  std::string currency;
  // What separates the elements of a list.
  std::string separator;
  // The text names a record of a collection; the field gets the record's name.
  std::shared_ptr<const Lookup> lookup;  // shared by the copies of a mapping, never changed
};

// A field of a request, by its flag, and where its text comes from.
struct FieldMapping {
  std::string flag;
  ValueSource source;
};

// How a text finds a record: the one of `collection` whose field `by` equals it.
struct Lookup {
  std::string collection;
  std::string by;
  // Made when there is none; where this is empty, the row is rejected instead.
  std::vector<FieldMapping> create;
};

// One call a row gives rise to.
struct ImportStep {
  std::string verb;
  // The row takes this step when each of these columns has one of these texts.
  std::map<std::string, std::set<std::string>> when;
  std::vector<FieldMapping> fields;
};

struct Mapping {
  // Part of every request id: two mappings of one name are one import.
  std::string name;
  std::string collection;
  // The columns that tell rows apart; the row's whole content where there are none, or the row
  // has nothing in them.
  std::vector<std::string> key;
  // What becomes of a row, "upsert", and by what it matches a record, "email": as the import job
  // has them. Empty where nothing is said.
  std::string policy;
  std::vector<std::string> match;
  // How its files are written.
  TableForm form;
  // By column: a text, and what is read in its place. Other texts stay.
  std::map<std::string, std::map<std::string, std::string>> corrections;
  // The first makes the record, the others change it.
  std::vector<ImportStep> steps;
};

// Reads a mapping. `values_from` names a file of a table in `directory`. Fails on anything the form
// does not know, naming it by its path: "steps[1].fields.amount: …".
absl::StatusOr<Mapping> ParseMapping(const std::string& json, const std::string& directory);

// Every column that the mapping reads.
std::set<std::string> ColumnsRead(const Mapping& mapping);

// The columns that a text is made of, each once.
std::vector<std::string> ColumnsOf(const ValueSource& source);

// The columns in a template: "{product} for {account}" → product, account.
std::vector<std::string> ColumnsOfTemplate(absl::string_view text);

}  // namespace kith::cli
