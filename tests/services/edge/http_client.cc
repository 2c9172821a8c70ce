#include "tests/services/edge/http_client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace kith::edge {

using Json = nlohmann::json;

// What a server that works never needs: a test of one that does not fails, and hangs no more.
constexpr timeval kSilenceMax = {.tv_sec = 60, .tv_usec = 0};

std::string HttpReply::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string HttpReply::field(const std::string& name) const {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains(name)) return "";
  return json[name].is_string() ? json[name].get<std::string>() : json[name].dump();
}

std::string HttpReply::reason() const {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("details")) return "";
  for (const Json& detail : json["details"]) {
    if (detail["type"] == "google.rpc.ErrorInfo") return detail["debug"]["reason"];
  }
  return "";
}

HttpClient::HttpClient(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kSilenceMax, sizeof(kSilenceMax));
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kSilenceMax, sizeof(kSilenceMax));
  EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
}

HttpClient::~HttpClient() { close(socket_); }

bool HttpClient::Send(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool HttpClient::Fill() {
  char bytes[16'384];
  const ssize_t read = recv(socket_, bytes, sizeof(bytes), 0);
  if (read <= 0) {
    ended_ = read == 0 || errno != EAGAIN;
    if (!ended_) ADD_FAILURE() << "The server neither told anything nor closed the connection.";
    return false;
  }
  came_.append(bytes, static_cast<size_t>(read));
  return true;
}

std::string HttpClient::ReadLine() {
  size_t end = 0;
  while ((end = came_.find("\r\n")) == std::string::npos) {
    if (!Fill()) return "";
  }
  std::string line = came_.substr(0, end);
  came_.erase(0, end + 2);
  return line;
}

std::string HttpClient::ReadBytes(size_t bytes) {
  while (came_.size() < bytes && Fill()) {
  }
  std::string read = came_.substr(0, bytes);
  came_.erase(0, bytes);
  return read;
}

HttpReply HttpClient::ReadHead() {
  HttpReply reply;
  const std::string first = ReadLine();
  if (!absl::StartsWith(first, "HTTP/1.1 ")) return reply;
  reply.status = std::atoi(first.c_str() + 9);
  for (std::string line = ReadLine(); !line.empty(); line = ReadLine()) {
    const size_t colon = line.find(':');
    reply.headers[absl::AsciiStrToLower(line.substr(0, colon))] =
        std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return reply;
}

std::string HttpClient::ReadChunk() {
  const size_t bytes = std::strtoul(ReadLine().c_str(), nullptr, 16);
  std::string chunk = ReadBytes(bytes);
  ReadLine();
  return chunk;
}

HttpReply HttpClient::Read() {
  HttpReply reply = ReadHead();
  if (reply.status == 100) return reply;
  if (reply.header("transfer-encoding") == "chunked") {
    for (std::string chunk = ReadChunk(); !chunk.empty(); chunk = ReadChunk()) reply.body += chunk;
  } else {
    size_t bytes = 0;
    if (absl::SimpleAtoi(reply.header("content-length"), &bytes)) reply.body = ReadBytes(bytes);
  }
  return reply;
}

bool HttpClient::IsClosed() {
  while (Fill()) {
  }
  return ended_;
}

void HttpClient::EndSending() { shutdown(socket_, SHUT_WR); }

void HttpClient::SendPost(const std::string& path, absl::string_view body,
                          const std::vector<std::string>& headers) {
  std::string request = absl::StrCat("POST ", path, " HTTP/1.1\r\nhost: kith\r\n");
  bool has_type = false;
  for (const std::string& header : headers) {
    has_type |= absl::StartsWith(header, "content-type");
    absl::StrAppend(&request, header, "\r\n");
  }
  if (!has_type) absl::StrAppend(&request, "content-type: application/json\r\n");
  absl::StrAppend(&request, "content-length: ", body.size(), "\r\n\r\n", body);
  Send(request);
}

HttpReply HttpClient::Post(const std::string& path, absl::string_view body,
                           const std::vector<std::string>& headers) {
  SendPost(path, body, headers);
  return Read();
}

}  // namespace kith::edge
