#include "services/runtime/server_builder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "grpc/grpc.h"
#include "grpcpp/resource_quota.h"
#include "services/runtime/calls/composed_read.h"
#include "services/runtime/calls/descriptors.h"
#include "services/runtime/calls/grpc_methods.h"
#include "services/runtime/calls/grpc_tls.h"
#include "services/runtime/calls/health.h"
#include "services/runtime/calls/late_calls.h"
#include "services/runtime/calls/listener.h"
#include "services/runtime/calls/reflection.h"
#include "services/runtime/resources/owned_records.h"
#include "services/runtime/resources/resource_methods.h"
#include "services/runtime/resources/visibility.h"

namespace kith::runtime {

// How long connections without a call may take to close, and calls that came last to be refused.
constexpr absl::Duration kGoodbye = absl::Milliseconds(500);
// How long streams may take to end whose clients have to read that first.
constexpr absl::Duration kStreamsGoodbye = absl::Milliseconds(500);

namespace {

// How many connections, of all ports, may be open at once beside the files of so many views.
absl::StatusOr<int> ConnectionsMax(const ConnectionLimits& limits, size_t views) {
  if (limits.descriptors_max > 0) return limits.descriptors_max;
  return ConnectionsBeside(static_cast<int>(views), RaiseDescriptorLimit(), limits.connections_max);
}

void Limit(const ConnectionLimits& limits, grpc::ServerBuilder& builder) {
  const auto milliseconds = [](absl::Duration duration) {
    return static_cast<int>(absl::ToInt64Milliseconds(duration));
  };
  grpc::ResourceQuota quota("kithd");
  quota.Resize(limits.memory_bytes);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.streams_max);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, milliseconds(limits.handshake));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, milliseconds(limits.idle));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, milliseconds(limits.keepalive));
}

}  // namespace

// Members stand in the order in which they are made; Stop takes them down in the reverse one.
class RunningServer final : public Server {
 public:
  RunningServer(const ServerOptions& options, Storage storage,
                std::unique_ptr<eventstore::EventRegistry> registry)
      : options_(options),
        engine_(std::move(storage.engine)),
        keys_(std::move(storage.keys)),
        registry_(std::move(registry)),
        ulids_(*options.clock, *options.random),
        pools_(options.pools),
        calls_(options.calls) {}
  ~RunningServer() override { Stop(); }

  absl::Status Open(std::vector<std::unique_ptr<projections::Projection>> projections);
  absl::Status BindMethods(ServerBuilder& builder);
  absl::Status Listen(const ServerBuilder& ports, int connections_max);

  int port() const override { return listener_->port(); }
  const std::vector<std::unique_ptr<Port>>& ports() const override { return ports_; }
  Runtime& runtime() override { return *runtime_; }
  const MethodTable& methods() const override { return *methods_; }
  void Stop() override;

 private:
  void EndCalls();
  void CloseConnections();

  const ServerOptions options_;
  std::unique_ptr<eventstore::Engine> engine_;  // until the log takes it
  std::unique_ptr<eventstore::KeyStore> keys_;
  std::unique_ptr<eventstore::EventRegistry> registry_;
  UlidGenerator ulids_;
  Pools pools_;
  CallTracker calls_;
  LateCalls late_;
  std::unique_ptr<eventstore::EventLog> log_;
  std::unique_ptr<eventstore::BlobStore> blobs_;
  std::unique_ptr<Moments> moments_;
  std::unique_ptr<projections::ViewStore> views_;
  std::unique_ptr<Transact> transact_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Authorizer> authorizer_;
  std::unique_ptr<Authentication> authentication_;
  std::unique_ptr<CallEnvironment> environment_;
  std::vector<ResourceType> resources_;
  std::unique_ptr<MethodTable> methods_;
  std::vector<std::unique_ptr<Effect>> effects_;
  std::unique_ptr<PolicyRunner> policies_;
  std::unique_ptr<OwnedRecords> owned_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<Reflection> reflection_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<HealthWatch> health_;
  std::vector<std::unique_ptr<WebPages>> pages_;
  std::vector<std::unique_ptr<Port>> ports_;
  bool stopped_ = false;
};

