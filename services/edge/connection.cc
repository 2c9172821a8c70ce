#include "services/edge/connection.h"

#include <array>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "boost/asio/dispatch.hpp"
#include "boost/asio/post.hpp"
#include "boost/asio/write.hpp"
#include "boost/beast/http/error.hpp"
#include "boost/beast/http/read.hpp"
#include "eventstore/base/error.h"
#include "kith/edge/v1/edge_errors.pb.h"
#include "services/edge/connect_error.h"
#include "services/edge/reception.h"
#include "services/runtime/admission/call_limits.h"
#include "services/runtime/requests/grpc_status.h"

namespace kith::edge {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

// What an idle connection keeps of the memory that it read into.
constexpr size_t kIdleBytesMax = 1'024;
constexpr size_t kLingerBytes = 4'096;  // read at a time, and thrown away

bool IsMalformed(const error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_method).category();
}

absl::Status TooSlow() {
  return Error(v1::EDGE_ERROR_TOO_SLOW, "The rest of the request did not come in time.");
}

absl::Status DeadlinePassed() { return absl::DeadlineExceededError("the deadline passed"); }

absl::Status TooMuchBesideTheBody() {
  return Error(v1::EDGE_ERROR_HEADERS_TOO_LONG,
               absl::StrCat("What a chunk says beside its bytes, or the trailers, take more than ",
                            kBufferBytesMax, " bytes."));
}

absl::Status Malformed(const error_code& error) {
  return Error(v1::EDGE_ERROR_MALFORMED,
               absl::StrCat("What came is no HTTP/1.1 request: ", error.message(), "."),
               {{"cause", error.message()}});
}

// Two hosts may be one to a proxy and the other one here, so that no one knows for whom the request
// was meant (RFC 9112, 3.2).
absl::Status CheckHost(const Request& request) {
  const size_t hosts = request.get().count(http::field::host);
  if (hosts == 1 || (hosts == 0 && request.get().version() < 11)) return absl::OkStatus();
  return Error(v1::EDGE_ERROR_BAD_REQUEST,
               "The header host stands in a request of HTTP/1.1, and in any once.",
               {{"header", "host"}});
}

}  // namespace

absl::Status BodyTooLong(size_t bytes_max) {
  return runtime::LimitReached("request_bytes", "request",
                               absl::StrCat("The request's body takes more than ", bytes_max,
                                            " bytes, and no valid one does."),
                               absl::InfiniteDuration());
}

Connection::Connection(HttpThread& thread, int descriptor, bool is_ipv6,
                       std::shared_ptr<SSL_CTX> tls)
    : thread_(thread), stream_(thread.io(), descriptor, is_ipv6, std::move(tls)) {}

Connection::~Connection() = default;

void Connection::Start() {
  Enter(State::kIdle, thread_.port().header_time);
  Watch();
}

void Connection::Enter(State state, absl::Duration time) {
  state_ = state;
  until_ = time == absl::InfiniteDuration() ? time : clock().Elapsed() + time;
}

bool Connection::IsLate(absl::Duration now) const {
  if (now >= until_) return true;
  const bool in_call = state_ == State::kCall || state_ == State::kTurn || state_ == State::kBody;
  return in_call && current_ != nullptr && now >= current_->deadline();
}

void Connection::EndIfLate(absl::Duration now) {
  if (!IsLate(now)) return;  // its turn may have come when another one ended just now
  switch (state_) {
    case State::kHeader:
      // What is being read is given up; who has sent nothing is told nothing.
      stream_.Cancel();
      if (!request_->got_some() && buffer_.size() == 0) return Close();
      return Refuse(TooSlow());
    case State::kBody:
      stream_.Cancel();
      broken_ = true;
      return TellBody(TooSlow());
    case State::kTurn:
      broken_ = true;
      return EndCall(now >= until_ ? runtime::NotRead(kTurnTime) : DeadlinePassed());
    case State::kCall:
      return current_->EndsLate() ? EndCall(DeadlinePassed()) : current_->Cancel();
    case State::kIdle:
      // What has come, and waits for a busy thread, is not late.
      return stream_.HasCome() ? Readable() : Close();
    case State::kHandshake:
    case State::kWrite:
    case State::kDrain:
    case State::kLinger:
      return Close();
    case State::kClosed:
      return;
  }
}

