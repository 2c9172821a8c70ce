#include "services/cli/import/import_plan.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "eventstore/base/check.h"
#include "eventstore/base/domain.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/sha256.h"
#include "eventstore/base/status_macros.h"
#include "kith/import_jobs/v1/import_jobs_service.pb.h"
#include "services/cli/calls/arguments.h"
#include "services/cli/calls/request.h"
#include "services/cli/import/import_rejects.h"
#include "services/cli/import/number_text.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/server_error.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

Sha256Hash DigestOf(const std::vector<std::string>& parts) {
  Sha256 digest;
  for (const std::string& part : parts) {
    // The length keeps ("ab", "c") apart from ("a", "bc").
    digest.Add(absl::StrCat(part.size(), ":")).Add(part);
  }
  return digest.Finish();
}

// The file's keys are told apart by it: among a million one is mistaken once in 30 million files.
uint64_t ShortDigestOf(const std::vector<std::string>& parts) {
  const Sha256Hash hash = DigestOf(parts);
  uint64_t digest = 0;
  std::memcpy(&digest, hash.data(), sizeof digest);
  return digest;
}

// A request id of at most 128 printable characters: readable in front, and unique by the digest of
// `parts`.
std::string DerivedRequestId(absl::string_view what, const std::vector<std::string>& parts) {
  const Sha256Hash hash = DigestOf(parts);
  constexpr size_t kBytes = 16;
  return absl::StrCat("import:", what, ":",
                      absl::BytesToHexString(
                          absl::string_view(reinterpret_cast<const char*>(hash.data()), kBytes)));
}

constexpr absl::string_view kColumnsPayload = "kith.cli/columns";
constexpr char kOccurTime[] = "occur_time";
constexpr char kDealId[] = "deal_id";

// Whether a message has such a field, and something in it.
bool Has(const Message& message, const char* name) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return false;
  const auto& reflection = *message.GetReflection();
  return field->is_repeated() ? reflection.FieldSize(message, field) > 0
                              : reflection.HasField(message, field);
}

// The field of a request that holds a message of that type; null where there is none.
const FieldDescriptor* FieldOfType(const Descriptor& request, const Descriptor& type) {
  for (int i = 0; i < request.field_count(); ++i) {
    if (request.field(i)->message_type() == &type) return request.field(i);
  }
  return nullptr;
}

absl::Status Concerning(absl::Status error, const std::vector<std::string>& columns) {
  // A name of a column has no zero byte.
  const absl::string_view separator("\0", 1);
  if (columns.empty()) return error;
  error.SetPayload(kColumnsPayload, absl::Cord(absl::StrJoin(columns, separator)));
  return error;
}

void AddEach(std::vector<std::string> more, std::vector<std::string>& columns) {
  for (std::string& column : more) {
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) continue;
    columns.push_back(std::move(column));
  }
}

// " (column E-mail)"; nothing where there is none.
std::string InColumns(const std::vector<std::string>& columns) {
  if (columns.empty()) return "";
  return absl::StrCat(columns.size() == 1 ? " (column " : " (columns ",
                      absl::StrJoin(columns, ", "), ")");
}

// Whether a field, "contact.emails[0].address", is the one at the path, or within it.
bool IsWithin(absl::string_view field, absl::string_view path) {
  if (!absl::ConsumePrefix(&field, path)) return false;
  return field.empty() || field[0] == '.' || field[0] == '[';
}

// A date or time written in the first of the formats that it is like, as values.h reads it.
absl::StatusOr<std::string> Redate(absl::string_view text,
                                   const std::vector<std::string>& formats) {
  absl::Time time;
  std::string error;
  const bool is_read = std::any_of(formats.begin(), formats.end(), [&](const std::string& format) {
    return absl::ParseTime(format, text, &time, &error);
  });
  if (!is_read) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is not like ", absl::StrJoin(formats, ", or like ")));
  }
  const absl::TimeZone utc = absl::UTCTimeZone();
  const bool midnight = time == absl::FromCivil(absl::ToCivilDay(time, utc), utc);
  return absl::FormatTime(midnight ? "%Y-%m-%d" : absl::RFC3339_full, time, utc);
}

