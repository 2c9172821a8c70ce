#include "services/cli/commands/completion.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "kith/forecast/v1/forecast_service.pb.h"
#include "kith/options/v1/options.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/saved_list.h"
#include "services/cli/load/load_kind.h"
#include "services/cli/text/fields.h"

namespace kith::cli {
namespace {

using google::protobuf::FieldDescriptor;

constexpr absl::string_view kBash = R"(_kith() {
  local IFS=$'\n'
  COMPREPLY=($(kith complete -- "${COMP_WORDS[@]:1:COMP_CWORD}"))
  case "${COMPREPLY[0]}" in */) compopt -o nospace ;; esac
}
complete -o default -F _kith kith
)";

constexpr absl::string_view kZsh = R"zsh(#compdef kith
_kith() {
  compadd -- ${(f)"$(kith complete -- "${(@)words[2,CURRENT]}")"}
}
compdef _kith kith
)zsh";

using Words = std::vector<std::string>;

// Whose records have `verb`, as the command line calls them: "saved-views".
Words CollectionsWith(const Catalog& catalog, absl::string_view verb) {
  Words all;
  for (const auto& [collection, methods] : catalog.collections()) {
    if (catalog.Find(collection, verb) != nullptr) all.push_back(collection);
  }
  return all;
}

// What a field takes that names a collection of records: "savedViews"; of FORMAT_CUSTOMISABLE those
// with custom fields.
Words CollectionNames(const Catalog& catalog, options::v1::Format format) {
  Words all;
  for (const std::string& collection : CollectionsWith(catalog, "list")) {
    const FieldDescriptor* const items = catalog.Find(collection, "list")->items;
    if (items == nullptr || !items->message_type()->options().HasExtension(options::v1::resource)) {
      continue;
    }
    const FieldDescriptor* const custom = items->message_type()->FindFieldByName("custom");
    if (format == options::v1::FORMAT_CUSTOMISABLE && custom == nullptr) continue;
    all.push_back(CamelCase(collection));
  }
  return all;
}

Words EnumNames(const google::protobuf::EnumDescriptor& type) {
  Words names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(type.value(i)->name());
  }
  return names;
}

// Behind the elements of a list that are written already: "amount,ow" → "amount,owner".
Words Behind(const std::string& written, Words names) {
  const size_t comma = written.rfind(',');
  if (comma == std::string::npos) return names;
  for (std::string& name : names) name.insert(0, written, 0, comma + 1);
  return names;
}

// The values that `flag` takes, as far as they are known without a server; none where it takes
// something else. `written` is what stands there already.
Words ValuesOf(const Catalog& catalog, const Method& method, absl::string_view flag,
               const std::string& written) {
  const std::string name = absl::StrReplaceAll(flag.substr(2), {{"-", "_"}});
  if (name == "columns" && method.items != nullptr) {
    return Behind(written, ColumnNames(*method.items->message_type()));
  }
  if (name == "order_by" && TakesSavedView(method)) return Behind(written, OrderNames(method));
  const std::string path = FlagPath(method, name);
  const FieldDescriptor* const field =
      path.empty() ? nullptr : FindField(*method.descriptor->input_type(), path);
  if (field == nullptr) return {};
  if (field->enum_type() != nullptr) return EnumNames(*field->enum_type());
  const auto format = RulesOf(*field).format();
  const bool is_collection =
      format == options::v1::FORMAT_COLLECTION || format == options::v1::FORMAT_CUSTOMISABLE;
  return is_collection ? CollectionNames(catalog, format) : Words();
}

// Flags that go with everything, but with some methods alone, whose help names them.
bool GoesWithSome(absl::string_view flag) {
  for (const absl::string_view each : {"--as-of", "--columns", "--csv", "--explain", "--request-id",
                                       "--sum", "--total", "--view"}) {
    if (flag == each) return true;
  }
  return false;
}

constexpr char kFlagCharacters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

// Adds the flags that a help names. Prose begins at the margin.
void AddFlags(std::stringstream help, Words& flags) {
  for (std::string line; std::getline(help, line);) {
    if (!absl::StartsWith(line, " ") && !absl::StartsWith(line, "kith ")) continue;
    for (size_t at = line.find("--"); at != line.npos; at = line.find("--", at + 2)) {
      const size_t end = std::min(line.find_first_not_of(kFlagCharacters, at), line.size());
      if (end > at + 2) flags.push_back(line.substr(at, end - at));
    }
  }
}

// The flags that a help names, with those that go with everything.
Words FlagsIn(std::stringstream help) {
  Words flags = {"--help"};
  std::stringstream global;
  PrintGlobalHelp(global);
  AddFlags(std::move(global), flags);
  std::erase_if(flags, GoesWithSome);
  AddFlags(std::move(help), flags);
  return flags;
}

