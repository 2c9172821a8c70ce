// Connection: one client's connection over HTTP/1.1. It reads requests one after the other, has
// them taken by Reception, and writes what answers them. However slow its client is, it holds
// memory and a descriptor, and no thread.
//
// Kept by its HttpThread until it is closed, and by its exchanges. Everything is called by that
// thread, unless it says otherwise.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "boost/beast/core/flat_buffer.hpp"
#include "eventstore/base/clock.h"
#include "services/edge/exchange.h"
#include "services/edge/http_thread.h"
#include "services/edge/stream.h"

namespace kith::edge {

// How long a client may take, whatever it sends or reads meanwhile.
inline constexpr absl::Duration kBodyTime = absl::Seconds(30);  // for a request's body
inline constexpr absl::Duration kTurnTime = absl::Seconds(20);  // before that, to be read at all
inline constexpr absl::Duration kReplyTime = absl::Minutes(1);  // to take an answer
inline constexpr absl::Duration kFarewell = absl::Seconds(2);   // to see it, where more was sent
inline constexpr size_t kHeaderBytesMax = 16 << 10;
// Of what was read and is not a body's: also what a chunk says beside its bytes, or trailers.
inline constexpr size_t kBufferBytesMax = 64 << 10;
// Of a body that nobody reads: with more to come the connection is closed.
inline constexpr size_t kUnreadBytesMax = 64 << 10;

// ERROR_LIMIT_REACHED: a request's body is longer than any that could be valid.
absl::Status BodyTooLong(size_t bytes_max);

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  // Takes the descriptor; `tls` is null where the port has none.
  Connection(HttpThread& thread, int descriptor, bool is_ipv6, std::shared_ptr<SSL_CTX> tls);
  ~Connection();

  // Waits for the first request, or for what agrees on TLS before it.
  void Start();
  // Ends what has taken too long by `now`.
  void EndIfLate(absl::Duration now);
  bool IsLate(absl::Duration now) const;
  void Close();
  // What is not asking or being answered ends now; others after their answer.
  void CloseWhenIdle();

  // For Reception, while it takes a request.
  const std::shared_ptr<const Request> request() const { return request_; }
  void Begin(std::unique_ptr<Exchange> exchange);
  void Answer(Outgoing answer);

  // Carrier::certified_names; the same as long as it lives.
  const std::vector<std::string>& certified_names() const { return certified_names_; }

  // Of the client, or of a proxy before it: "192.0.2.1"; of IPv6 the network, "2001:db8::", as one
  // client has all of its addresses.
  std::string peer_address() const { return stream_.PeerAddress(); }

  // For exchanges. ReadBody and Send from any thread.
  bool BodyIsThere() const;
  // Then BodyRead of the exchange.
  void ReadBody(Exchange& exchange, size_t bytes_max);
  // Takes what the exchange has to send; `last`: and the exchange ends with it.
  void Send(Exchange& exchange, bool last);
  const Clock& clock() const { return thread_.port().clock; }
  runtime::Pools& pools() const { return thread_.port().pools; }

 private:
  enum class State {
    kHandshake,
    kIdle,    // no request has begun
    kHeader,  // of a request is being read
    kTurn,    // the call's request waits until its body may be read
    kBody,    // of it is being read
    kCall,    // is under way, and nothing is read or written
    kWrite,
    kDrain,   // the rest of a body that nobody wanted
    kLinger,  // closed to the client, which may still send
    kClosed,
  };

  void Enter(State state, absl::Duration time);
  // Answers the call so; what it comes to itself is told nobody.
  void EndCall(const absl::Status& why);
  void Handshake();
  void AwaitRequest();
  void ReadHeader();
  void HeaderRead(const boost::system::error_code& error);
  // Whether its headers say where the request ends.
  absl::Status CheckFraming() const;
  void Watch();
  void Readable();
  void StartBody(Exchange* exchange, size_t bytes_max);
  void ContinueBody();
  // What came already is taken into the body; why that cannot be.
  boost::system::error_code FeedBody();
  void EndBody(const boost::system::error_code& error);
  void TellBody(absl::StatusOr<std::string> body);
  void Deliver(Exchange* exchange, bool last);
  void Write(Outgoing out, bool last);
  void WriteDone(const boost::system::error_code& error);
  // Whether a further request can follow the one that is answered.
  bool CanGoOn() const;
  void NextRequest();
  void Drain();
  void Linger();
  void Refuse(const absl::Status& why);
  void Release(Exchange* exchange);

  HttpThread& thread_;
  Stream stream_;
  std::vector<std::string> certified_names_;           // known before the first request
  boost::beast::flat_buffer buffer_{kBufferBytesMax};  // read, and not parsed
  std::shared_ptr<Request> request_;
  State state_ = State::kIdle;
  absl::Duration until_ = absl::InfiniteDuration();  // when the state has lasted too long
  size_t body_bytes_max_ = 0;
  bool watching_ = false;        // the stream is waited for
  bool broken_ = false;          // what follows in the stream is not known to be a request
  bool keep_alive_ = false;      // after the present answer
  bool chunked_ = false;         // the present answer is written in pieces
  Exchange* current_ = nullptr;  // is being answered
  Exchange* writing_ = nullptr;  // whose piece is on its way
  Outgoing outgoing_;
  bool last_ = false;
};

}  // namespace kith::edge
