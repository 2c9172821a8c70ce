#include "services/runtime/grpc_methods.h"

#include <string>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "google/protobuf/arena.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/impl/codegen/server_callback_handlers.h"
#include "grpcpp/impl/rpc_service_method.h"
#include "services/runtime/grpc_status.h"
#include "services/runtime/validate.h"

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

// What every call over gRPC has: its context, and the memory it lives in.
template <class Base>
class GrpcCarrier : public Base {
 public:
  explicit GrpcCarrier(grpc::CallbackServerContext* rpc) : rpc_(rpc), arena_(Options(block_)) {}

  absl::string_view Metadata(const char* key) const override {
    const auto found = rpc_->client_metadata().find(key);
    if (found == rpc_->client_metadata().end()) return {};
    return {found->second.data(), found->second.size()};
  }
  absl::Time deadline() const override {
    const auto deadline = rpc_->deadline();
    if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
    // How much is left, because gRPC sees at once that the machine's clock was set, and our clock
    // up to two seconds later.
    return SystemClock().Now() +
           absl::FromChrono(deadline - grpc::Timespec2Timepoint(gpr_now(GPR_CLOCK_REALTIME)));
  }
  bool IsCancelled() const override { return rpc_->IsCancelled(); }
  void AddReplyMetadata(const char* key, std::string value) override {
    rpc_->AddInitialMetadata(key, std::move(value));
  }

 protected:
  google::protobuf::Arena* arena() { return &arena_; }

 private:
  static google::protobuf::ArenaOptions Options(char* block) {
    google::protobuf::ArenaOptions options;
    options.initial_block = block;
    options.initial_block_size = kCallBytes;
    return options;
  }

  grpc::CallbackServerContext* const rpc_;
  alignas(8) char block_[kCallBytes];
  google::protobuf::Arena arena_;
};

class GrpcUnaryCarrier final : public grpc::ServerUnaryReactor, public GrpcCarrier<UnaryCarrier> {
 public:
  GrpcUnaryCarrier(const UnaryMethod& method, grpc::CallbackServerContext* rpc,
                   const ByteBuffer* request, ByteBuffer* reply)
      // gRPC keeps the request for the handler alone, which may take its bytes.
      : GrpcCarrier(rpc), request_(const_cast<ByteBuffer*>(request)), reply_(reply) {
    method.NewCall(arena(), *this)->Begin();
  }

  bool Read(Message* message) override { return Unpack(request_, message); }
  size_t ReadBytes() const override { return request_->Valid() ? request_->Length() : 0; }
  void Finish(const absl::Status& status, absl::string_view request_id,
              const Message& reply) override {
    if (status.ok()) Pack(reply, reply_);
    ServerUnaryReactor::Finish(GrpcStatus(status, request_id));
  }

 private:
  void OnDone() override { delete this; }
  // OnDone is trivial, so gRPC need not hand it to another thread.
  bool InternalInlineable() override { return true; }

  ByteBuffer* const request_;
  ByteBuffer* const reply_;
};

// A stream of replies. gRPC reads the one request by itself.
class GrpcServerStreamCarrier final : public grpc::ServerWriteReactor<ByteBuffer>,
                                      public GrpcCarrier<StreamCarrier> {
 public:
  GrpcServerStreamCarrier(const StreamedMethod& method, grpc::CallbackServerContext* rpc,
                          const ByteBuffer* request)
      : GrpcCarrier(rpc),
        request_(const_cast<ByteBuffer*>(request)),
        call_(method.NewCall(arena(), *this)) {
    call_->Begin();
  }

  bool Read(Message* message) override { return Unpack(request_, message); }
  size_t ReadBytes() const override { return request_->Valid() ? request_->Length() : 0; }
  void StartRead() override { KITH_CHECK(false); }
  void StartWrite(const Message& message) override {
    Pack(message, &reply_);
    ServerWriteReactor::StartWrite(&reply_);
  }
  void Finish(const absl::Status& status) override {
    ServerWriteReactor::Finish(GrpcStatus(status, ""));
  }

 private:
  void OnWriteDone(bool ok) override { call_->Written(ok); }
  void OnCancel() override { call_->Cancelled(); }
  void OnDone() override { delete this; }

  ByteBuffer* const request_;
  ByteBuffer reply_;
  StreamedCall* const call_;
};

