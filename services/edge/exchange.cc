#include "services/edge/exchange.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/arena.h"
#include "kith/edge/v1/edge_errors.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "services/edge/connect_error.h"
#include "services/edge/connection.h"
#include "services/edge/document.h"
#include "services/edge/envelope.h"
#include "services/edge/gzip.h"
#include "services/edge/raw_body.h"
#include "services/runtime/admission/call_limits.h"
#include "services/runtime/requests/grpc_status.h"
#include "services/runtime/requests/validate.h"

namespace kith::edge {
namespace {

using google::protobuf::Message;

// Of messages and the call itself; more is taken from the heap.
constexpr size_t kCallBytes = 2'048;
// Replies of no more are made into bytes on the connection's thread, which spares those that
// commands end on; larger ones where they were made, which spares other connections.
constexpr size_t kSmallBytes = 4'096;
constexpr size_t kGzipBytesMin = 1'024;  // what is shorter is not worth it
// JSON takes longer than protobuf's bytes: names, and up to three times as much for each character.
constexpr size_t kJsonFactor = 3;
constexpr size_t kJsonBytes = 64 << 10;

// What every call over HTTP has.
template <class Base>
class HttpCarrier : public Base, public Exchange {
 public:
  HttpCarrier(std::shared_ptr<Connection> connection, const runtime::Method& method, Terms terms)
      : connection_(std::move(connection)),
        request_(connection_->request()),
        method_(method),
        terms_(std::move(terms)),
        arena_(Options(block_)) {}

  absl::string_view Metadata(const char* key) const override {
    const bool is_in_url = terms_.is_document && absl::string_view(key) == "authorization";
    if (is_in_url) return terms_.credentials;
    const auto [first, end] = request_->get().equal_range(key);
    if (first == end || std::next(first) == end) return HeaderOf(*request_, key);
    // HTTP means by several of a header one, with commas between.
    const auto [place, is_new] = joined_.try_emplace(key);
    for (auto each = first; is_new && each != end; ++each) {
      absl::StrAppend(&place->second, each == first ? "" : ",",
                      absl::string_view(each->value().data(), each->value().size()));
    }
    return place->second;
  }
  std::vector<std::string> certified_names() const override {
    return connection_->certified_names();
  }
  absl::Duration time_left() const override {
    return terms_.deadline - connection_->clock().Elapsed();
  }
  bool IsCancelled() const override {
    return gone_.load(std::memory_order_relaxed) || time_left() <= absl::ZeroDuration();
  }
  void AddReplyMetadata(const char* key, std::string value) override {
    absl::StrAppend(&metadata_, key, ": ", value, "\r\n");
  }
  bool HasArrived() const override { return terms_.is_get || connection_->BodyIsThere(); }
  size_t bytes_ahead() const override {
    if (terms_.raw_field == nullptr) return 0;
    const auto length = request_->content_length();
    const bool is_known = length.has_value() && !terms_.is_compressed;
    const size_t most = RawBytesMax(*terms_.raw_field);
    return (is_known ? std::min<size_t>(*length, most) : most) + kRawSlack;
  }
  void StartRead() override {
    if (terms_.is_get) return BodyRead(std::move(terms_.message));
    connection_->ReadBody(*this, BodyBytesMax());
  }
  bool Read(Message* message) override {
    return read_.ok() && message->ParseFromString(std::exchange(bytes_, {}));
  }
  absl::Status ReadError() const override { return read_; }
  size_t ReadBytes() const override { return bytes_.size(); }

  absl::Duration deadline() const override { return terms_.deadline; }
  void Cancel() override { gone_.store(true, std::memory_order_relaxed); }

 protected:
  google::protobuf::Arena* arena() { return &arena_; }
  Connection& connection() { return *connection_; }
  runtime::Pools& pools() { return connection_->pools(); }
  const Terms& terms() const { return terms_; }

  // What the client is told of a call that ended so.
  absl::Status Told(const absl::Status& status) const {
    const bool is_late = absl::IsCancelled(status) && time_left() <= absl::ZeroDuration();
    return is_late ? absl::DeadlineExceededError("the deadline passed") : status;
  }