// "deal_id": the flag of a method that makes a record for the id of its name.
std::string IdFlagOf(const Method& method) {
  return method.body == nullptr ? "" : absl::StrCat(method.body->name(), "_id");
}

// "a1" of "deals/a1", as exports have it, and of "a1".
std::string IdIn(std::string text, const Method& method) {
  const std::string prefix = absl::StrCat(CamelCase(method.collection), "/");
  return std::string(absl::StripPrefix(text, prefix));
}

absl::Status CheckTellsNoSecret(const Method& method, absl::string_view where) {
  if (method.descriptor->output_type()->FindFieldByName("secret") == nullptr) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(where, ": ", method.collection, " ", method.verb,
                   " tells a secret once, and an import tells it nobody: call it one by one"));
}

// What the mapping's settings make of a text, but for the lookup.
absl::StatusOr<std::string> Convert(const ValueSource& source, std::string text) {
  if (source.values.has_value()) {
    const auto found = source.values->find(text);
    if (found == source.values->end()) {
      return absl::InvalidArgumentError(absl::StrCat("the mapping says nothing of \"", text, "\""));
    }
    text = found->second;
  }
  if (!source.date_formats.empty() && !text.empty()) {
    KITH_ASSIGN_OR_RETURN(text, Redate(text, source.date_formats));
  }
  if (source.decimal != 0 && !text.empty()) {
    return ReadNumber(text, source.decimal, source.currency);
  }
  if (!source.currency.empty() && !text.empty()) absl::StrAppend(&text, " ", source.currency);
  return text;
}

}  // namespace

std::vector<uint64_t> MatchDigests(const Message& request) {
  constexpr size_t kDigitsTold = 7;  // with and without the country's code they end in the same
  std::vector<uint64_t> digests;
  const auto add = [&](absl::string_view what, std::string text) {
    absl::AsciiStrToLower(&text);
    if (what == "emails") text = EmailForm(text);
    if (what == "domains") text = DomainForm(text);
    if (what == "phones") {
      std::erase_if(text, [](char c) { return !absl::ascii_isdigit(c); });
      if (text.size() > kDigitsTold) text.erase(0, text.size() - kDigitsTold);
    }
    if (!text.empty()) digests.push_back(ShortDigestOf({std::string(what), std::move(text)}));
  };
  if (Has(request, kDealId)) {
    const FieldDescriptor* const id = request.GetDescriptor()->FindFieldByName(kDealId);
    add(kDealId, request.GetReflection()->GetString(request, id));
  }
  std::vector<const FieldDescriptor*> fields;
  request.GetReflection()->ListFields(request, &fields);
  for (const FieldDescriptor* const field : fields) {
    if (field->message_type() == nullptr || field->is_repeated()) continue;
    const Message& record = request.GetReflection()->GetMessage(request, field);
    const auto& reflection = *record.GetReflection();
    const FieldDescriptor* const email = record.GetDescriptor()->FindFieldByName("email");
    if (email != nullptr && email->cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
        !email->is_repeated()) {
      add("emails", reflection.GetString(record, email));
    }
    for (const char* const what : {"emails", "phones", "external_ids", "domains"}) {
      const FieldDescriptor* const list = record.GetDescriptor()->FindFieldByName(what);
      if (list == nullptr) continue;
      for (int i = 0; i < reflection.FieldSize(record, list); ++i) {
        if (list->message_type() == nullptr) {
          add(what, reflection.GetRepeatedString(record, list, i));
          continue;
        }
        const Message& element = reflection.GetRepeatedMessage(record, list, i);
        std::string text;
        for (const char* const part : {"address", "raw", "system", "id"}) {
          const FieldDescriptor* const said = element.GetDescriptor()->FindFieldByName(part);
          if (said == nullptr) continue;
          absl::StrAppend(&text, element.GetReflection()->GetString(element, said), "\n");
        }
        add(what, std::move(text));
      }
    }
  }
  return digests;
}

std::string RenewedRequestId(absl::string_view id, absl::string_view import_job) {
  return DerivedRequestId("again", {std::string(id), std::string(import_job)});
}

