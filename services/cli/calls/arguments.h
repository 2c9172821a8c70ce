// Arguments: the words of a command line, taken apart into flags and the rest.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith::cli {

// One --flag, with its value.
struct Flag {
  std::string name;  // as the protos spell it: "first_name", "emails.address"
  std::string value;
};

// A value type; one thread at a time.
class Arguments {
 public:
  // Takes --flag value, --flag=value and, for the flags that `is_switch` says need no value, --flag
  // alone, which means "true". Dashes inside a flag's name count as underscores. After "--"
  // everything is positional. A value that begins like a flag is given with =. Fails on a flag
  // whose value is missing, and on an empty value or word, which a script gives that lost one:
  // taken as none, a change would go ahead without its etag, and a read of the past would answer
  // with now. Only a flag of which `may_be_empty` says so may be.
  using Predicate = std::function<bool(absl::string_view name)>;
  static absl::StatusOr<Arguments> Parse(
      const std::vector<std::string>& words, const Predicate& is_switch,
      const Predicate& may_be_empty = [](absl::string_view) { return false; });

  // Removes the flag and returns its last value.
  std::optional<std::string> Take(absl::string_view name);
  // Removes the flag and returns all its values, in order.
  std::vector<std::string> TakeAll(absl::string_view name);
  // Removes the switch; false when it is not there, or was set to false.
  bool TakeSwitch(absl::string_view name);

  void Add(Flag flag) { flags_.push_back(std::move(flag)); }

  // What has not been taken, in order.
  const std::vector<Flag>& flags() const { return flags_; }
  const std::vector<std::string>& positional() const { return positional_; }

 private:
  std::vector<Flag> flags_;
  std::vector<std::string> positional_;
};

// The refusal of a flag, with its dashes, whose value is empty.
absl::Status IsEmpty(absl::string_view flag);

// Fails, naming the first, unless every flag was taken and at most `positional_max` other words are
// there.
absl::Status ExpectNothingLeft(const Arguments& arguments, size_t positional_max);

// The one of `known` that was likely meant by `word`, as "; did you mean --x?" with the given
// prefix; empty if none.
std::string DidYouMean(absl::string_view word, const std::vector<std::string>& known,
                       absl::string_view prefix);

}  // namespace kith::cli
