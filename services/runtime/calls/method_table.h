// MethodTable: what each RPC does, bound by its request message. Every carrier of calls dispatches
// through it.
//
//   void BindMethods(runtime::Runtime&, runtime::MethodTable& methods) {
//     methods.Command<v1::WinDealRequest, v1::Deal>(DealCommands());
//     methods.Read(DealList::kName, ReadKind::kPoint, Get);
//   }
//
// What all calls have in common happens in one order: deadline, credentials, permission, the
// request is read and parsed, every field rule is checked, it runs, what was erased is hidden, the
// end is logged. What a method asks is compiled once from its proto options. Nothing blocks on a
// carrier's threads. A call that its client abandoned is carried to its end, and its objects live
// until then.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "google/protobuf/arena.h"
#include "projections/engine/view_store.h"
#include "services/runtime/calls/batch_call.h"
#include "services/runtime/calls/call.h"
#include "services/runtime/calls/ingest_call.h"
#include "services/runtime/calls/mutate_call.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/calls/stream_call.h"
#include "services/runtime/requests/carrier.h"

namespace kith::runtime {

// A method that is bound. Immutable; any thread.
class BoundMethod {
 public:
  explicit BoundMethod(const Method& method, ReadViews views = {})
      : method_(method), views_(std::move(views)) {}
  virtual ~BoundMethod() = default;

  const Method& method() const { return method_; }
  // Those that it reads.
  const ReadViews& views() const { return views_; }
  // It changes nothing and answers once.
  bool is_read() const { return reader() != nullptr; }
  // Those that it reads for this request besides.
  virtual ReadViews further_views(const google::protobuf::Message& request) const {
    (void)request;
    return {};
  }
  // What the command does; null where it is none.
  virtual const CommandHandler* handler() const { return nullptr; }
  // What the read does; null where it is none.
  virtual const ReadHandler* reader() const { return nullptr; }

 private:
  const Method& method_;
  const ReadViews views_;
};

class UnaryMethod : public BoundMethod {
 public:
  using BoundMethod::BoundMethod;
  // A call of it. It lives on `arena` with its messages.
  virtual UnaryCall* NewCall(google::protobuf::Arena* arena, UnaryCarrier& carrier) const = 0;
};

class StreamedMethod : public BoundMethod {
 public:
  using BoundMethod::BoundMethod;
  virtual StreamedCall* NewCall(google::protobuf::Arena* arena, StreamCarrier& carrier) const = 0;
};

// Filled by one thread while the server starts, immutable then. Outlives every call.
class MethodTable {
 public:
  // Borrows both.
  MethodTable(const CallEnvironment& environment, projections::ViewStore& views)
      : environment_(environment), views_(views) {}

  // A command. `commands` has
  //   Decision Run(Loader& load, const Request& command, const CommandContext& context) const;
  //   absl::Status Render(Rendering& after, const Request& command, Response* response) const;
  // and optionally, for a command that appends to another workspace than the caller's,
  //   WorkspaceId Workspace(const Request& command, const Origin& origin) const;
  // called by any thread, several at a time.
  template <class Request, class Response, class Commands>
  void Command(Commands commands) {
    Command(MethodOf<Request>(),
            std::make_unique<TypedCommand<Request, Response, Commands>>(std::move(commands)));
  }
  // The same for messages known only by their descriptors.
  void Command(const Method& method, std::unique_ptr<CommandHandler> handler);
  // A batch of a command that is bound already: the method that takes its requests. Aborts where
  // that is none.
  void Batch(const Method& method);

  // A read of the view of that name: `run` is called as
  // absl::Status(const ReadContext&, const Request&, Response*), at the position that the request's
  // ReadOptions or page token ask for, when the view is there. A kPoint read is tried on memory
  // first: it passes ReadContext::tier on, returns Unavailable as it got it, and is then called
  // again on a pool.
  template <class Run>
  void Read(absl::string_view view, ReadKind kind, Run run) {
    BindRead({&views_.Find(view)}, kind, std::function(std::move(run)));
  }
  // A read of several, all at one position: ReadContext::view(0) is of the first.
  template <class Run>
  void Read(std::initializer_list<absl::string_view> views, ReadKind kind, Run run) {
    ReadViews found;
    for (const absl::string_view view : views) found.push_back(&views_.Find(view));
    BindRead(std::move(found), kind, std::function(std::move(run)));
  }
  // The same for messages known only by their descriptors. Some requests may need further views.
  void Read(const Method& method, absl::string_view view, ReadKind kind, ReadHandler run,
            FurtherViews further_views = nullptr) {
    BindRead(method, {&views_.Find(view)}, kind, std::move(run), std::move(further_views));
  }
  void Read(const Method& method, std::initializer_list<absl::string_view> views, ReadKind kind,
            ReadHandler run, FurtherViews further_views) {
    ReadViews found;
    for (const absl::string_view view : views) found.push_back(&views_.Find(view));
    BindRead(method, std::move(found), kind, std::move(run), std::move(further_views));
  }
  void Read(const Method& method, ReadViews views, ReadKind kind, ReadHandler run,
            FurtherViews further_views = nullptr) {
    BindRead(method, std::move(views), kind, std::move(run), std::move(further_views));
  }

  // The same for an answer that comes from no view; the context has no snapshot.
  template <class Run>
  void Answer(ReadKind kind, Run run) {
    BindRead(ReadViews(), kind, std::function(std::move(run)));
  }

  void Answer(const Method& method, ReadKind kind, ReadHandler run) {
    BindRead(method, ReadViews(), kind, std::move(run));
  }

