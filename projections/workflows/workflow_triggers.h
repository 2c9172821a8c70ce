// WorkflowTriggers: what happens to records of one resource sets off the workflows that wait for
// it, and the runs that do; and so does the moment that a record says, when it comes.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"
#include "projections/tables/resource_directory.h"

namespace kith::workflows {

class WorkflowTriggers final : public projections::Policy {
 public:
  // Borrows the directory of `collection`, "deals". Where records stand under others, as messages
  // do under contacts, `parent` is the field that names what a run is about, and `reads_personal`
  // says whether the directory keeps what is personal.
  WorkflowTriggers(absl::string_view collection, const projections::ResourceDirectory& directory,
                   absl::string_view parent = "");
  std::string base() const override { return base_; }
  bool reads_personal() const override { return parent_.empty(); }

 private:
  // Which workflows are active, who waits, and what calendars are, it remembers by itself.
  std::vector<std::string> Follows() const override {
    return {"workflows", "workflowRuns", "workspaces", "businessCalendars"};
  }
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
  absl::Status ReactToWorkflow(const eventstore::RecordedEvent& event,
                               projections::ViewBatch& batch,
                               projections::Reactions& reactions) const;
  // The moments that are counted by it are looked for anew.
  absl::Status ReactToCalendar(const eventstore::RecordedEvent& event,
                               projections::ViewBatch& batch,
                               projections::Reactions& reactions) const;
  absl::Status ReactToChange(const projections::RowChange& change,
                             const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                             projections::Reactions& reactions) const;

  const std::string collection_;
  const std::string base_;
  const std::string parent_;
  const projections::TableCore& table_;
};

}  // namespace kith::workflows
