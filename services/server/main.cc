// kithd: the server. Starts, says where it listens, and stops cleanly on SIGINT and SIGTERM.

#include <signal.h>
#include <sys/stat.h>

#include <cstdio>

#include "absl/synchronization/mutex.h"
#include "services/server/json_log.h"
#include "services/server/kithd.h"
#include "services/server/options.h"

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // What kithd writes is for its user alone.
  umask(S_IRWXG | S_IRWXO);
  const kith::server::Options options = kith::server::ParseOptions(argc, argv);
  kith::server::LogAsJson();

  // Every thread inherits this mask, so that the signals wait for this one.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  auto server = kith::server::StartKithd(options);
  if (!server.ok()) {
    std::fprintf(stderr, "kithd: %s\n", std::string(server.status().message()).c_str());
    return 1;
  }
  const std::string& address = options.server.address;
  std::printf("kithd is ready on %s:%d\n", address.substr(0, address.rfind(':')).c_str(),
              (*server)->port());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  (*server)->Stop();
  return 0;
}