absl::Status RunningServer::Open(
    std::vector<std::unique_ptr<projections::Projection>> projections) {
  eventstore::EventLogOptions log_options = options_.log;
  log_options.preparing = &pools_.folds;
  KITH_ASSIGN_OR_RETURN(log_, eventstore::OpenEventLog(std::move(engine_), *keys_, *options_.clock,
                                                       pools_.completions, log_options));
  KITH_ASSIGN_OR_RETURN(views_,
                        projections::ViewStore::Open(options_.views, *log_, *registry_, *keys_,
                                                     pools_.completions, std::move(projections)));
  transact_ =
      std::make_unique<Transact>(Transact::Environment{*log_, *registry_, *keys_, *options_.clock,
                                                       *options_.random, ulids_, pools_},
                                 options_.transact);
  runtime_ = std::make_unique<Runtime>(Runtime{*options_.clock, *options_.random, ulids_, pools_,
                                               *registry_, *keys_, *log_, *views_, *transact_});
  runtime_->key_uses = options_.key_uses;
  runtime_->policy_hold = options_.policies.hold.get();
  if (!options_.blobs.folder.empty()) {
    KITH_ASSIGN_OR_RETURN(
        blobs_, eventstore::BlobStore::Open(options_.blobs, *keys_, *log_, *options_.clock));
    runtime_->blobs = blobs_.get();
  }
  return absl::OkStatus();
}

absl::Status RunningServer::BindMethods(ServerBuilder& builder) {
  KITH_CHECK(builder.authorizer_ != nullptr);
  KITH_ASSIGN_OR_RETURN(authorizer_, builder.authorizer_(*runtime_));
  runtime_->authorizer = authorizer_.get();
  KITH_ASSIGN_OR_RETURN(authentication_, Authentication::Open(options_.authentication, *authorizer_,
                                                              *log_, *options_.clock));
  moments_ = std::make_unique<Moments>(*log_);
  environment_ = std::make_unique<CallEnvironment>(
      CallEnvironment{*authorizer_, *authentication_, *log_, *moments_, *keys_, *transact_,
                      *options_.clock, pools_, calls_, options_.slow_call});
  methods_ = std::make_unique<MethodTable>(*environment_, *views_);
  for (const auto& bind : builder.bindings_) bind(*runtime_, *methods_);
  resources_ = builder.resources_;
  transact_->SetOwnedTypes(OwnedTypesOf(resources_));
  BindStandardMethods(resources_, *runtime_, *methods_);
  owned_ = std::make_unique<OwnedRecords>(resources_, *runtime_, *methods_);
  runtime_->owned = owned_.get();
  for (const auto* const request : builder.composed_) {
    BindComposedRead(*request, *methods_, pools_.reads);
  }
  methods_->Sessions();
  KITH_RETURN_IF_ERROR(methods_->CheckComplete());
  services_ = NewGrpcServices(*methods_, late_);
  std::vector<std::string> names;
  for (const auto& [service, views] : ViewsRead(*methods_)) names.push_back(service);
  reflection_ = std::make_unique<Reflection>(std::move(names));
  services_.push_back(NewReflectionService(kReflectionV1, *reflection_));
  services_.push_back(NewReflectionService(kReflectionV1Alpha, *reflection_));
  effects_ = std::move(builder.effects_);
  policies_ = std::make_unique<PolicyRunner>(*runtime_, *methods_, builder.policies(), effects_,
                                             options_.policies);
  for (const auto& make : builder.pages_) pages_.push_back(make(*runtime_, *methods_));
  for (const auto& run : builder.at_start_) KITH_RETURN_IF_ERROR(run(*runtime_));
  return absl::OkStatus();
}