  // A stream of responses: `open` is called as
  // absl::StatusOr<std::unique_ptr<StreamSource<Response>>>(const CallerContext&, const Request&)
  // on a pool, then its source is asked for messages, as long as it is for the caller.
  template <class Open>
  void Stream(Open open, StreamCheck check = nullptr) {
    BindStream(std::function(std::move(open)), std::move(check));
  }

  // A stream of messages with `items` and a `request_id`; each item is a command of its own, with
  // Run and Render as above, rendered into an element of the response's `results`.
  template <class Request, class Response, class Commands>
  void Ingest(Commands commands) {
    Bind(std::make_unique<IngestMethod<Request, Response, Commands>>(environment_,
                                                                     std::move(commands)));
  }

  // Sessions, over which every unary method of the table can be called.
  void Sessions();

  // Internal, naming them, where methods of a service of which one is bound are bound by nobody.
  absl::Status CheckComplete() const;

  // What the methods ask for, and what no method does (kActForUsers), each once, sorted.
  std::vector<std::string> Permissions() const;
  // Those of them that reach everything or are none (Method::needs_all).
  std::set<std::string> WholePermissions() const;

  // Whether somebody bound it.
  bool IsBound(const google::protobuf::MethodDescriptor& method) const {
    return methods_.contains(method.full_name());
  }

  // By the path that gRPC gives it, "kith.contacts.v1.ContactsService/GetContact"; null where it is
  // not bound, or not unary.
  const UnaryMethod* FindUnary(absl::string_view path) const;

  // The command that is called so, by itself or with its service: "CreateContact",
  // "kith.contacts.v1.ContactsService/CreateContact"; null where none is, or several are.
  const BoundMethod* FindCommand(absl::string_view name) const;

  // What was counted of every method.
  void AddMetrics(MetricPage& page) const;

  // By full name, "kith.contacts.v1.ContactsService.GetContact".
  const absl::btree_map<std::string, std::unique_ptr<const BoundMethod>>& methods() const {
    return methods_;
  }

 private:
  template <class Request, class Response, class Commands>
  class TypedCommand final : public CommandHandler {
   public:
    explicit TypedCommand(Commands commands) : commands_(std::move(commands)) {}

    WorkspaceId Workspace(const google::protobuf::Message& request,
                          const Origin& origin) const override {
      if constexpr (requires(const Request& typed) { commands_.Workspace(typed, origin); }) {
        return commands_.Workspace(static_cast<const Request&>(request), origin);
      } else {
        return CommandHandler::Workspace(request, origin);
      }
    }
    Decision Run(Loader& load, const google::protobuf::Message& request,
                 const CommandContext& context) const override {
      return commands_.Run(load, static_cast<const Request&>(request), context);
    }
    absl::Status Render(Rendering& after, const google::protobuf::Message& request,
                        google::protobuf::Message* response) const override {
      return commands_.Render(after, static_cast<const Request&>(request),
                              static_cast<Response*>(response));
    }

   private:
    const Commands commands_;
  };

  template <class Request, class Response>
  class StreamMethod final : public StreamedMethod {
   public:
    StreamMethod(const CallEnvironment& environment, OpenFunction<Request, Response> open,
                 StreamCheck check)
        : StreamedMethod(MethodOf<Request>()),
          environment_(environment),
          open_(std::move(open)),
          check_(std::move(check)) {}
    StreamedCall* NewCall(google::protobuf::Arena* arena, StreamCarrier& carrier) const override {
      return google::protobuf::Arena::Create<StreamCall<Request, Response>>(
          arena, environment_, carrier, arena, open_, check_);
    }

   private:
    const CallEnvironment& environment_;
    const OpenFunction<Request, Response> open_;
    const StreamCheck check_;
  };

  template <class Request, class Response, class Commands>
  class IngestMethod final : public StreamedMethod {
   public:
    IngestMethod(const CallEnvironment& environment, Commands commands)
        : StreamedMethod(MethodOf<Request>()),
          environment_(environment),
          commands_(std::move(commands)) {}
    StreamedCall* NewCall(google::protobuf::Arena* arena, StreamCarrier& carrier) const override {
      return google::protobuf::Arena::Create<IngestCall<Request, Response, Commands>>(
          arena, environment_, carrier, commands_);
    }

   private:
    const CallEnvironment& environment_;
    const Commands commands_;
  };

  class SessionMethod;

  template <class Request, class Response>
  void BindRead(ReadViews views, ReadKind kind,
                std::function<absl::Status(const ReadContext&, const Request&, Response*)> run) {
    BindRead(
        MethodOf<Request>(), std::move(views), kind,
        [run = std::move(run)](const ReadContext& context, const google::protobuf::Message& request,
                               google::protobuf::Message* response) {
          return run(context, static_cast<const Request&>(request),
                     static_cast<Response*>(response));
        });
  }
  void BindRead(const Method& method, ReadViews views, ReadKind kind, ReadHandler run,
                FurtherViews further_views = nullptr);
  template <class Request, class Response>
  void BindStream(std::function<absl::StatusOr<std::unique_ptr<StreamSource<Response>>>(
                      const CallerContext&, const Request&)>
                      open,
                  StreamCheck check) {
    Bind(std::make_unique<StreamMethod<Request, Response>>(environment_, std::move(open),
                                                           std::move(check)));
  }
  // Aborts where the method is bound already.
  void Bind(std::unique_ptr<const BoundMethod> method);

  const CallEnvironment& environment_;
  projections::ViewStore& views_;
  absl::btree_map<std::string, std::unique_ptr<const BoundMethod>> methods_;
  // As FindCommand has them; null where several are called so.
  absl::flat_hash_map<std::string, const BoundMethod*> commands_;
};

}  // namespace kith::runtime
