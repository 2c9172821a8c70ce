#include "services/cli/import/import_mapping.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/status_macros.h"
#include "services/cli/import/table_file.h"

namespace kith::cli {
namespace {

// Keeps the order of fields, which is the order they are set in.
using Json = nlohmann::ordered_json;

// Reads one place of the document; `where` is its path, for errors.
class Reader {
 public:
  Reader(const Json& json, std::string where, const std::string& directory)
      : json_(json), where_(std::move(where)), directory_(directory) {}

  absl::Status Wrong(absl::string_view wanted) const {
    return absl::InvalidArgumentError(
        absl::StrCat(where_.empty() ? "the mapping" : where_, ": ", wanted));
  }

  // Fails on a member that is none of `known`.
  absl::Status ExpectMembers(const std::set<std::string>& known) const {
    if (!json_.is_object()) return Wrong("an object is wanted");
    for (const auto& [name, value] : json_.items()) {
      if (known.count(name) == 0) return Wrong(absl::StrCat("nothing is known of \"", name, "\""));
    }
    return absl::OkStatus();
  }

  bool Has(const std::string& name) const { return json_.contains(name); }

  Reader Member(const std::string& name) const {
    return Reader(json_[name], absl::StrCat(where_, where_.empty() ? "" : ".", name), directory_);
  }

  absl::StatusOr<std::string> Text() const {
    if (!json_.is_string()) return Wrong("a text is wanted");
    return json_.get<std::string>();
  }

  // Empty when the member is not there.
  absl::StatusOr<std::string> TextAt(const std::string& name) const {
    if (!Has(name)) return std::string();
    return Member(name).Text();
  }

  // A text, or a list of texts.
  absl::StatusOr<std::vector<std::string>> Texts() const {
    std::vector<std::string> texts;
    if (!json_.is_array()) {
      KITH_ASSIGN_OR_RETURN(std::string text, Text());
      texts.push_back(std::move(text));
      return texts;
    }
    for (const Json& element : json_) {
      KITH_ASSIGN_OR_RETURN(std::string text, Reader(element, where_, directory_).Text());
      texts.push_back(std::move(text));
    }
    return texts;
  }

  absl::StatusOr<std::map<std::string, std::string>> TextsByName() const {
    if (!json_.is_object()) return Wrong("an object of texts is wanted");
    std::map<std::string, std::string> texts;
    for (const auto& [name, value] : json_.items()) {
      KITH_ASSIGN_OR_RETURN(texts[name], Member(name).Text());
    }
    return texts;
  }

  absl::StatusOr<std::vector<FieldMapping>> Fields() const {
    if (!json_.is_object()) return Wrong("an object of fields is wanted");
    std::vector<FieldMapping> fields;
    for (const auto& [flag, value] : json_.items()) {
      FieldMapping field;
      field.flag = absl::StrReplaceAll(flag, {{"-", "_"}});
      KITH_ASSIGN_OR_RETURN(field.source, Member(flag).Source());
      fields.push_back(std::move(field));
    }
    return fields;
  }

  absl::StatusOr<ImportStep> Step() const {
    KITH_RETURN_IF_ERROR(ExpectMembers({"verb", "when", "fields"}));
    ImportStep step;
    KITH_ASSIGN_OR_RETURN(step.verb, TextAt("verb"));
    if (step.verb.empty()) return Wrong("verb is missing");
    if (Has("fields")) {
      KITH_ASSIGN_OR_RETURN(step.fields, Member("fields").Fields());
    }
    if (!Has("when")) return step;
    const Reader when = Member("when");
    if (!when.json_.is_object()) return when.Wrong("an object of columns is wanted");
    for (const auto& [column, value] : when.json_.items()) {
      KITH_ASSIGN_OR_RETURN(const auto texts, when.Member(column).Texts());
      step.when[column] = {texts.begin(), texts.end()};
    }
    return step;
  }

  const Json& json() const { return json_; }

