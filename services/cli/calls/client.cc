#include "services/cli/calls/client.h"

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <chrono>
#include <future>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/cli/calls/request.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/server_error.h"

namespace kith::cli {
namespace {

// Messages of a stream that are sent before the answer to the first is awaited.
constexpr int kAheadMax = 4;

// For so long what calls that go together meet is tried again: as long as gRPC takes for one that
// goes by itself.
constexpr std::chrono::milliseconds kPatience(2'500);

using google::protobuf::Message;

// The client of sessions tries again itself.
constexpr char kServiceConfig[] = R"({
  "methodConfig": [{
    "name": [{"service": "kith.sessions.v1.SessionsService"}]
  }, {
    "name": [{}],
    "retryPolicy": {
      "maxAttempts": 5,
      "initialBackoff": "0.1s",
      "maxBackoff": "2s",
      "backoffMultiplier": 2.5,
      "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"]
    }
  }]
})";

std::shared_ptr<grpc::Channel> Connect(const ClientOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kServiceConfig);
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetUserAgentPrefix("kith-cli");
  return grpc::CreateCustomChannel(options.address, options.credentials(), arguments);
}

// The number in front of a token; 0 where there is none.
int64_t SequenceOf(absl::string_view token) {
  int64_t sequence = 0;
  const size_t dot = token.find('.');
  return dot != token.npos && absl::SimpleAtoi(token.substr(0, dot), &sequence) ? sequence : 0;
}

ReplyInfo InfoOf(const grpc::ClientContext& context) {
  ReplyInfo info;
  const auto& metadata = context.GetServerInitialMetadata();
  if (const auto found = metadata.find("kith-token"); found != metadata.end()) {
    info.token = std::string(found->second.data(), found->second.size());
    info.sequence = SequenceOf(info.token);
  }
  info.repeated = metadata.find("kith-repeated") != metadata.end();
  return info;
}

}  // namespace

// One call under way: the tag of its completion.
struct Client::Pending {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Message>> reader;
  grpc::Status status;
  Done done;
};

Client::Client(const ClientOptions& options) : Client(options, Connect(options)) {}

Client::Client(const ClientOptions& options, std::shared_ptr<grpc::Channel> channel)
    : options_(options),
      together_(
          sdk::Client::Open(channel, {.key = options.key, .session = true, .patience = kPatience})),
      stub_(std::move(channel)),
      replies_([this] { TakeReplies(); }) {}

Client::~Client() {
  together_.reset();  // first: its calls may go on as calls by themselves
  queue_.Shutdown();
  replies_.join();
}

absl::Status Client::Call(const Method& method, const Message& request, Message* response,
                          ReplyInfo* info) {
  std::promise<absl::Status> answered;
  CallAsync(method, request, response, [&](absl::Status status, ReplyInfo reply) {
    if (info != nullptr) *info = reply;
    answered.set_value(std::move(status));
  });
  return answered.get_future().get();
}

void Client::CallAsync(const Method& method, const Message& request, Message* response, Done done) {
  auto* const pending = new Pending;  // TakeReplies frees it
  pending->done = std::move(done);
  Describe(method, &pending->context);
  pending->reader = stub_.PrepareUnaryCall(&pending->context, method.path, request, &queue_);
  pending->reader->StartCall();
  pending->reader->Finish(response, &pending->status, pending);
}

void Client::CallTogether(const Method& method, const Message& request, Message* response,
                          Done done) {
  if (!has_sessions_.load(std::memory_order_relaxed)) {
    return CallAsync(method, request, response, std::move(done));
  }
  together_->Call(
      request, response,
      [=, this, &method, &request](const sdk::Outcome& outcome) {
        if (outcome.ok())
          return done(absl::OkStatus(), {SequenceOf(outcome.token), outcome.repeated, ""});
        const auto code = static_cast<grpc::StatusCode>(outcome.status.code());
        // Of the session itself: a call in it that met this was told so by the server.
        if (outcome.unknown && (code == grpc::StatusCode::UNIMPLEMENTED ||
                                code == grpc::StatusCode::RESOURCE_EXHAUSTED)) {
          has_sessions_.store(false, std::memory_order_relaxed);
          return CallAsync(method, request, response, done);
        }
        done(ToStatus({code, outcome.status.message(), outcome.status.SerializeAsString()}), {});
      },
      {.cause = cause_, .on_behalf_of = options_.on_behalf_of});
}

void Client::TakeReplies() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
    std::unique_ptr<Pending> pending(static_cast<Pending*>(tag));
    const Done done = std::move(pending->done);
    const absl::Status status = ToStatus(pending->status);
    const ReplyInfo info = pending->status.ok() ? InfoOf(pending->context) : ReplyInfo();
    pending.reset();
    done(status, info);
  }
}