void Connection::EndCall(const absl::Status& why) {
  current_->Cancel();
  Write(std::exchange(current_, nullptr)->EndFor(why), /*last=*/true);
}

void Connection::Close() {
  const State before = std::exchange(state_, State::kClosed);
  if (before == State::kClosed) return;
  until_ = absl::InfiniteDuration();
  stream_.Close();
  if (current_ != nullptr) current_->Cancel();
  thread_.Forget(*this);
  // Who waits for a body must hear that none comes any more.
  if (before == State::kBody) current_->BodyRead(absl::CancelledError("the client is gone"));
}

void Connection::CloseWhenIdle() {
  const bool is_idle = state_ == State::kHandshake || state_ == State::kIdle ||
                       state_ == State::kHeader || state_ == State::kDrain ||
                       state_ == State::kLinger;
  if (is_idle) Close();
}

void Connection::AwaitRequest() {
  if (thread_.port().closing.load()) return Close();
  if (buffer_.size() > 0 || stream_.HasMore()) return ReadHeader();
  buffer_.clear();
  if (buffer_.capacity() > kIdleBytesMax) buffer_.shrink_to_fit();
  Enter(State::kIdle, thread_.port().idle_time);
  Watch();
}

// Waits until there is something to read, which also is how a client goes away.
void Connection::Watch() {
  if (std::exchange(watching_, true)) return;
  stream_.AwaitReadable([self = shared_from_this()](const error_code& error) {
    self->watching_ = false;
    if (!error) self->Readable();
  });
}

void Connection::Readable() {
  if (state_ == State::kIdle) return stream_.needs_handshake() ? Handshake() : ReadHeader();
  if (state_ != State::kCall && state_ != State::kTurn && state_ != State::kWrite) return;
  if (current_ == nullptr) return;
  switch (stream_.Peek()) {
    case Stream::Next::kSome:
      return;  // the next request, for which it waits already
    case Stream::Next::kNothing:
      return Watch();
    case Stream::Next::kEnd:
      return current_->Cancel();
  }
}

void Connection::Handshake() {
  // What is left of the time that it has since it was taken goes on.
  state_ = State::kHandshake;
  stream_.Handshake([self = shared_from_this()](const error_code& error) {
    if (self->state_ != State::kHandshake) return;
    if (!error) {
      self->certified_names_ = self->stream_.CertifiedNames();
      return self->stream_.HasMore() ? self->ReadHeader() : self->Start();
    }
    self->thread_.port().handshakes_failed.fetch_add(1, std::memory_order_relaxed);
    if (!self->stream_.SpeaksPlainly()) return self->Close();
    self->Refuse(Error(v1::EDGE_ERROR_TLS_REQUIRED, "The port speaks HTTPS only."));
  });
}

void Connection::ReadHeader() {
  request_ = std::make_shared<Request>();
  request_->header_limit(kHeaderBytesMax);
  request_->body_limit(std::numeric_limits<uint64_t>::max());  // said when somebody reads it
  broken_ = false;
  Enter(State::kHeader, thread_.port().header_time);
  http::async_read_header(
      stream_, buffer_, *request_,
      [self = shared_from_this(), request = request_](const error_code& error, size_t) {
        if (self->state_ == State::kHeader) self->HeaderRead(error);
      });
}

void Connection::HeaderRead(const error_code& error) {
  if (!error) {
    Enter(State::kCall, absl::InfiniteDuration());
    absl::Status checked = CheckFraming();
    if (checked.ok()) checked = CheckHost(*request_);
    return checked.ok() ? thread_.port().reception.Take(*this) : Refuse(checked);
  }
  if (error == http::error::header_limit) {
    return Refuse(
        Error(v1::EDGE_ERROR_HEADERS_TOO_LONG,
              absl::StrCat("The request's headers take more than ", kHeaderBytesMax, " bytes.")));
  }
  const bool has_ended =
      error == http::error::end_of_stream || error == http::error::partial_message;
  if (IsMalformed(error) && !has_ended) return Refuse(Malformed(error));
  Close();
}