 private:
  // A text is the name of a column.
  absl::StatusOr<ValueSource> Source() const {
    ValueSource source;
    if (json_.is_string()) {
      source.templates = {absl::StrCat("{", json_.get<std::string>(), "}")};
      return source;
    }
    KITH_RETURN_IF_ERROR(
        ExpectMembers({"column", "template", "constant", "default", "values", "values_from",
                       "date_format", "decimal", "currency", "separator", "lookup"}));
    if (Has("column") + Has("template") + Has("constant") != 1) {
      return Wrong("one of column, template and constant is wanted");
    }
    if (Has("template")) {
      KITH_ASSIGN_OR_RETURN(source.templates, Member("template").Texts());
    } else if (Has("column")) {
      KITH_ASSIGN_OR_RETURN(const std::string column, TextAt("column"));
      source.templates = {absl::StrCat("{", column, "}")};
    }
    KITH_ASSIGN_OR_RETURN(source.fallback, TextAt(Has("constant") ? "constant" : "default"));
    if (Has("date_format")) {
      KITH_ASSIGN_OR_RETURN(source.date_formats, Member("date_format").Texts());
    }
    KITH_ASSIGN_OR_RETURN(const std::string decimal, TextAt("decimal"));
    if (!decimal.empty() && decimal != "." && decimal != ",") {
      return Member("decimal").Wrong("\".\" or \",\" is wanted");
    }
    if (!decimal.empty()) source.decimal = decimal[0];
    KITH_ASSIGN_OR_RETURN(source.currency, TextAt("currency"));
    KITH_ASSIGN_OR_RETURN(source.separator, TextAt("separator"));
    if (Has("values")) {
      KITH_ASSIGN_OR_RETURN(source.values, Member("values").TextsByName());
    }
    if (Has("values_from")) {
      KITH_ASSIGN_OR_RETURN(source.values, Member("values_from").ValuesFrom());
    }
    if (Has("lookup")) {
      KITH_ASSIGN_OR_RETURN(source.lookup, Member("lookup").ReadLookup());
    }
    return source;
  }

  absl::StatusOr<std::map<std::string, std::string>> ValuesFrom() const {
    KITH_RETURN_IF_ERROR(ExpectMembers({"file", "key", "value"}));
    KITH_ASSIGN_OR_RETURN(const std::string file, TextAt("file"));
    KITH_ASSIGN_OR_RETURN(const std::string key, TextAt("key"));
    KITH_ASSIGN_OR_RETURN(const std::string value, TextAt("value"));
    KITH_ASSIGN_OR_RETURN(const CsvFile csv, ReadTable(absl::StrCat(directory_, "/", file)));
    const int key_at = csv.FindColumn(key), value_at = csv.FindColumn(value);
    if (key_at < 0 || value_at < 0) {
      return Wrong(absl::StrCat(file, " has no column \"", key_at < 0 ? key : value, "\""));
    }
    std::map<std::string, std::string> values;
    for (const CsvRow& row : csv.rows) {
      if (row.cells.size() == csv.columns.size()) values[row.cells[key_at]] = row.cells[value_at];
    }
    return values;
  }

  absl::StatusOr<std::shared_ptr<const Lookup>> ReadLookup() const {
    KITH_RETURN_IF_ERROR(ExpectMembers({"collection", "by", "create"}));
    auto lookup = std::make_shared<Lookup>();
    KITH_ASSIGN_OR_RETURN(lookup->collection, TextAt("collection"));
    KITH_ASSIGN_OR_RETURN(lookup->by, TextAt("by"));
    if (lookup->collection.empty() || lookup->by.empty())
      return Wrong("collection and by are wanted");
    if (Has("create")) {
      KITH_ASSIGN_OR_RETURN(lookup->create, Member("create").Fields());
    }
    return lookup;
  }

