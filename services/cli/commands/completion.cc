#include "services/cli/commands/completion.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/listing.h"
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

std::string Spelled(absl::string_view flag) {
  return absl::StrCat("--", absl::StrReplaceAll(flag, {{"_", "-"}}));
}

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

std::vector<std::string> FlagWords(const Method& method) {
  std::vector<std::string> flags = {"--json", "--help"};
  for (const std::string& flag : FlagsOf(method)) flags.push_back(Spelled(flag));
  if (method.read != nullptr) flags.push_back("--as-of");
  if (method.items != nullptr) {
    flags.insert(flags.end(), {"--limit", "--all", "--columns", "--csv"});
  }
  if (TakesSummary(method)) flags.insert(flags.end(), {"--total", "--sum", "--explain"});
  return flags;
}

std::vector<std::string> Candidates(const Catalog& catalog,
                                    const std::vector<std::string>& commands,
                                    const std::vector<std::string>& words) {
  std::vector<std::string> all;
  if (words.size() == 1) {
    all = commands;
    for (const auto& [collection, methods] : catalog.collections()) all.push_back(collection);
    return all;
  }
  const auto found = catalog.collections().find(words[0]);
  if (found == catalog.collections().end()) return all;
  if (words.size() == 2) {
    for (const Method& method : found->second) all.push_back(method.verb);
    return all;
  }
  const Method* const method = catalog.Find(words[0], words[1]);
  if (method == nullptr) return all;
  const std::string& before = words[words.size() - 2];
  if (absl::StartsWith(before, "--")) all = ValuesOf(*method, before);
  return all.empty() && absl::StartsWith(words.back(), "-") ? FlagWords(*method) : all;
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
