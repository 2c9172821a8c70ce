// Importer: sends the calls of many rows at once and keeps what became of each row.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "services/cli/calls/client.h"
#include "services/cli/import/import_plan.h"

namespace kith::cli {

enum class RowOutcome { kCreated, kUpdated, kUnchanged };

// Sends rows, each row's calls one after the other, the rows side by side, together over a session.
// What became of them is told in their order.
//
// Submit and Finish are called by one thread; replies arrive on the client's.
class Importer {
 public:
  struct Result {
    const CsvRow* row;
    // OK, or why the row was rejected.
    absl::Status status;
    // What became of it; where it was rejected, of the calls before the one that was.
    RowOutcome outcome = RowOutcome::kUnchanged;
    // The record; empty where the first call was rejected.
    std::string name;
  };

  // At most `in_flight` rows are under way. Borrows the client.
  Importer(Client& client, int in_flight) : client_(client), in_flight_max_(in_flight) {}
  // Finish has been called, or nothing submitted.
  ~Importer();

  // Sends the row's calls, or takes in why there are none; waits while too many are under way, and
  // for rows under way that have one of `keys`, too. The row outlives the importer.
  // False, and nothing is sent, where what a row met concerns all.
  [[nodiscard]] bool Submit(const CsvRow& row, absl::StatusOr<std::vector<PlannedCall>> calls,
                            std::vector<uint64_t> keys = {});
  // Takes in what would become of a row of which nothing is to be sent.
  void Note(const CsvRow& row, RowOutcome outcome);
  // What became of the rows that follow those told before, up to the first one under way; does not
  // wait.
  std::vector<Result> TakeResults();
  // Waits until nothing is under way.
  void Finish();

 private:
  // A row under way; it owns itself from Submit to its last reply.
  struct Running {
    const CsvRow* row;
    uint64_t number;  // among all that were submitted
    std::vector<uint64_t> keys;
    std::vector<PlannedCall> calls;
    size_t next = 0;
    std::unique_ptr<google::protobuf::Message> response;
    std::string name;  // of the record, from the first reply
    RowOutcome outcome = RowOutcome::kUnchanged;
  };

  // Whether a row with these keys may be sent.
  bool IsFree(const std::vector<uint64_t>& keys) const KITH_REQUIRES(mutex_);
  void SendNext(std::shared_ptr<Running> running);
  void OnReply(std::shared_ptr<Running> running, absl::Status status, ReplyInfo info);
  void End(const Running& running, absl::Status status);
  void Put(uint64_t number, Result result) KITH_REQUIRES(mutex_);

  Client& client_;
  const int in_flight_max_;

  Mutex mutex_;
  CondVar changed_;
  int in_flight_ KITH_GUARDED_BY(mutex_) = 0;
  std::set<uint64_t> keys_ KITH_GUARDED_BY(mutex_);  // of the rows under way
  bool stopped_ KITH_GUARDED_BY(mutex_) = false;     // by what concerns all rows
  uint64_t submitted_ = 0;
  uint64_t told_ KITH_GUARDED_BY(mutex_) = 0;
  // Of the rows after those; no more than the file has.
  std::deque<std::optional<Result>> results_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::cli
