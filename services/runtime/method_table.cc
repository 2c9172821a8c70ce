#include "services/runtime/method_table.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/check.h"
#include "services/runtime/session_call.h"

namespace kith::runtime {

class MethodTable::SessionMethod final : public StreamedMethod {
 public:
  SessionMethod(const CallEnvironment& environment, const MethodTable& methods)
      : StreamedMethod(MethodOf<sessions::v1::RunSessionRequest>()),
        environment_(environment),
        methods_(methods) {}
  StreamedCall* NewCall(google::protobuf::Arena* arena, StreamCarrier& carrier) const override {
    return google::protobuf::Arena::Create<SessionCourse>(arena, environment_, carrier, methods_);
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
  const bool added = methods_.try_emplace(name, std::move(method)).second;
  KITH_CHECK(added);
}

}  // namespace kith::runtime
