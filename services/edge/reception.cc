#include "services/edge/reception.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "boost/beast/http/verb.hpp"
#include "eventstore/base/error.h"
#include "eventstore/base/log.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "kith/edge/v1/edge_errors.pb.h"
#include "services/edge/connect_error.h"
#include "services/edge/connection.h"
#include "services/edge/document.h"
#include "services/edge/query.h"
#include "services/edge/raw_body.h"
#include "services/runtime/requests/grpc_status.h"

namespace kith::edge {

using boost::beast::http::verb;

namespace {

// Who asks often is told what was so a moment ago.
constexpr absl::Duration kHealthTime = absl::Milliseconds(500);
constexpr size_t kTimeoutDigitsMax = 10;  // as the Connect protocol has it

constexpr absl::string_view kPreflightHeaders =
    "access-control-allow-methods: GET, POST\r\n"
    "access-control-allow-headers: authorization, connect-accept-encoding, "
    "connect-content-encoding, connect-protocol-version, connect-timeout-ms, content-encoding, "
    "content-type, kith-cause, kith-on-behalf-of, traceparent, x-user-agent\r\n"
    "access-control-max-age: 7200\r\n";

// The caller's bytes as an error may tell them.
std::string Shown(absl::string_view text) {
  constexpr size_t kShownMax = 256;
  return absl::CHexEscape(text.substr(0, kShownMax));
}

absl::Status BadHeader(absl::string_view name, absl::string_view what) {
  return Error(v1::EDGE_ERROR_BAD_REQUEST, absl::StrCat("The header ", name, " ", what, "."),
               {{"header", std::string(name)}});
}

absl::Status NoSuchPath(absl::string_view path) {
  return Error(v1::EDGE_ERROR_NOT_FOUND,
               "There is no such method. Paths are /package.Service/Method, as in the protos.",
               {{"path", Shown(path)}});
}

// `allowed` as the header Allow has it.
absl::Status NotAllowed(absl::string_view why, absl::string_view allowed) {
  return Error(v1::EDGE_ERROR_METHOD_NOT_ALLOWED, why, {{"allow", std::string(allowed)}});
}

absl::Status UnknownCompression(absl::string_view name) {
  return Error(v1::EDGE_ERROR_UNKNOWN_COMPRESSION,
               "Bodies are taken as they are (identity) or compressed with gzip.",
               {{"compression", Shown(name)}});
}

absl::Status OriginNotAllowed(absl::string_view origin) {
  return Error(v1::EDGE_ERROR_ORIGIN_NOT_ALLOWED,
               "Pages of this origin may not call. The operator names those that may with "
               "--http_origins.",
               {{"origin", Shown(origin)}});
}

// Whether the page comes from where it calls: "https://crm.example" calls "crm.example".
bool IsOwnOrigin(absl::string_view origin, absl::string_view host) {
  const size_t scheme = origin.find("://");
  return scheme != absl::string_view::npos && origin.substr(scheme + 3) == host;
}

// What a request is sent to.
struct Target {
  absl::string_view host;
  absl::string_view path;  // with the query
};

// "/path", or as to a proxy "http://host/path", whose host counts then (RFC 9112, 3.2.2).
Target TargetOf(const Request& request) {
  const auto raw = request.get().target();
  const absl::string_view target(raw.data(), raw.size());
  for (const absl::string_view scheme : {"http://", "https://"}) {
    if (!absl::StartsWithIgnoreCase(target, scheme)) continue;
    const absl::string_view rest = target.substr(scheme.size());
    const size_t path = std::min(rest.find('/'), rest.size());
    return {rest.substr(0, path), rest.substr(path)};
  }
  return {HeaderOf(request, "host"), target};
}

absl::StatusOr<bool> IsGzip(absl::string_view compression) {
  if (compression.empty() || absl::EqualsIgnoreCase(compression, "identity")) return false;
  if (absl::EqualsIgnoreCase(compression, "gzip")) return true;
  return UnknownCompression(compression);
}

// Whether "gzip" stands in a list such as "br, gzip;q=0.8".
bool TakesGzip(absl::string_view accepted) {
  for (const absl::string_view item : absl::StrSplit(accepted, ',')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(item, ';');
    if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(parts[0]), "gzip")) continue;
    const absl::string_view weight = parts.size() > 1 ? absl::StripAsciiWhitespace(parts[1]) : "";
    return weight != "q=0" && weight != "q=0.0";
  }
  return false;
}

