// crash_writer DIR FIRST: appends CrashAppend(FIRST), CrashAppend(FIRST + 1) … to the log in DIR,
// 64 in flight, until it is killed. For each acknowledged append it writes one line to stdout:
// "number first count sequence\n".
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "eventstore/rocksdb/rocks_engine.h"
#include "eventstore/seal/key_store.h"
#include "tests/crash/crash_load.h"

namespace kith::eventstore {
namespace {

constexpr int kInFlight = 64;

class Writer {
 public:
  Writer(EventLog& log, uint64_t first) : log_(log), next_(first) {}

  void Next() {
    const uint64_t number = next_.fetch_add(1);
    log_.AppendAsync(CrashAppend(number), [this, number](const absl::StatusOr<Appended>& answer) {
      if (answer.ok()) {
        const std::string line =
            absl::StrCat(number, " ", answer->first.value(), " ", answer->count, " ",
                         answer->first_sequence.value(), "\n");
        // One write of a short line to a pipe is atomic. Who reads may be gone: then we are about
        // to be killed.
        if (write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(1);
      } else {
        std::fprintf(stderr, "append %llu: %s\n", static_cast<unsigned long long>(number),
                     answer.status().ToString().c_str());
        std::_Exit(1);
      }
      Next();
    });
  }

 private:
  EventLog& log_;
  std::atomic<uint64_t> next_;
};

int Main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string dir = argv[1];
  auto engine = OpenRocksEngine({.data_dir = dir});
  auto keys = OpenKeyStore(dir + "/keys", SystemRandom());
  if (!engine.ok() || !keys.ok()) {
    std::fprintf(stderr, "%s %s\n", engine.status().ToString().c_str(),
                 keys.status().ToString().c_str());
    return 1;
  }
  PoolExecutor executor(2);
  auto log = OpenEventLog(*std::move(engine), **keys, SystemClock(), executor, {});
  if (!log.ok()) {
    std::fprintf(stderr, "%s\n", log.status().ToString().c_str());
    return 1;
  }
  Writer writer(**log, std::strtoull(argv[2], nullptr, 10));
  for (int i = 0; i < kInFlight; ++i) writer.Next();
  for (;;) pause();  // until killed
}

}  // namespace
}  // namespace kith::eventstore

int main(int argc, char** argv) { return kith::eventstore::Main(argc, argv); }
