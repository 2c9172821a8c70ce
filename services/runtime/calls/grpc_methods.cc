#include "services/runtime/calls/grpc_methods.h"

#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "google/protobuf/arena.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/impl/codegen/server_callback_handlers.h"
#include "grpcpp/impl/rpc_service_method.h"
#include "services/runtime/calls/arrival_timer.h"
#include "services/runtime/calls/grpc_tls.h"
#include "services/runtime/requests/grpc_status.h"
#include "services/runtime/requests/validate.h"

namespace kith::runtime {
namespace {

using google::protobuf::Message;
using grpc::ByteBuffer;
using grpc::internal::RpcMethod;

// Of messages and the call itself; more is taken from the heap.
constexpr size_t kCallBytes = 2'048;

void Pack(const Message& message, ByteBuffer* bytes) {
  bytes->Clear();  // of the message before
  bool owns = false;
  const grpc::Status packed =
      grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(message, bytes, &owns);
  KITH_CHECK(packed.ok());
}

bool Unpack(ByteBuffer* bytes, Message* message) {
  return grpc::GenericDeserialize<grpc::ProtoBufferReader, Message>(bytes, message).ok();
}

using GrpcMetadata = std::multimap<grpc::string_ref, grpc::string_ref>;

absl::string_view TextOf(grpc::string_ref text) { return {text.data(), text.size()}; }

// What came under a key several times, with commas between, as HTTP has it: so the first of several
// is not taken for the only one.
using JoinedMetadata = std::map<std::string, std::string, std::less<>>;

JoinedMetadata JoinedIn(const GrpcMetadata& metadata) {
  JoinedMetadata joined;
  for (auto entry = metadata.begin(); entry != metadata.end(); ++entry) {
    const auto next = std::next(entry);
    if (next == metadata.end() || next->first != entry->first) continue;
    const auto [place, is_new] =
        joined.try_emplace(std::string(TextOf(entry->first)), TextOf(entry->second));
    absl::StrAppend(&place->second, ",", TextOf(next->second));
  }
  return joined;
}

// What every call over gRPC has: its context, and the memory it lives in.
template <class Base>
class GrpcCarrier : public Base {
 public:
  explicit GrpcCarrier(grpc::CallbackServerContext* rpc)
      : rpc_(rpc), joined_(JoinedIn(rpc->client_metadata())), arena_(Options(block_)) {}

  absl::string_view Metadata(const char* key) const override {
    if (const auto several = joined_.find(key); several != joined_.end()) return several->second;
    const auto found = rpc_->client_metadata().find(key);
    return found == rpc_->client_metadata().end() ? absl::string_view() : TextOf(found->second);
  }
  std::vector<std::string> certified_names() const override {
    return CertifiedNames(*rpc_->auth_context());
  }
  // By gRPC's own clock, which made a time of day of what the client has left.
  absl::Duration time_left() const override {
    const auto deadline = rpc_->deadline();
    if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteDuration();
    return absl::FromChrono(deadline - grpc::Timespec2Timepoint(gpr_now(GPR_CLOCK_REALTIME)));
  }
  bool IsCancelled() const override { return rpc_->IsCancelled(); }
  void AwaitTurn(absl::Duration most, absl::AnyInvocable<bool()> give_up) override {
    timer_.LimitTurn(most, std::move(give_up), [this] { ReadEnded(); });
  }
  void LimitRead(absl::Duration most) override {
    timer_.LimitRead(most, [this] { ReadEnded(); });
  }
  absl::Status ReadError() const override { return timer_.why(); }
  void AddReplyMetadata(const char* key, std::string value) override {
    rpc_->AddInitialMetadata(key, std::move(value));
  }

 protected:
  google::protobuf::Arena* arena() { return &arena_; }
  // No message will come; called by the timer in place of whatever tells of the read.
  virtual void ReadEnded() = 0;
  ArrivalTimer& timer() { return timer_; }

 private:
  static google::protobuf::ArenaOptions Options(char* block) {
    google::protobuf::ArenaOptions options;
    options.initial_block = block;
    options.initial_block_size = kCallBytes;
    return options;
  }