  // `body`, compressed as it came or not, becomes the message that is read next.
  void TakeBody(std::string body, bool is_compressed) {
    absl::StatusOr<std::string> bytes = BytesOf(std::move(body), is_compressed);
    if (bytes.ok()) {
      bytes_ = *std::move(bytes);
    } else {
      read_ = bytes.status();
    }
  }
  void FailRead(absl::Status why) {
    const bool is_too_long = terms_.raw_field != nullptr && absl::IsResourceExhausted(why);
    read_ = is_too_long ? TooLong() : std::move(why);
  }

  size_t BodyBytesMax() const {
    if (terms_.raw_field != nullptr) return RawBytesMax(*terms_.raw_field);
    const size_t bytes = method_.request_bytes_max;
    return (terms_.encoding == Encoding::kJson ? kJsonFactor * bytes + kJsonBytes : bytes) +
           kEnvelopeBytes;
  }
  const std::string& metadata() const { return metadata_; }

 private:
  static google::protobuf::ArenaOptions Options(char* block) {
    google::protobuf::ArenaOptions options;
    options.initial_block = block;
    options.initial_block_size = kCallBytes;
    return options;
  }

  absl::Status TooLong() const {
    return terms_.raw_field == nullptr ? BodyTooLong(BodyBytesMax())
                                       : ContentTooLarge(BodyBytesMax());
  }

  absl::StatusOr<std::string> BytesOf(std::string body, bool is_compressed) const {
    if (is_compressed) {
      absl::StatusOr<std::string> unpacked = Gunzip(body, BodyBytesMax());
      if (absl::IsOutOfRange(unpacked.status())) return TooLong();
      if (!unpacked.ok()) return runtime::ViolationError("", unpacked.status().message());
      body = *std::move(unpacked);
    }
    if (terms_.raw_field != nullptr) return BytesOfRaw(*terms_.raw_field, std::move(body));
    if (terms_.encoding == Encoding::kProto) return body;
    return BytesOfJson(*method_.descriptor->input_type(), body);
  }

  const std::shared_ptr<Connection> connection_;
  const std::shared_ptr<const Request> request_;
  const runtime::Method& method_;
  Terms terms_;
  std::string metadata_;                               // headers that the call has added
  mutable std::map<std::string, std::string> joined_;  // of those that came several times
  std::atomic<bool> gone_ = false;
  absl::Status read_;  // why there is no message
  std::string bytes_;  // of the message, protobuf's
  alignas(8) char block_[kCallBytes];
  google::protobuf::Arena arena_;
};

class UnaryExchange final : public HttpCarrier<runtime::UnaryCarrier> {
 public:
  UnaryExchange(std::shared_ptr<Connection> connection, const runtime::UnaryMethod& method,
                Terms terms)
      : HttpCarrier(std::move(connection), method.method(), std::move(terms)),
        call_(method.NewCall(arena(), *this)) {}

  void Begin() override { call_->Begin(); }

  void BodyRead(absl::StatusOr<std::string> body) override {
    if (absl::IsCancelled(body.status())) return call_->Arrived(false);
    if (!body.ok()) {
      FailRead(body.status());
      return call_->Arrived(true);
    }
    if (terms().encoding == Encoding::kJson && body->size() > kSmallBytes) {
      // Parsing it takes long enough to be felt by other connections.
      body_ = *std::move(body);
      pools().folds.Run([this] { Take(std::move(body_)); });
    } else {
      Take(*std::move(body));
    }
  }

  void Finish(const absl::Status& status, absl::string_view request_id,
              const Message& reply) override {
    status_ = Told(status);
    request_id_ = std::string(request_id);
    reply_ = &reply;
    const size_t bytes = status_.ok() ? reply.ByteSizeLong() : 0;
    if (status_.ok()) call_->Replied(bytes);
    if (bytes > kSmallBytes) made_ = Make();
    connection().Send(*this, /*last=*/true);
  }

  bool EndsLate() const override { return true; }
  Outgoing EndFor(const absl::Status& why) const override {
    return MakeErrorAnswer(runtime::WireStatus(why, ""), terms().headers);
  }
  Outgoing TakeOutgoing() override { return made_.head.empty() ? Make() : std::move(made_); }
  void Written(bool) override {}

 private:
  void Take(std::string body) {
    TakeBody(std::move(body), terms().is_compressed);
    call_->Arrived(true);
  }

