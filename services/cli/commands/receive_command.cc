// `kith receive`: mails in files come in, as if a mail server had handed them on.
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/received_mails/v1/received_mails_service.pb.h"
#include "services/cli/commands/commands.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/render.h"
#include "services/cli/text/server_error.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Message;

// No mail is larger; of a file that is, no more is read than shows that.
constexpr size_t kMailBytesMax = 25 << 20;
// Of one that is sent as a call: a request has 4 MiB, with what stands around the mail.
constexpr size_t kCallBytesMax = (4 << 20) - 1'024;

absl::StatusOr<std::string> ReadMail(std::istream& in, const std::string& path) {
  std::string raw;
  std::vector<char> piece(1 << 16);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    raw.append(piece.data(), static_cast<size_t>(in.gcount()));
    if (raw.size() > kMailBytesMax) {
      return absl::InvalidArgumentError(absl::StrCat(path, " has more than 25 MiB"));
    }
  }
  if (in.bad()) return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  if (raw.empty()) return absl::InvalidArgumentError(absl::StrCat(path, " is empty"));
  if (raw.size() > kCallBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        " has more than 4 MiB, which one call does not take. Post it to the HTTP port: "
        "curl HOST:PORT/kith.received_mails.v1.ReceivedMailsService/ReceiveMail "
        "-H 'authorization: Bearer KEY' -H 'content-type: message/rfc822' --data-binary @",
        path));
  }
  return raw;
}

absl::StatusOr<std::string> ReadMail(const std::string& path) {
  if (path == "-") return ReadMail(std::cin, "what comes in");
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat("cannot open ", path));
  return ReadMail(file, path);
}

}  // namespace

absl::Status RunReceive(Session& session, const std::vector<std::string>& words) {
  if (words.empty() || absl::StartsWith(words[0], "--")) {
    return absl::InvalidArgumentError("name the files of the mails: kith receive FILE|-…");
  }
  const Method& method = session.Require("received-mails", "receive-mail");
  std::vector<std::unique_ptr<Message>> received;
  size_t refused = 0;
  for (const std::string& path : words) {
    received_mails::v1::ReceiveMailRequest request;
    KITH_ASSIGN_OR_RETURN(*request.mutable_raw(), ReadMail(path));
    auto reply = session.Call(method, request);
    if (!reply.ok()) {
      if (words.size() == 1) return reply.status();
      ++refused;
      session.err() << path << ": " << OneLine(reply.status()) << '\n';
      continue;
    }
    if (session.options().json) session.out() << ToJson(**reply, false) << '\n';
    received.push_back(*std::move(reply));
  }
  if (!session.options().json && !received.empty()) {
    std::vector<const Message*> rows;
    for (const auto& one : received) rows.push_back(one.get());
    PrintRows(rows, PathsOf(ColumnsOf(*rows.front()->GetDescriptor())), session.StyleWith(),
              session.out());
  }
  if (refused == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(FormatCount(static_cast<int64_t>(refused)),
                                                    " of ", words.size(),
                                                    " mails were not taken: see above"));
}

}  // namespace kith::cli
