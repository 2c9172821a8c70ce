// ImportJobReverts: the revert of an import job goes on until everything was looked at, also where
// nobody calls. Where the user is gone for whom it goes on, it waits for somebody else's call.
//
// Based on what the jobs made, so that where a reaction is known, that is, too.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::import_jobs {

class ImportJobReverts final : public projections::Policy {
 public:
  static constexpr absl::string_view kName = "import_job_reverts";

  ImportJobReverts() : Policy(kName, 1, "Takes back what imports made, once somebody asked.") {}
  bool reads_personal() const override { return false; }
  std::string base() const override;

 private:
  std::vector<std::string> Follows() const override { return {"importJobs"}; }
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::import_jobs
