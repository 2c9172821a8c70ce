// log_bench: what the log costs over the RocksDB below it. Alternates two loads of the same events
// and prints the ratio of their rates, medians over the rounds:
//   raw  the finished record bytes and index entries in synced batches of 128, through the engine
//   log  AppendAsync with 128 appends in flight: validated, looked up, conditioned, encoded,
//   hashed, numbered, answered
// and the bytes on disk per event. Usage: log_bench [events per round] [rounds] [directory]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/record_codec.h"
#include "eventstore/rocksdb/rocks_engine.h"
#include "eventstore/seal/key_store.h"
#include "tests/eventstore/log/log_fixture.h"

namespace kith::eventstore {
namespace {

namespace fs = std::filesystem;
constexpr int kInFlight = 128;
constexpr size_t kPayloadBytes = 300;
constexpr int kContacts = 10'000;

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Text of random words, about as compressible as a note somebody wrote.
std::string Text(std::mt19937& random) {
  static const std::vector<std::string>* const words = [] {
    std::mt19937 seeded(7);
    auto* made = new std::vector<std::string>();
    for (int i = 0; i < 5000; ++i) {
      std::string word;
      for (size_t length = 2 + seeded() % 9; word.size() < length;)
        word += static_cast<char>('a' + seeded() % 26);
      made->push_back(word);
    }
    return made;
  }();
  std::string text;
  while (text.size() < kPayloadBytes)
    absl::StrAppend(&text, (*words)[random() % words->size()], " ");
  text.resize(kPayloadBytes);
  return text;
}

std::string Id(std::mt19937& random) {
  static constexpr char kDigits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string id = "01J";
  while (id.size() < 26) id += kDigits[random() % 32];
  return id;
}

// An interaction recorded on one of the contacts: what the log takes most of.
std::vector<Append> MakeAppends(int count, uint32_t seed) {
  std::mt19937 contacts(11);
  std::vector<std::string> names;
  for (int i = 0; i < kContacts; ++i) names.push_back(absl::StrCat("contacts/", Id(contacts)));
  std::mt19937 random(seed);
  std::vector<Append> appends(count);
  for (Append& append : appends) {
    append = WithRequest(AppendTo(absl::StrCat(names[random() % names.size()], "/interactions")),
                         Id(random));
    append.streams[0].events[0].payload = Text(random);
    append.correlation_id = Id(random);
    for (uint8_t& byte : append.request.digest) byte = static_cast<uint8_t>(random());
  }
  return appends;
}

// Keeps kInFlight appends in flight until all are answered.
class Load {
 public:
  Load(EventLog& log, std::vector<Append> appends) : log_(log), appends_(std::move(appends)) {}

  double Run() {
    const double begin = Seconds();
    for (int i = 0; i < kInFlight; ++i) Next();
    MutexLock lock(mutex_);
    while (answered_ < appends_.size()) done_.Wait(mutex_);
    return Seconds() - begin;
  }

 private:
  void Next() {
    const size_t next = started_.fetch_add(1);
    if (next >= appends_.size()) return;
    log_.AppendAsync(std::move(appends_[next]), [this](const absl::StatusOr<Appended>& answer) {
      KITH_CHECK(answer.ok());
      Next();
      MutexLock lock(mutex_);
      if (++answered_ == appends_.size()) done_.NotifyAll();
    });
  }