// "application/json", of "Application/JSON; charset=utf-8".
std::string MediaType(absl::string_view content_type) {
  const absl::string_view type = content_type.substr(0, content_type.find(';'));
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(type));
}

google::rpc::ErrorInfo InfoIn(const google::rpc::Status& error) {
  google::rpc::ErrorInfo info;
  for (const auto& detail : error.details()) {
    if (detail.UnpackTo(&info)) break;
  }
  return info;
}

}  // namespace

Reception::Reception(const runtime::Runtime& runtime, const runtime::MethodTable& methods,
                     const std::vector<std::unique_ptr<runtime::WebPages>>& pages,
                     const std::vector<std::string>& origins)
    : runtime_(runtime),
      pages_(pages),
      views_(runtime::ViewsRead(methods)),
      origins_(origins.begin(), origins.end()) {
  for (const auto& [name, bound] : methods.methods()) {
    Route& route = routes_[absl::StrCat("/", bound->method().name)];
    route.unary = dynamic_cast<const runtime::UnaryMethod*>(bound.get());
    route.streamed = dynamic_cast<const runtime::StreamedMethod*>(bound.get());
  }
}

void Reception::Take(Connection& connection) const {
  const Request& request = *connection.request();
  const auto [host, target] = TargetOf(request);
  const absl::string_view origin = HeaderOf(request, "origin");
  if (TakePage(connection, target)) return;
  if (request.get().method() == verb::options) {
    return connection.Answer(Preflight(request, origin));
  }
  const std::string headers = HeadersFor(origin);
  if (target == "/healthz" || target == "/readyz") {
    const bool asks = request.get().method() == verb::get || request.get().method() == verb::head;
    return connection.Answer(
        asks ? Health(/*ready=*/target == "/readyz")
             : Refusal(NotAllowed("The health is asked for with GET.", "GET, HEAD"), headers));
  }
  if (!origin.empty() && headers.empty() && !IsOwnOrigin(origin, host)) {
    return connection.Answer(Refusal(OriginNotAllowed(origin), "vary: origin\r\n"));
  }
  auto exchange = Call(connection, target, headers);
  if (!exchange.ok()) return connection.Answer(Refusal(exchange.status(), headers));
  connection.Begin(*std::move(exchange));
}

bool Reception::TakePage(Connection& connection, absl::string_view target) const {
  const auto pages = std::find_if(pages_.begin(), pages_.end(), [&](const auto& one) {
    return absl::StartsWith(target, one->prefix());
  });
  if (pages == pages_.end()) return false;
  const Request& request = *connection.request();
  const auto method = request.get().method_string();
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(target, absl::MaxSplits('?', 1));
  const auto header = [&](absl::string_view name) { return std::string(HeaderOf(request, name)); };
  connection.Begin(
      NewPageExchange(connection.shared_from_this(), **pages,
                      {.method = std::string(method.data(), method.size()),
                       .path = std::string(parts.first),
                       .query = std::string(parts.second),
                       .content_type = header("content-type"),
                       .accept = header("accept"),
                       .origin = header("origin"),
                       .referrer = header("referer"),
                       .user_agent = header("user-agent"),
                       .asks_not_to_be_followed = header("dnt") == "1" || header("sec-gpc") == "1",
                       .body = "",
                       .address = connection.peer_address()}));
  return true;
}

