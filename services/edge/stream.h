// Stream: the bytes of one connection, with TLS or without; for Boost's readers and writers.
//
// TLS is OpenSSL's own, over the socket that is waited for: Boost's would keep buffers of 34 KB for
// each connection, and idle ones keep none here. Owned by its connection, and for its thread.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "boost/asio/compose.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/post.hpp"

namespace kith::edge {

class Stream {
 public:
  using executor_type = boost::asio::ip::tcp::socket::executor_type;
  using error_code = boost::system::error_code;

  // Takes the descriptor. `tls` is null where there is none.
  Stream(boost::asio::io_context& io, int descriptor, bool is_ipv6, std::shared_ptr<SSL_CTX> tls);
  ~Stream();
  executor_type get_executor() { return socket_.get_executor(); }

  // Before anything is read or written, where it is needed; with the first bytes of the client.
  bool needs_handshake() const { return tls_ != nullptr && ssl_ == nullptr; }
  template <class Done>  // void(error_code)
  void Handshake(Done done) {
    if (!BeginHandshake())
      return boost::asio::post(socket_.get_executor(),
                               [done]() mutable { done(boost::asio::error::no_memory); });
    Run([this](size_t*) { return Shake(); },
        [done](const error_code& error, size_t) mutable { done(error); });
  }
  // After it: the names that the client's certificate is for, as a carrier has them.
  std::vector<std::string> CertifiedNames() const;
  // Connection::peer_address; empty where nobody is there any more.
  std::string PeerAddress() const;
  // After a handshake that failed: the client speaks HTTP without TLS, and is answered so.
  bool SpeaksPlainly();

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (ssl_ == nullptr) {
      return socket_.async_read_some(buffers, std::forward<Handler>(handler));
    }
    boost::asio::mutable_buffer first;
    for (auto each = boost::asio::buffer_sequence_begin(buffers);
         each != boost::asio::buffer_sequence_end(buffers) && first.size() == 0; ++each) {
      first = *each;
    }
    Run([this, first](size_t* bytes) { return Read(first, bytes); },
        std::forward<Handler>(handler));
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (ssl_ == nullptr) {
      return socket_.async_write_some(buffers, std::forward<Handler>(handler));
    }
    Run(
        [this, buffers](size_t* bytes) {
          // A head and its body go as one record.
          char gathered[kRecordBytes];
          const size_t size = boost::asio::buffer_copy(boost::asio::buffer(gathered), buffers);
          return Write(gathered, size, bytes);
        },
        std::forward<Handler>(handler));
  }
  // What comes next without TLS, to be thrown away: after EndSending.
  template <class Buffers, class Handler>
  void ReadRaw(const Buffers& buffers, Handler&& handler) {
    socket_.async_read_some(buffers, std::forward<Handler>(handler));
  }

  // Waits until something comes, or the client goes away. What HasMore says has come already.
  template <class Handler>
  void AwaitReadable(Handler&& handler) {
    socket_.async_wait(boost::asio::socket_base::wait_read, std::forward<Handler>(handler));
  }
  bool HasMore() const;
  // Whether something that nobody has read has come to the socket.
  bool HasCome() const;
  enum class Next { kNothing, kSome, kEnd };
  // What comes next, as far as that is here; nothing is taken.
  Next Peek();

  void Cancel();
  // Nothing more is sent; the client is told so.
  void EndSending();
  void Close();

 private:
  // How an attempt ended.
  enum class Attempt { kDone, kWantsRead, kWantsWrite, kEnd, kFailed };
  static constexpr size_t kRecordBytes = 16'384;  // as much as TLS has in one

  // Makes attempts until one ends, waiting for the socket in between. Never calls the handler
  // within the call that began it.
  template <class Try>
  struct Operation {
    Stream& stream;
    Try attempt;
    bool begun = false;

    template <class Self>
    void operator()(Self& self, error_code error = {}) {
      namespace asio = boost::asio;
      if (error) return self.complete(error, 0);
      if (!std::exchange(begun, true)) {
        return asio::post(stream.get_executor(), std::move(self));
      }
      if (!stream.socket_.is_open()) return self.complete(asio::error::operation_aborted, 0);
      size_t bytes = 0;
      switch (attempt(&bytes)) {
        case Attempt::kDone:
          return self.complete({}, bytes);
        case Attempt::kWantsRead:
          return stream.socket_.async_wait(asio::socket_base::wait_read, std::move(self));
        case Attempt::kWantsWrite:
          return stream.socket_.async_wait(asio::socket_base::wait_write, std::move(self));
        case Attempt::kEnd:
          return self.complete(asio::error::eof, 0);
        case Attempt::kFailed:
          return self.complete(asio::error::connection_reset, 0);
      }
    }
  };
  template <class Try, class Handler>
  void Run(Try attempt, Handler&& handler) {
    boost::asio::async_compose<Handler, void(error_code, size_t)>(
        Operation<Try>{*this, std::move(attempt)}, handler, socket_);
  }

  bool BeginHandshake();
  Attempt Shake();
  Attempt Read(boost::asio::mutable_buffer buffer, size_t* bytes);
  Attempt Write(const char* from, size_t size, size_t* bytes);
  Attempt AttemptOf(int result);
  void SayGoodbye();

  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<SSL_CTX> tls_;  // until the handshake begins
  SSL* ssl_ = nullptr;
  bool is_open_ = false;     // the handshake is done, and the end was not said
  bool is_writing_ = false;  // a record is half on its way
  bool is_plain_http_ = false;
};

}  // namespace kith::edge