absl::Status WithColumns(const absl::Status& error, const PlannedCall& call) {
  std::vector<std::string> columns;
  for (const std::string& refused : FieldsRefusedBy(error)) {
    for (const FieldMapping& field : *call.fields) {
      const Method& described = call.described == nullptr ? *call.method : *call.described;
      if (IsWithin(refused, FlagPath(described, field.flag))) {
        AddEach(ColumnsOf(field.source), columns);
      }
    }
  }
  if (columns.empty()) return error;
  absl::Status told(error.code(), absl::StrCat(error.message(), "\nThe file has that in ",
                                               columns.size() == 1 ? "the column " : "the columns ",
                                               absl::StrJoin(columns, ", "), "."));
  error.ForEachPayload([&told](absl::string_view type, const absl::Cord& payload) {
    told.SetPayload(type, payload);
  });
  return Concerning(std::move(told), columns);
}

absl::Status CheckRequired(const PlannedCall& call) {
  const FieldDescriptor* const body = call.method->body;
  if (call.method->verb != "create" || body == nullptr) return absl::OkStatus();
  const Message& record = call.request->GetReflection()->GetMessage(*call.request, body);
  const Descriptor& type = *record.GetDescriptor();
  std::vector<std::string> mistakes, columns;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const bool is_asked = RulesOf(field).required() && !RulesOf(field).output_only();
    if (!is_asked || Has(record, std::string(field.name()).c_str())) continue;
    std::vector<std::string> read;
    for (const FieldMapping& mapped : *call.fields) {
      if (IsWithin(FlagPath(*call.method, mapped.flag),
                   absl::StrCat(body->name(), ".", field.name()))) {
        AddEach(ColumnsOf(mapped.source), read);
      }
    }
    mistakes.push_back(absl::StrCat(field.name(), InColumns(read), ": is required"));
    AddEach(std::move(read), columns);
  }
  if (mistakes.empty()) return absl::OkStatus();
  return Concerning(absl::InvalidArgumentError(absl::StrJoin(mistakes, "; ")), columns);
}

std::vector<std::string> ColumnsConcerned(const absl::Status& error) {
  const absl::optional<absl::Cord> columns = error.GetPayload(kColumnsPayload);
  if (!columns.has_value()) return {};
  return absl::StrSplit(std::string(*columns), '\0');
}

bool MayMatch(const google::protobuf::RepeatedField<int>& match_keys, const Message& request) {
  const auto may_match = [&](const Message& record) {
    return std::any_of(match_keys.begin(), match_keys.end(), [&](int key) {
      switch (key) {
        case import_jobs::v1::EMAIL_ADDRESS:
          return Has(record, "emails") || Has(record, "email");
        case import_jobs::v1::PHONE_NUMBER:
          return Has(record, "phones");
        case import_jobs::v1::EXTERNAL_ID:
          return Has(record, "external_ids");
        case import_jobs::v1::DEAL_NAME:
          return Has(request, kDealId);
        default:
          return Has(record, "domains");
      }
    });
  };
  std::vector<const FieldDescriptor*> fields;
  request.GetReflection()->ListFields(request, &fields);
  return std::any_of(fields.begin(), fields.end(), [&](const FieldDescriptor* field) {
    return field->message_type() != nullptr && !field->is_repeated() &&
           may_match(request.GetReflection()->GetMessage(request, field));
  });
}

absl::Status MatchRecord(const Catalog& catalog, const std::string& import_job, const CsvRow& row,
                         std::vector<PlannedCall>& calls) {
  PlannedCall& call = calls.front();
  import_jobs::v1::ImportRecordRequest match;
  match.set_import_job(import_job);
  const FieldDescriptor* const body = call.method->body;
  const FieldDescriptor* const record =
      call.method->verb != "create" || body == nullptr
          ? nullptr
          : FieldOfType(*match.GetDescriptor(), *body->message_type());
  if (record == nullptr) {
    return absl::InvalidArgumentError(
        "only contacts, companies, leads and deals are matched, by a mapping whose first step "
        "creates them");
  }
  const auto& reflection = *call.request->GetReflection();
  match.GetReflection()
      ->MutableMessage(&match, record)
      ->CopyFrom(reflection.GetMessage(*call.request, body));
  const Descriptor& request = *call.request->GetDescriptor();
  if (Has(*call.request, kOccurTime)) {
    match.mutable_occur_time()->CopyFrom(
        reflection.GetMessage(*call.request, request.FindFieldByName(kOccurTime)));
  }
  if (Has(*call.request, kDealId)) {
    match.set_deal_id(reflection.GetString(*call.request, request.FindFieldByName(kDealId)));
  }
  match.set_request_id(DerivedRequestId("record", {import_job, absl::StrCat(row.line)}));
  call.described = call.method;
  call.method = catalog.Find("import-jobs", "import-record");
  KITH_CHECK(call.method != nullptr);
  call.request = std::make_unique<import_jobs::v1::ImportRecordRequest>(std::move(match));
  return absl::OkStatus();
}

