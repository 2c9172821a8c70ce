// CommandHandler: what the method of a command does, whoever calls it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/message.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/runtime/admission/field_groups.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/commands/transact.h"

namespace kith::runtime {

// Stateless but for what outlives it; any thread, several at a time.
class CommandHandler {
 public:
  virtual ~CommandHandler() = default;

  // What its method asks for; while the server starts.
  void SetPermission(std::string permission) { permission_ = std::move(permission); }

  // What Run decides, as far as the caller's permission and field groups reach. Called once per
  // attempt.
  Decision Decide(Loader& load, const google::protobuf::Message& request,
                  const CommandContext& context) const {
    KITH_RETURN_IF_ERROR(CheckRequest(load.caller(), request));
    Decision decision = Run(load, request, context);
    if (!decision.ok()) return decision;
    KITH_RETURN_IF_ERROR(load.CheckReach(permission_, *decision));
    return decision;
  }

  // Where the command appends.
  virtual WorkspaceId Workspace(const google::protobuf::Message& request,
                                const Origin& origin) const {
    (void)request;
    return origin.caller->workspace;
  }
  // What it is about, where the request says that: of the requests of a batch, those that share
  // something are decided in their order.
  virtual std::vector<std::string> Concerns(const google::protobuf::Message& request) const {
    (void)request;
    return {};
  }
  // Makes the reply, which is empty; may be called again when a load would have blocked.
  virtual absl::Status Render(Rendering& after, const google::protobuf::Message& request,
                              google::protobuf::Message* response) const = 0;

 private:
  // Pure but for the loads.
  virtual Decision Run(Loader& load, const google::protobuf::Message& request,
                       const CommandContext& context) const = 0;

  std::string permission_;
};

}  // namespace kith::runtime