// One streaming call whose operations follow one another: the outcome of each is the next thing the
// queue tells.
class Client::Stream {
 public:
  Stream(Client& client, const Method& method) {
    client.Describe(method, &context_);
    call_ = client.stub_.PrepareCall(&context_, method.path, &queue_);
    call_->StartCall(nullptr);
    open_ = Await();
  }
  ~Stream() { queue_.Shutdown(); }

  // False once the other side has ended the call.
  bool open() const { return open_; }
  void Write(const Message& message) {
    call_->Write(message, nullptr);
    open_ = Await();
  }
  void EndWriting() {
    call_->WritesDone(nullptr);
    open_ = Await();
  }
  bool Read(Message* message) {
    call_->Read(message, nullptr);
    return open_ = Await();
  }
  void HangUp() { context_.TryCancel(); }
  grpc::Status Finish() {
    grpc::Status status;
    call_->Finish(&status, nullptr);
    Await();
    return status;
  }

 private:
  bool Await() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<Message, Message>> call_;
  bool open_ = false;
};

absl::Status Client::ReadStream(const Method& method, const Message& request,
                                const OnMessage& on_message) {
  Stream stream(*this, method);
  if (stream.open()) stream.Write(request);
  if (stream.open()) stream.EndWriting();
  const std::unique_ptr<Message> message = NewMessage(*method.descriptor->output_type());
  bool wanted = true;
  while (stream.open() && stream.Read(message.get())) {
    if (!wanted || on_message(*message)) continue;
    wanted = false;
    stream.HangUp();
  }
  const grpc::Status status = stream.Finish();
  return wanted ? ToStatus(status) : absl::OkStatus();
}

// Reads and writes at the same time: a side that only wrote would wait for the other to read.
class Client::Exchanging {
 public:
  Exchanging(Client& client, const Method& method, const NextMessage& next,
             const OnAnswer& on_answer)
      : next_(next), on_answer_(on_answer), answer_type_(*method.descriptor->output_type()) {
    client.Describe(method, &context_);
    call_ = client.stub_.PrepareCall(&context_, method.path, &queue_);
  }
  ~Exchanging() { queue_.Shutdown(); }

  grpc::Status Run() {
    call_->StartCall(&start_);
    for (pending_ = 1; pending_ > 0;) {
      void* tag = nullptr;
      bool ok = false;
      queue_.Next(&tag, &ok);
      --pending_;
      if (tag == &start_) {
        may_write_ = ok;
        StartRead();
      } else if (tag == &read_) {
        TakeAnswer(ok);
      } else {
        writing_ = false;
        may_write_ = may_write_ && ok;
      }
      WriteOn();
    }
    grpc::Status status;
    call_->Finish(&status, &start_);
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
    return status;
  }

 private:
  void StartRead() {
    answer_ = NewMessage(answer_type_);
    call_->Read(answer_.get(), &read_);
    ++pending_;
  }
  void TakeAnswer(bool ok) {
    if (!ok) {  // the other side has ended the call
      may_write_ = false;
      return;
    }
    --ahead_;
    on_answer_(std::move(answer_));
    StartRead();
  }
  void WriteOn() {
    if (!may_write_ || writing_ || ahead_ == kAheadMax) return;
    writing_ = true;
    ++pending_;
    if (const Message* const message = next_(); message != nullptr) {
      ++ahead_;
      return call_->Write(*message, &write_);
    }
    may_write_ = false;
    call_->WritesDone(&write_);
  }

  const NextMessage& next_;
  const OnAnswer& on_answer_;
  const google::protobuf::Descriptor& answer_type_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<Message, Message>> call_;
  char start_ = 0, read_ = 0, write_ = 0;  // whose places are the tags
  int pending_ = 0;                        // operations that the queue has not told the end of
  bool may_write_ = false;
  bool writing_ = false;
  int ahead_ = 0;
  std::unique_ptr<Message> answer_;
};

absl::Status Client::Exchange(const Method& method, const NextMessage& next,
                              const OnAnswer& on_answer) {
  return ToStatus(Exchanging(*this, method, next, on_answer).Run());
}

void Client::Describe(const Method& method, grpc::ClientContext* context) const {
  if (!cause_.empty() && method.mutates()) context->AddMetadata("kith-cause", cause_);
  if (!options_.on_behalf_of.empty()) {
    context->AddMetadata("kith-on-behalf-of", options_.on_behalf_of);
  }
  if (options_.key.empty()) return;
  context->AddMetadata("authorization", absl::StrCat("Bearer ", options_.key));
}

absl::Status Client::ToStatus(const grpc::Status& status) const {
  return status.ok() ? absl::OkStatus()
                     : ServerError(status, options_.address, !options_.key.empty());
}

}  // namespace kith::cli