absl::Status CheckRecord(const Catalog& catalog, const import_jobs::v1::ImportJob& job,
                         const CsvRow& row, std::vector<PlannedCall>& calls) {
  KITH_RETURN_IF_ERROR(MatchRecord(catalog, job.name(), row, calls));
  auto& check = static_cast<import_jobs::v1::ImportRecordRequest&>(*calls.front().request);
  check.clear_import_job();
  check.clear_request_id();
  check.set_validate_only(true);
  *check.mutable_match_keys() = job.match_keys();
  check.set_policy(job.policy());
  calls.erase(calls.begin() + 1, calls.end());
  return absl::OkStatus();
}

absl::StatusOr<ImportPlanner> ImportPlanner::Make(const Mapping& mapping, const Catalog& catalog,
                                                  const CsvFile& file) {
  ImportPlanner planner(mapping, catalog, file);
  for (size_t i = 0; i < mapping.steps.size(); ++i) {
    const ImportStep& step = mapping.steps[i];
    const Method* method = catalog.Find(mapping.collection, step.verb);
    if (method == nullptr || !method->mutates()) {
      return absl::InvalidArgumentError(absl::StrCat("steps[", i, "]: there is no command \"",
                                                     mapping.collection, " ", step.verb, "\""));
    }
    KITH_RETURN_IF_ERROR(CheckTellsNoSecret(*method, absl::StrCat("steps[", i, "]")));
    KITH_RETURN_IF_ERROR(
        planner.CheckFields(*method, step.fields, absl::StrCat("steps[", i, "].fields.")));
    planner.steps_.push_back({&step, method});
  }
  for (const std::string& column : ColumnsRead(mapping)) {
    if (file.FindColumn(column) < 0) {
      return absl::InvalidArgumentError(absl::StrCat("the file has no column \"", column, "\"",
                                                     DidYouMean(column, file.columns, "")));
    }
  }
  planner.FindFirstLines();
  return planner;
}

absl::Status ImportPlanner::CheckFields(const Method& method,
                                        const std::vector<FieldMapping>& fields,
                                        const std::string& where) const {
  for (const FieldMapping& field : fields) {
    const std::string path = FlagPath(method, field.flag);
    if (path.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, field.flag, ": ", method.collection, " ", method.verb,
                       " has no such field", DidYouMean(field.flag, FlagsOf(method), ""), "; kith ",
                       method.collection, " ", method.verb, " --help tells all"));
    }
    // The server would pass over it without a word.
    const auto* const filled = FindField(*method.descriptor->input_type(), path);
    if (method.verb == "create" && filled->name() != "name" && RulesOf(*filled).output_only()) {
      return absl::InvalidArgumentError(absl::StrCat(where, field.flag, ": the server makes ",
                                                     field.flag, " by itself; ", method.collection,
                                                     " create --help tells what is said"));
    }
    const Lookup* lookup = field.source.lookup.get();
    if (lookup == nullptr) continue;
    const Method* list = catalog_.Find(lookup->collection, "list");
    const Method* create = catalog_.Find(lookup->collection, "create");
    if (list == nullptr || list->items == nullptr || create == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          where, field.flag, ".lookup: ", lookup->collection, " cannot be listed and created"));
    }
    KITH_RETURN_IF_ERROR(CheckTellsNoSecret(*create, absl::StrCat(where, field.flag, ".lookup")));
    KITH_RETURN_IF_ERROR(
        CheckFields(*create, lookup->create, absl::StrCat(where, field.flag, ".lookup.create.")));
  }
  return absl::OkStatus();
}

