// The help texts. They come from the descriptors, which know names, types and rules, and from the
// protos' comments.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"
#include "eventstore/base/map_field.h"
#include "google/protobuf/duration.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/asked_columns.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/listing.h"
#include "services/cli/commands/saved_list.h"
#include "services/cli/load/load_kind.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/proto_comments.h"
#include "services/cli/text/render.h"
#include "services/cli/text/text_table.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

constexpr char kIntroduction[] = R"(kith: the command line of Kith, a CRM that remembers everything

  kith <collection> <verb> [NAME] [--field value]…
  kith help <collection> [<verb>]             which verbs and fields there are

  kith agenda [USER]                          what somebody has to do
  kith board [PIPELINE]                       what stands in each stage
  kith forecast [--by month,quarter,owner,category] [--from DATE] [--to DATE]
                [--quota MONEY]               what will be sold
  kith timeline NAME                          what happened with a contact, deal, company or lead
  kith events [--stream PREFIX] [--type TYPE] [--from PLACE]
              [--newest] [--follow]           the log itself
  kith history NAME [--field FIELD]           who changed what of a record, and when
  kith access NAME                            who can see a record, and why
  kith hand-over FROM TO                      one owner's records become another's
  kith workflows show NAME                    what a workflow does, step by step
  kith workflow-runs show NAME                what became of the steps of a run
  kith permissions                            what a key can be granted
  kith import COLLECTION --mapping FILE [--policy POLICY --match KEYS]
              [--rejects FILE] [--in-flight N]
              [--dry-run] TABLE               rows of a CSV file, a workbook or cards;
                                              see deploy/import
  kith import --resume JOB TABLE              goes on with it
  kith import --revert JOB [--dry-run]        takes back what it made
  kith export COLLECTION [--format jsonl|csv|vcard|vcard3] [--output FILE]
                                              everything a list has
  kith receive FILE|-…                        mails come in, as a mail server hands them on
  kith completion bash|zsh                    what makes the shell complete these words
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
  --address HOST:PORT   the server; KITH_ADDRESS, else 127.0.0.1:7447; https://HOST:PORT
                        where it has TLS
  --tls-ca FILE         TLS, and whose certificates are trusted (PEM); KITH_TLS_CA
  --tls-cert FILE       the certificate to show, with --tls-key FILE; KITH_TLS_CERT and
                        KITH_TLS_KEY
  --key KEY             the API key; or --key-file FILE, the file it stands in; else
                        KITH_KEY, KITH_KEY_FILE, or the file data/development.key
  --on-behalf-of USER   with a service's key: act for this user, users/ID
  --as-of MOMENT        on every read: @1234 (after that event), a time, a day, today or
                        yesterday (its end), a minute as tables show it (its end), now,
                        -3d or -2w (so long ago) or a token
  --columns A,B.C       on every list: these fields, of the items or inside them
  --total, --sum FIELD, --explain
                        on every list of records: how many there are on all pages, what
                        a field adds up to, and how those of the first page were found
  --view NAME           on every list of records: a saved view
  --csv                 on every list: CSV, of all fields where --columns says none
  --json                JSON for programs; a stream as one line each
  --ids                 links as names of resources, not by what the records are called
  --data JSON|@FILE|-   the resource, or the request, as JSON
  --request-id ID       makes a change safe to repeat; drawn at random when not given
  --verbose             says request ids and positions
  --version             says which version of kith this is
  --help

Values: money "1000.50 EUR", date 2026-01-31, today, yesterday or -10d, time
2026-01-31T12:00:00Z, "2026-01-31 12:00", a day (its beginning), now, -12h or today+2w,
duration 3d or 1h30m, enums by name. Nested fields: --emails.address ada@example.com, or
JSON, for one --emails '{"address":"ada@example.com"}', for several in [ ]. An empty value
empties a field of a resource; elsewhere it is refused.
Times are shown, and taken where they say no zone, by the clocks of TZ; those in JSON and
files are UTC's. Tables take the width of the terminal, or of COLUMNS; what goes into a
pipe or a file is not cut.
Exit codes: 0 done, 1 the server refused or could not be reached, 2 the words are wrong.
)";

