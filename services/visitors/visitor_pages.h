// VisitorPages: the script of sites on the HTTP port, and what it posts, for whoever comes.
//
//   GET  /v/{public id}/kith.js   the script, with what a new browser is known by from then on
//   POST /v/{public id}           which pages were looked at, as JSON, whatever its type is called
//
// A post is answered with 204 when what it tells is on disk, and also where nothing is to be kept
// of it: of a browser that asks not to be followed, of a program, of who was not asked. These are
// counted. Where a link in a mail led to the page, the post says whose that was, and the visitor is
// identified as them from then on, as IdentifyVisitor has it. 403 where the page is none of the
// site's, 429 beyond a limit, 404 where there is no such site. How often is counted in memory, from
// the start of the server; network addresses are looked at for that, and kept nowhere.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/seal/token_sealer.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/public_record.h"
#include "services/runtime/calls/told_counts.h"
#include "services/runtime/calls/web_limits.h"
#include "services/runtime/calls/web_pages.h"
#include "services/runtime/runtime.h"
#include "services/visitors/site.h"

namespace kith::visitors {

// What a site is called on the HTTP port.
std::string PublicIdOf(const eventstore::TokenSealer& sealer, WorkspaceId workspace,
                       absl::string_view site);

// How many page views are left out, by why.
struct LeftOut {
  int64_t bots = 0;
  int64_t opted_out = 0;
  int64_t without_consent = 0;
  int64_t over_limit = 0;

  bool operator==(const LeftOut& other) const = default;
  LeftOut& operator+=(const LeftOut& more);
};

// Thread-safe.
class VisitorPages final : public runtime::WebPages {
 public:
  // Borrows both.
  VisitorPages(const runtime::Runtime& runtime, const runtime::MethodTable& methods)
      : runtime_(runtime),
        methods_(methods),
        left_out_(runtime.clock, absl::Seconds(10),
                  [this](WorkspaceId workspace, const std::string& site, const LeftOut& counts,
                         absl::AnyInvocable<void()> done) {
                    Tell(workspace, site, counts, std::move(done));
                  }) {}

  absl::string_view prefix() const override { return "/v/"; }
  size_t body_bytes_max() const override { return 256 << 10; }
  void Take(runtime::WebRequest request,
            absl::AnyInvocable<void(runtime::WebAnswer)> answer) override;

 private:
  using Answer = absl::AnyInvocable<void(runtime::WebAnswer)>;
  // A site that is there, and who acts for it.
  using Open = runtime::OpenRecord<SiteAggregate>;

  absl::StatusOr<Open> Find(absl::string_view public_id) const;
  void TakePost(const Open& open, const runtime::WebRequest& request, Answer answer);
  // The visitor that a browser is; empty where it is none of this workspace's, or too old.
  std::string VisitorOf(const Open& open, absl::string_view text) const;
  // The contact whose mail led the browser here, within the last hour; empty where none did.
  std::string ContactOf(const Open& open, absl::string_view click) const;
  // Whether so many page views more may be taken.
  bool TakeLimits(const Open& open, const std::string& address, const std::string& visitor,
                  int64_t views);
  // Says who the visitor is; `done` where that is over, whatever became of it.
  void Identify(const Open& open, const std::string& visitor, const std::string& contact,
                absl::AnyInvocable<void()> done);
  void Count(const Open& open, const LeftOut& counts) {
    left_out_.Add(open.caller->workspace, open.record().name(), counts);
  }
  // See ToldCounts::Tell.
  void Tell(WorkspaceId workspace, const std::string& site, const LeftOut& counts,
            absl::AnyInvocable<void()> done) const;

  const runtime::Runtime& runtime_;
  const runtime::MethodTable& methods_;
  runtime::WindowLimits limits_{absl::Minutes(1)};
  runtime::ToldCounts<LeftOut> left_out_;
};

}  // namespace kith::visitors
