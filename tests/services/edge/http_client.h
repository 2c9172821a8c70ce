// HttpClient: one connection to a server's HTTP port, which says exactly what a test has it say.
// One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kith::edge {

struct HttpReply {
  int status = 0;  // 0: the connection ended before there was one
  std::map<std::string, std::string> headers;
  std::string body;  // as it came, but for the framing of chunks

  std::string header(const std::string& name) const;
  // What stands in the body under the name, as JSON says it: "not_found", of {"code":"not_found"}.
  std::string field(const std::string& name) const;
  // The reason of an error of a unary call: "CONTACT_NOT_FOUND"; empty where there is none.
  std::string reason() const;
};

class HttpClient {
 public:
  explicit HttpClient(int port);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Sends the text; false when the server is gone.
  bool Send(absl::string_view text);
  // The next reply.
  HttpReply Read();
  // What comes next of a stream in chunks; empty at its end.
  HttpReply ReadHead();
  std::string ReadChunk();
  // Nothing comes any more: the server has closed the connection.
  bool IsClosed();
  // Says that it will send nothing any more.
  void EndSending();

  // A POST of JSON, with the headers of such a call and these, each "name: value".
  HttpReply Post(const std::string& path, absl::string_view body,
                 const std::vector<std::string>& headers = {});
  void SendPost(const std::string& path, absl::string_view body,
                const std::vector<std::string>& headers = {});

 private:
  bool Fill();
  std::string ReadLine();
  std::string ReadBytes(size_t bytes);

  int socket_;
  std::string came_;
  bool ended_ = false;
};

}  // namespace kith::edge