  EventLog& log_;
  std::vector<Append> appends_;
  std::atomic<size_t> started_{0};
  Mutex mutex_;
  CondVar done_;
  size_t answered_ KITH_GUARDED_BY(mutex_) = 0;
};

// The same events as finished bytes, written without any thought.
double RunRaw(Engine& engine, const std::vector<Append>& appends, uint64_t& position) {
  struct Entry {
    Table table;
    std::string key;
    std::string value;
  };
  std::vector<std::vector<Entry>> batches;
  for (size_t begin = 0; begin < appends.size(); begin += kInFlight) {
    std::vector<Entry>& batch = batches.emplace_back();
    const Position first(position + 1);
    std::string hashes;
    for (size_t i = begin; i < std::min(begin + kInFlight, appends.size()); ++i) {
      const Append& append = appends[i];
      const std::string& stream = append.streams[0].stream;
      EventHeader header{Position(++position),
                         append.workspace,
                         Sequence(position),
                         stream,
                         Revision(position),
                         Position(position),
                         1,
                         EventType(1)};
      header.record_time = SystemClock().Now();
      header.occur_time = append.streams[0].events[0].occur_time;
      header.actor = append.actor;
      header.request = append.request;
      header.correlation_id = append.correlation_id;
      std::string bytes;
      const Hash leaf =
          AppendRecord(header, EncodeBody(append.streams[0].events[0].payload, {}), &bytes);
      hashes.append(leaf.begin(), leaf.end());
      const Run run{position, Position(position), 1};
      batch.push_back({Table::kEvents, PositionKey(Position(position)), bytes});
      batch.push_back({Table::kHeads, HeadKey(append.workspace, stream),
                       EncodeHead({Revision(position), Position(position)})});
      batch.push_back({Table::kStreams,
                       NumberedKey(StreamPrefix(append.workspace, stream), position),
                       EncodeRun(run)});
      batch.push_back({Table::kRequests,
                       RequestIndexKey(append.workspace, append.request.method, append.request.id),
                       EncodePosition(Position(position))});
    }
    batch.push_back({Table::kTree, PositionKey(first), hashes});
    batch.push_back(
        {Table::kTimes, TimeKey(SystemClock().Now()), EncodePosition(Position(position))});
    batch.push_back({Table::kWorkspaces, NumberedKey(WorkspacePrefix(kWorkspace), first.value()),
                     EncodeRun({first.value(), first, kInFlight})});
  }
  auto write = engine.NewBatch();
  const double begin = Seconds();
  for (const auto& batch : batches) {
    write->Clear();
    for (const Entry& entry : batch) write->Put(entry.table, entry.key, entry.value);
    KITH_CHECK(engine.Commit(*write).ok());
  }
  return Seconds() - begin;
}

uint64_t DiskBytes(const std::string& path) {
  uint64_t bytes = 0;
  for (const auto& file : fs::recursive_directory_iterator(path)) {
    if (file.is_regular_file()) bytes += file.file_size();
  }
  return bytes;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::unique_ptr<Engine> OpenEngine(const std::string& path) {
  auto engine = OpenRocksEngine({.data_dir = path});
  KITH_CHECK(engine.ok());
  return *std::move(engine);
}

int Main(int argc, char** argv) {
  const int events = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  const std::string dir =
      argc > 3 ? argv[3] : (fs::temp_directory_path() / "kith-log-bench").string();
  fs::remove_all(dir);
  auto raw = OpenEngine(dir + "/raw");
  auto keys = NewMemoryKeyStore(SystemRandom());
  PoolExecutor executor(1);
  auto opened = OpenEventLog(OpenEngine(dir + "/kith"), *keys, SystemClock(), executor, {});
  KITH_CHECK(opened.ok());
  std::unique_ptr<EventLog> log = *std::move(opened);
  uint64_t position = 0;
  std::vector<double> raw_rates;
  std::vector<double> log_rates;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    std::vector<Append> appends = MakeAppends(events, static_cast<uint32_t>(round + 1));
    raw_rates.push_back(events / RunRaw(*raw, appends, position));
    log_rates.push_back(events / Load(*log, std::move(appends)).Run());
    ratios.push_back(log_rates.back() / raw_rates.back());
    std::printf("round %d: raw %.0f/s, log %.0f/s, ratio %.2f\n", round + 1, raw_rates.back(),
                log_rates.back(), ratios.back());
  }
  log.reset();
  OpenEngine(dir + "/kith");  // what the write-ahead log held goes to table files
  const double per_event =
      static_cast<double>(DiskBytes(dir + "/kith/log")) / (1.0 * events * rounds);
  std::printf("median: raw %.0f/s, log %.0f/s, ratio %.2f (target 0.80)\n", Median(raw_rates),
              Median(log_rates), Median(ratios));
  std::printf("disk: %.0f bytes an event, %.2f of its payload (target 1.50)\n", per_event,
              per_event / kPayloadBytes);
  raw.reset();
  fs::remove_all(dir);
  return 0;
}

}  // namespace
}  // namespace kith::eventstore

int main(int argc, char** argv) { return kith::eventstore::Main(argc, argv); }
