#include "services/runtime/calls/own_command.h"

#include <utility>

#include "eventstore/base/check.h"
#include "services/runtime/admission/not_granted.h"
#include "services/runtime/requests/request_key.h"

namespace kith::runtime {
namespace {

using google::protobuf::Message;
using Callback = absl::AnyInvocable<void(const absl::Status&, const Message&)>;

std::unique_ptr<Message> NewReply(const Method& method) {
  const Message* const prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(
          method.descriptor->output_type());
  return std::unique_ptr<Message>(prototype->New());
}

// Owns itself until Done.
class OwnCommand final : public Command {
 public:
  OwnCommand(const BoundMethod& bound, Origin origin, std::unique_ptr<Message> request,
             Callback done)
      : handler_(*bound.handler()),
        origin_(std::move(origin)),
        request_(std::move(request)),
        reply_(NewReply(bound.method())),
        done_(std::move(done)) {}

 private:
  const Origin& origin() const override { return origin_; }
  WorkspaceId Workspace() override { return handler_.Workspace(*request_, origin_); }
  Decision Decide(Loader& load, const CommandContext& context) override {
    return handler_.Decide(load, *request_, context);
  }
  absl::Status Render(Rendering& after) override {
    reply_->Clear();
    return handler_.Render(after, *request_, reply_.get());
  }
  void Done(absl::Status status) override {
    done_(status, *reply_);
    delete this;
  }

  const CommandHandler& handler_;
  const Origin origin_;
  const std::unique_ptr<Message> request_;
  const std::unique_ptr<Message> reply_;
  Callback done_;
};

}  // namespace

std::shared_ptr<const Caller> ActiveCallerOf(const Authorizer& authorizer, WorkspaceId workspace,
                                             absl::string_view policy) {
  auto caller = authorizer.CallerOfPolicy(workspace, policy);
  const bool is_active = caller != nullptr && caller->standing == Standing::kActive;
  return is_active ? caller : nullptr;
}

void StartOwnCommand(Transact& transact, const eventstore::KeyStore& keys,
                     const MethodTable& methods, std::shared_ptr<const Caller> caller,
                     std::unique_ptr<Message> request, const std::string& request_id,
                     Callback done) {
  const Method& method = MethodTaking(request->GetDescriptor());
  const BoundMethod* const bound = methods.FindCommand(method.name);
  KITH_CHECK(bound != nullptr && bound->handler() != nullptr);
  absl::Status checked = caller->grants.Contain(method.permission)
                             ? method.Check(*request)
                             : NotGranted(*caller, method.permission);
  if (!checked.ok()) return done(checked, *NewReply(method));
  Origin origin;
  origin.request =
      MakeRequestKey(keys, caller->workspace, method.name, request_id, *request, method.request_id);
  origin.caller = std::move(caller);
  transact.Start(*new OwnCommand(*bound, std::move(origin), std::move(request), std::move(done)));
}

}  // namespace kith::runtime