// A stream of requests and one of replies.
class GrpcBidiCarrier final : public grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>,
                              public GrpcCarrier<StreamCarrier> {
 public:
  GrpcBidiCarrier(const StreamedMethod& method, grpc::CallbackServerContext* rpc)
      : GrpcCarrier(rpc), call_(method.NewCall(arena(), *this)) {
    call_->Begin();
  }

  bool Read(Message* message) override { return Unpack(&request_, message); }
  size_t ReadBytes() const override { return request_.Valid() ? request_.Length() : 0; }
  void StartRead() override { ServerBidiReactor::StartRead(&request_); }
  void StartWrite(const Message& message) override {
    Pack(message, &reply_);
    ServerBidiReactor::StartWrite(&reply_);
  }
  void Finish(const absl::Status& status) override {
    ServerBidiReactor::Finish(GrpcStatus(status, ""));
  }

 private:
  void OnReadDone(bool ok) override { call_->Arrived(ok); }
  void OnWriteDone(bool ok) override { call_->Written(ok); }
  void OnCancel() override { call_->Cancelled(); }
  void OnDone() override { delete this; }

  ByteBuffer request_;
  ByteBuffer reply_;
  StreamedCall* const call_;
};

// One service of the table, with handlers that take and give bytes.
class GrpcService final : public grpc::Service {
 public:
  explicit GrpcService(const std::vector<const BoundMethod*>& methods) {
    paths_.reserve(methods.size());  // gRPC keeps pointers to them
    for (const BoundMethod* method : methods) Add(*method);
  }

 private:
  void Add(const BoundMethod& bound) {
    const google::protobuf::MethodDescriptor& method = *bound.method().descriptor;
    // A call that is answered once is unary: no method of ours takes a stream and answers once.
    KITH_CHECK(method.server_streaming() || !method.client_streaming());
    const int index = static_cast<int>(paths_.size());
    paths_.push_back(absl::StrCat("/", bound.method().name));
    AddMethod(new grpc::internal::RpcServiceMethod(paths_.back().c_str(), TypeOf(method), nullptr));
    MarkMethodRawCallback(index, NewHandler(bound, method));
  }

  static RpcMethod::RpcType TypeOf(const google::protobuf::MethodDescriptor& method) {
    if (method.client_streaming()) return RpcMethod::BIDI_STREAMING;
    return method.server_streaming() ? RpcMethod::SERVER_STREAMING : RpcMethod::NORMAL_RPC;
  }

  static grpc::internal::MethodHandler* NewHandler(
      const BoundMethod& bound, const google::protobuf::MethodDescriptor& method) {
    using Context = grpc::CallbackServerContext;
    if (!method.server_streaming()) {
      const auto& unary = dynamic_cast<const UnaryMethod&>(bound);
      return new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
          [&unary](Context* rpc, const ByteBuffer* request, ByteBuffer* reply) {
            return new GrpcUnaryCarrier(unary, rpc, request, reply);
          });
    }
    const auto& streamed = dynamic_cast<const StreamedMethod&>(bound);
    if (!method.client_streaming()) {
      return new grpc::internal::CallbackServerStreamingHandler<ByteBuffer, ByteBuffer>(
          [&streamed](Context* rpc, const ByteBuffer* request) {
            return new GrpcServerStreamCarrier(streamed, rpc, request);
          });
    }
    return new grpc::internal::CallbackBidiHandler<ByteBuffer, ByteBuffer>(
        [&streamed](Context* rpc) { return new GrpcBidiCarrier(streamed, rpc); });
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

std::vector<std::unique_ptr<grpc::Service>> NewGrpcServices(const MethodTable& methods) {
  absl::btree_map<std::string, std::vector<const BoundMethod*>> by_service;
  for (const auto& [name, method] : methods.methods()) {
    by_service[method->method().descriptor->service()->full_name()].push_back(method.get());
  }
  std::vector<std::unique_ptr<grpc::Service>> services;
  for (const auto& [name, bound] : by_service) {
    services.push_back(std::make_unique<GrpcService>(bound));
  }
  return services;
}

}  // namespace kith::runtime
