// The help texts. They come from the descriptors, which know names, types and rules, and from the
// protos' comments.
#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "services/cli/commands.h"
#include "services/cli/fields.h"
#include "services/cli/load_kind.h"
#include "services/cli/proto_comments.h"
#include "services/cli/request.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

constexpr char kIntroduction[] = R"(kith: the command line of Kith, a CRM that remembers everything

  kith <collection> <verb> [NAME] [--field value]…    with --help: which fields there are

  kith board [PIPELINE]                       what stands in each stage
  kith forecast [--by month,quarter,owner,category] [--from DATE] [--to DATE]
                [--quota MONEY]               what will be sold
  kith timeline NAME                          what happened with a contact or a deal
  kith events [--stream PREFIX] [--type TYPE] [--from PLACE]
              [--newest] [--follow]           the log itself
  kith import COLLECTION --mapping FILE [--rejects FILE] [--in-flight N]
              [--dry-run] CSV                 rows of a CSV file; see deploy/import
  kith interactions ingest FILE|-             an interaction for each line, as JSON
  kith bench KIND [--in-flight N] [--channels N] [--seconds S] [--warm-up S]
             [--rate CALLS_A_SECOND] [--bytes N] [--contacts N] [--as-of MOMENT]
             [--session]
                                              how fast the server is; the kinds:
)";

constexpr char kCollections[] = R"(
Collections and their verbs
)";

constexpr char kGlobal[] = R"(
Everywhere
  --address HOST:PORT   the server; KITH_ADDRESS, else 127.0.0.1:7447
  --key KEY             the API key; or --key-file FILE, the file it stands in; else
                        KITH_KEY, KITH_KEY_FILE, or the file data/development.key
  --as-of MOMENT        on every read: @1234 (after that event), a time, a date (its end
                        in UTC) or a token
  --json                JSON for programs; a stream as one line each
  --data JSON|@FILE|-   the resource, or the request, as JSON
  --request-id ID       makes a change safe to repeat; drawn at random when not given
  --verbose             says request ids and positions
  --version             says which version of kith this is
  --help

Values: money "1000.50 EUR", date 2026-01-31, time 2026-01-31T12:00:00Z, duration 3d
or 1h30m, enums by name. Nested fields: --emails.address ada@example.com, or JSON, for
one --emails '{"address":"ada@example.com"}', for several in [ ]. An empty value empties
a field of a resource; elsewhere it is refused.
Exit codes: 0 done, 1 the server refused or could not be reached, 2 the words are wrong.
)";

std::string EnumNames(const EnumDescriptor& type) {
  std::string names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    absl::StrAppend(&names, names.empty() ? "" : "|", type.value(i)->name());
  }
  return names;
}

// "money", "date", "OPEN|WON|LOST": what to write for a field.
std::string ValueOf(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return RulesOf(field).resource_size() > 0 ? absl::StrJoin(RulesOf(field).resource(), " or ")
                                                : "TEXT";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "";
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumNames(*field.enum_type());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return field.message_type()->file()->package() == "google.protobuf" ||
                     field.message_type()->file()->package() == "google.type"
                 ? absl::AsciiStrToUpper(field.message_type()->name())
                 : absl::StrCat(field.message_type()->name(), " as JSON");
    default:
      return "NUMBER";
  }
}

// How a field is called, what to write for it, and below it what it means.
void PrintField(const FieldDescriptor& field, const std::string& name, std::ostream& out) {
  out << "  " << name;
  if (const std::string value = ValueOf(field); !value.empty()) out << ' ' << value;
  if (field.is_repeated()) out << "  (repeat for several)";
  if (RulesOf(field).required()) out << "  (required)";
  out << '\n';
  if (const std::string comment = CommentOn(field); !comment.empty()) {
    out << "        " << comment << '\n';
  }
}

void PrintFlag(const Method& method, const std::string& flag, std::ostream& out) {
  PrintField(*FindField(*method.descriptor->input_type(), FlagPath(method, flag)),
             absl::StrCat("--", absl::StrReplaceAll(flag, {{"_", "-"}})), out);
}

// What a line of the file holds.
void PrintItemFields(const Method& method, std::ostream& out) {
  out << "Each line of FILE is one item as JSON; - reads what is piped in. Its fields:\n";
  const Descriptor& item = *method.stream->message_type();
  for (int i = 0; i < item.field_count(); ++i) {
    PrintField(*item.field(i), item.field(i)->name(), out);
  }
  out << '\n';
}

}  // namespace

void PrintHelp(const Catalog& catalog, std::ostream& out) {
  out << kIntroduction;
  for (const LoadKindEntry& kind : LoadKinds()) {
    out << absl::StrFormat("               %-10s %s\n", kind.name, kind.about);
  }
  out << kCollections;
  for (const auto& [collection, methods] : catalog.collections()) {
    const std::string verbs = absl::StrJoin(
        methods, ", ", [](std::string* text, const Method& method) { *text += method.verb; });
    out << "  " << collection
        << std::string(collection.size() < 14 ? 14 - collection.size() : 1, ' ') << verbs << '\n';
  }
  out << kGlobal;
}

void PrintCollectionHelp(const Catalog& catalog, absl::string_view collection, std::ostream& out) {
  const auto found = catalog.collections().find(collection);
  if (found == catalog.collections().end()) return;
  for (const Method& method : found->second) {
    out << "kith " << method.collection << ' ' << method.verb;
    if (!method.positional.empty()) out << " [NAME]";
    if (method.stream != nullptr) out << " FILE";
    out << " [--field value]…\n        " << CommentOn(*method.descriptor) << '\n';
  }
}

void PrintMethodHelp(const Method& method, std::ostream& out) {
  out << "kith " << method.collection << ' ' << method.verb;
  if (!method.positional.empty()) {
    const absl::string_view path = method.positional;
    out << " [" << absl::AsciiStrToUpper(path.substr(path.rfind('.') + 1)) << ']'
        << (FindField(*method.descriptor->input_type(), path)->is_repeated() ? "…" : "");
  }
  if (method.stream != nullptr) out << " FILE";
  out << " [--field value]…\n\n"
      << CommentOn(*method.descriptor) << " Calls " << method.path << ".\n\n";
  if (method.stream != nullptr) PrintItemFields(method, out);
  for (const std::string& flag : FlagsOf(method)) PrintFlag(method, flag, out);
  if (method.items != nullptr) out << "  --limit NUMBER  or  --all\n";
  if (method.read != nullptr) out << "  --as-of @SEQUENCE, TIME, DATE or TOKEN\n";
  if (method.descriptor->input_type()->FindFieldByName("update_mask") != nullptr) {
    out << "  --clear FIELD  (repeat for several)\n";
  }
}

}  // namespace kith::cli
