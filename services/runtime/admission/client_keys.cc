#include "services/runtime/admission/client_keys.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace kith::runtime {
namespace {

constexpr absl::string_view kKeys = "/apiKeys/";

// Nothing where the text is no key's name.
KeyName ParseKey(absl::string_view text) {
  const size_t at = text.find(kKeys);
  if (at == text.npos || at + kKeys.size() == text.size()) return {};
  return {ParseWorkspace(text.substr(0, at)), std::string(text.substr(at + 1))};
}

}  // namespace

WorkspaceId ParseWorkspace(absl::string_view text) {
  const absl::string_view name = text;
  uint32_t number = 0;
  if (!absl::ConsumePrefix(&text, "workspaces/") || !absl::SimpleAtoi(text, &number)) return {};
  // A name has one spelling: no sign, no blanks, no zeros before it.
  return name == absl::StrCat("workspaces/", number) ? WorkspaceId(number) : WorkspaceId();
}

absl::StatusOr<ClientKeys> ParseClientKeys(const std::string& text) {
  ClientKeys keys;
  int number = 0;
  for (const absl::string_view whole : absl::StrSplit(text, '\n')) {
    ++number;
    const absl::string_view line = absl::StripAsciiWhitespace(whole);
    if (line.empty() || line[0] == '#') continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    const bool is_dns = absl::StartsWith(words[0], "DNS:");
    KeyName key = words.size() == 2 ? ParseKey(words[1]) : KeyName();
    if ((!is_dns && !absl::StartsWith(words[0], "URI:")) || key.workspace == WorkspaceId()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "line ", number, " is no name of a certificate and a key: write ",
          "URI:spiffe://example.org/a workspaces/1/apiKeys/ID, or DNS:host and a key"));
    }
    // Hosts have no case.
    std::string name = is_dns ? absl::StrCat("DNS:", absl::AsciiStrToLower(words[0].substr(4)))
                              : std::string(words[0]);
    if (!keys.emplace(std::move(name), std::move(key)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, " says a second key for ", words[0]));
    }
  }
  return keys;
}

}  // namespace kith::runtime
