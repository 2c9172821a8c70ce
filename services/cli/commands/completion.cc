#include "services/cli/commands/completion.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/load/load_kind.h"
#include "services/cli/text/fields.h"

namespace kith::cli {
namespace {

using google::protobuf::FieldDescriptor;

constexpr absl::string_view kBash = R"(_kith() {
  local IFS=$'\n'
  COMPREPLY=($(kith complete -- "${COMP_WORDS[@]:1:COMP_CWORD}"))
}
complete -o default -F _kith kith
)";

constexpr absl::string_view kZsh = R"zsh(#compdef kith
_kith() {
  compadd -- ${(f)"$(kith complete -- "${(@)words[2,CURRENT]}")"}
}
compdef _kith kith
)zsh";

// The values of the enum that `flag` takes; none where it takes something else.
std::vector<std::string> ValuesOf(const Method& method, absl::string_view flag) {
  const std::string name = absl::StrReplaceAll(flag.substr(2), {{"-", "_"}});
  const std::string path = FlagPath(method, name);
  const FieldDescriptor* const field =
      path.empty() ? nullptr : FindField(*method.descriptor->input_type(), path);
  std::vector<std::string> values;
  if (field == nullptr || field->enum_type() == nullptr) return values;
  for (int i = 0; i < field->enum_type()->value_count(); ++i) {
    if (field->enum_type()->value(i)->number() == 0) continue;
    values.push_back(field->enum_type()->value(i)->name());
  }
  return values;
}

constexpr char kFlagCharacters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

// The flags that a help names, with those that go with everything. Prose begins at the margin.
std::vector<std::string> FlagsIn(std::stringstream help) {
  PrintGlobalHelp(help);
  std::vector<std::string> flags = {"--help"};
  for (std::string line; std::getline(help, line);) {
    if (!absl::StartsWith(line, " ") && !absl::StartsWith(line, "kith ")) continue;
    for (size_t at = line.find("--"); at != line.npos; at = line.find("--", at + 2)) {
      const size_t end = std::min(line.find_first_not_of(kFlagCharacters, at), line.size());
      if (end > at + 2) flags.push_back(line.substr(at, end - at));
    }
  }
  return flags;
}

// Of a command that is more than a method.
std::vector<std::string> CommandCandidates(const Catalog& catalog,
                                           const std::vector<std::string>& words) {
  std::vector<std::string> all;
  if (absl::StartsWith(words.back(), "-")) {
    std::stringstream help;
    PrintCommandHelp(catalog, words[0], help);
    return FlagsIn(std::move(help));
  }
  if (words.size() != 2) return all;
  if (words[0] == "completion") all = {"bash", "zsh"};
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
  if (found == catalog.collections().end()) {
    const bool is_command = std::find(commands.begin(), commands.end(), words[0]) != commands.end();
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
  if (absl::StartsWith(before, "--")) all = ValuesOf(*method, before);
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
