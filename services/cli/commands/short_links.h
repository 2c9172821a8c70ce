// ShortLinks: names that people write short, where what is around them says the rest.
#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/cli/calls/session.h"

namespace kith::cli {

// Asks for each record once, and remembers it. Borrows the session; one thread at a time.
class ShortLinks {
 public:
  explicit ShortLinks(Session& session) : session_(session) {}

  // A link to a part of a record, as a deal's stage, of which only the last part was written,
  // "won", or what people call it, becomes its whole name, "pipelines/default/stages/won". Which
  // record it is a part of, the same message says in another field, or else the record that the
  // request or the message names, or else `beside`, a request that is sent before it; null: none.
  // Where none says it and one of them could, it is the one called default, as the server takes it
  // for. InvalidArgument where the record has no such part, or several that are called so.
  absl::Status Complete(google::protobuf::Message* request,
                        const google::protobuf::Message* beside = nullptr);

 private:
  using Message = google::protobuf::Message;

  absl::Status CompleteIn(const Message& request, const Message* beside, Message* message);
  // Of which record of that pattern a link in `message` is a part; empty where nothing says it.
  absl::StatusOr<std::string> WholeOf(const Message& request, const Message* beside,
                                      const Message& message, absl::string_view pattern);
  // What the record that the message names links to of that pattern.
  absl::StatusOr<std::string> LinkOfNamed(const Message& message, absl::string_view pattern);
  // The name of a part of a record by its id or by what people call it: of "pipelines/default",
  // "stages" and "Proposal sent" "pipelines/default/stages/proposal-sent". Where the record may not
  // be read, the text is taken for an id.
  absl::StatusOr<std::string> PartCalled(const std::string& record, const std::string& parts,
                                         const std::string& said);
  // Null where nothing gets such records.
  absl::StatusOr<const Message*> Get(const std::string& name);

  Session& session_;
  std::map<std::string, std::unique_ptr<Message>> records_;  // by their names
};

}  // namespace kith::cli