// Of a coding that is not understood nobody knows where the body ends, and what follows it could be
// taken for a request that nobody has sent (RFC 9112, 6.1).
absl::Status Connection::CheckFraming() const {
  const auto& header = request_->get();
  const size_t codings = header.count(http::field::transfer_encoding);
  if (codings == 0) return absl::OkStatus();
  const absl::string_view coding = HeaderOf(*request_, "transfer-encoding");
  if (codings == 1 && header.version() >= 11 && absl::EqualsIgnoreCase(coding, "chunked")) {
    return absl::OkStatus();
  }
  return Error(v1::EDGE_ERROR_BAD_REQUEST,
               "The header transfer-encoding is \"chunked\", of HTTP/1.1, or is not there.",
               {{"header", "transfer-encoding"}});
}

void Connection::Refuse(const absl::Status& why) {
  broken_ = true;
  Answer(thread_.port().reception.Refusal(why, ""));
}

void Connection::Begin(std::unique_ptr<Exchange> exchange) {
  thread_.port().exchanges.Add();
  current_ = exchange.release();
  if (!current_->HasArrived()) Enter(State::kTurn, kTurnTime);
  current_->Begin();
  if (state_ == State::kCall || state_ == State::kTurn) Watch();
}

void Connection::Answer(Outgoing answer) { Write(std::move(answer), /*last=*/true); }

bool Connection::BodyIsThere() const {
  if (request_->is_done()) return true;
  const auto length = request_->content_length_remaining();
  return length.has_value() && *length <= buffer_.size();
}

void Connection::ReadBody(Exchange& exchange, size_t bytes_max) {
  asio::dispatch(thread_.io(), [self = shared_from_this(), exchange = &exchange, bytes_max] {
    self->StartBody(exchange, bytes_max);
  });
}

void Connection::StartBody(Exchange* exchange, size_t bytes_max) {
  // Its end was told, or nobody is there to be told.
  if (current_ != exchange || state_ == State::kClosed) {
    return exchange->BodyRead(absl::CancelledError());
  }
  body_bytes_max_ = bytes_max;
  const auto length = request_->content_length();
  if (length.has_value() && *length > bytes_max) return TellBody(BodyTooLong(bytes_max));
  request_->body_limit(bytes_max);
  request_->eager(true);
  const error_code fed = FeedBody();
  if (fed || request_->is_done()) return EndBody(fed);
  Enter(State::kBody, kBodyTime);
  if (!absl::EqualsIgnoreCase(HeaderOf(*request_, "expect"), "100-continue")) {
    return ContinueBody();
  }
  static constexpr absl::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                    [self = shared_from_this()](const error_code& error, size_t) {
                      if (self->state_ != State::kBody) return;
                      if (error) return self->EndBody(error);
                      self->ContinueBody();
                    });
}

error_code Connection::FeedBody() {
  while (!request_->is_done() && buffer_.size() > 0) {
    error_code error;
    const size_t taken = request_->put(buffer_.data(), error);
    buffer_.consume(taken);
    if (error == http::error::need_more) return {};
    if (error) return error;
  }
  return {};
}

void Connection::ContinueBody() {
  http::async_read(
      stream_, buffer_, *request_,
      [self = shared_from_this(), request = request_](const error_code& error, size_t) {
        if (self->state_ == State::kBody) self->EndBody(error);
      });
}

void Connection::EndBody(const error_code& error) {
  if (!error) return TellBody(std::move(request_->get().body()));
  broken_ = true;
  if (error == http::error::body_limit) return TellBody(BodyTooLong(body_bytes_max_));
  if (error == http::error::buffer_overflow) return TellBody(TooMuchBesideTheBody());
  if (IsMalformed(error) && error != http::error::partial_message) {
    return TellBody(Malformed(error));
  }
  Close();
}

void Connection::TellBody(absl::StatusOr<std::string> body) {
  Enter(State::kCall, absl::InfiniteDuration());
  current_->BodyRead(std::move(body));
  if (state_ == State::kCall) Watch();
}

void Connection::Send(Exchange& exchange, bool last) {
  asio::dispatch(thread_.io(), [self = shared_from_this(), exchange = &exchange, last] {
    self->Deliver(exchange, last);
  });
}

