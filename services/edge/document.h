// Documents: what stands under a path of its own for programs that know no calls, as calendars do.
// The credentials are in the path, so whoever has it reads it; they are a key that grants that
// method and nothing else, and any other is as one that is not there. A document is the reply of a
// method that has a `content` and a `content_type`, and whose request may say nothing.
//
//   GET /calendar/kith_1_01J…_….ics     kith.meetings.v1.MeetingsService/GetCalendar
//
// Pure; any thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace kith::edge {

struct DocumentPath {
  absl::string_view prefix;
  absl::string_view suffix;
  absl::string_view method;  // as calls are made to it: "/package.Service/Method"

  // What stands between the two.
  absl::string_view CredentialsIn(absl::string_view path) const {
    return path.substr(prefix.size(), path.size() - prefix.size() - suffix.size());
  }
};

// Null where there is none: it is no document's.
const DocumentPath* FindDocument(absl::string_view path);

// EDGE_ERROR_NOT_FOUND, which does not tell the path again.
absl::Status NoSuchDocument();

// How a document is told to who has seen those that `if_none_match` names (RFC 9110): not again
// where it is one of them (304).
struct DocumentAnswer {
  int status = 200;
  std::string content_type;
  std::string body;
  std::string headers;  // further ones, each with its end of line
};
DocumentAnswer AnswerWith(const google::protobuf::Message& document,
                          absl::string_view if_none_match, bool takes_gzip);

}  // namespace kith::edge
