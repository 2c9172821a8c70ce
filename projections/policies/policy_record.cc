#include "projections/policies/policy_record.h"

#include <utility>

#include "eventstore/base/status_macros.h"
#include "kith/policies/v1/policy_events.pb.h"
#include "services/core/policy_state.h"

namespace kith::policies {

using projections::Table;
using projections::TableBuilder;

const Table<v1::Policy>& PolicyRecord::Policies() {
  static const auto& table = *new Table<v1::Policy>(
      TableBuilder<v1::Policy>(1)
          .Key([](const v1::Policy& policy) -> const std::string& { return policy.name(); })
          .Build());
  return table;
}

absl::Status PolicyRecord::Apply(const eventstore::RecordedEvent& event,
                                 projections::ViewBatch& batch) const {
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(auto policy, Policies().Get(batch, header.workspace, header.stream));
  PolicyState state{policy.has_value() ? *std::move(policy) : NewPolicy(header.stream)};
  state = Evolve(std::move(state),
                 Recorded<v1::PolicyEvent>{static_cast<const v1::PolicyEvent&>(*event.event),
                                           header.revision, header.occur_time, header.record_time});
  return Policies().Put(batch, header.workspace, state.policy);
}

}  // namespace kith::policies