// What may stand behind a flag of a command that is more than a method.
Words CommandValues(const Catalog& catalog, const Words& words, const std::string& flag) {
  const std::string& written = words.back();
  if (words[0] == "forecast" && flag == "--by") {
    Words groups = EnumNames(*forecast::v1::ForecastGroup_descriptor());
    for (std::string& group : groups) absl::AsciiStrToLower(&group);
    return Behind(written, std::move(groups));
  }
  if (words[0] == "export" && flag == "--format") return {"csv", "jsonl", "vcard", "vcard3"};
  if (words[0] == "import" && flag == "--policy") return {"create-only", "update-only", "upsert"};
  if (words[0] == "import" && flag == "--match") {
    return Behind(written, {"domain", "email", "external-id", "phone"});
  }
  const Method* const method = words[0] == "export" && words.size() > 2
                                   ? catalog.Find(words[1], "list")
                                   : MethodOfCommand(catalog, words[0]);
  return method == nullptr ? Words() : ValuesOf(catalog, *method, flag, written);
}

// "contacts/", "deals/": what the name of a command's record begins with, where it may be of
// several collections.
Words NamesBegun(const Catalog& catalog, const std::string& word) {
  const Method* const method = MethodOfCommand(catalog, word);
  const FieldDescriptor* const about =
      method == nullptr ? nullptr
                        : FindField(*method->descriptor->input_type(), method->positional);
  if (about == nullptr || RulesOf(*about).resource_size() < 2) return {};
  Words begun;
  for (const std::string& pattern : RulesOf(*about).resource()) {
    begun.push_back(pattern.substr(0, pattern.find('/') + 1));
  }
  return begun;
}

// Of a command that is more than a method.
Words CommandCandidates(const Catalog& catalog, const Words& words) {
  Words all;
  const std::string& before = words[words.size() - 2];
  if (absl::StartsWith(before, "--")) all = CommandValues(catalog, words, before);
  if (!all.empty()) return all;
  if (absl::StartsWith(words.back(), "-")) {
    std::stringstream help;
    PrintCommandHelp(catalog, words[0], help);
    return FlagsIn(std::move(help));
  }
  if (words.size() != 2) return all;
  if (words[0] == "completion") return {"bash", "zsh"};
  if (words[0] == "export") return CollectionsWith(catalog, "list");
  if (words[0] == "import") return CollectionsWith(catalog, "create");
  all = NamesBegun(catalog, words[0]);
  if (words[0] == "bench") {
    for (const LoadKindEntry& kind : LoadKinds()) all.emplace_back(kind.name);
  }
  return all;
}

std::vector<std::string> Candidates(const Catalog& catalog,
                                    const std::vector<std::string>& commands,
                                    std::vector<std::string> words) {
  std::vector<std::string> all;
  const bool is_help = words.size() > 1 && words[0] == "help";
  if (is_help) words.erase(words.begin());
  if (words.size() == 1) {
    all = commands;
    for (const auto& [collection, methods] : catalog.collections()) all.push_back(collection);
    return all;
  }
  const auto found = catalog.collections().find(words[0]);
  const bool is_command = std::find(commands.begin(), commands.end(), words[0]) != commands.end();
  // "forecast" is a command and a collection, behind which stands a verb.
  if (is_command && !is_help && absl::StartsWith(words[1], "-")) {
    return CommandCandidates(catalog, words);
  }
  if (found == catalog.collections().end()) {
    return is_command && !is_help ? CommandCandidates(catalog, words) : all;
  }
  if (words.size() == 2) return VerbsOf(catalog, words[0]);
  if (is_help) return all;
  const Method* const method = catalog.Find(words[0], words[1]);
  if (method == nullptr) {
    std::stringstream help;
    const bool is_verb = PrintCommandHelp(catalog, absl::StrCat(words[0], " ", words[1]), help);
    return is_verb && absl::StartsWith(words.back(), "-") ? FlagsIn(std::move(help)) : all;
  }
  const std::string& before = words[words.size() - 2];
  if (absl::StartsWith(before, "--")) all = ValuesOf(catalog, *method, before, words.back());
  if (!all.empty() || !absl::StartsWith(words.back(), "-")) return all;
  std::stringstream help;
  PrintMethodHelp(*method, help);
  return FlagsIn(std::move(help));
}

}  // namespace

std::vector<std::string> Completions(const Catalog& catalog,
                                     const std::vector<std::string>& commands,
                                     const std::vector<std::string>& words) {
  if (words.empty()) return {};
  std::vector<std::string> all = Candidates(catalog, commands, words);
  all.erase(std::remove_if(
                all.begin(), all.end(),
                [&](const std::string& word) { return !absl::StartsWith(word, words.back()); }),
            all.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

absl::string_view CompletionScript(absl::string_view shell) {
  return shell == "bash" ? kBash : shell == "zsh" ? kZsh : absl::string_view();
}

}  // namespace kith::cli