// The help of a command that is written for it. Where one method does its work, that method's
// comment and fields follow.
struct CommandHelp {
  absl::string_view word;
  absl::string_view text;
  absl::string_view collection, verb;
};

constexpr CommandHelp kCommands[] = {
    {"agenda", "kith agenda [USER | me] [--days N] [--as-of MOMENT]\n", "tasks", "query-agenda"},
    {"board", "kith board [PIPELINE] [--owner USER] [--as-of MOMENT]\n", "deals",
     "get-pipeline-board"},
    {"forecast",
     R"(kith forecast [PIPELINE] [--by month,quarter,owner,category] [--from DATE] [--to DATE]
              [--quota MONEY] [--owner USER] [--as-of MOMENT]

--by says what rows are made for, each combination its own; the last rows are totals.
)",
     "forecast", "query"},
    {"timeline",
     "kith timeline NAME [--kinds KIND]… [--limit N | --all] [--columns …] [--csv]\n"
     "              [--as-of MOMENT]\n",
     "interactions", "list-timeline"},
    {"events", R"(kith events [--stream PREFIX] [--type TYPE]… [--from PLACE]
            [--limit N | --all] [--newest] [--follow]

The log itself, oldest event first.

  --stream PREFIX  only what happened to resources whose names begin so: "deals/"
  --type TYPE      only events of this type, "deal_won"; repeat for several
  --from PLACE     where to begin: @1234 (with that event), a time, or a token
  --limit NUMBER   at most so many; 100 when not said
  --all            all there are
  --newest         backwards, the newest event first
  --follow         go on with what happens from now on, or from --from, until it is
                   interrupted

"kith events read --help" and "kith events subscribe --help" say what the API takes.
)"},
    {"history", R"(kith history NAME [--field FIELD] [--limit N | --all] [--columns …] [--csv]

Who changed what of a record, and when: what "kith <collection> list-revisions" tells,
of the collection that NAME says: contacts/x, deals/x, contacts/x/interactions/y …

  --field FIELD    only what happened to this field
)"},
    {"access", "kith access NAME [--as-of MOMENT]\n", "users", "query-record-access"},
    {"hand-over", R"(kith hand-over FROM TO [--collections COLLECTION]…

Every record of the user FROM becomes one of the user TO, 100 in an append. What is refused
is named with its reason, and stays where it is.

  --collections COLLECTION  only of these: deals; repeat for several
)",
     "users", "batch-change-owner"},
    {"receive", "kith receive FILE|-…\n", "received-mails", "receive-mail"},
    {"received-mails get-attachment",
     R"(kith received-mails get-attachment NAME NUMBER [--output FILE]

What is attached to a mail, as it was sent; NUMBER is 1 for the first that "kith received-mails
get NAME" tells. Whoever wrote the mail chose it: do not trust it.

  --output FILE    into this file, and not to the output
)"},
    {"workflows show", R"(kith workflows show NAME [--as-of MOMENT]

What sets a workflow off, and its steps as a tree: what follows on each of two ways stands
further in.
)"},
    {"workflow-runs show", R"(kith workflow-runs show NAME [--as-of MOMENT]

The steps of a run as a tree, and beside each what became of it: when, what it changed, and
why it was refused.
)"},
    {"permissions", R"(kith permissions

What an API key can be granted, and which commands each permission lets it run. contacts.*
stands for all that begin with contacts., and * for all.
)"},
    {"completion", R"help(kith completion bash|zsh

Prints what makes the shell complete commands, verbs, flags and values of kith. For bash:
  eval "$(kith completion bash)"
)help"},
    {"import", R"(kith import COLLECTION --mapping FILE [--policy POLICY --match KEYS]
            [--rejects FILE] [--in-flight N] [--dry-run] TABLE
kith import --resume JOB TABLE
kith import --revert JOB [--dry-run]

Makes a record of each row of a table: a CSV file, a workbook (.xlsx, its first sheet)
or a file of cards (.vcf). A second run changes nothing. A row that is refused is named
with its reason, and the others go on. "kith import-jobs list" tells what was imported,
"kith import-jobs cancel JOB" ends one.

  --match KEYS     finds the contact, company, lead or deal that a row is: email, phone,
                   external-id, domain, name (of a deal), or several with commas between; a
                   row that is two is refused
  --policy POLICY  what becomes of it: create-only leaves it, update-only and upsert give
                   it what the row says, and upsert makes those that are missing
  --resume JOB     goes on with an import that was interrupted, with the same file
  --revert JOB     takes back what an import made: what it created is deleted, what it
                   updated is as it was before, what somebody changed since is kept
  --mapping FILE   which column becomes which field; deploy/import has some, and says in
                   its README how to write one
  --rejects FILE   where refused rows are written, to be corrected and imported in their
                   turn
  --in-flight N    how many rows are under way at once; 128 when not said
  --dry-run        only checks what can be checked without the server, which may reject
                   rows for more; with --revert it says what would be taken back
)"},
    {"export", R"(kith export COLLECTION [--format jsonl|csv|vcard|vcard3] [--output FILE]
            [--columns FIELD,FIELD.PART…] [flags of its list]

Everything that a list has, of one moment: "kith export contacts --filter 'tags = vip'".
It needs the permission export_jobs.write; "kith export-jobs list" tells who took out what.

  --format jsonl   a line of JSON for each record; also when not said
  --format csv     all fields, with what people call the records that they name beside them
                   (owner.display_name), not with --ids; or those of --columns; what a
                   spreadsheet would take for a formula has an apostrophe in front
  --format vcard   contacts as cards, vCard 4.0; vcard3 for 3.0
  --output FILE    there, once all of it is written; otherwise it is printed
)"},
    {"bench", R"(kith bench KIND [--in-flight N] [--channels N] [--seconds S] [--warm-up S]
           [--rate CALLS_A_SECOND] [--bytes N] [--contacts N] [--as-of MOMENT]
           [--session]

How fast the server is. It writes contacts, deals and interactions into the workspace of
its key, so give it a workspace of its own: "kith workspaces create" tells the key of a
new one.

  --in-flight N    how many calls are under way at once
  --channels N     over how many connections; 4 when not said
  --seconds S      for how long; 5 when not said
  --warm-up S      for how long before that, without counting; 1 when not said
  --rate N         begin so many calls a second, whether or not others were answered
  --bytes N        of text in what is written; 300 when not said
  --contacts N     how many contacts the calls are about; 1000 when not said
  --as-of MOMENT   of the kinds that read
  --session        calls of one connection go over one session

The kinds:
)"}};

