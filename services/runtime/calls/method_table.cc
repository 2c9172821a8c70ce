#include "services/runtime/calls/method_table.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/check.h"
#include "services/runtime/calls/session_call.h"

namespace kith::runtime {
namespace {

using google::protobuf::Arena;
using google::protobuf::Descriptor;
using google::protobuf::Message;

const Message& PrototypeOf(const Descriptor* type) {
  const Message* const prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type);
  KITH_CHECK(prototype != nullptr);
  return *prototype;
}

// A unary method and the messages that its calls begin with.
class MessageMethod : public UnaryMethod {
 public:
  MessageMethod(const CallEnvironment& environment, const Method& method, ReadViews views = {})
      : UnaryMethod(method, std::move(views)),
        environment_(environment),
        request_(PrototypeOf(method.descriptor->input_type())),
        response_(PrototypeOf(method.descriptor->output_type())) {}

 protected:
  const CallEnvironment& environment_;
  const Message& request_;
  const Message& response_;
};

class CommandMethod final : public MessageMethod {
 public:
  CommandMethod(const CallEnvironment& environment, const Method& method,
                std::unique_ptr<const CommandHandler> handler)
      : MessageMethod(environment, method), handler_(std::move(handler)) {}
  UnaryCall* NewCall(Arena* arena, UnaryCarrier& carrier) const override {
    return Arena::Create<MutateCall>(arena, environment_, method(), carrier, request_.New(arena),
                                     response_.New(arena), *handler_);
  }
  const CommandHandler* handler() const override { return handler_.get(); }

 private:
  const std::unique_ptr<const CommandHandler> handler_;
};

class BatchMethod final : public MessageMethod {
 public:
  BatchMethod(const CallEnvironment& environment, const Method& method, const CommandHandler& item)
      : MessageMethod(environment, method), handler_(method, item) {}
  UnaryCall* NewCall(Arena* arena, UnaryCarrier& carrier) const override {
    return Arena::Create<BatchCall>(arena, environment_, method(), carrier, request_.New(arena),
                                    response_.New(arena), handler_);
  }

 private:
  const BatchHandler handler_;
};

class ReadMethod final : public MessageMethod {
 public:
  ReadMethod(const CallEnvironment& environment, const Method& method, ReadViews views,
             ReadKind kind, ReadHandler run, FurtherViews further_views)
      : MessageMethod(environment, method, std::move(views)),
        kind_(kind),
        run_(std::move(run)),
        further_views_(std::move(further_views)) {}
  UnaryCall* NewCall(Arena* arena, UnaryCarrier& carrier) const override {
    return Arena::Create<ReadCall>(arena, environment_, method(), carrier, request_.New(arena),
                                   response_.New(arena), views(), further_views_, kind_, run_);
  }
  const ReadHandler* reader() const override { return &run_; }
  ReadViews further_views(const google::protobuf::Message& request) const override {
    return further_views_ == nullptr ? ReadViews() : further_views_(request);
  }

 private:
  const ReadKind kind_;
  const ReadHandler run_;
  const FurtherViews further_views_;
};

}  // namespace

void MethodTable::Command(const Method& method, std::unique_ptr<CommandHandler> handler) {
  handler->SetPermission(method.permission);
  Bind(std::make_unique<CommandMethod>(environment_, method, std::move(handler)));
}

void MethodTable::Batch(const Method& method) {
  KITH_CHECK(method.requests != nullptr);
  const Method& single = MethodTaking(method.requests->message_type());
  const auto found = methods_.find(single.descriptor->full_name());
  KITH_CHECK(found != methods_.end() && found->second->handler() != nullptr);
  Bind(std::make_unique<BatchMethod>(environment_, method, *found->second->handler()));
}

void MethodTable::BindRead(const Method& method, ReadViews views, ReadKind kind, ReadHandler run,
                           FurtherViews further_views) {
  Bind(std::make_unique<ReadMethod>(environment_, method, std::move(views), kind, std::move(run),
                                    std::move(further_views)));
}

class MethodTable::SessionMethod final : public StreamedMethod {
 public:
  SessionMethod(const CallEnvironment& environment, const MethodTable& methods)
      : StreamedMethod(MethodOf<sessions::v1::RunSessionRequest>()),
        environment_(environment),
        methods_(methods) {}
  StreamedCall* NewCall(Arena* arena, StreamCarrier& carrier) const override {
    return Arena::Create<SessionCourse>(arena, environment_, carrier, methods_);
  }

 private:
  const CallEnvironment& environment_;
  const MethodTable& methods_;
};

void MethodTable::Sessions() { Bind(std::make_unique<SessionMethod>(environment_, *this)); }

const UnaryMethod* MethodTable::FindUnary(absl::string_view path) const {
  const auto found = methods_.find(absl::StrReplaceAll(path, {{"/", "."}}));
  return found == methods_.end() ? nullptr : dynamic_cast<const UnaryMethod*>(found->second.get());
}

const BoundMethod* MethodTable::FindCommand(absl::string_view name) const {
  const auto found = commands_.find(name);
  return found == commands_.end() ? nullptr : found->second;
}

absl::Status MethodTable::CheckComplete() const {
  std::vector<std::string> missing;
  const google::protobuf::ServiceDescriptor* checked = nullptr;
  for (const auto& [name, bound] : methods_) {
    const google::protobuf::ServiceDescriptor* const service =
        bound->method().descriptor->service();
    if (std::exchange(checked, service) == service) continue;  // names of a service follow on
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string& method = service->method(i)->full_name();
      if (!methods_.contains(method)) missing.push_back(method);
    }
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("these methods are declared and bound by nobody: ",
                                          absl::StrJoin(missing, ", ")));
}

std::vector<std::string> MethodTable::Permissions() const {
  std::set<std::string> permissions = {std::string(kActForUsers)};
  for (const auto& [name, bound] : methods_) {
    if (!bound->method().permission.empty()) permissions.insert(bound->method().permission);
  }
  return {permissions.begin(), permissions.end()};
}

std::set<std::string> MethodTable::WholePermissions() const {
  std::set<std::string> whole;
  for (const auto& [name, bound] : methods_) {
    if (bound->method().needs_all) whole.insert(bound->method().permission);
  }
  return whole;
}

void MethodTable::AddMetrics(MetricPage& page) const {
  for (const auto& [name, bound] : methods_) {
    const Method& method = bound->method();
    const bool is_stream =
        method.descriptor->client_streaming() || method.descriptor->server_streaming();
    method.counters->AddMetrics(method.name, is_stream, page);
  }
}

void MethodTable::Bind(std::unique_ptr<const BoundMethod> method) {
  const std::string& name = method->method().descriptor->full_name();
  const auto [bound, added] = methods_.try_emplace(name, std::move(method));
  KITH_CHECK(added);
  if (bound->second->handler() == nullptr) return;
  const Method& command = bound->second->method();
  commands_.emplace(command.name, bound->second.get());
  const auto [short_name, is_new] =
      commands_.emplace(command.descriptor->name(), bound->second.get());
  if (!is_new) short_name->second = nullptr;
}

}  // namespace kith::runtime
