// replay_bench: how quickly every view is folded anew from a log, against reading the same log and
// only decoding and unsealing its events. Alternates the two and prints a JSON object with the
// events a second of each round. The data directory is one of kithd; its own views are left alone.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "eventstore/base/check.h"
#include "eventstore/base/mutex.h"
#include "eventstore/rocksdb/rocks_engine.h"
#include "services/runtime/server_builder.h"
#include "services/server/capabilities.inc"

ABSL_FLAG(std::string, data, "", "The data directory.");
ABSL_FLAG(int32_t, rounds, 5, "How often each is measured.");

namespace kith::bench {
namespace {

namespace fs = std::filesystem;

// A whole server with empty views; its folding begins at once.
std::unique_ptr<runtime::Server> Start(const std::string& data, const std::string& views) {
  runtime::Storage storage;
  auto engine = eventstore::OpenRocksEngine({.data_dir = data});
  KITH_CHECK(engine.ok());
  storage.engine = *std::move(engine);
  auto keys = eventstore::OpenKeyStore(data + "/keys", SystemRandom());
  KITH_CHECK(keys.ok());
  storage.keys = *std::move(keys);
  runtime::ServerOptions options;
  options.views.path = views;
  runtime::ServerBuilder builder;
  RegisterCapabilities(builder);
  auto server = builder.Start(options, std::move(storage));
  KITH_CHECK(server.ok());
  return *std::move(server);
}

// Waits until every view is where the log is.
void AwaitViews(runtime::Runtime& runtime) {
  const Position head = runtime.log.head();
  Mutex mutex;
  CondVar changed;
  int waiting = 0;
  for (const projections::ViewHealth& health : runtime.views.Health()) {
    {
      MutexLock lock(mutex);
      ++waiting;
    }
    runtime.views.Find(health.view)
        .WhenAt(head, absl::InfiniteDuration(), [&](absl::Status status) {
          KITH_CHECK(status.ok());
          MutexLock lock(mutex);
          --waiting;
          changed.NotifyAll();
        });
  }
  MutexLock lock(mutex);
  while (waiting > 0) changed.Wait(mutex);
}

void Scan(runtime::Runtime& runtime) {
  const auto cursor = runtime.log.ReadAll(Position(1), eventstore::Direction::kForwards);
  for (;;) {
    auto record = cursor->Next();
    KITH_CHECK(record.ok());
    if (*record == nullptr) return;
    KITH_CHECK(runtime.registry.Decode(*std::move(record), runtime.keys).ok());
  }
}

int Main() {
  const std::string data = absl::GetFlag(FLAGS_data);
  const std::string views = data + "/replayed-views";
  std::vector<double> rebuilt;
  std::vector<double> scanned;
  double events = 0;
  for (int round = 0; round < absl::GetFlag(FLAGS_rounds); ++round) {
    fs::remove_all(views);
    const absl::Time begin = absl::Now();
    const std::unique_ptr<runtime::Server> server = Start(data, views);
    AwaitViews(server->runtime());
    events = static_cast<double>(server->runtime().log.head().value());
    rebuilt.push_back(events / absl::ToDoubleSeconds(absl::Now() - begin));
    const absl::Time scan = absl::Now();
    Scan(server->runtime());
    scanned.push_back(events / absl::ToDoubleSeconds(absl::Now() - scan));
    server->Stop();
  }
  fs::remove_all(views);
  std::printf("{\"events\":%.0f,\"rebuilt_per_second\":[%s],\"scanned_per_second\":[%s]}\n", events,
              absl::StrJoin(rebuilt, ",").c_str(), absl::StrJoin(scanned, ",").c_str());
  return 0;
}

}  // namespace
}  // namespace kith::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return kith::bench::Main();
}
