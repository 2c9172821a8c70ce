// Server errors: what a server refused, and why, as one status of ours and as text for people.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kith::cli {

// A failed call's status: the code, a message with the details (see below), and the details
// themselves kept inside. The message's first line says what is wrong with the reason in brackets;
// a line follows for each field that breaks a rule which it does not tell, and a last one says what
// to do where that is known:
//
//   A field breaks a rule. [INVALID_FIELD]
//     contact.emails[0].address: not an e-mail address
//   Correct the fields named and try again.
//
// `with_key` is whether the call had one.
absl::Status ServerError(const grpc::Status& status, absl::string_view address, bool with_key);

// True for a status made by ServerError; false for mistakes on the command line.
bool IsServerError(const absl::Status& status);

// True for a failure that every further call would meet too: no server answers, or it does not let
// the caller in.
bool ConcernsEveryCall(const absl::Status& status);

// The error's reason, "DEAL_EXISTS"; empty where the server gave none.
std::string ReasonOf(const absl::Status& status);

// The fields that break a rule, "contact.emails[0].address".
std::vector<std::string> FieldsRefusedBy(const absl::Status& status);

// The message on one line, "; " for its line breaks.
std::string OneLine(const absl::Status& status);

}  // namespace kith::cli
