#include "services/server/kithd.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/rocksdb/rocks_engine.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "services/server/capabilities.inc"
#include "services/server/data_directory.h"
#include "services/server/first_key.h"
#include "services/workspaces/operator_keys.h"

namespace kith::server {
namespace {

absl::Status CheckSpace(const Options& options) {
  std::error_code error;
  const auto space = std::filesystem::space(options.data, error);
  const bool is_first = !std::filesystem::exists(options.data + "/log");
  const uint64_t to_open = eventstore::RoomToOpen(options.data);
  const uint64_t needed = is_first ? std::max(to_open, options.server.log.min_free_bytes) : to_open;
  if (error || space.available >= needed) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("the disk of ", options.data, " has ",
                                                   space.available, " bytes free, and ", needed,
                                                   " are needed to start: make room"));
}

// The keys an operator needs, made before the first call is taken.
absl::Status MakeKeys(const Options& options, runtime::Runtime& runtime) {
  const FirstKeyFile file(options.data);
  if (runtime.log.head() == Position()) KITH_RETURN_IF_ERROR(file.Begin());
  KITH_ASSIGN_OR_RETURN(std::string first, workspaces::CreateFirstWorkspace(runtime));
  if (first.empty() && file.IsUnfinished()) {
    KITH_ASSIGN_OR_RETURN(first, workspaces::CreateOperatorKey(runtime));
  }
  if (!first.empty()) KITH_RETURN_IF_ERROR(file.Finish(first));
  if (options.new_operator_key) {
    KITH_ASSIGN_OR_RETURN(const std::string key, workspaces::CreateOperatorKey(runtime));
    std::printf("new operator key: %s\n", key.c_str());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<runtime::Server>> StartKithd(const Options& options) {
  KITH_RETURN_IF_ERROR(PrepareDataDirectory(options.data));
  KITH_RETURN_IF_ERROR(CheckSpace(options));
  runtime::Storage storage;
  // The log first: its lock keeps other processes out of the whole directory.
  eventstore::RocksEngineOptions engine;
  engine.data_dir = options.data;
  KITH_ASSIGN_OR_RETURN(storage.engine, eventstore::OpenRocksEngine(engine));
  KITH_ASSIGN_OR_RETURN(storage.keys,
                        eventstore::OpenKeyStore(options.data + "/keys", SystemRandom()));
  runtime::ServerOptions server = options.server;
  server.views.path = options.data + "/views";
  runtime::ServerBuilder builder;
  RegisterCapabilities(builder);
  builder.AtStart([&options](runtime::Runtime& runtime) { return MakeKeys(options, runtime); });
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  return builder.Start(server, std::move(storage));
}

}  // namespace kith::server
