// ServerBuilder: how capabilities register what they bring, and how a server is put together,
// started and stopped.
//
//   void kith::contacts::Register(runtime::ServerBuilder& server) {
//     server.AddResource<ContactAggregate, v1::GetContactRequest>(
//         Rules(), std::make_unique<ContactDirectory>());
//   }
//
// What is more than a resource registers its events, projections and methods by themselves.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/base/ulid.h"
#include "eventstore/blobs/blob_store.h"
#include "eventstore/log/engine.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "grpcpp/grpcpp.h"
#include "projections/engine/view_store.h"
#include "projections/reactions/policy.h"
#include "services/runtime/admission/authentication.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/admission/pools.h"
#include "services/runtime/admission/tls_files.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/web_pages.h"
#include "services/runtime/commands/transact.h"
#include "services/runtime/effects/effect.h"
#include "services/runtime/policies/policy_runner.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

// What clients may ask of the transport.
struct ConnectionLimits {
  int connections_max = 10'000;  // at once; further ones are closed
  // How many descriptors connections of all ports may have at once; 0: what the process may open
  // and `connections_max` make of it.
  int descriptors_max = 0;
  int streams_max = 1'000;  // calls at once over one connection; clients let more wait
  // What gRPC is asked to keep to; it goes beyond, and ends calls of anybody then. Of each call it
  // reads ahead 64 KiB: one key's calls, as many as it may have, must not take it all.
  size_t memory_bytes = 256 << 20;
  absl::Duration handshake = absl::Seconds(10);  // until a new connection has to speak HTTP/2
  absl::Duration idle = absl::Minutes(10);       // until one without calls is closed
  absl::Duration keepalive = absl::Minutes(1);   // until one with calls is asked whether it lives
};

struct ServerOptions {
  std::string address = "127.0.0.1:0";  // port 0: the system chooses one
  std::shared_ptr<TlsFiles> tls;        // of every port; null: no TLS
  AuthenticationOptions authentication;
  const Clock* clock = &SystemClock();
  Random* random = &SystemRandom();
  PoolsOptions pools;
  TransactOptions transact;
  PolicyOptions policies;
  eventstore::EventLogOptions log;
  projections::ViewStoreOptions views;
  CallLimits calls;
  ConnectionLimits connections;
  std::string key_uses;  // the file of when keys were used; empty: it is known until the end
  eventstore::BlobStoreOptions blobs;                   // without a folder: none are kept
  absl::Duration slow_call = absl::InfiniteDuration();  // calls that take as long are logged
  absl::Duration stop_grace = absl::Seconds(5);  // calls in flight may end this long after Stop
  // Then connections are closed, when no further call has come for so long (LateCalls).
  absl::Duration stop_quiet = absl::Milliseconds(20);
};

// Where the server keeps what it must not lose.
struct Storage {
  std::unique_ptr<eventstore::Engine> engine;
  std::unique_ptr<eventstore::KeyStore> keys;
};

// A further way in beside gRPC, for as long as the server runs. Driven by the server.
class Port {
 public:
  virtual ~Port() = default;
  virtual int port() const = 0;
  // The server stops, and refuses calls by itself: no connection is taken any more.
  virtual void Refuse() = 0;
  // After Refuse: ends the connections, those with a reply on its way within `grace`, and returns
  // when no call is left.
  virtual void Close(absl::Duration grace) = 0;
};

// What a port answers from. All of it outlives the port; nothing is null, but for
// `tls`.
struct PortParts {
  Runtime& runtime;
  const MethodTable& methods;
  const ConnectionLimits& limits;
  int descriptors_max;  // of the connections of all ports; one that needs a further one is closed
  TlsFiles* tls;        // null: no TLS
  const std::vector<std::unique_ptr<WebPages>>& pages;
};

// A server that answers. Stop, or destruction, ends it: no new calls, streams end, calls in flight
// get `stop_grace`, and are told ERROR_SHUTTING_DOWN where they look at anything later; connections
// without a call get a moment; then the pools, the views and the log close, in this order.
class Server {
 public:
  virtual ~Server() = default;

  virtual int port() const = 0;
  // Those that were added, in their order.
  virtual const std::vector<std::unique_ptr<Port>>& ports() const = 0;
  virtual Runtime& runtime() = 0;
  virtual const MethodTable& methods() const = 0;
  // Once; from any thread but the server's own.
  virtual void Stop() = 0;
};

