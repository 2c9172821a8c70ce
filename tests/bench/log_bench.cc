// log_bench: what the log costs over the RocksDB below it, without a server. Prints a JSON object.
//
//   log     what is appended with 128 appends in flight: validated, looked up, conditioned,
//   encoded,
//           hashed, numbered, answered; alternating with `raw`, the same bytes in batches of 128
//   bulk    interactions as the services write them, raw, in batches of 1,024
//   bytes   on disk for an event of 300 bytes of text with everything counted, clear and sealed
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "eventstore/base/check.h"
#include "eventstore/rocksdb/rocks_engine.h"
#include "tests/bench/append_load.h"
#include "tests/bench/crm_events.h"
#include "tests/bench/raw_rocks.h"
#include "tests/eventstore/log/log_fixture.h"

ABSL_FLAG(std::string, directory, "", "An empty directory to work in.");
ABSL_FLAG(int32_t, events, 100'000, "Events in a round.");
ABSL_FLAG(int32_t, rounds, 5, "How often each is measured.");
ABSL_FLAG(std::string, what, "log", "log, bulk or bytes.");

namespace kith::bench {
namespace {

namespace fs = std::filesystem;
using eventstore::Append;
using eventstore::EventLog;
using eventstore::KeyStore;

constexpr WorkspaceId kWorkspaceOne{1};
constexpr int kInFlight = 128;
constexpr size_t kBulk = 1024;
constexpr int kContacts = 1000;
constexpr size_t kTextBytes = 300;

// Interactions as the services write them, one in each append.
class Interactions {
 public:
  explicit Interactions(const KeyStore& keys) : events_(kWorkspaceOne, keys, 1, 20) {
    for (int i = 0; i < kContacts; ++i) events_.NewContact();
  }
  std::vector<Append> Make(int count) {
    std::vector<Append> appends;
    for (int i = 0; i < count; ++i) {
      appends.push_back(events_.AppendOf({events_.NewInteraction()}, kMethod));
    }
    return appends;
  }

 private:
  static constexpr char kMethod[] = "kith.interactions.v1.InteractionsService/RecordInteraction";
  CrmEvents events_;
};

// The same with nothing in them but 300 bytes of text, clear or personal.
std::vector<Append> OnlyText(std::vector<Append> appends, bool sealed) {
  cli::LoadText text(appends.size());
  for (Append& append : appends) {
    eventstore::NewEvent& event = append.streams[0].events[0];
    event.payload = sealed ? "" : text.Make(kTextBytes);
    if (sealed) {
      event.personal[0].payload = text.Make(kTextBytes);
    } else {
      event.personal.clear();
    }
  }
  return appends;
}

// A log in a directory of its own.
class OwnLog {
 public:
  explicit OwnLog(const std::string& directory) : directory_(directory) {
    auto engine = eventstore::OpenRocksEngine({.data_dir = directory});
    KITH_CHECK(engine.ok());
    auto keys = eventstore::OpenKeyStore(directory + "/keys", SystemRandom());
    KITH_CHECK(keys.ok());
    keys_ = *std::move(keys);
    auto log = eventstore::OpenEventLog(*std::move(engine), *keys_, SystemClock(), executor_, {});
    KITH_CHECK(log.ok());
    log_ = *std::move(log);
  }

  KeyStore& keys() { return *keys_; }
  double Append(std::vector<eventstore::Append> appends) {
    size_t next = 0;
    const absl::Time begin = absl::Now();
    AppendLoad(*log_, [&]() -> std::optional<eventstore::Append> {
      if (next == appends.size()) return std::nullopt;
      return std::move(appends[next++]);
    }).Run(kInFlight);
    return absl::ToDoubleSeconds(absl::Now() - begin);
  }
  // The bytes of its files when everything is in tables. Ends the log.
  double Bytes() {
    log_.reset();
    // Opening it once more moves what the write-ahead log held to table files.
    KITH_CHECK(eventstore::OpenRocksEngine({.data_dir = directory_}).ok());
    double bytes = 0;
    for (const auto& file : fs::recursive_directory_iterator(directory_ + "/log")) {
      if (file.is_regular_file()) bytes += static_cast<double>(file.file_size());
    }
    return bytes;
  }

 private:
  const std::string directory_;
  std::unique_ptr<KeyStore> keys_;
  eventstore::PoolExecutor executor_{1};
  std::unique_ptr<EventLog> log_;
};

void BenchLog(const std::string& directory, int events, int rounds) {
  OwnLog log(directory + "/log");
  RawRocks raw(directory + "/raw", log.keys());
  Interactions interactions(log.keys());
  std::vector<double> raw_rates;
  std::vector<double> log_rates;
  for (int round = 0; round < rounds; ++round) {
    std::vector<Append> appends = OnlyText(interactions.Make(events), false);
    raw_rates.push_back(events / raw.Write(appends, kInFlight));
    log_rates.push_back(events / log.Append(std::move(appends)));
  }
  std::printf("{\"raw_per_second\":[%s],\"log_per_second\":[%s]}\n",
              absl::StrJoin(raw_rates, ",").c_str(), absl::StrJoin(log_rates, ",").c_str());
}

void BenchBulk(const std::string& directory, int events, int rounds) {
  const auto keys = eventstore::NewMemoryKeyStore(SystemRandom());
  RawRocks raw(directory + "/raw", *keys);
  Interactions interactions(*keys);
  std::vector<double> rates;
  for (int round = 0; round < rounds; ++round) {
    rates.push_back(events / raw.Write(interactions.Make(events), kBulk));
  }
  std::printf("{\"raw_per_second\":[%s]}\n", absl::StrJoin(rates, ",").c_str());
}

void MeasureBytes(const std::string& directory, int events) {
  double bytes[2];
  for (const bool sealed : {false, true}) {
    OwnLog log(directory + (sealed ? "/sealed" : "/clear"));
    Interactions interactions(log.keys());
    log.Append(OnlyText(interactions.Make(events), sealed));
    bytes[sealed] = log.Bytes() / events;
  }
  std::printf("{\"text_bytes\":%zu,\"clear_bytes\":%.1f,\"sealed_bytes\":%.1f}\n", kTextBytes,
              bytes[0], bytes[1]);
}

int Main() {
  const std::string directory = absl::GetFlag(FLAGS_directory);
  const int events = absl::GetFlag(FLAGS_events);
  const int rounds = absl::GetFlag(FLAGS_rounds);
  const std::string what = absl::GetFlag(FLAGS_what);
  if (what == "log") BenchLog(directory, events, rounds);
  if (what == "bulk") BenchBulk(directory, events, rounds);
  if (what == "bytes") MeasureBytes(directory, events);
  return 0;
}

}  // namespace
}  // namespace kith::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return kith::bench::Main();
}