// A verb of the collection that is more than a method: "workflows show".
bool IsVerbOf(absl::string_view collection, const CommandHelp& command) {
  return absl::StartsWith(command.word, absl::StrCat(collection, " "));
}

std::string EnumNames(const EnumDescriptor& type) {
  std::string names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    absl::StrAppend(&names, names.empty() ? "" : "|", type.value(i)->name());
  }
  return names;
}

// A message that no text of its own stands for.
bool IsStructure(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type()->file()->package() != "google.protobuf" &&
         field.message_type()->file()->package() != "google.type";
}

// "address (required), label": what a caller may write in a message.
std::string PartsOf(const Descriptor& type) {
  std::vector<std::string> parts;
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& rules = RulesOf(*type.field(i));
    if (rules.output_only()) continue;
    parts.push_back(absl::StrCat(type.field(i)->name(), rules.required() ? " (required)" : ""));
  }
  return parts.empty() ? "{}" : absl::StrJoin(parts, ", ");
}

// No list is filtered by these.
bool IsLengthOfTime(const FieldDescriptor& field) {
  return field.message_type() == google::protobuf::Duration::descriptor();
}

// "owner", "amount", "amount.units": what rows of this type can be filtered by, those that the
// server computes aside, which the method's comment tells. `links` are those that name records.
void AddFilterFields(const Descriptor& row, const std::string& before, bool keeps_sealed,
                     std::vector<std::string>* fields, std::vector<std::string>* links) {
  for (int i = 0; i < row.field_count(); ++i) {
    const FieldDescriptor& field = *row.field(i);
    if (field.type() == FieldDescriptor::TYPE_BYTES || IsLengthOfTime(field)) continue;
    if (keeps_sealed && RulesOf(field).personal()) continue;
    const std::string path = before + field.name();
    if (!IsStructure(field)) fields->push_back(path);
    if (IsTextMap(field)) fields->push_back(path + ".KEY");
    if (RulesOf(field).resource_size() > 0) links->push_back(path);
    const bool has_parts = field.message_type() != nullptr && !field.is_map() &&
                           (IsStructure(field) || field.message_type()->name() == "Money");
    if (before.empty() && has_parts) {
      AddFilterFields(*field.message_type(), path + ".", keeps_sealed, fields, links);
    }
  }
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
      if (IsTextMap(field)) return "KEY=VALUE";
      return IsStructure(field) ? absl::StrCat(field.message_type()->name(), " as JSON")
                                : absl::AsciiStrToUpper(field.message_type()->name());
    default:
      return "NUMBER";
  }
}

