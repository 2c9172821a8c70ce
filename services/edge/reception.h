// Reception: looks at what a request's headers ask for, and begins the call, or answers what is
// none: the health of the server, browsers' questions, and what cannot be taken.
//
//   POST /kith.contacts.v1.ContactsService/GetContact    a call; see connectrpc.com's protocol
//   GET  /kith.contacts.v1.ContactsService/GetContact    the same of one that changes nothing
//   POST the same of a field of its request, as it is     see services/edge/raw_body.h
//   GET  /calendar/kith_1_….ics                          a document; see services/edge/document.h
//   GET  /healthz, /readyz                               200 or 503
//   whatever begins as pages of a capability do          theirs; see web_pages.h
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"
#include "services/edge/exchange.h"
#include "services/runtime/calls/health.h"
#include "services/runtime/runtime.h"

namespace kith::edge {

// Owned by the port. Thread-safe.
class Reception {
 public:
  // Borrows all but the last. Pages of `origins`, "https://app.example", may call.
  Reception(const runtime::Runtime& runtime, const runtime::MethodTable& methods,
            const std::vector<std::unique_ptr<runtime::WebPages>>& pages,
            const std::vector<std::string>& origins);

  // Begins the exchange of the connection's request, or answers it.
  void Take(Connection& connection) const;
  // What a request is told that is no call; counts and logs it.
  Outgoing Refusal(const absl::Status& why, absl::string_view headers) const;

  // So many were told that.
  uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  // A method as it is called over HTTP; one of both.
  struct Route {
    const runtime::UnaryMethod* unary = nullptr;
    const runtime::StreamedMethod* streamed = nullptr;

    // Only what changes nothing and answers once is asked for by a link.
    bool takes_get() const { return unary != nullptr && unary->is_read(); }
  };

  // Begins what pages answer; false where the target is none of theirs.
  bool TakePage(Connection& connection, absl::string_view target) const;
  absl::StatusOr<std::unique_ptr<Exchange>> Call(Connection& connection, absl::string_view target,
                                                 std::string headers) const;
  // The document that stands there.
  absl::StatusOr<std::unique_ptr<Exchange>> Document(Connection& connection, absl::string_view path,
                                                     std::string headers) const;
  // Whether it is a key that was made for this method and grants nothing else: what stands in an
  // address is kept by whoever sees it, so no other key is taken there.
  bool IsGrantedFor(const runtime::Method& method, absl::string_view credentials) const;
  absl::StatusOr<Terms> TermsOfGet(const Route& route, absl::string_view query) const;
  absl::StatusOr<Terms> TermsOfPost(const Route& route, const Request& request) const;
  absl::Status ReadCommonTerms(const Request& request, bool is_stream, Terms* terms) const;
  Outgoing Preflight(const Request& request, absl::string_view origin) const;
  Outgoing Health(bool ready) const;
  bool Serves(bool ready) const KITH_EXCLUDES(mutex_);
  // What lets the page read the answer; empty where it may not.
  std::string HeadersFor(absl::string_view origin) const;

  const runtime::Runtime& runtime_;
  const std::vector<std::unique_ptr<runtime::WebPages>>& pages_;
  const runtime::ViewsOfServices views_;
  absl::flat_hash_map<std::string, Route> routes_;  // by path
  const absl::flat_hash_set<std::string> origins_;
  mutable std::atomic<uint64_t> refused_ = 0;

  mutable Mutex mutex_;
  mutable absl::Duration looked_ KITH_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
  mutable bool is_serving_ KITH_GUARDED_BY(mutex_) = false;
  mutable bool is_ready_ KITH_GUARDED_BY(mutex_) = false;
};

}  // namespace kith::edge