  grpc::CallbackServerContext* const rpc_;
  const JoinedMetadata joined_;
  ArrivalTimer timer_;
  alignas(8) char block_[kCallBytes];
  google::protobuf::Arena arena_;
};

// Stands for what a handler of unary calls takes that has them read only when they were let in.
struct AskedFirst;
using UnaryHandler = grpc::internal::CallbackUnaryHandler<AskedFirst, ByteBuffer>;

// A stream: of one request or more, and of replies.
class GrpcStreamCarrier final : public grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>,
                                public GrpcCarrier<StreamCarrier> {
 public:
  GrpcStreamCarrier(const StreamedMethod& method, grpc::CallbackServerContext* rpc)
      : GrpcCarrier(rpc), call_(method.NewCall(arena(), *this)) {
    call_->Begin();
  }

  bool Read(Message* message) override { return Unpack(&request_, message); }
  size_t ReadBytes() const override { return request_.Valid() ? request_.Length() : 0; }
  void StartRead() override { ServerBidiReactor::StartRead(&request_); }
  void StartWrite(const Message& message) override {
    Pack(message, &reply_);
    call_->Writing(reply_.Length());
    ServerBidiReactor::StartWrite(&reply_);
  }
  void Finish(const absl::Status& status) override {
    ServerBidiReactor::Finish(GrpcStatus(status, ""));
  }

 private:
  void ReadEnded() override { call_->Arrived(false); }
  void OnReadDone(bool ok) override {
    if (timer().Arrive()) call_->Arrived(ok);
  }
  void OnWriteDone(bool ok) override { call_->Written(ok); }
  void OnCancel() override { call_->Cancelled(); }
  void OnDone() override { delete this; }

  ByteBuffer request_;
  ByteBuffer reply_;
  StreamedCall* const call_;
};

}  // namespace
}  // namespace kith::runtime

// The handler of unary calls. gRPC's own has a request read before anybody is asked, and one of
// streams hands every message to another thread; this one reads when it is asked to, on the thread
// that got the call. It is a specialisation because gRPC opens a call's context to its handlers
// only.
template <>
class grpc::internal::CallbackUnaryHandler<kith::runtime::AskedFirst, grpc::ByteBuffer> final
    : public grpc::internal::MethodHandler {
 public:
  CallbackUnaryHandler(const kith::runtime::UnaryMethod& method, kith::runtime::LateCalls& late)
      : method_(method), late_(late) {}

  void RunHandler(const HandlerParameter& param) override {
    auto* const context = static_cast<grpc::CallbackServerContext*>(param.server_context);
    grpc_call* const call = param.call->call();
    grpc::g_core_codegen_interface->grpc_call_ref(call);
    auto* const rpc =
        new (grpc::g_core_codegen_interface->grpc_call_arena_alloc(call, sizeof(UnaryRpc)))
            UnaryRpc(context, *param.call, param.call_requester);
    context->BeginCompletionOp(
        param.call, [rpc](bool) { rpc->MaybeDone(true); }, rpc);
    const kith::runtime::UnaryMethod& method = method_;
    if (late_.keeping() && late_.Keep([rpc, &method] { rpc->Run(method); })) return;
    rpc->Run(method);
  }

 private:
  // One call. Lives in gRPC's memory of the call until OnDone.
  class UnaryRpc final : public grpc::internal::ServerCallbackCall,
                         public grpc::internal::ServerReactor,
                         public kith::runtime::GrpcCarrier<kith::runtime::UnaryCarrier> {
   public:
    UnaryRpc(grpc::CallbackServerContext* context, const grpc::internal::Call& call,
             std::function<void()> call_requester)
        : GrpcCarrier(context),
          context_(context),
          rpc_(call),
          call_requester_(std::move(call_requester)) {}

    void Run(const kith::runtime::UnaryMethod& method) {
      call_ = method.NewCall(arena(), *this);
      call_->Begin();
      MaybeCallOnCancel(this);
      MaybeDone(true);  // of the beginning
    }

    void StartRead() override {
      Ref();
      read_tag_.Set(
          rpc_.call(),
          [this](bool ok) {
            if (!ok) context_->MaybeMarkCancelledOnRead();
            if (timer().Arrive()) call_->Arrived(ok);
            MaybeDone(true);
          },
          &read_ops_, /*can_inline=*/true);
      read_ops_.RecvMessage(&request_);
      read_ops_.set_core_cq_tag(&read_tag_);
      rpc_.PerformOps(&read_ops_);
    }
    bool Read(google::protobuf::Message* message) override {
      return kith::runtime::Unpack(&request_, message);
    }
    size_t ReadBytes() const override { return request_.Valid() ? request_.Length() : 0; }

    void Finish(const absl::Status& status, absl::string_view request_id,
                const google::protobuf::Message& reply) override {
      finish_tag_.Set(
          rpc_.call(), [this](bool) { MaybeDone(true); }, &finish_ops_, /*can_inline=*/true);
      finish_ops_.set_core_cq_tag(&finish_tag_);
      finish_ops_.SendInitialMetadata(&context_->initial_metadata_,
                                      context_->initial_metadata_flags());
      context_->sent_initial_metadata_ = true;
      grpc::Status end = kith::runtime::GrpcStatus(status, request_id);
      if (end.ok()) {
        kith::runtime::Pack(reply, &reply_);
        call_->Replied(reply_.Length());
        end = finish_ops_.SendMessage(reply_);
      }
      finish_ops_.ServerSendStatus(&context_->trailing_metadata_, end);
      rpc_.PerformOps(&finish_ops_);
    }

   private:
    void ReadEnded() override { call_->Arrived(false); }
    void OnCancel() override {}  // the call is carried to its end
    void OnDone() override {}
    bool InternalInlineable() override { return true; }
    grpc::internal::ServerReactor* reactor() override { return this; }
    void CallOnDone() override {
      grpc_call* const call = rpc_.call();
      const std::function<void()> call_requester = std::move(call_requester_);
      this->~UnaryRpc();
      grpc::g_core_codegen_interface->grpc_call_unref(call);
      call_requester();  // frees the context
    }

    grpc::CallbackServerContext* const context_;
    grpc::internal::Call rpc_;
    std::function<void()> call_requester_;
    kith::runtime::UnaryCall* call_ = nullptr;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer reply_;
    grpc::internal::CallOpSet<grpc::internal::CallOpRecvMessage<grpc::ByteBuffer>> read_ops_;
    grpc::internal::CallbackWithSuccessTag read_tag_;
    grpc::internal::CallOpSet<grpc::internal::CallOpSendInitialMetadata,
                              grpc::internal::CallOpSendMessage,
                              grpc::internal::CallOpServerSendStatus>
        finish_ops_;
    grpc::internal::CallbackWithSuccessTag finish_tag_;
  };

  const kith::runtime::UnaryMethod& method_;
  kith::runtime::LateCalls& late_;
};