class ServerBuilder {
 public:
  template <class EventMessage>
  void RegisterEvents(absl::string_view category) {
    registry_->Register<EventMessage>(category);
  }
  void AddProjection(std::unique_ptr<projections::Projection> projection) {
    projections_.push_back(std::move(projection));
  }
  // `bind` runs when log and views are open, and binds every method of the capability's services:
  // a server does not start with one that nobody bound. They are answered after every `bind` has
  // run.
  void Serve(std::function<void(Runtime&, MethodTable&)> bind) {
    bindings_.push_back(std::move(bind));
  }
  // A resource: its events, the view of its rows, and those of its standard methods that no `bind`
  // binds. `Request` is any of its service's.
  template <class Aggregate, class Request>
  void AddResource(const ResourceRules& rules,
                   std::unique_ptr<projections::ResourceDirectory> directory) {
    RegisterEvents<typename Aggregate::Event>(Aggregate::kCategory);
    resources_.push_back(ResourceTypeOf<Aggregate, Request>(rules, *directory));
    AddProjection(std::move(directory));
  }
  // What stands under records; its views and methods are bound as any.
  template <class Aggregate>
  void AddPart() {
    RegisterEvents<typename Aggregate::Event>(Aggregate::kCategory);
    parts_.push_back(PartTypeOf<Aggregate>());
  }
  // What follows by itself. Its view is opened as any, and what it makes due is done.
  void AddPolicy(std::unique_ptr<projections::Policy> policy) {
    policies_.push_back(policy.get());
    AddProjection(std::move(policy));
  }
  // The same of each resource that is added, before or after this; `make` may answer null.
  void AddPolicyOfEach(
      std::function<std::unique_ptr<projections::Policy>(const ResourceType& type)> make) {
    policies_of_each_.push_back(std::move(make));
  }
  // The same of the directory of a category's rows, whoever adds that: nothing where nobody does.
  void AddPolicyOfDirectory(std::string category,
                            std::function<std::unique_ptr<projections::Policy>(
                                const projections::ResourceDirectory& directory)>
                                make) {
    policies_of_directories_.emplace_back(std::move(category), std::move(make));
  }
  // What is done outside. Reactions that ask for what no effect takes wait.
  void AddEffect(std::unique_ptr<Effect> effect) { effects_.push_back(std::move(effect)); }
  // What is answered over HTTP to whoever comes; made when every method is bound. Borrows both.
  void AddPages(
      std::function<std::unique_ptr<WebPages>(Runtime&, const MethodTable& methods)> make) {
    pages_.push_back(std::move(make));
  }
  // A read that is composed of others' answers, as its reply's proto says. `Request` is the
  // method's.
  template <class Request>
  void AddComposedRead() {
    composed_.push_back(Request::descriptor());
  }
  // What was added.
  const std::vector<ResourceType>& resources() const { return resources_; }
  const std::vector<PartType>& parts() const { return parts_; }
  const std::vector<const projections::Policy*>& policies() const { return policies_; }
  const eventstore::EventRegistry& registry() const { return *registry_; }
  // Exactly one capability brings the authorizer. `make` runs after the log is open and before any
  // method is bound: it folds what it needs, and observes Transact to stay current.
  void UseAuthorizer(std::function<absl::StatusOr<std::unique_ptr<Authorizer>>(Runtime&)> make) {
    authorizer_ = std::move(make);
  }
  // Runs after the methods are bound and before the first call is taken, in the order added: to
  // create what a new server needs, through Transact.
  void AtStart(std::function<absl::Status(Runtime&)> run) { at_start_.push_back(std::move(run)); }

  // Opened last: when it fails the server does not start.
  void AddPort(std::function<absl::StatusOr<std::unique_ptr<Port>>(const PortParts&)> open) {
    ports_.push_back(std::move(open));
  }

  // Opens the log and the views, binds the methods and begins to answer. Once. Errors are those of
  // the parts; Unavailable when the address is in use.
  absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options, Storage storage);

 private:
  friend class RunningServer;
  std::unique_ptr<eventstore::EventRegistry> registry_ =
      std::make_unique<eventstore::EventRegistry>();
  std::vector<std::unique_ptr<projections::Projection>> projections_;
  std::vector<const projections::Policy*> policies_;  // of projections_
  std::vector<std::function<std::unique_ptr<projections::Policy>(const ResourceType&)>>
      policies_of_each_;
  std::vector<std::pair<std::string, std::function<std::unique_ptr<projections::Policy>(
                                         const projections::ResourceDirectory&)>>>
      policies_of_directories_;
  std::vector<std::unique_ptr<Effect>> effects_;
  std::vector<std::function<void(Runtime&, MethodTable&)>> bindings_;
  std::vector<ResourceType> resources_;
  std::vector<PartType> parts_;
  std::vector<const google::protobuf::Descriptor*> composed_;
  std::vector<std::function<std::unique_ptr<WebPages>(Runtime&, const MethodTable&)>> pages_;
  std::function<absl::StatusOr<std::unique_ptr<Authorizer>>(Runtime&)> authorizer_;
  std::vector<std::function<absl::Status(Runtime&)>> at_start_;
  std::vector<std::function<absl::StatusOr<std::unique_ptr<Port>>(const PortParts&)>> ports_;
};

}  // namespace kith::runtime
