// kithd: the server. Starts, says where it listens, and stops cleanly on SIGINT and SIGTERM.

#include <signal.h>
#include <sys/stat.h>

#include <cstdio>
#include <memory>

#include "absl/synchronization/mutex.h"
#include "eventstore/base/log.h"
#include "services/server/kithd.h"
#include "services/server/library_logs.h"
#include "services/server/log_writer.h"
#include "services/server/options.h"

// jemalloc reads it before main. What a flood of calls took goes back to the system after a second,
// also where no call follows; the ten seconds that it would keep let floods pile up.
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";

namespace kith::server {
namespace {

// The end of the process waits no longer than this for who reads its log.
constexpr absl::Duration kLogGrace = absl::Seconds(2);

// Every thread made from now on inherits this mask, so that the signals wait for `Run`.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// OK after a signal has stopped it.
absl::Status Run(const Options& options, const sigset_t& signals) {
  const auto kithd = Kithd::Start(options);
  if (!kithd.ok()) return kithd.status();
  if ((*kithd)->has_made_data()) {
    std::printf("kithd made a new data directory: %s\n", options.data.c_str());
  }
  // Beside the log, where whoever starts it looks; before what they wait for.
  if (const absl::Status& metrics = (*kithd)->metrics_status(); !metrics.ok()) {
    std::printf("kithd goes without: %s; --metrics names another, or none\n",
                std::string(metrics.message()).c_str());
  }
  const std::string& address = options.server.address;
  std::printf("kithd is ready on %s:%d\n", address.substr(0, address.rfind(':')).c_str(),
              (*kithd)->port());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  (*kithd)->Stop(signal == SIGINT ? "SIGINT" : "SIGTERM");
  return absl::OkStatus();
}

}  // namespace
}  // namespace kith::server

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // What kithd writes is for its user alone.
  umask(S_IRWXG | S_IRWXO);
  signal(SIGPIPE, SIG_IGN);  // nobody's going away ends a server, also who reads its log
  const kith::server::Options options = kith::server::ParseOptions(argc, argv);
  const sigset_t signals = kith::server::BlockStopSignals();  // before the first thread
  const auto log = std::make_shared<kith::server::LogWriter>(kith::server::LogWriter::Options());
  kith::SetLogSink(log, options.log_level);
  kith::server::TakeLibraryLogs();
  const absl::Status ran = kith::server::Run(options, signals);
  log->Close(kith::server::kLogGrace);
  if (ran.ok()) return 0;
  // The last line, whatever the log had to tell.
  std::fprintf(stderr, "kithd: %s\n", std::string(ran.message()).c_str());
  return 1;
}
