// TakenBack: what imports made of rows and was taken back since, by the request ids of those rows.
//
// A request id is answered as the first time for ever, also where a revert deleted what it made. So
// a row that is imported again has another one then: made of the first and the job that was taken
// back, so that it is the same in every later run.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cli/calls/session.h"
#include "services/cli/import/import_plan.h"

namespace kith::cli {

// Immutable once read; any thread.
class TakenBack {
 public:
  // Asks for every job that was reverted, and what it made. What was brought back since counts as
  // there. Nothing, where the caller may not read import jobs or the server knows of none.
  static absl::StatusOr<TakenBack> Read(Session& session);

  // Gives the calls, which are those of one row in their order, other request ids where what they
  // made was taken back; as often as it was.
  void Renew(std::vector<PlannedCall>& calls) const;
  // The same of one call.
  void Renew(PlannedCall& call) const;

 private:
  absl::Status ReadJob(Session& session, const std::string& import_job);

  // By request id, the job. At most as many as the jobs changed records.
  std::unordered_map<std::string, std::string> jobs_;
};

}  // namespace kith::cli