absl::StatusOr<std::unique_ptr<Exchange>> Reception::Call(Connection& connection,
                                                          absl::string_view target,
                                                          std::string headers) const {
  const Request& request = *connection.request();
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(target, absl::MaxSplits('?', 1));
  if (FindDocument(parts.first) != nullptr) {
    return Document(connection, parts.first, std::move(headers));
  }
  const auto found = routes_.find(parts.first);
  if (found == routes_.end()) return NoSuchPath(parts.first);
  const Route& route = found->second;
  const bool is_stream = route.streamed != nullptr;
  if (is_stream && route.streamed->method().descriptor->client_streaming()) {
    return Error(v1::EDGE_ERROR_BOTH_WAYS,
                 "The method is a stream both ways, which HTTP/1.1 does not carry. Use gRPC.");
  }
  const bool is_get = request.get().method() == verb::get;
  KITH_ASSIGN_OR_RETURN(Terms terms,
                        is_get ? TermsOfGet(route, parts.second) : TermsOfPost(route, request));
  KITH_RETURN_IF_ERROR(ReadCommonTerms(request, is_stream, &terms));
  terms.headers = std::move(headers);
  auto self = connection.shared_from_this();
  return is_stream ? NewStreamExchange(std::move(self), *route.streamed, std::move(terms))
                   : NewUnaryExchange(std::move(self), *route.unary, std::move(terms));
}

absl::StatusOr<std::unique_ptr<Exchange>> Reception::Document(Connection& connection,
                                                              absl::string_view path,
                                                              std::string headers) const {
  const Request& request = *connection.request();
  const DocumentPath& document = *FindDocument(path);
  const auto found = routes_.find(document.method);
  if (found == routes_.end()) return NoSuchDocument();
  if (request.get().method() != verb::get) {
    return NotAllowed("The document is asked for with GET.", "GET");
  }
  const absl::string_view credentials = document.CredentialsIn(path);
  if (!IsGrantedFor(found->second.unary->method(), credentials)) return NoSuchDocument();
  Terms terms;
  KITH_RETURN_IF_ERROR(ReadCommonTerms(request, /*is_stream=*/false, &terms));
  terms.encoding = Encoding::kProto;  // of the request, which says nothing
  terms.is_get = true;
  terms.is_document = true;
  terms.credentials = absl::StrCat("Bearer ", credentials);
  terms.headers = std::move(headers);
  return NewUnaryExchange(connection.shared_from_this(), *found->second.unary, std::move(terms));
}

bool Reception::IsGrantedFor(const runtime::Method& method, absl::string_view credentials) const {
  const auto caller = runtime_.authorizer->Authenticate(credentials);
  if (caller == nullptr) return false;
  const std::vector<std::string>& patterns = caller->grants.patterns();
  return patterns.size() == 1 && patterns.front() == method.permission;
}

absl::StatusOr<Terms> Reception::TermsOfGet(const Route& route, absl::string_view query) const {
  if (!route.takes_get()) return NotAllowed("The method is called with POST.", "POST");
  KITH_ASSIGN_OR_RETURN(Query read, ParseQuery(query));
  Terms terms;
  terms.is_get = true;
  terms.encoding = read.encoding;
  terms.message = std::move(read.message);
  KITH_ASSIGN_OR_RETURN(terms.is_compressed, IsGzip(read.compression));
  return terms;
}

absl::StatusOr<Terms> Reception::TermsOfPost(const Route& route, const Request& request) const {
  if (request.get().method() != verb::post) {
    return route.takes_get() ? NotAllowed("The method is called with GET or POST.", "GET, POST")
                             : NotAllowed("The method is called with POST.", "POST");
  }
  const bool is_stream = route.streamed != nullptr;
  const absl::string_view prefix = is_stream ? "application/connect+" : "application/";
  const std::string type = MediaType(HeaderOf(request, "content-type"));
  Terms terms;
  if (!is_stream) terms.raw_field = FindRawField(*route.unary->method().descriptor, type);
  if (terms.raw_field != nullptr || type == absl::StrCat(prefix, "json")) {
    terms.encoding = Encoding::kJson;
  } else if (type == absl::StrCat(prefix, "proto")) {
    terms.encoding = Encoding::kProto;
  } else {
    return Error(
        v1::EDGE_ERROR_UNSUPPORTED_MEDIA_TYPE,
        absl::StrCat("The method takes the content types ", prefix, "json and ", prefix, "proto."),
        {{"content_type", Shown(type)}});
  }
  KITH_ASSIGN_OR_RETURN(
      terms.is_compressed,
      IsGzip(HeaderOf(request, is_stream ? "connect-content-encoding" : "content-encoding")));
  return terms;
}

