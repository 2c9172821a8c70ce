// What tests of a resource's own rules are written with: a standard request, decided on states.
//
//   Decision Decide(const UserState& state, const v1::UpdateUserRequest& command, DeciderSpec&
//   spec) {
//     return DecideStandard(Rules(), NowOf(state), command, spec.context());
//   }
//
// One thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "eventstore/base/check.h"
#include "services/core/standard_command.h"

namespace kith::testing {

// Which method takes such a request, by its name.
inline StandardMethod MethodOfRequest(const google::protobuf::Message& request) {
  const std::string& name = request.GetDescriptor()->name();
  if (absl::StartsWith(name, "Create")) return StandardMethod::kCreate;
  if (absl::StartsWith(name, "Update")) return StandardMethod::kUpdate;
  if (absl::StartsWith(name, "Delete")) return StandardMethod::kDelete;
  KITH_CHECK(absl::StartsWith(name, "Undelete"));
  return StandardMethod::kUndelete;
}

// `linked` are the states of the records that the request links, in their order; `others` all that
// ever claimed a value that it makes unique; `facts` what the server has.
inline Decision DecideStandard(const ResourceRules& rules, const ResourceNow& now,
                               const google::protobuf::Message& request,
                               const CommandContext& context, LinkedRecords linked = {},
                               const std::vector<ResourceNow>& others = {},
                               const ServerFacts& facts = {}) {
  const StandardCommand command(rules, MethodOfRequest(request), *request.GetDescriptor(), facts);
  absl::StatusOr<ResourceChange> change = command.Plan(now, nullptr, request, context);
  if (!change.ok()) return std::move(change).status();
  const Holders holders(change->unique.size(), others);
  return command.Decide(*std::move(change), linked, holders, context);
}

}  // namespace kith::testing