// Words in lines of a terminal's width, each line `indent` columns in.
void PrintWrapped(absl::string_view text, int indent, std::ostream& out) {
  constexpr int kWidth = 88;
  int used = 0;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const int width = DisplayWidth(word);
    if (used > 0 && used + 1 + width > kWidth) {
      out << '\n';
      used = 0;
    }
    out << (used == 0 ? std::string(indent, ' ') : " ") << word;
    used += (used == 0 ? indent : 1) + width;
  }
  if (used > 0) out << '\n';
}

// Whether a list cannot be asked for what is personal: of what is recorded and never changed, as
// mails, that stays sealed until somebody reads it.
bool KeepsSealed(const Method& list) {
  const std::string update = absl::StrCat("Update", list.items->message_type()->name());
  return list.descriptor->service()->FindMethodByName(update) == nullptr;
}

// Whether a resource is kept in rows as it is told: one that has events of its own is. What is made
// of the events of others, as a mail thread, tells more than its rows have; by what its list can be
// filtered, the method's comment says.
bool IsKeptAsTold(const Descriptor& resource) {
  return resource.file()->pool()->FindMessageTypeByName(resource.full_name() + "Event") != nullptr;
}

// What a list can be filtered by, and which of it are links.
void AddFilterFieldsOf(const Method& list, std::vector<std::string>* fields,
                       std::vector<std::string>* links) {
  const Descriptor& row = *list.items->message_type();
  if (IsKeptAsTold(row)) AddFilterFields(row, "", KeepsSealed(list), fields, links);
}

void PrintFilterFields(const Method& list, std::ostream& out) {
  std::vector<std::string> fields;
  std::vector<std::string> links;
  AddFilterFieldsOf(list, &fields, &links);
  if (fields.empty()) return;
  out << "\nFields to filter by, and to order by where they have one value\n";
  PrintWrapped(absl::StrJoin(fields, ", "), 2, out);
  if (links.empty()) return;
  out << "\nFields of resource names, for which a filter takes what only one record is called, "
         "too:\n"
         "its id, its display name, an e-mail address of people, a domain of companies\n";
  PrintWrapped(absl::StrJoin(links, ", "), 2, out);
}

constexpr int kMeaningIndent = 8;
// How far inside a field its parts are told.
constexpr int kPartsDepthMax = 5;

// What stands in a field that is a structure, or a map of them; null in others.
const Descriptor* StructureIn(const FieldDescriptor& field) {
  if (IsTextMap(field)) return nullptr;
  const FieldDescriptor& value = field.is_map() ? *field.message_type()->map_value() : field;
  return IsStructure(value) ? value.message_type() : nullptr;
}

// Which fields the structures inside one have, each kind of them once: "when.filter: op, values".
// `told` says where a kind was told, by its type.
void PrintPartsWithin(const Descriptor& type, const std::string& path, int depth,
                      std::map<const Descriptor*, std::string>& told, std::ostream& out) {
  if (depth == kPartsDepthMax) return;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const Descriptor* const inside = StructureIn(field);
    if (inside == nullptr || RulesOf(field).output_only()) continue;
    const std::string at = absl::StrCat(path, path.empty() ? "" : ".", field.name());
    const auto [first, is_new] = told.emplace(inside, at);
    if (!is_new) {
      PrintWrapped(absl::StrCat(at, ": as ", first->second), kMeaningIndent, out);
      continue;
    }
    PrintWrapped(absl::StrCat(at, ": ", PartsOf(*inside)), kMeaningIndent, out);
    PrintPartsWithin(*inside, at, depth + 1, told, out);
  }
}

