#include "services/edge/document.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/sha256.h"
#include "kith/edge/v1/edge_errors.pb.h"
#include "services/edge/gzip.h"

namespace kith::edge {
namespace {

constexpr DocumentPath kDocuments[] = {
    {"/calendar/", ".ics", "/kith.meetings.v1.MeetingsService/GetCalendar"},
};
constexpr size_t kGzipBytesMin = 1'024;  // what is shorter is not worth it
constexpr size_t kTagBytes = 16;         // of the hash

std::string TextIn(const google::protobuf::Message& document, const char* name) {
  const auto* const field = document.GetDescriptor()->FindFieldByName(name);
  KITH_CHECK(field != nullptr);
  return document.GetReflection()->GetString(document, field);
}

std::string TagOf(absl::string_view content) {
  const Sha256Hash hash = Sha256::Of(content);
  // Weak: it is the same whether the body is compressed or not.
  return absl::StrCat("W/\"",
                      absl::BytesToHexString(
                          absl::string_view(reinterpret_cast<const char*>(hash.data()), kTagBytes)),
                      "\"");
}

// Whether the tag stands in a list such as `W/"1", "2"`, or any does; weak or not is the same.
bool Names(absl::string_view list, absl::string_view tag) {
  absl::ConsumePrefix(&tag, "W/");
  for (absl::string_view one : absl::StrSplit(list, ',')) {
    one = absl::StripAsciiWhitespace(one);
    absl::ConsumePrefix(&one, "W/");
    if (one == "*" || one == tag) return true;
  }
  return false;
}

}  // namespace

const DocumentPath* FindDocument(absl::string_view path) {
  const auto* const found =
      std::find_if(std::begin(kDocuments), std::end(kDocuments), [path](const DocumentPath& one) {
        return path.size() > one.prefix.size() + one.suffix.size() &&
               absl::StartsWith(path, one.prefix) && absl::EndsWith(path, one.suffix);
      });
  return found == std::end(kDocuments) ? nullptr : found;
}

absl::Status NoSuchDocument() {
  return Error(v1::EDGE_ERROR_NOT_FOUND,
               "There is no such document, or its address leads nowhere any more. Ask whose it is "
               "for another.");
}

DocumentAnswer AnswerWith(const google::protobuf::Message& document,
                          absl::string_view if_none_match, bool takes_gzip) {
  DocumentAnswer answer;
  answer.content_type = TextIn(document, "content_type");
  answer.body = TextIn(document, "content");
  const std::string tag = TagOf(answer.body);
  // Its own copy, whoever stands between: the address is a secret.
  answer.headers = absl::StrCat("cache-control: private, no-cache\r\netag: ", tag,
                                "\r\nvary: accept-encoding\r\n");
  if (Names(if_none_match, tag)) {
    answer.status = 304;
    answer.body.clear();
  } else if (takes_gzip && answer.body.size() >= kGzipBytesMin) {
    answer.body = Gzip(answer.body);
    absl::StrAppend(&answer.headers, "content-encoding: gzip\r\n");
  }
  return answer;
}

}  // namespace kith::edge
