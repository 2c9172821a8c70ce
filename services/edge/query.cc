#include "services/edge/query.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/edge/v1/edge_errors.pb.h"

namespace kith::edge {
namespace {

absl::Status BadPart(absl::string_view name, absl::string_view what) {
  return Error(v1::EDGE_ERROR_BAD_REQUEST, absl::StrCat("The query's ", name, " ", what, "."),
               {{"part", std::string(name)}});
}

int DigitOf(char c) {
  if (absl::ascii_isdigit(c)) return c - '0';
  const char lower = absl::ascii_tolower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

absl::StatusOr<std::string> Decoded(absl::string_view name, absl::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const int high = i + 1 < text.size() ? DigitOf(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? DigitOf(text[i + 2]) : -1;
    if (high < 0 || low < 0) return BadPart(name, "has a % that two digits do not follow");
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

}  // namespace

absl::StatusOr<Query> ParseQuery(absl::string_view text) {
  Query query;
  bool base64 = false;
  bool has_encoding = false;
  for (const absl::string_view part : absl::StrSplit(text, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    const absl::string_view name = pair.first;
    KITH_ASSIGN_OR_RETURN(std::string value, Decoded(name, pair.second));
    if (name == "message") {
      query.message = std::move(value);
    } else if (name == "encoding") {
      if (value != "json" && value != "proto") return BadPart(name, "is json or proto");
      query.encoding = value == "json" ? Encoding::kJson : Encoding::kProto;
      has_encoding = true;
    } else if (name == "base64") {
      if (value != "1" && value != "0") return BadPart(name, "is 1 or 0");
      base64 = value == "1";
    } else if (name == "compression") {
      query.compression = std::move(value);
    } else if (name == "connect") {
      if (value != "v1") return BadPart(name, "is v1");
    } else {
      return BadPart(name, "is no part of a call");
    }
  }
  if (!has_encoding) return BadPart("encoding", "is missing: json or proto");
  if (base64) {
    std::string bytes;
    if (!absl::WebSafeBase64Unescape(query.message, &bytes)) {
      return BadPart("message", "is no URL-safe base64");
    }
    query.message = std::move(bytes);
  }
  return query;
}

}  // namespace kith::edge