absl::Status RunningServer::Listen(const ServerBuilder& ports, int connections_max) {
  const ConnectionLimits& limits = options_.connections;
  KITH_ASSIGN_OR_RETURN(listener_, Listener::Bind(options_.address, connections_max));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  Limit(limits, builder);
  auto acceptor = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      options_.tls != nullptr ? GrpcTlsCredentials(*options_.tls)
                              : grpc::InsecureServerCredentials());
  for (const auto& service : services_) builder.RegisterService(service.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) return absl::InternalError("gRPC does not start a server");
  health_ =
      std::make_unique<HealthWatch>(*server_->GetHealthCheckService(), *methods_, *views_, *log_);
  for (const auto& open : ports.ports_) {
    KITH_ASSIGN_OR_RETURN(auto port, open({*runtime_, *methods_, limits, connections_max,
                                           options_.tls.get(), pages_}));
    ports_.push_back(std::move(port));
  }
  listener_->Start([acceptor = std::move(acceptor)](int listening, int connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
    parameters.listener_fd = listening;
    parameters.fd = connection;
    acceptor->HandleNewConnection(&parameters);
    return true;
  });
  policies_->Start();
  return absl::OkStatus();
}

// gRPC waits for connections too, and one whose client reads nothing would be waited for to the end
// of the grace, with no call on it.
void RunningServer::EndCalls() {
  if (calls_.AwaitCalls(options_.stop_grace, kStreamsGoodbye)) return;
  calls_.EndGrace();
  calls_.AwaitCalls(kGoodbye, absl::ZeroDuration());
}

void RunningServer::CloseConnections() {
  late_.Start();
  late_.AwaitQuiet(options_.stop_quiet, kGoodbye);
  // What follows waits until no call is left, and so for those that are to be refused after this.
  grpc_completion_queue* const said = grpc_completion_queue_create_for_pluck(nullptr);
  grpc_server_shutdown_and_notify(server_->c_server(), said, nullptr);
  late_.BeginAll();
  const gpr_timespec grace =
      gpr_time_from_millis(absl::ToInt64Milliseconds(kGoodbye), GPR_TIMESPAN);
  server_->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), grace));
  server_->Wait();
  grpc_completion_queue_pluck(said, nullptr, gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr);
  grpc_completion_queue_shutdown(said);
  grpc_completion_queue_destroy(said);
}

void RunningServer::Stop() {
  if (std::exchange(stopped_, true)) return;
  calls_.Stop();
  health_.reset();
  if (listener_ != nullptr) listener_->Stop();
  for (const auto& port : ports_) port->Refuse();
  if (server_ != nullptr) {
    server_->GetHealthCheckService()->SetServingStatus(false);
    EndCalls();
    CloseConnections();
  }
  for (const auto& port : ports_) port->Close(kGoodbye);
  if (policies_ != nullptr) policies_->Stop();
  // No call is left: nothing waits on a pool, a view or the log any more, but what they owe each
  // other.
  pools_.reads.Stop();
  pools_.streams.Stop();
  pools_.folds.Stop();
  ports_.clear();
  pages_.clear();
  server_.reset();
  services_.clear();
  policies_.reset();
  methods_.reset();
  views_.reset();
  log_.reset();
  pools_.completions.Stop();
}

absl::StatusOr<std::unique_ptr<Server>> ServerBuilder::Start(const ServerOptions& options,
                                                             Storage storage) {
  KITH_CHECK(registry_ != nullptr);
  for (const auto& make : policies_of_each_) {
    for (const ResourceType& type : resources_) {
      if (auto policy = make(type)) AddPolicy(std::move(policy));
    }
  }
  for (const auto& [category, make] : policies_of_directories_) {
    for (size_t i = 0; i < projections_.size(); ++i) {
      const auto* const directory =
          dynamic_cast<const projections::ResourceDirectory*>(projections_[i].get());
      if (directory == nullptr || directory->categories().front() != category) continue;
      AddPolicy(make(*directory));
    }
  }
  // Before anything is opened.
  KITH_ASSIGN_OR_RETURN(const int connections_max,
                        ConnectionsMax(options.connections, projections_.size()));
  auto server = std::make_unique<RunningServer>(options, std::move(storage), std::move(registry_));
  KITH_RETURN_IF_ERROR(server->Open(std::move(projections_)));
  KITH_RETURN_IF_ERROR(server->BindMethods(*this));
  KITH_RETURN_IF_ERROR(server->Listen(*this, connections_max));
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace kith::runtime