// How a field is called, what to write for it, and below it what it means.
void PrintField(const FieldDescriptor& field, const std::string& name, std::ostream& out) {
  out << "  " << name;
  if (const std::string value = ValueOf(field); !value.empty()) out << ' ' << value;
  if (field.is_repeated()) out << "  (repeat for several)";
  if (RulesOf(field).required()) out << "  (required)";
  out << '\n';
  PrintWrapped(CommentOn(field), kMeaningIndent, out);
  const Descriptor* const inside = StructureIn(field);
  if (inside == nullptr) return;
  PrintWrapped(absl::StrCat("Its fields: ", PartsOf(*inside)), kMeaningIndent, out);
  std::map<const Descriptor*, std::string> told = {{inside, "the field itself"}};
  PrintPartsWithin(*inside, "", 1, told, out);
}

void PrintFlag(const Method& method, const std::string& flag, std::ostream& out) {
  const std::string path = FlagPath(method, flag);
  const auto spelled = [](const std::string& word) {
    return absl::StrCat("--", absl::StrReplaceAll(word, {{"_", "-"}}));
  };
  // A word that means something everywhere, as --key, leaves the field its whole path.
  const bool is_global = absl::StrContains(kGlobal, absl::StrCat("\n  ", spelled(flag), " "));
  PrintField(*FindField(*method.descriptor->input_type(), path), spelled(is_global ? path : flag),
             out);
}

// What the words of a method can be beside its name.
void PrintFlags(const Method& method, std::ostream& out) {
  for (const std::string& flag : FlagsOf(method)) PrintFlag(method, flag, out);
  if (method.items != nullptr) {
    out << "  --limit NUMBER  or  --all\n  --columns FIELD,FIELD.PART…\n";
    PrintWrapped(
        absl::StrCat("Of: ", absl::StrJoin(ColumnNames(*method.items->message_type()), ", ")),
        kMeaningIndent, out);
    out << "  --csv\n";
  }
  if (TakesSummary(method)) {
    out << "  --total  (how many there are on all pages)\n  --sum FIELD  (over all pages, of "
           "amounts and "
           "whole numbers; repeat for several)\n  --explain  (how those of the first page were "
           "found)\n";
  }
  if (TakesSavedView(method)) {
    out << "  --view NAME  (a saved view: its filter, order and columns)\n";
  }
  if (method.read != nullptr) {
    out << "  --as-of @SEQUENCE, TIME, DATE, now, yesterday, -3d, -2w or TOKEN\n";
  }
  if (method.descriptor->input_type()->FindFieldByName("update_mask") != nullptr) {
    out << "  --clear FIELD  (repeat for several)\n";
  }
}

void PrintLoadKinds(std::ostream& out) {
  for (const LoadKindEntry& kind : LoadKinds()) {
    out << absl::StrFormat("               %-14s %s\n", kind.name, kind.about);
  }
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

// "kith contacts get [NAME] [--field value]…"
std::string UsageOf(const Method& method) {
  std::string usage = absl::StrCat("kith ", method.collection, " ", method.verb);
  if (!method.positional.empty()) {
    const absl::string_view path = method.positional;
    const bool several = FindField(*method.descriptor->input_type(), path)->is_repeated();
    absl::StrAppend(&usage, " [", absl::AsciiStrToUpper(path.substr(path.rfind('.') + 1)), "]",
                    several ? "…" : "");
  }
  if (method.stream != nullptr) absl::StrAppend(&usage, " FILE");
  return absl::StrCat(usage, " [--field value]…\n");
}

}  // namespace

void PrintHelp(const Catalog& catalog, std::ostream& out) {
  out << kIntroduction;
  PrintLoadKinds(out);
  out << kCollections;
  for (const auto& [collection, methods] : catalog.collections()) {
    const std::string verbs = absl::StrJoin(VerbsOf(catalog, collection), ", ");
    out << "  " << collection
        << std::string(collection.size() < 14 ? 14 - collection.size() : 1, ' ') << verbs << '\n';
  }
  PrintGlobalHelp(out);
}

void PrintGlobalHelp(std::ostream& out) { out << kGlobal; }