absl::Status ImportPlanner::CheckCells(const CsvRow& row) const {
  if (row.cells.size() != file_.columns.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("it has ", row.cells.size(), " cells, the header ", file_.columns.size()));
  }
  std::vector<std::string> mistakes, columns;
  for (const std::string& column : ColumnsRead(mapping_)) {
    if (IsUtf8(row.cells[file_.FindColumn(column)])) continue;
    columns.push_back(column);
    mistakes.push_back(absl::StrCat("the column \"", column,
                                    "\" is not valid UTF-8: name the file's encoding in "
                                    "the mapping, or save it as UTF-8"));
  }
  if (mistakes.empty()) return absl::OkStatus();
  return Concerning(absl::InvalidArgumentError(absl::StrJoin(mistakes, "; ")), columns);
}

std::string ImportPlanner::Cell(const CsvRow& row, const std::string& column) const {
  const int at = file_.FindColumn(column);
  const std::string cell(absl::StripAsciiWhitespace(row.cells[at]));
  const auto corrections = mapping_.corrections.find(column);
  if (corrections == mapping_.corrections.end()) return cell;
  const auto correction = corrections->second.find(cell);
  return correction == corrections->second.end() ? cell : correction->second;
}

std::vector<std::string> ImportPlanner::Key(const CsvRow& row) const {
  std::vector<std::string> key;
  bool is_empty = true;
  for (const std::string& column : mapping_.key) {
    key.push_back(Cell(row, column));
    is_empty = is_empty && key.back().empty();
  }
  if (is_empty) key.clear();
  return key;
}

void ImportPlanner::FindFirstLines() {
  for (const CsvRow& row : file_.rows) {
    if (!CheckCells(row).ok()) continue;  // Plan says why
    const std::vector<std::string> key = Key(row);
    if (!key.empty()) first_lines_.emplace(ShortDigestOf(key), row.line);
  }
}

absl::Status ImportPlanner::CheckKey(const CsvRow& row) const {
  const std::vector<std::string> key = Key(row);
  if (key.empty()) return absl::OkStatus();
  const int64_t first = first_lines_.at(ShortDigestOf(key));
  if (first == row.line) return absl::OkStatus();
  return Concerning(
      absl::InvalidArgumentError(absl::StrCat(
          "it has the same key (", absl::StrJoin(mapping_.key, ", "), ") as line ", first)),
      mapping_.key);
}

std::vector<std::string> ImportPlanner::Content(const CsvRow& row) const {
  std::vector<std::string> cells;
  for (size_t i = 0; i < row.cells.size(); ++i) {
    if (!IsRejectsColumn(file_.columns[i])) cells.push_back(row.cells[i]);
  }
  return cells;
}