  const Json& json_;
  const std::string where_;
  const std::string& directory_;
};

void AddColumns(const std::vector<FieldMapping>& fields, std::set<std::string>* columns) {
  for (const FieldMapping& field : fields) {
    for (const std::string& text : field.source.templates) {
      for (std::string& column : ColumnsOfTemplate(text)) columns->insert(std::move(column));
    }
    if (field.source.lookup != nullptr) AddColumns(field.source.lookup->create, columns);
  }
}

}  // namespace

absl::StatusOr<Mapping> ParseMapping(const std::string& json, const std::string& directory) {
  const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return absl::InvalidArgumentError("the mapping is not JSON");
  const Reader reader(document, "", directory);
  KITH_RETURN_IF_ERROR(
      reader.ExpectMembers({"description", "name", "collection", "key", "policy", "match",
                            "delimiter", "encoding", "corrections", "steps"}));
  Mapping mapping;
  KITH_ASSIGN_OR_RETURN(mapping.name, reader.TextAt("name"));
  KITH_ASSIGN_OR_RETURN(mapping.collection, reader.TextAt("collection"));
  if (mapping.name.empty() || mapping.collection.empty()) {
    return reader.Wrong("name and collection are wanted");
  }
  if (reader.Has("key")) {
    KITH_ASSIGN_OR_RETURN(mapping.key, reader.Member("key").Texts());
  }
  KITH_ASSIGN_OR_RETURN(mapping.policy, reader.TextAt("policy"));
  if (reader.Has("match")) {
    KITH_ASSIGN_OR_RETURN(mapping.match, reader.Member("match").Texts());
  }
  KITH_ASSIGN_OR_RETURN(const std::string delimiter, reader.TextAt("delimiter"));
  if (delimiter.size() > 1) return reader.Wrong("a delimiter is one character");
  if (!delimiter.empty()) mapping.form.delimiter = delimiter[0];
  KITH_ASSIGN_OR_RETURN(mapping.form.encoding, reader.TextAt("encoding"));
  if (reader.Has("corrections")) {
    const Reader corrections = reader.Member("corrections");
    if (!corrections.json().is_object()) return corrections.Wrong("an object of columns is wanted");
    for (const auto& [column, value] : corrections.json().items()) {
      KITH_ASSIGN_OR_RETURN(mapping.corrections[column], corrections.Member(column).TextsByName());
    }
  }
  if (!reader.Has("steps") || !document["steps"].is_array() || document["steps"].empty()) {
    return reader.Wrong("a list of steps is wanted");
  }
  for (size_t i = 0; i < document["steps"].size(); ++i) {
    const Reader step(document["steps"][i], absl::StrCat("steps[", i, "]"), directory);
    KITH_ASSIGN_OR_RETURN(ImportStep read, step.Step());
    mapping.steps.push_back(std::move(read));
  }
  return mapping;
}

std::set<std::string> ColumnsRead(const Mapping& mapping) {
  std::set<std::string> columns(mapping.key.begin(), mapping.key.end());
  for (const auto& [column, texts] : mapping.corrections) columns.insert(column);
  for (const ImportStep& step : mapping.steps) {
    for (const auto& [column, texts] : step.when) columns.insert(column);
    AddColumns(step.fields, &columns);
  }
  return columns;
}

std::vector<std::string> ColumnsOf(const ValueSource& source) {
  std::vector<std::string> columns;
  for (const std::string& text : source.templates) {
    for (std::string& column : ColumnsOfTemplate(text)) {
      if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
        columns.push_back(std::move(column));
      }
    }
  }
  return columns;
}

std::vector<std::string> ColumnsOfTemplate(absl::string_view text) {
  std::vector<std::string> columns;
  for (size_t open = text.find('{'); open != text.npos; open = text.find('{', open + 1)) {
    const size_t close = text.find('}', open);
    if (close == text.npos) break;
    columns.emplace_back(text.substr(open + 1, close - open - 1));
  }
  return columns;
}

}  // namespace kith::cli