void PrintCollectionHelp(const Catalog& catalog, absl::string_view collection, std::ostream& out) {
  const auto found = catalog.collections().find(collection);
  if (found == catalog.collections().end()) return;
  for (const Method& method : found->second) {
    out << UsageOf(method);
    PrintWrapped(FirstSentence(CommentOn(*method.descriptor)), kMeaningIndent, out);
  }
  for (const CommandHelp& command : kCommands) {
    if (!IsVerbOf(collection, command)) continue;
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(command.text, absl::MaxSplits("\n\n", 1));
    out << parts.first << '\n';
    PrintWrapped(
        FirstSentence(absl::StrReplaceAll(absl::StripAsciiWhitespace(parts.second), {{"\n", " "}})),
        kMeaningIndent, out);
  }
}

std::vector<std::string> VerbsOf(const Catalog& catalog, absl::string_view collection) {
  std::vector<std::string> verbs;
  const auto found = catalog.collections().find(collection);
  if (found == catalog.collections().end()) return verbs;
  for (const Method& method : found->second) verbs.push_back(method.verb);
  for (const CommandHelp& command : kCommands) {
    if (IsVerbOf(collection, command)) {
      verbs.emplace_back(command.word.substr(collection.size() + 1));
    }
  }
  return verbs;
}

std::vector<std::string> ColumnNames(const Descriptor& row) {
  std::vector<std::string> names;
  for (int i = 0; i < row.field_count(); ++i) {
    const FieldDescriptor& field = *row.field(i);
    names.push_back(field.name());
    if (IsLink(field)) names.push_back(field.name() + ".display_name");
    if (IsTextMap(field)) {
      names.push_back(field.name() + ".KEY");
    } else if (IsStructure(field) && !field.is_map()) {
      for (int k = 0; k < field.message_type()->field_count(); ++k) {
        names.push_back(absl::StrCat(field.name(), ".", field.message_type()->field(k)->name()));
      }
    }
  }
  for (std::string& asked : AskedColumns(Catalog::Linked(), row)) names.push_back(std::move(asked));
  return names;
}

std::vector<std::string> OrderNames(const Method& list) {
  const Descriptor& row = *list.items->message_type();
  std::vector<std::string> fields, links;
  AddFilterFieldsOf(list, &fields, &links);
  std::erase_if(fields, [&](const std::string& path) {
    const FieldDescriptor* const first = FindField(row, path.substr(0, path.find('.')));
    const FieldDescriptor* const last = FindField(row, path);
    if (first->is_repeated() || last == nullptr || last->is_repeated()) return true;
    // Names of parts of records, as of stages, tell no order, and lists refuse it.
    const auto& rules = RulesOf(*last);
    return rules.resource_size() == 1 && absl::StrContains(rules.resource(0), "}/");
  });
  return fields;
}

const Method* MethodOfCommand(const Catalog& catalog, absl::string_view word) {
  for (const CommandHelp& command : kCommands) {
    if (command.word != word || command.verb.empty()) continue;
    return catalog.Find(command.collection, command.verb);
  }
  return nullptr;
}

void PrintMethodHelp(const Method& method, std::ostream& out) {
  out << UsageOf(method) << '\n';
  PrintWrapped(CommentOn(*method.descriptor), 0, out);
  out << "Calls " << method.path << ".\n\n";
  if (method.stream != nullptr) PrintItemFields(method, out);
  PrintFlags(method, out);
  if (TakesSavedView(method)) PrintFilterFields(method, out);
}

bool PrintCommandHelp(const Catalog& catalog, absl::string_view word, std::ostream& out) {
  for (const CommandHelp& command : kCommands) {
    if (command.word != word) continue;
    out << command.text;
    if (command.word == "bench") PrintLoadKinds(out);
    if (command.verb.empty()) return true;
    const Method* const method = catalog.Find(command.collection, command.verb);
    KITH_CHECK(method != nullptr);
    out << '\n';
    PrintWrapped(CommentOn(*method->descriptor), 0, out);
    out << "Calls " << method->path << ", whose fields are flags:\n\n";
    PrintFlags(*method, out);
    return true;
  }
  return false;
}

}  // namespace kith::cli
