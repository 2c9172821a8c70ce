// StartOwnCommand: a command that the server calls by itself, as it does for who fills in a page.
#pragma once

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "eventstore/seal/key_store.h"
#include "google/protobuf/message.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/transact.h"

namespace kith::runtime {

// Who calls as `policy`, "policies/form_pages", in a workspace; null where there is no such one, or
// it is suspended or closed. From memory.
std::shared_ptr<const Caller> ActiveCallerOf(const Authorizer& authorizer, WorkspaceId workspace,
                                             absl::string_view policy);

// Calls the method that takes `request` as `caller`, under this id, "" for none, which counts as
// any request's; calls `done` once with what it came to, and its reply where that is OK: from any
// thread, also before this returns. What the caller is granted, and the rules of the request's
// fields, are held against it; limits of keys are not. For any thread: it waits for no disk. Aborts
// where that is no command.
void StartOwnCommand(
    Transact& transact, const eventstore::KeyStore& keys, const MethodTable& methods,
    std::shared_ptr<const Caller> caller, std::unique_ptr<google::protobuf::Message> request,
    const std::string& request_id,
    absl::AnyInvocable<void(const absl::Status& status, const google::protobuf::Message& reply)>
        done);

}  // namespace kith::runtime
