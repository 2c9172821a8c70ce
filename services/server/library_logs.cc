#include "services/server/library_logs.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/log.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"

namespace kith::server {
namespace {

// Lines from one place of a library's source say the same, for what else is in them is addresses
// and descriptors.
void LogOf(absl::string_view library, bool is_error, absl::string_view file, int line,
           absl::string_view text) {
  const LogLevel level = is_error ? LogLevel::kWarning : LogLevel::kDebug;
  if (!IsLogged(level)) return;
  const std::string place = absl::StrCat(file.substr(file.rfind('/') + 1), ":", line);
  Log(level, "a library says", {{"library", library}, {"place", place}}, {{"text", text}});
}

void LogOfGrpc(gpr_log_func_args* line) {
  LogOf("grpc", line->severity == GPR_LOG_SEVERITY_ERROR, line->file, line->line, line->message);
}

void LogOfProtobuf(google::protobuf::LogLevel level, const char* file, int line,
                   const std::string& text) {
  LogOf("protobuf", level >= google::protobuf::LOGLEVEL_ERROR, file, line, text);
}

}  // namespace

void TakeLibraryLogs() {
  gpr_set_log_function(LogOfGrpc);
  google::protobuf::SetLogHandler(LogOfProtobuf);
}

}  // namespace kith::server