namespace kith::runtime {
namespace {

// One service of the table, with handlers that take and give bytes.
class GrpcService final : public grpc::Service {
 public:
  GrpcService(const std::vector<const BoundMethod*>& methods, LateCalls& late) {
    paths_.reserve(methods.size());  // gRPC keeps pointers to them
    for (const BoundMethod* method : methods) Add(*method, late);
  }

 private:
  void Add(const BoundMethod& bound, LateCalls& late) {
    const google::protobuf::MethodDescriptor& method = *bound.method().descriptor;
    // A call that is answered once is unary: no method of ours takes a stream and answers once.
    KITH_CHECK(method.server_streaming() || !method.client_streaming());
    const int index = static_cast<int>(paths_.size());
    paths_.push_back(absl::StrCat("/", bound.method().name));
    // For gRPC all are of many messages: it reads the message of others before it asks anybody.
    AddMethod(new grpc::internal::RpcServiceMethod(paths_.back().c_str(), RpcMethod::BIDI_STREAMING,
                                                   nullptr));
    MarkMethodRawCallback(index, NewHandler(bound, late));
  }

  static grpc::internal::MethodHandler* NewHandler(const BoundMethod& bound, LateCalls& late) {
    if (!bound.method().descriptor->server_streaming()) {
      return new UnaryHandler(dynamic_cast<const UnaryMethod&>(bound), late);
    }
    const auto& streamed = dynamic_cast<const StreamedMethod&>(bound);
    return new grpc::internal::CallbackBidiHandler<ByteBuffer, ByteBuffer>(
        [&streamed](grpc::CallbackServerContext* rpc) {
          return new GrpcStreamCarrier(streamed, rpc);
        });
  }

  std::vector<std::string> paths_;
};

// One stream of questions; each is answered before the next is read.
class ReflectionStream final : public grpc::ServerBidiReactor<ByteBuffer, ByteBuffer> {
 public:
  explicit ReflectionStream(const Reflection& reflection) : reflection_(reflection) {
    StartRead(&request_);
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    grpc::reflection::v1::ServerReflectionRequest request;
    if (!Unpack(&request_, &request))
      return Finish(GrpcStatus(ViolationError("", "the message does not parse"), ""));
    Pack(reflection_.Answer(request), &reply_);
    StartWrite(&reply_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    StartRead(&request_);
  }
  void OnDone() override { delete this; }

  const Reflection& reflection_;
  ByteBuffer request_;
  ByteBuffer reply_;
};

class ReflectionService final : public grpc::Service {
 public:
  ReflectionService(const char* name, const Reflection& reflection)
      : path_(absl::StrCat("/", name, "/ServerReflectionInfo")) {
    AddMethod(
        new grpc::internal::RpcServiceMethod(path_.c_str(), RpcMethod::BIDI_STREAMING, nullptr));
    MarkMethodRawCallback(0, new grpc::internal::CallbackBidiHandler<ByteBuffer, ByteBuffer>(
                                 [&reflection](grpc::CallbackServerContext*) {
                                   return new ReflectionStream(reflection);
                                 }));
  }

 private:
  const std::string path_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewReflectionService(const char* name,
                                                    const Reflection& reflection) {
  return std::make_unique<ReflectionService>(name, reflection);
}

std::vector<std::unique_ptr<grpc::Service>> NewGrpcServices(const MethodTable& methods,
                                                            LateCalls& late) {
  absl::btree_map<std::string, std::vector<const BoundMethod*>> by_service;
  for (const auto& [name, method] : methods.methods()) {
    by_service[method->method().descriptor->service()->full_name()].push_back(method.get());
  }
  std::vector<std::unique_ptr<grpc::Service>> services;
  for (const auto& [name, bound] : by_service) {
    services.push_back(std::make_unique<GrpcService>(bound, late));
  }
  return services;
}

}  // namespace kith::runtime
