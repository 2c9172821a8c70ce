#include "services/visitors/visitor_pages.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/ulid.h"
#include "kith/visitors/v1/visitors_errors.pb.h"
#include "kith/visitors/v1/visitors_service.pb.h"
#include "services/core/resource_name.h"
#include "services/runtime/calls/own_command.h"
#include "services/runtime/calls/public_name.h"
#include "services/visitors/beacon.h"
#include "services/visitors/visitor.h"
#include "services/visitors/visitor_commands.h"
#include "services/visitors/visitor_script.h"

namespace kith::visitors {
namespace {

using runtime::WebAnswer;
using runtime::WebRequest;

constexpr char kActor[] = "policies/visitor_pages";
constexpr absl::string_view kPublicSite = "visitors.site";
constexpr absl::string_view kScriptName = "/kith.js";
constexpr absl::string_view kNotKept =
    "cache-control: no-store\r\nx-content-type-options: nosniff\r\n";

WebAnswer Plain(int status, absl::string_view text, absl::string_view headers = "") {
  return {status, "text/plain; charset=utf-8", std::string(text), absl::StrCat(kNotKept, headers)};
}

WebAnswer NotAllowed(absl::string_view allowed) {
  return Plain(405, "", absl::StrCat("allow: ", allowed, "\r\n"));
}

// What lets the site's pages read the answer.
std::string SharedWith(const v1::Site& site, const std::string& origin) {
  if (!IsAllowed(site, origin)) return "vary: origin\r\n";
  return absl::StrCat("access-control-allow-origin: ", origin, "\r\nvary: origin\r\n");
}

absl::Status CheckOpen(const SiteNow& state, absl::string_view name) {
  if (state.lifecycle == Lifecycle::kActive) return absl::OkStatus();
  return ResourceNotFound(SiteRules(), name);
}

WebAnswer Told(const absl::Status& status, absl::string_view headers) {
  // One that was deleted is followed no more.
  if (status.ok() || IsError(status, v1::VISITORS_ERROR_VISITOR_NOT_FOUND)) {
    return Plain(204, "", headers);
  }
  if (IsError(status, v1::VISITORS_ERROR_TOO_MANY_PAGE_VIEWS)) {
    return Plain(429, "Too many page views.\n", headers);
  }
  if (absl::IsUnavailable(status)) return Plain(503, "Not just now.\n", headers);
  return Plain(400, "It could not be taken.\n", headers);
}

}  // namespace

std::string PublicIdOf(const eventstore::TokenSealer& sealer, WorkspaceId workspace,
                       absl::string_view site) {
  return runtime::SealName(sealer, kPublicSite, workspace, site);
}

LeftOut& LeftOut::operator+=(const LeftOut& more) {
  bots += more.bots;
  opted_out += more.opted_out;
  without_consent += more.without_consent;
  over_limit += more.over_limit;
  return *this;
}

absl::StatusOr<VisitorPages::Open> VisitorPages::Find(absl::string_view public_id) const {
  const auto name = runtime::OpenName(runtime_.log.token_sealer(), kPublicSite,
                                      SiteAggregate::kCategory, public_id);
  return runtime::FindOpenRecord<SiteAggregate>(runtime_.transact, *runtime_.authorizer, name,
                                                kActor, absl::StrCat(prefix(), public_id),
                                                CheckOpen);
}

void VisitorPages::Take(WebRequest request, Answer answer) {
  absl::string_view rest = absl::StripPrefix(request.path, prefix());
  const bool is_script = absl::ConsumeSuffix(&rest, kScriptName);
  absl::StatusOr<Open> open = Find(rest);
  if (!open.ok()) {
    const bool is_gone = IsError(open.status(), v1::VISITORS_ERROR_SITE_NOT_FOUND);
    return answer(is_gone ? Plain(404, "There is no such site.\n") : Plain(503, "Not just now.\n"));
  }
  if (is_script) {
    if (request.method != "GET" && request.method != "HEAD") return answer(NotAllowed("GET, HEAD"));
    const std::string visitor = runtime::SealName(runtime_.log.token_sealer(),
                                                  runtime::kVisitorPurpose, open->caller->workspace,
                                                  absl::StrCat("visitors/", runtime_.ulids.Next()));
    // Each browser has its own.
    return answer({200, "text/javascript; charset=utf-8",
                   ScriptOf(open->record(), open->path, visitor), std::string(kNotKept)});
  }
  if (request.method == "OPTIONS") {
    return answer(Plain(204, "",
                        absl::StrCat(SharedWith(open->record(), request.origin),
                                     "access-control-allow-methods: POST\r\n"
                                     "access-control-allow-headers: content-type\r\n"
                                     "access-control-max-age: 7200\r\n")));
  }
  if (request.method != "POST") return answer(NotAllowed("OPTIONS, POST"));
  TakePost(*open, request, std::move(answer));
}

std::string VisitorPages::VisitorOf(const Open& open, absl::string_view text) const {
  const auto found = runtime::OpenName(runtime_.log.token_sealer(), runtime::kVisitorPurpose,
                                       VisitorAggregate::kCategory, text);
  if (!found.has_value() || found->workspace != open.caller->workspace) return "";
  const absl::string_view id = IdOf(found->name);
  const int days = open.record().visitor_lifetime_days();
  const absl::Duration lifetime = absl::Hours(24) * (days == 0 ? kLifetimeDaysDefault : days);
  if (!IsUlid(id) || TimeOfUlid(id) + lifetime < runtime_.clock.Now()) return "";
  return found->name;
}

std::string VisitorPages::ContactOf(const Open& open, absl::string_view click) const {
  const auto found =
      runtime::OpenNameUntil(runtime_.log.token_sealer(), runtime::kClickPurpose,
                             ContactAggregate::kCategory, click, runtime_.clock.Now());
  return found.has_value() && found->workspace == open.caller->workspace ? found->name : "";
}

bool VisitorPages::TakeLimits(const Open& open, const std::string& address,
                              const std::string& visitor, int64_t views) {
  const v1::Site& site = open.record();
  const int of_site = site.minutely_page_views();
  const int of_visitor = site.minutely_page_views_per_visitor();
  const int64_t site_max = of_site == 0 ? kPerMinuteDefault : of_site;
  const int64_t visitor_max = of_visitor == 0 ? kVisitorPerMinuteDefault : of_visitor;
  const std::string key = absl::StrCat(open.caller->workspace.value(), "/", site.name());
  const absl::Duration now = runtime_.clock.Elapsed();
  // Of one first, or it could use up what all have.
  return limits_.Take(absl::StrCat(key, " ", visitor), visitor_max, now, views) &&
         limits_.Take(absl::StrCat(key, " ", address), 2 * visitor_max, now, views) &&
         limits_.Take(key, site_max, now, views);
}

void VisitorPages::TakePost(const Open& open, const WebRequest& request, Answer answer) {
  const v1::Site& site = open.record();
  const std::string headers = SharedWith(site, request.origin);
  if (!IsAllowed(site, request.origin)) {
    return answer(Plain(403, "The page is none of the site's.\n", headers));
  }
  std::optional<Beacon> beacon = ParseBeacon(request.body, site, runtime_.clock.Now());
  if (!beacon.has_value()) return answer(Plain(400, "It could not be read.\n", headers));
  const auto views = static_cast<int64_t>(beacon->views.size());
  if (views == 0) return answer(Plain(204, "", headers));
  if (IsBot(request.user_agent)) {
    Count(open, {.bots = views});
    return answer(Plain(204, "", headers));
  }
  if (request.asks_not_to_be_followed) {
    Count(open, {.opted_out = views});
    return answer(Plain(204, "", headers));
  }
  const std::string visitor = VisitorOf(open, beacon->visitor);
  if (visitor.empty()) {
    Count(open, {.without_consent = views});
    return answer(Plain(204, "", headers));
  }
  if (!TakeLimits(open, request.address, visitor, views)) {
    Count(open, {.over_limit = views});
    return answer(Plain(429, "Too many page views.\n", headers));
  }
  auto record = std::make_unique<v1::RecordPageViewsRequest>();
  record->set_name(visitor);
  record->set_site(site.name());
  for (v1::PageView& view : beacon->views) *record->add_page_views() = std::move(view);
  runtime::StartOwnCommand(
      runtime_.transact, runtime_.keys, methods_, open.caller, std::move(record), "",
      [this, open, views, headers, visitor, contact = ContactOf(open, beacon->click),
       answer = std::move(answer)](const absl::Status& status,
                                   const google::protobuf::Message&) mutable {
        if (IsError(status, v1::VISITORS_ERROR_TOO_MANY_PAGE_VIEWS)) {
          Count(open, {.over_limit = views});
        }
        if (!status.ok() || contact.empty()) return answer(Told(status, headers));
        Identify(open, visitor, contact, [headers, answer = std::move(answer)]() mutable {
          answer(Plain(204, "", headers));
        });
      });
}

void VisitorPages::Identify(const Open& open, const std::string& visitor,
                            const std::string& contact, absl::AnyInvocable<void()> done) {
  auto identify = std::make_unique<v1::IdentifyVisitorRequest>();
  identify->set_name(visitor);
  identify->set_contact(contact);
  // Who is gone by now is nobody: the page was looked at all the same.
  runtime::StartOwnCommand(
      runtime_.transact, runtime_.keys, methods_, open.caller, std::move(identify), "",
      [done = std::move(done)](const absl::Status&, const google::protobuf::Message&) mutable {
        done();
      });
}

void VisitorPages::Tell(WorkspaceId workspace, const std::string& site, const LeftOut& counts,
                        absl::AnyInvocable<void()> done) const {
  auto caller = runtime::ActiveCallerOf(*runtime_.authorizer, workspace, kActor);
  if (caller == nullptr) return done();
  auto count = std::make_unique<v1::CountSiteTrafficRequest>();
  count->set_name(site);
  count->set_bots(counts.bots);
  count->set_opted_out(counts.opted_out);
  count->set_without_consent(counts.without_consent);
  count->set_over_limit(counts.over_limit);
  runtime::StartOwnCommand(
      runtime_.transact, runtime_.keys, methods_, std::move(caller), std::move(count), "",
      [done = std::move(done)](const absl::Status&, const google::protobuf::Message&) mutable {
        done();
      });
}

}  // namespace kith::visitors
