// FindPublicRecord: the record that a public name stands for, for who comes with it and has no
// credentials, and who acts for its workspace then. FindOpenRecord: the same of one that is open to
// who comes. Any thread that may touch the disk.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/status_macros.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/calls/own_command.h"
#include "services/runtime/calls/public_name.h"
#include "services/runtime/commands/transact.h"

namespace kith::runtime {

template <class Aggregate>
struct PublicRecord {
  std::shared_ptr<const Caller> caller;
  // Also of one that is not there, or not any more.
  std::shared_ptr<const typename Aggregate::State> state;
};

// Nullopt where there is no name, and where its workspace is not there, suspended or closed.
// `policy` acts: "policies/form_pages".
template <class Aggregate>
absl::StatusOr<std::optional<PublicRecord<Aggregate>>> FindPublicRecord(
    Transact& transact, const Authorizer& authorizer, const std::optional<PublicName>& name,
    absl::string_view policy) {
  if (!name.has_value()) return std::nullopt;
  PublicRecord<Aggregate> found;
  found.caller = ActiveCallerOf(authorizer, name->workspace, policy);
  if (found.caller == nullptr) return std::nullopt;
  KITH_ASSIGN_OR_RETURN(found.state,
                        transact.template Fold<Aggregate>(name->workspace, name->name));
  return found;
}

template <class Aggregate>
struct OpenRecord : PublicRecord<Aggregate> {
  std::string path;  // of its page: "/f/…"

  const typename Aggregate::Resource& record() const { return this->state->resource; }
};

// `check` is absl::Status(const State&, absl::string_view name): OK where the record is open to who
// comes, and else why not; of one that is not there, never OK.
template <class Aggregate, class Check>
absl::StatusOr<OpenRecord<Aggregate>> FindOpenRecord(Transact& transact,
                                                     const Authorizer& authorizer,
                                                     const std::optional<PublicName>& name,
                                                     absl::string_view policy, std::string path,
                                                     Check check) {
  KITH_ASSIGN_OR_RETURN(auto found,
                        FindPublicRecord<Aggregate>(transact, authorizer, name, policy));
  if (!found.has_value()) return check(typename Aggregate::State(), "");
  KITH_RETURN_IF_ERROR(check(*found->state, name->name));
  return OpenRecord<Aggregate>{*std::move(found), std::move(path)};
}

}  // namespace kith::runtime
