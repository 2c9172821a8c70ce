// PostedForm: what a browser, or a script, sends of a form, whichever way: as a page's form
// (urlencoded, or multipart without files), or as JSON. Pure; any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith::forms {

// Names and values in the order in which they came; a name may come several times.
using PostedForm = std::vector<std::pair<std::string, std::string>>;

// So many values are read; a body with more is none.
inline constexpr size_t kPostedValuesMax = 500;

// How a body is told, by its content type.
enum class PostedAs { kUrlEncoded, kMultipart, kJson, kUnknown };
PostedAs PostedAsOf(absl::string_view content_type);

// Of JSON {"email": "a@example.com", "colours": ["red", "blue"], "consent.news": true}: names with
// texts, numbers, truth values, or lists of these. ERROR_INVALID_FIELD in a sentence where the body
// is not what its type says, where it has a file, or is of another type.
absl::StatusOr<PostedForm> ParsePosted(absl::string_view content_type, absl::string_view body);

// The first value of this name; empty where there is none.
std::string ValueOf(const PostedForm& posted, absl::string_view name);

}  // namespace kith::forms
