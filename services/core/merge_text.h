// Merge text: a text with gaps, "Dear {{contact.first_name}}", and what it becomes when they are
// filled. The gaps are those of Mustache, of which only what cannot surprise is taken: values,
// sections that are there where something has a value or has none, and comments.
//
// Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith {

enum class MergeForm {
  kLine,  // one line: what breaks a line in a value is a space
  kText,
  kHtml,  // values are escaped
};

// Gaps that a text may have.
inline constexpr size_t kGapsMax = 300;

// The names in the text's gaps, each once, in their order. InvalidArgument says what is wrong with
// the text, as the end of a sentence that begins with its field: "has a partial, {{> header}}".
absl::StatusOr<std::vector<std::string>> MergeNames(absl::string_view text, MergeForm form);

// What a name has; empty: no value.
using MergeValue = absl::FunctionRef<std::string(absl::string_view name)>;

// The text with its gaps filled. ResourceExhausted where it would be longer than `bytes_max`,
// InvalidArgument as MergeNames.
absl::StatusOr<std::string> MergeText(absl::string_view text, MergeForm form, MergeValue value,
                                      size_t bytes_max);

}  // namespace kith
