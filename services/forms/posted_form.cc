#include "services/forms/posted_form.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "services/core/json_depth.h"
#include "services/core/reject.h"
#include "services/core/url.h"

namespace kith::forms {
namespace {

using google::protobuf::Value;

constexpr int kDepthMax = 4;         // of JSON
constexpr size_t kBoundaryMax = 70;  // RFC 2046
constexpr size_t kNumberBytesMax = 32;

absl::Status NoForm(absl::string_view why) { return RejectField("", why); }

absl::StatusOr<PostedForm> ParseUrlEncoded(absl::string_view body) {
  PostedForm posted;
  if (body.empty()) return posted;
  for (const absl::string_view pair : absl::StrSplit(body, '&')) {
    if (posted.size() == kPostedValuesMax) return NoForm("has too many values");
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    std::optional<std::string> name = FormDecoded(parts.first);
    std::optional<std::string> value = FormDecoded(parts.second);
    if (!name.has_value() || !value.has_value()) {
      return NoForm("is not urlencoded: a % is followed by two hexadecimal digits");
    }
    posted.emplace_back(*std::move(name), *std::move(value));
  }
  return posted;
}

// The value of a parameter of a header: boundary of `multipart/form-data; boundary="x"`. Quoted or
// not; empty where it is not there.
std::string ParameterOf(absl::string_view header, absl::string_view name) {
  size_t at = header.find(';');
  while (at != header.npos) {
    absl::string_view rest = absl::StripLeadingAsciiWhitespace(header.substr(at + 1));
    const size_t equals = rest.find('=');
    if (equals == rest.npos) return "";
    const absl::string_view named = absl::StripAsciiWhitespace(rest.substr(0, equals));
    rest = rest.substr(equals + 1);
    std::string value;
    size_t end = 0;
    if (absl::StartsWith(rest, "\"")) {
      for (end = 1; end < rest.size() && rest[end] != '"'; ++end) {
        if (rest[end] == '\\' && end + 1 < rest.size()) ++end;
        value.push_back(rest[end]);
      }
      if (end < rest.size()) ++end;
    } else {
      end = std::min(rest.find(';'), rest.size());
      value = std::string(absl::StripAsciiWhitespace(rest.substr(0, end)));
    }
    if (absl::EqualsIgnoreCase(named, name)) return value;
    const size_t next = rest.find(';', end);
    if (next == rest.npos) return "";
    header = rest;
    at = next;
  }
  return "";
}

// One part: its headers, an empty line, and what it holds.
absl::Status TakePart(absl::string_view part, PostedForm& posted) {
  const size_t end = part.find("\r\n\r\n");
  if (end == part.npos) return NoForm("is not multipart/form-data: a part has no end of headers");
  std::string name;
  bool is_named = false;
  for (const absl::string_view line : absl::StrSplit(part.substr(0, end), "\r\n")) {
    if (!absl::StartsWithIgnoreCase(line, "content-disposition:")) continue;
    const std::string lower = absl::AsciiStrToLower(line);
    if (absl::StrContains(lower, "filename=") || absl::StrContains(lower, "filename*=")) {
      return NoForm("has a file, and files are not taken");
    }
    is_named = absl::StrContains(lower, "name=");
    name = ParameterOf(line, "name");
  }
  if (!is_named) return NoForm("is not multipart/form-data: a part has no name");
  if (posted.size() == kPostedValuesMax) return NoForm("has too many values");
  posted.emplace_back(std::move(name), std::string(part.substr(end + 4)));
  return absl::OkStatus();
}

absl::StatusOr<PostedForm> ParseMultipart(absl::string_view content_type, absl::string_view body) {
  const std::string boundary = ParameterOf(content_type, "boundary");
  if (boundary.empty() || boundary.size() > kBoundaryMax) {
    return NoForm("is not multipart/form-data: its content type has no boundary");
  }
  const std::string begin = absl::StrCat("--", boundary);
  const std::string between = absl::StrCat("\r\n", begin);
  size_t at = absl::StartsWith(body, begin) ? begin.size() : body.npos;
  if (at == body.npos) {
    at = body.find(between);
    if (at == body.npos) return NoForm("is not multipart/form-data: its boundary is not there");
    at += between.size();
  }
  PostedForm posted;
  while (true) {
    absl::string_view rest = body.substr(at);
    if (absl::StartsWith(rest, "--")) return posted;
    if (!absl::ConsumePrefix(&rest, "\r\n")) {
      return NoForm("is not multipart/form-data: a boundary has no end of line");
    }
    const size_t end = rest.find(between);
    if (end == rest.npos) return NoForm("is not multipart/form-data: its last boundary is missing");
    KITH_RETURN_IF_ERROR(TakePart(rest.substr(0, end), posted));
    at = body.size() - rest.size() + end + between.size();
  }
}

// False where it is none of a form's.
bool TextOf(const Value& value, std::string* text) {
  switch (value.kind_case()) {
    case Value::kStringValue:
      *text = value.string_value();
      return true;
    case Value::kBoolValue:
      *text = value.bool_value() ? "true" : "";
      return true;
    case Value::kNumberValue: {
      char digits[kNumberBytesMax];
      const int size = std::snprintf(digits, sizeof(digits), "%.15g", value.number_value());
      *text = std::string(digits, static_cast<size_t>(size));
      return true;
    }
    case Value::kNullValue:
      text->clear();
      return true;
    default:
      return false;
  }
}

absl::StatusOr<PostedForm> ParseJson(absl::string_view body) {
  google::protobuf::Struct parsed;
  if (IsDeeperThan(body, kDepthMax) ||
      !google::protobuf::util::JsonStringToMessage(std::string(body), &parsed).ok()) {
    return NoForm("is no JSON object of names and values");
  }
  PostedForm posted;
  for (const auto& [name, value] : parsed.fields()) {
    google::protobuf::ListValue all;
    if (value.has_list_value()) {
      all = value.list_value();
    } else {
      *all.add_values() = value;
    }
    for (const Value& one : all.values()) {
      std::string text;
      if (!TextOf(one, &text)) return NoForm("is no JSON object of names and values");
      if (posted.size() == kPostedValuesMax) return NoForm("has too many values");
      posted.emplace_back(name, std::move(text));
    }
  }
  return posted;
}

}  // namespace

PostedAs PostedAsOf(absl::string_view content_type) {
  const std::string type = absl::AsciiStrToLower(
      absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';'))));
  if (type == "application/x-www-form-urlencoded") return PostedAs::kUrlEncoded;
  if (type == "multipart/form-data") return PostedAs::kMultipart;
  if (type == "application/json") return PostedAs::kJson;
  return PostedAs::kUnknown;
}

absl::StatusOr<PostedForm> ParsePosted(absl::string_view content_type, absl::string_view body) {
  switch (PostedAsOf(content_type)) {
    case PostedAs::kUrlEncoded:
      return ParseUrlEncoded(body);
    case PostedAs::kMultipart:
      return ParseMultipart(content_type, body);
    case PostedAs::kJson:
      return ParseJson(body);
    case PostedAs::kUnknown:
      break;
  }
  return NoForm(
      "is none of application/x-www-form-urlencoded, multipart/form-data and application/json");
}

std::string ValueOf(const PostedForm& posted, absl::string_view name) {
  for (const auto& [named, value] : posted) {
    if (named == name) return value;
  }
  return "";
}

}  // namespace kith::forms
