// kith: the command-line client of Kith.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "services/cli/app.h"

namespace {

// Of what is written to; 0 where it is no terminal.
int TerminalWidth() {
  winsize size = {};
  return isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col
                                                                                    : 0;
}

}  // namespace

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const kith::cli::Surroundings surroundings = {
      .out = std::cout,
      .err = std::cerr,
      .live_err = isatty(STDERR_FILENO) != 0,
      .width = TerminalWidth(),
      .environment =
          [](const char* name) {
            const char* value = std::getenv(name);
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          },
      .connect =
          [](const kith::cli::ClientOptions& options) {
            return std::make_unique<kith::cli::Client>(options);
          },
  };
  return kith::cli::Run({argv + 1, argv + argc}, surroundings);
}