void Connection::Deliver(Exchange* exchange, bool last) {
  if (current_ == exchange && state_ != State::kClosed) {
    writing_ = exchange;
    return Write(exchange->TakeOutgoing(), last);
  }
  // Not at once: it may be the exchange that called.
  asio::post(thread_.io(), [self = shared_from_this(), exchange, last] {
    if (!last) return exchange->Written(false);
    if (self->current_ == exchange) self->current_ = nullptr;
    self->Release(exchange);
  });
}

void Connection::Write(Outgoing out, bool last) {
  outgoing_ = std::move(out);
  last_ = last;
  if (!outgoing_.head.empty()) {
    keep_alive_ = CanGoOn();
    chunked_ = !absl::StrContains(outgoing_.head, "content-length:");
    if (chunked_ && request_->get().version() < 11) {
      chunked_ = false;  // ends where the connection does
      keep_alive_ = false;
    }
    absl::StrAppend(&outgoing_.head, chunked_ ? "transfer-encoding: chunked\r\n" : "",
                    keep_alive_ ? "" : "connection: close\r\n", thread_.date_header(), "\r\n");
    // Who asks for the head alone takes what comes behind it for the next answer.
    const bool is_head = request_ != nullptr && request_->is_header_done() &&
                         request_->get().method() == http::verb::head;
    if (is_head) outgoing_.body.clear();
  }
  if (chunked_) {
    outgoing_.body = absl::StrCat(absl::Hex(outgoing_.body.size()), "\r\n", outgoing_.body, "\r\n",
                                  last ? "0\r\n\r\n" : "");
  }
  // A stream's client may be busy with what it has; an answer's has asked for it.
  Enter(State::kWrite, chunked_ ? thread_.port().idle_time : kReplyTime);
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(outgoing_.head),
                                                     asio::buffer(outgoing_.body)};
  asio::async_write(stream_, buffers, [self = shared_from_this()](const error_code& error, size_t) {
    self->WriteDone(error);
  });
}

void Connection::WriteDone(const error_code& error) {
  outgoing_ = {};
  Exchange* const exchange = std::exchange(writing_, nullptr);
  const bool is_open = state_ != State::kClosed;
  if (last_) {
    current_ = nullptr;
  } else if (is_open) {
    Enter(State::kCall, absl::InfiniteDuration());
  }
  if (is_open && error) Close();
  if (exchange != nullptr && last_) Release(exchange);
  if (exchange != nullptr && !last_) exchange->Written(!error);
  if (state_ == State::kClosed) return;
  if (last_) return NextRequest();
  if (state_ == State::kCall) Watch();
}

bool Connection::CanGoOn() const {
  if (broken_ || request_ == nullptr || !request_->is_header_done()) return false;
  if (!request_->keep_alive() || thread_.port().stopping.load()) return false;
  if (request_->is_done()) return true;
  // A body that nobody has read: a small one is read past, unless the client waits to be told to
  // send it.
  const auto left = request_->content_length_remaining();
  return left.has_value() && *left <= kUnreadBytesMax && HeaderOf(*request_, "expect").empty();
}

void Connection::NextRequest() {
  if (!keep_alive_) return request_ != nullptr && request_->is_done() ? Close() : Linger();
  if (request_->is_done()) return AwaitRequest();
  Drain();
}

void Connection::Drain() {
  request_->body_limit(kUnreadBytesMax);
  request_->eager(true);
  if (FeedBody()) return Close();
  if (request_->is_done()) return AwaitRequest();
  Enter(State::kDrain, thread_.port().header_time);
  http::async_read(
      stream_, buffer_, *request_,
      [self = shared_from_this(), request = request_](const error_code& error, size_t) {
        if (self->state_ != State::kDrain) return;
        if (error) return self->Close();
        self->AwaitRequest();
      });
}

// To close a socket that something unread has come for takes the answer from the client.
void Connection::Linger() {
  if (state_ != State::kLinger) {
    stream_.EndSending();
    Enter(State::kLinger, kFarewell);
  }
  auto thrown_away = std::make_shared<std::array<char, kLingerBytes>>();
  stream_.ReadRaw(asio::buffer(*thrown_away),
                  [self = shared_from_this(), thrown_away](const error_code& error, size_t) {
                    if (self->state_ != State::kLinger) return;
                    if (error) return self->Close();
                    self->Linger();
                  });
}

void Connection::Release(Exchange* exchange) {
  delete exchange;
  thread_.port().exchanges.Remove();
}

}  // namespace kith::edge