  Outgoing Make() const {
    if (terms().is_document) return MakeDocument();
    if (!status_.ok()) return MakeError(status_, metadata());
    std::string body;
    const absl::Status made = Append(*reply_, terms().encoding, &body);
    if (!made.ok()) return MakeError(made, metadata());
    std::string headers = absl::StrCat(terms().headers, metadata());
    if (terms().is_get) absl::StrAppend(&headers, "cache-control: no-store\r\n");
    if (terms().takes_gzip && body.size() >= kGzipBytesMin) {
      body = Gzip(body);
      absl::StrAppend(&headers, "content-encoding: gzip\r\n");
    }
    return MakeAnswer(200, absl::StrCat("application/", NameOf(terms().encoding)), std::move(body),
                      headers);
  }
  // An address that leads nowhere, or nowhere any more, is as one that never was.
  Outgoing MakeDocument() const {
    if (absl::IsUnauthenticated(status_)) return MakeError(NoSuchDocument(), "");
    if (!status_.ok()) return MakeError(status_, "");
    DocumentAnswer answer = AnswerWith(*reply_, Metadata("if-none-match"), terms().takes_gzip);
    return MakeAnswer(answer.status, answer.content_type, std::move(answer.body),
                      absl::StrCat(terms().headers, answer.headers));
  }
  Outgoing MakeError(const absl::Status& status, absl::string_view metadata) const {
    return MakeErrorAnswer(runtime::WireStatus(status, request_id_),
                           absl::StrCat(terms().headers, metadata));
  }

  runtime::UnaryCall* const call_;
  std::string body_;  // until it is parsed on a pool
  absl::Status status_;
  std::string request_id_;
  const Message* reply_ = nullptr;  // on the arena
  Outgoing made_;
};

// A stream of replies to one request.
class StreamExchange final : public HttpCarrier<runtime::StreamCarrier> {
 public:
  StreamExchange(std::shared_ptr<Connection> connection, const runtime::StreamedMethod& method,
                 Terms terms)
      : HttpCarrier(std::move(connection), method.method(), std::move(terms)),
        call_(method.NewCall(arena(), *this)) {}

  void Begin() override { call_->Begin(); }

  void BodyRead(absl::StatusOr<std::string> body) override {
    if (absl::IsCancelled(body.status())) return call_->Arrived(false);
    const absl::Status read = body.ok() ? TakeEnvelope(*body) : body.status();
    if (!read.ok()) FailRead(read);
    call_->Arrived(true);
  }

  void StartWrite(const Message& message) override {
    std::string bytes;
    unwritable_ = Append(message, terms().encoding, &bytes);
    if (!unwritable_.ok()) bytes.clear();
    const bool compress = terms().takes_gzip && bytes.size() >= kGzipBytesMin;
    if (compress) bytes = Gzip(bytes);
    PutHead();
    outgoing_.body = MakeEnvelope(compress ? kCompressed : 0, bytes);
    call_->Writing(outgoing_.body.size());
    connection().Send(*this, /*last=*/false);
  }
  void Finish(const absl::Status& status) override {
    const absl::Status told = unwritable_.ok() ? Told(status) : unwritable_;
    PutHead();
    outgoing_.body = EndOfStream(told);
    connection().Send(*this, /*last=*/true);
  }

  void Cancel() override {
    HttpCarrier::Cancel();
    call_->Cancelled();
  }
  bool EndsLate() const override { return false; }
  Outgoing EndFor(const absl::Status& why) const override { return {Head(), EndOfStream(why)}; }
  Outgoing TakeOutgoing() override { return std::move(outgoing_); }
  void Written(bool ok) override { call_->Written(ok && unwritable_.ok()); }

 private:
  absl::Status TakeEnvelope(absl::string_view body) {
    KITH_ASSIGN_OR_RETURN(const Envelope envelope, OpenEnvelope(body));
    if (envelope.is_compressed && !terms().is_compressed) {
      return runtime::ViolationError("", "the message is compressed, and no header says how");
    }
    TakeBody(std::string(envelope.message), envelope.is_compressed);
    return absl::OkStatus();
  }

  void PutHead() {
    if (!std::exchange(begun_, true)) outgoing_.head = absl::StrCat(Head(), metadata());
  }
  std::string Head() const {
    return absl::StrCat(
        "HTTP/1.1 200 OK\r\ncontent-type: application/connect+", NameOf(terms().encoding), "\r\n",
        terms().takes_gzip ? "connect-content-encoding: gzip\r\n" : "", terms().headers);
  }
  static std::string EndOfStream(const absl::Status& status) {
    return MakeEnvelope(kEndOfStream, EndOfStreamJson(runtime::WireStatus(status, "")));
  }

