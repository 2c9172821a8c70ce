// kill -9 under load: whatever was acknowledged is there afterwards, nothing is there in halves,
// and a retry of an acknowledged request gets its old answer.
//
// Each round starts crash_writer on the same directory, reads a random number of acknowledgements,
// kills it, opens the log and compares. KITH_CRASH_ROUNDS says how many rounds (10);
// KITH_CRASH_SEED repeats a run.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "eventstore/seal/key_store.h"
#include "tests/crash/crash_load.h"
#include "tests/crash/environment.h"
#include "tests/crash/log_audit.h"
#include "tests/eventstore/log/places.h"

extern char** environ;

namespace kith::eventstore {
namespace {

// Runs the writer and kills it once `lines` acknowledgements were read; adds all that it wrote.
void RunAndKill(const std::string& dir, uint64_t first, int lines, Acknowledgements* acknowledged) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  const std::string number = absl::StrCat(first);
  const char* argv[] = {KITH_CRASH_WRITER, dir.c_str(), number.c_str(), nullptr};
  pid_t writer = 0;
  ASSERT_EQ(
      posix_spawn(&writer, KITH_CRASH_WRITER, &actions, nullptr, const_cast<char**>(argv), environ),
      0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  FILE* out = fdopen(ends[0], "r");
  unsigned long long request = 0, position = 0, count = 0, sequence = 0;
  for (int read = 0;
       std::fscanf(out, "%llu %llu %llu %llu\n", &request, &position, &count, &sequence) == 4;) {
    (*acknowledged)[request] = {position, count, sequence};
    if (++read == lines) kill(writer, SIGKILL);  // and read on what is in the pipe
  }
  std::fclose(out);
  int status = 0;
  ASSERT_EQ(waitpid(writer, &status, 0), writer);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
}

class CrashTest : public ::testing::Test {
 protected:
  void Open() {
    auto engine = OpenRocksEngine({.data_dir = dir_.path()});
    ASSERT_TRUE(engine.ok()) << engine.status();
    auto keys = OpenKeyStore(dir_.path() + "/keys", SystemRandom());
    ASSERT_TRUE(keys.ok()) << keys.status();
    keys_ = *std::move(keys);
    auto log = OpenEventLog(*std::move(engine), *keys_, SystemClock(), executor_, {});
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }

  TempDir dir_;
  PoolExecutor executor_;
  std::unique_ptr<KeyStore> keys_;
  std::unique_ptr<EventLog> log_;
};

TEST_F(CrashTest, KeepsWhatItAcknowledgedAndNothingInHalves) {
  const uint64_t rounds = FromEnvironment("KITH_CRASH_ROUNDS", 10);
  const uint64_t seed = FromEnvironment("KITH_CRASH_SEED", std::random_device()());
  std::printf("KITH_CRASH_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  Acknowledgements acknowledged;
  for (uint64_t round = 0; round < rounds; ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round, ", seed ", seed));
    const int lines = static_cast<int>(1 + random() % 3000);
    ASSERT_NO_FATAL_FAILURE(RunAndKill(dir_.path(), 1 + round * 1'000'000, lines, &acknowledged));
    ASSERT_GE(acknowledged.size(), static_cast<size_t>(lines));
    ASSERT_NO_FATAL_FAILURE(Open());
    ASSERT_NO_FATAL_FAILURE(ExpectWhole(*log_, *keys_));
    ASSERT_NO_FATAL_FAILURE(ExpectAcknowledged(*log_, acknowledged));
    ASSERT_NO_FATAL_FAILURE(ExpectRemembered(*log_, acknowledged));
    log_.reset();
  }
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_NO_FATAL_FAILURE(ExpectIndexes(*log_, *keys_));
}

}  // namespace
}  // namespace kith::eventstore
