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

#include <cstdlib>
#include <map>
#include <random>
#include <sstream>

#include "eventstore/seal/key_store.h"
#include "tests/crash/crash_load.h"
#include "tests/eventstore/log/places.h"

extern char** environ;

namespace kith::eventstore {
namespace {

// What the writer was told about one append.
struct Acknowledged {
  uint64_t first = 0;
  uint64_t count = 0;
  uint64_t sequence = 0;
};
using Acknowledgements = std::map<uint64_t, Acknowledged>;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

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

  // Positions, sequences and revisions without holes; whole appends; personal fields that open.
  void VerifyWhole() {
    std::map<WorkspaceId, uint64_t> sequences;
    std::map<std::pair<WorkspaceId, std::string>, uint64_t> revisions;
    uint64_t position = 0;
    uint64_t append_end = 0;
    auto cursor = log_->ReadAll(Position(1), Direction::kForwards);
    for (;;) {
      const auto next = cursor->Next();
      ASSERT_TRUE(next.ok()) << next.status();
      if (*next == nullptr) break;
      const Record& record = **next;
      const EventHeader& header = record.header;
      ASSERT_EQ(header.position.value(), ++position);
      ASSERT_EQ(header.sequence.value(), ++sequences[header.workspace]);
      ASSERT_EQ(header.revision.value(), (++revisions[{header.workspace, header.stream}]));
      if (position > append_end) {
        ASSERT_EQ(header.append_first.value(), position);
        append_end = position + header.append_count - 1;
      }
      for (const SealedPart& part : record.sealed) {
        const auto clear = keys_->Unseal(header.workspace, part);
        ASSERT_TRUE(clear.ok()) << clear.status() << " at " << position;
        ASSERT_TRUE(clear->has_value()) << "a key is missing at " << position;
        ASSERT_EQ((*clear)->substr(0, 10), "secret of ");
      }
    }
    EXPECT_EQ(position, append_end) << "the last append is not whole";
    EXPECT_EQ(log_->head().value(), position);
    for (const auto& [workspace, sequence] : sequences)
      EXPECT_EQ(log_->WorkspaceHead(workspace).value(), sequence);
  }

  void VerifyAcknowledged(const Acknowledgements& acknowledged) {
    for (const auto& [number, told] : acknowledged) {
      const auto record = log_->ReadAt(Position(told.first), ReadTier::kDisk);
      ASSERT_TRUE(record.ok()) << record.status();
      ASSERT_NE(*record, nullptr) << "acknowledged request " << number << " at " << told.first
                                  << " is lost";
      EXPECT_EQ((*record)->header.request.id, CrashRequestId(number));
      EXPECT_EQ((*record)->header.append_count, told.count);
      EXPECT_EQ((*record)->header.sequence.value(), told.sequence);
    }
  }

  // The last of the acknowledged requests, sent again.
  void VerifyRetries(const Acknowledgements& acknowledged) {
    auto request = acknowledged.rbegin();
    for (int i = 0; i < 20 && request != acknowledged.rend(); ++i, ++request) {
      const auto answer = log_->AppendAndWait(CrashAppend(request->first));
      ASSERT_TRUE(answer.ok()) << answer.status();
      EXPECT_TRUE(answer->repeated);
      EXPECT_EQ(answer->first.value(), request->second.first);
    }
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
    ASSERT_NO_FATAL_FAILURE(VerifyWhole());
    ASSERT_NO_FATAL_FAILURE(VerifyAcknowledged(acknowledged));
    ASSERT_NO_FATAL_FAILURE(VerifyRetries(acknowledged));
    log_.reset();
  }
}

}  // namespace
}  // namespace kith::eventstore
