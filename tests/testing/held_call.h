// HeldCall: a call over gRPC that begins, and sends its request later, or never.
#pragma once

#include <memory>
#include <string>

#include "google/protobuf/message.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"

namespace kith::testing {

// One thread.
class HeldCall {
 public:
  // `method` as gRPC names it: "/kith.contacts.v1.ContactsService/GetContact". Begun when it
  // returns.
  HeldCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
           const std::string& secret)
      : stub_(channel) {
    context_.AddMetadata("authorization", "Bearer " + secret);
    stream_ = stub_.PrepareCall(&context_, method, &queue_);
    stream_->StartCall(&context_);
    Await();
  }
  ~HeldCall() {
    context_.TryCancel();
    if (!ended_) End();
  }
  HeldCall(const HeldCall&) = delete;
  HeldCall& operator=(const HeldCall&) = delete;

  // How it ended, when it has.
  grpc::Status End() {
    ended_ = true;
    grpc::Status status;
    stream_->Finish(&status, &context_);
    Await();
    return status;
  }
  grpc::Status Send(const google::protobuf::Message& request) {
    const std::string bytes = request.SerializeAsString();
    const grpc::Slice slice(bytes);
    stream_->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), &context_);
    Await();
    grpc::ByteBuffer reply;  // without which the end is not told
    stream_->Read(&reply, &context_);
    Await();
    return End();
  }

 private:
  void Await() {
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
  }

  grpc::ClientContext context_;
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  bool ended_ = false;
};

}  // namespace kith::testing