  runtime::StreamedCall* const call_;
  bool begun_ = false;  // the headers are made
  absl::Status unwritable_;
  Outgoing outgoing_;
};

// What pages of a capability answer.
class PageExchange final : public Exchange {
 public:
  PageExchange(std::shared_ptr<Connection> connection, runtime::WebPages& pages,
               runtime::WebRequest request)
      : connection_(std::move(connection)), pages_(pages), request_(std::move(request)) {}

  void Begin() override {
    if (!HasBody()) return Take();
    connection_->ReadBody(*this, pages_.body_bytes_max());
  }
  bool HasArrived() const override { return !HasBody() || connection_->BodyIsThere(); }
  void BodyRead(absl::StatusOr<std::string> body) override {
    if (!body.ok()) return End(EndFor(ForPages(body.status())));
    request_.body = *std::move(body);
    Take();
  }
  void Cancel() override {}  // what was begun is carried to its end
  bool EndsLate() const override { return true; }
  Outgoing EndFor(const absl::Status& why) const override {
    return MakeErrorAnswer(runtime::WireStatus(why, ""), "");
  }
  Outgoing TakeOutgoing() override { return std::move(answer_); }
  void Written(bool) override {}
  absl::Duration deadline() const override { return absl::InfiniteDuration(); }

 private:
  bool HasBody() const { return request_.method == "POST"; }
  // To a browser the limit of a body is no limit of calls, which would be tried again later.
  absl::Status ForPages(const absl::Status& why) const {
    if (!IsError(why, type::v1::ERROR_LIMIT_REACHED)) return why;
    return ContentTooLarge(pages_.body_bytes_max());
  }
  void Take() {
    const bool runs = connection_->pools().folds.TryRun([this] {
      pages_.Take(std::move(request_), [this](runtime::WebAnswer answer) {
        End(MakeAnswer(answer.status, answer.content_type, std::move(answer.body), answer.headers));
      });
    });
    if (!runs) End(EndFor(runtime::QueueFull("folds")));
  }
  // The last thing that is done: the exchange may be gone then.
  void End(Outgoing answer) {
    answer_ = std::move(answer);
    connection_->Send(*this, /*last=*/true);
  }

  const std::shared_ptr<Connection> connection_;
  runtime::WebPages& pages_;
  runtime::WebRequest request_;
  Outgoing answer_;
};

}  // namespace

absl::string_view HeaderOf(const Request& request, absl::string_view name) {
  const auto found = request.get().find(boost::string_view(name.data(), name.size()));
  if (found == request.get().end()) return {};
  return {found->value().data(), found->value().size()};
}

Outgoing MakeAnswer(int status, absl::string_view content_type, std::string body,
                    absl::string_view headers) {
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  Outgoing out;
  out.head = absl::StrCat("HTTP/1.1 ", status, " ", absl::string_view(reason.data(), reason.size()),
                          "\r\ncontent-type: ", content_type, "\r\ncontent-length: ", body.size(),
                          "\r\n", headers);
  out.body = std::move(body);
  return out;
}

Outgoing MakeErrorAnswer(const google::rpc::Status& error, absl::string_view headers) {
  return MakeAnswer(HttpStatusOf(error), "application/json", ErrorJson(error), headers);
}

std::unique_ptr<Exchange> NewPageExchange(std::shared_ptr<Connection> connection,
                                          runtime::WebPages& pages, runtime::WebRequest request) {
  return std::make_unique<PageExchange>(std::move(connection), pages, std::move(request));
}

std::unique_ptr<Exchange> NewUnaryExchange(std::shared_ptr<Connection> connection,
                                           const runtime::UnaryMethod& method, Terms terms) {
  return std::make_unique<UnaryExchange>(std::move(connection), method, std::move(terms));
}

std::unique_ptr<Exchange> NewStreamExchange(std::shared_ptr<Connection> connection,
                                            const runtime::StreamedMethod& method, Terms terms) {
  return std::make_unique<StreamExchange>(std::move(connection), method, std::move(terms));
}

}  // namespace kith::edge
