// App: the program `kith`, from its words to its exit code.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/cli/calls/client.h"

namespace kith::cli {

// What the program sees of the world around it.
struct Surroundings {
  std::ostream& out;
  std::ostream& err;
  bool live_err = false;  // err is a terminal
  int width = 0;          // of out in columns, where it is a terminal
  // The value of an environment variable; none when it is not set.
  std::function<std::optional<std::string>(const char* name)> environment;
  // Makes the client; a test gives one over a channel of its own.
  std::function<std::unique_ptr<Client>(const ClientOptions& options)> connect;
};

// Runs the words after the program's name. Returns 0 when done, 1 when the server refused or could
// not be reached, 2 when the words are wrong.
int Run(const std::vector<std::string>& words, const Surroundings& surroundings);

}  // namespace kith::cli