std::optional<std::string> ImportPlanner::Text(const CsvRow& row, const ValueSource& source) const {
  for (const std::string& pattern : source.templates) {
    std::string text = pattern;
    bool complete = true;
    for (const std::string& column : ColumnsOfTemplate(pattern)) {
      const std::string cell = Cell(row, column);
      complete = complete && !cell.empty();
      text = absl::StrReplaceAll(text, {{absl::StrCat("{", column, "}"), cell}});
    }
    if (complete) return text;
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<std::string>> ImportPlanner::Texts(const CsvRow& row,
                                                              const ValueSource& source) const {
  const std::optional<std::string> found = Text(row, source);
  const std::string whole = found.value_or(source.fallback);
  std::vector<std::string> parts = {whole};
  if (!source.separator.empty()) parts = absl::StrSplit(whole, source.separator);
  std::vector<std::string> texts;
  for (const std::string& part : parts) {
    std::string text(absl::StripAsciiWhitespace(part));
    if (text.empty()) continue;
    // A default is written as Kith reads it: only what the file says is converted.
    if (found.has_value()) {
      KITH_ASSIGN_OR_RETURN(text, Convert(source, std::move(text)));
    }
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

bool ImportPlanner::Takes(const CsvRow& row, const ImportStep& step) const {
  for (const auto& [column, texts] : step.when) {
    if (texts.count(Cell(row, column)) == 0) return false;
  }
  return true;
}

std::map<ReferenceKey, const CsvRow*> ImportPlanner::CollectReferences() const {
  std::map<ReferenceKey, const CsvRow*> references;
  for (const CsvRow& row : file_.rows) {
    for (ReferenceKey& key : ReferencesOf(row)) references.emplace(std::move(key), &row);
  }
  return references;
}

std::vector<ReferenceKey> ImportPlanner::ReferencesOf(const CsvRow& row) const {
  std::vector<ReferenceKey> references;
  if (!CheckCells(row).ok() || !CheckKey(row).ok()) return references;  // Plan says why
  for (const Step& step : steps_) {
    if (!Takes(row, *step.step)) continue;
    for (const FieldMapping& field : step.step->fields) {
      if (field.source.lookup == nullptr) continue;
      absl::StatusOr<std::vector<std::string>> texts = Texts(row, field.source);
      if (!texts.ok()) continue;  // Plan says why
      for (std::string& text : *texts) {
        references.push_back({field.source.lookup.get(), std::move(text)});
      }
    }
  }
  return references;
}

void ImportPlanner::SetFields(const CsvRow& row, const Method& method,
                              const std::vector<FieldMapping>& fields, const References& references,
                              Message* request, std::vector<std::string>* mistakes,
                              std::vector<std::string>* columns) const {
  for (const FieldMapping& field : fields) {
    if (const absl::Status set = SetOne(row, method, field, references, request); !set.ok()) {
      mistakes->push_back(
          absl::StrCat(field.flag, InColumns(ColumnsOf(field.source)), ": ", set.message()));
      AddEach(ColumnsOf(field.source), *columns);
    }
  }
}

absl::Status ImportPlanner::SetOne(const CsvRow& row, const Method& method,
                                   const FieldMapping& field, const References& references,
                                   Message* request) const {
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> texts, Texts(row, field.source));
  for (std::string text : texts) {
    if (field.source.lookup != nullptr) {
      const auto found = references.find({field.source.lookup.get(), text});
      KITH_CHECK(found != references.end());  // CollectReferences found it
      KITH_RETURN_IF_ERROR(found->second.status());
      text = *found->second;
    }
    if (field.flag == IdFlagOf(method)) text = IdIn(std::move(text), method);
    KITH_RETURN_IF_ERROR(SetField(request, FlagPath(method, field.flag), text));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PlannedCall>> ImportPlanner::Plan(const CsvRow& row,
                                                             const References& references) const {
  KITH_RETURN_IF_ERROR(CheckCells(row));
  KITH_RETURN_IF_ERROR(CheckKey(row));
  std::vector<std::string> identity = Key(row);
  if (identity.empty()) identity.push_back(absl::StrJoin(Content(row), "\x1f"));
  std::vector<PlannedCall> calls;
  std::vector<std::string> mistakes, columns;
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    if (!Takes(row, *step.step)) continue;
    PlannedCall call;
    call.method = step.method;
    call.request = NewMessage(*step.method->descriptor->input_type());
    call.fields = &step.step->fields;
    SetFields(row, *step.method, step.step->fields, references, call.request.get(), &mistakes,
              &columns);
    std::vector<std::string> parts = {mapping_.name, step.step->verb, absl::StrCat(i)};
    parts.insert(parts.end(), identity.begin(), identity.end());
    SetRequestId(call.request.get(), DerivedRequestId(step.step->verb, parts));
    calls.push_back(std::move(call));
  }
  if (calls.empty()) mistakes.push_back("no step of the mapping takes it");
  if (mistakes.empty()) return calls;
  return Concerning(absl::InvalidArgumentError(absl::StrJoin(mistakes, "; ")), columns);
}

absl::StatusOr<PlannedCall> ImportPlanner::PlanReference(const ReferenceKey& key,
                                                         const CsvRow& row) const {
  PlannedCall call;
  call.method = catalog_.Find(key.lookup->collection, "create");
  call.request = NewMessage(*call.method->descriptor->input_type());
  std::vector<std::string> mistakes, columns;
  SetFields(row, *call.method, key.lookup->create, {}, call.request.get(), &mistakes, &columns);
  if (!mistakes.empty()) return absl::InvalidArgumentError(absl::StrJoin(mistakes, "; "));
  SetRequestId(call.request.get(),
               DerivedRequestId(key.lookup->collection, {key.lookup->by, key.text}));
  return call;
}

}  // namespace kith::cli
