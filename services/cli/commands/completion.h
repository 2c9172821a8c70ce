// Completion: what a shell offers for the word that is being typed.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/cli/calls/catalog.h"

namespace kith::cli {

// The words that may stand where the last of `words` does, which is what was typed of it so far;
// `commands` are those that are more than a method. In order. Pure.
std::vector<std::string> Completions(const Catalog& catalog,
                                     const std::vector<std::string>& commands,
                                     const std::vector<std::string>& words);

// The script by which `shell` asks for them, "bash" or "zsh"; empty for others.
absl::string_view CompletionScript(absl::string_view shell);

}  // namespace kith::cli
