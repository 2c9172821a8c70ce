#include "services/cli/calls/arguments.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "eventstore/base/nearest_words.h"

namespace kith::cli {
namespace {

// "--limit", and not the day "--01-31".
bool BeginsFlag(absl::string_view word) {
  return absl::ConsumePrefix(&word, "--") && !word.empty() && absl::ascii_isalpha(word[0]);
}

}  // namespace

absl::StatusOr<Arguments> Arguments::Parse(const std::vector<std::string>& words,
                                           const Predicate& is_switch,
                                           const Predicate& may_be_empty) {
  Arguments arguments;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      arguments.positional_.insert(arguments.positional_.end(), words.begin() + i + 1, words.end());
      break;
    }
    if (!absl::StartsWith(word, "--")) {
      arguments.positional_.push_back(word);
      continue;
    }
    const size_t equals = word.find('=');
    Flag flag;
    flag.name = absl::StrReplaceAll(word.substr(2, equals == word.npos ? equals : equals - 2),
                                    {{"-", "_"}});
    if (equals != word.npos) {
      flag.value = word.substr(equals + 1);
    } else if (is_switch(flag.name)) {
      flag.value = "true";
    } else if (i + 1 < words.size() && !BeginsFlag(words[i + 1])) {
      flag.value = words[++i];
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          word, " needs a value",
          i + 1 == words.size()
              ? ""
              : absl::StrCat("; if that is ", words[i + 1], ", write ", word, "=", words[i + 1])));
    }
    if (flag.value.empty() && !may_be_empty(flag.name)) return IsEmpty(word.substr(0, equals));
    arguments.flags_.push_back(std::move(flag));
  }
  for (const std::string& word : arguments.positional_) {
    if (word.empty()) return absl::InvalidArgumentError("an empty word names nothing");
  }
  return arguments;
}

absl::Status IsEmpty(absl::string_view flag) {
  return absl::InvalidArgumentError(
      absl::StrCat(flag, " is empty: give it a value or leave it out"));
}

std::optional<std::string> Arguments::Take(absl::string_view name) {
  std::vector<std::string> values = TakeAll(name);
  if (values.empty()) return std::nullopt;
  return std::move(values.back());
}

std::vector<std::string> Arguments::TakeAll(absl::string_view name) {
  std::vector<std::string> values;
  std::vector<Flag> rest;
  for (Flag& flag : flags_) {
    if (flag.name == name) {
      values.push_back(std::move(flag.value));
    } else {
      rest.push_back(std::move(flag));
    }
  }
  flags_ = std::move(rest);
  return values;
}

bool Arguments::TakeSwitch(absl::string_view name) {
  const std::optional<std::string> value = Take(name);
  return value.has_value() && *value != "false";
}

absl::Status ExpectNothingLeft(const Arguments& arguments, size_t positional_max) {
  if (!arguments.flags().empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown flag --", absl::StrReplaceAll(arguments.flags().front().name, {{"_", "-"}})));
  }
  if (arguments.positional().size() > positional_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", arguments.positional()[positional_max], "\" is one word too many"));
  }
  return absl::OkStatus();
}

std::string DidYouMean(absl::string_view word, const std::vector<std::string>& known,
                       absl::string_view prefix) {
  const std::string* best = nullptr;
  size_t best_distance = word.size() / 3 + 2;
  for (const std::string& candidate : known) {
    const size_t distance = EditDistance(word, candidate);
    if (distance >= best_distance) continue;
    best = &candidate;
    best_distance = distance;
  }
  return best == nullptr ? "" : absl::StrCat("; did you mean ", prefix, *best, "?");
}

}  // namespace kith::cli