absl::Status Reception::ReadCommonTerms(const Request& request, bool is_stream,
                                        Terms* terms) const {
  const absl::string_view version = HeaderOf(request, "connect-protocol-version");
  if (!version.empty() && version != "1") return BadHeader("connect-protocol-version", "is 1");
  const absl::string_view timeout = HeaderOf(request, "connect-timeout-ms");
  if (!timeout.empty()) {
    int64_t ms = 0;
    if (timeout.size() > kTimeoutDigitsMax || !absl::SimpleAtoi(timeout, &ms) || ms < 0) {
      return BadHeader("connect-timeout-ms", "is a number of milliseconds of up to ten digits");
    }
    terms->deadline = runtime_.clock.Elapsed() + absl::Milliseconds(ms);
  }
  terms->takes_gzip =
      TakesGzip(HeaderOf(request, is_stream ? "connect-accept-encoding" : "accept-encoding"));
  return absl::OkStatus();
}

std::string Reception::HeadersFor(absl::string_view origin) const {
  if (origin.empty() || !origins_.contains(origin)) return "";
  return absl::StrCat("access-control-allow-origin: ", origin,
                      "\r\naccess-control-expose-headers: connect-content-encoding, "
                      "content-encoding, kith-repeated, kith-token\r\nvary: origin\r\n");
}

Outgoing Reception::Preflight(const Request& request, absl::string_view origin) const {
  const std::string headers = HeadersFor(origin);
  if (headers.empty() || HeaderOf(request, "access-control-request-method").empty()) {
    return Refusal(OriginNotAllowed(origin), "vary: origin\r\n");
  }
  return MakeAnswer(200, "text/plain", "", absl::StrCat(headers, kPreflightHeaders));
}

Outgoing Reception::Health(bool ready) const {
  const bool serves = Serves(ready);
  return MakeAnswer(serves ? 200 : 503, "application/json",
                    serves ? "{\"status\":\"SERVING\"}\n" : "{\"status\":\"NOT_SERVING\"}\n",
                    "cache-control: no-store\r\n");
}

bool Reception::Serves(bool ready) const {
  const absl::Duration now = runtime_.clock.Elapsed();
  MutexLock lock(mutex_);
  if (now - looked_ >= kHealthTime) {
    looked_ = now;
    const auto serving =
        runtime::ServingNow(views_, runtime_.views.Health(), runtime_.log.takes_writes());
    is_serving_ = serving.at("");
    is_ready_ = serving.at(runtime::kReadyService);
  }
  return ready ? is_ready_ : is_serving_;
}

Outgoing Reception::Refusal(const absl::Status& why, absl::string_view headers) const {
  refused_.fetch_add(1, std::memory_order_relaxed);
  const google::rpc::Status error = runtime::WireStatus(why, "");
  const int http_status = HttpStatusOf(error);
  const google::rpc::ErrorInfo info = InfoIn(error);
  Log(LogLevel::kInfo, "request refused", {{"reason", info.reason()}},
      {{"http_status", http_status}});
  const auto allow = info.metadata().find("allow");
  return MakeErrorAnswer(error, allow == info.metadata().end()
                                    ? headers
                                    : absl::StrCat(headers, "allow: ", allow->second, "\r\n"));
}

}  // namespace kith::edge
