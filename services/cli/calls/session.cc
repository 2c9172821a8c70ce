#include "services/cli/calls/session.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "services/cli/calls/request.h"
#include "services/cli/text/fields.h"

namespace kith::cli {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

absl::StatusOr<std::unique_ptr<Message>> Session::Call(const Method& method, Message& request,
                                                       std::string* token) {
  if (method.mutates()) {
    SetRequestId(&request, ids_.Next());
    if (options_.verbose) {
      const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("request_id");
      err_ << "request id " << request.GetReflection()->GetString(request, field) << '\n';
    }
  }
  std::unique_ptr<Message> response = NewMessage(*method.descriptor->output_type());
  ReplyInfo info;
  KITH_RETURN_IF_ERROR(client_.Call(method, request, response.get(), &info));
  if (options_.verbose && info.sequence > 0) err_ << "as of event " << info.sequence << '\n';
  if (token != nullptr) *token = std::move(info.token);
  return response;
}

const Method& Session::Require(absl::string_view collection, absl::string_view verb) const {
  const Method* method = catalog_.Find(collection, verb);
  KITH_CHECK(method != nullptr);
  return *method;
}

absl::StatusOr<Arguments> ParseFor(const Method& method, const std::vector<std::string>& words,
                                   const std::vector<std::string>& switches) {
  const auto is_switch = [&](absl::string_view name) {
    if (std::find(switches.begin(), switches.end(), name) != switches.end()) return true;
    const std::string path = FlagPath(method, name);
    const FieldDescriptor* field =
        path.empty() ? nullptr : FindField(*method.descriptor->input_type(), path);
    return field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL &&
           !field->is_repeated();
  };
  const auto may_be_empty = [&](absl::string_view name) { return IsContent(method, name); };
  return Arguments::Parse(words, is_switch, may_be_empty);
}

}  // namespace kith::cli
