// Session: what every command needs - the server, the catalog, where to print - and the way a call
// is made.
#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/ulid.h"
#include "services/cli/calls/arguments.h"
#include "services/cli/calls/catalog.h"
#include "services/cli/calls/client.h"
#include "services/cli/text/render.h"

namespace kith::cli {

// One thread at a time. Borrows everything it is given; all of it outlives the session.
class Session {
 public:
  struct Options {
    bool json = false;      // print JSON for programs, not tables for people
    bool ids = false;       // show links as they are, not by what their records are called
    bool verbose = false;   // say request ids and positions on `err`
    bool live_err = false;  // `err` is a terminal, where a line can be drawn over
    absl::TimeZone zone;    // times are shown in it
    int width = 0;          // of the terminal; 0: as wide as it takes
  };

  Session(const Catalog& catalog, Client& client, UlidGenerator& ids, std::ostream& out,
          std::ostream& err, const Options& options)
      : catalog_(catalog), client_(client), ids_(ids), out_(out), err_(err), options_(options) {}

  const Catalog& catalog() const { return catalog_; }
  Client& client() { return client_; }
  std::ostream& out() { return out_; }
  std::ostream& err() { return err_; }
  const Options& options() const { return options_; }
  // How to show what links to records that are called so.
  Style StyleWith(std::map<std::string, std::string> names = {}) const {
    return {options_.zone, options_.width, std::move(names)};
  }

  std::string NewRequestId() { return ids_.Next(); }

  // Calls a unary method; a request that takes a request id and has none gets a fresh one. `token`
  // takes what kith-cause has of what it led to; may be null.
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> Call(
      const Method& method, google::protobuf::Message& request, std::string* token = nullptr);

  // The method of a command that is written for it. A server and a CLI of one build have it: aborts
  // when missing.
  const Method& Require(absl::string_view collection, absl::string_view verb) const;

 private:
  const Catalog& catalog_;
  Client& client_;
  UlidGenerator& ids_;
  std::ostream& out_;
  std::ostream& err_;
  const Options options_;
};

// The words of a command for `method`, where its boolean fields and `switches` need no value, and
// what is content may be empty.
absl::StatusOr<Arguments> ParseFor(const Method& method, const std::vector<std::string>& words,
                                   const std::vector<std::string>& switches = {});

}  // namespace kith::cli
