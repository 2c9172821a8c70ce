#include "services/messages/message_pages.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/messages/v1/messages_errors.pb.h"
#include "kith/visitors/v1/site.pb.h"
#include "projections/tables/resource_directory.h"
#include "services/core/resource_name.h"
#include "services/core/touch.h"
#include "services/messages/known_agents.h"
#include "services/messages/mail_links.h"
#include "services/runtime/calls/own_command.h"
#include "services/runtime/calls/public_name.h"
#include "services/runtime/calls/web_text.h"

namespace kith::messages {
namespace {

using runtime::WebAnswer;
using runtime::WebRequest;

constexpr absl::string_view kSiteDirectory = "site_directory";
constexpr int kSitesMax = 100;  // that a click is compared with
constexpr char kActor[] = "policies/message_pages";
// Of one address and one message in an hour.
constexpr int64_t kOpensPerAddress = 20;
constexpr int64_t kClicksPerAddress = 60;
constexpr int64_t kUnsubscribesPerAddress = 20;
// Of one message in an hour, whatever asks: a mailing list's addresses are many.
constexpr int64_t kPerMessage = 1'000;

// An image of one pixel that nobody sees: GIF89a.
constexpr absl::string_view kPixelBase64 =
    "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

WebAnswer Notice(int status, absl::string_view heading, absl::string_view sentence) {
  return runtime::HtmlAnswer(status, runtime::NoticePageOf(kPagesPrefix, "en", heading, sentence),
                             runtime::kPlainPolicy);
}

WebAnswer NotThere() {
  return Notice(404, "Nothing here", "This address leads nowhere, or does not any more.");
}

WebAnswer NotNow() { return Notice(503, "Not just now", "Please try again in a moment."); }

// What cannot be done, without a word of why.
WebAnswer Refused(const absl::Status& status) {
  const bool passes = absl::IsUnavailable(status) || runtime::HttpStatusOf(status) == 503;
  return passes ? NotNow() : NotThere();
}

WebAnswer Pixel() {
  std::string image;
  absl::Base64Unescape(kPixelBase64, &image);
  return {200, "image/gif", std::move(image),
          absl::StrCat(runtime::kSafeHeaders, runtime::kNotKept)};
}

WebAnswer LeadTo(const std::string& url) {
  return {302, "text/html; charset=utf-8", "",
          absl::StrCat("location: ", url, "\r\nreferrer-policy: no-referrer\r\n",
                       "x-robots-tag: noindex\r\n", runtime::kNotKept)};
}

bool Asks(const WebRequest& request) { return request.method == "GET" || request.method == "HEAD"; }

// As far as the request itself tells it.
v1::AutomaticCause CauseOf(const WebRequest& request) {
  if (request.method == "HEAD") return v1::HEAD_REQUEST;
  if (IsKnownAgent(request.user_agent)) return v1::KNOWN_AGENT;
  return v1::AUTOMATIC_CAUSE_UNSPECIFIED;
}

// Of an address, as "a…@example.com": whose it is sees that it is theirs, and nobody else what it
// is.
std::string Veiled(absl::string_view address) {
  const size_t at = address.rfind('@');
  if (at == address.npos || at == 0) return "";
  size_t first = 1;
  while (first < at && (static_cast<unsigned char>(address[first]) & 0xC0) == 0x80) ++first;
  return absl::StrCat(address.substr(0, first), "…", address.substr(at));
}

// " to a…@example.com"; nothing where nobody knows the address any more.
std::string ToVeiled(absl::string_view address) {
  const std::string veiled = Veiled(address);
  return veiled.empty() ? "" : absl::StrCat(" to ", veiled);
}

WebAnswer AskPage(absl::string_view address, absl::string_view sender, absl::string_view path) {
  const std::string sentence = absl::StrCat("Shall ", sender.empty() ? "we" : sender,
                                            " send nothing more", ToVeiled(address), "?");
  return runtime::HtmlAnswer(200,
                             runtime::ButtonPageOf({.prefix = kPagesPrefix,
                                                    .heading = "Unsubscribe",
                                                    .sentence = sentence,
                                                    .path = path,
                                                    .label = "Unsubscribe"}),
                             runtime::kPlainPolicy);
}

WebAnswer Unsubscribed(absl::string_view address) {
  return Notice(200, "You are unsubscribed",
                absl::StrCat("Nothing more is sent", ToVeiled(address), "."));
}

void CountOne(std::atomic<int64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

PageCounts& PageCounts::operator+=(const PageCounts& more) {
  opens += more.opens;
  automatic_opens += more.automatic_opens;
  clicks += more.clicks;
  automatic_clicks += more.automatic_clicks;
  return *this;
}

void MessagePages::Take(WebRequest request, Answer answer) {
  if (request.path == absl::StrCat(prefix(), "style.css")) {
    return answer(runtime::StyleAnswer(request, prefix()));
  }
  const absl::StatusOr<Found> found = Find(request.path);
  if (!found.ok()) {
    CountOne(not_found_);
    return answer(Refused(found.status()));
  }
  switch (found->address.kind) {
    case AddressKind::kOpen:
      return TakeOpen(*found, request, std::move(answer));
    case AddressKind::kClick:
      return TakeClick(*found, request, std::move(answer));
    case AddressKind::kUnsubscribe:
      return TakeUnsubscribe(*found, request, std::move(answer));
  }
}

absl::StatusOr<MessagePages::Found> MessagePages::Find(absl::string_view path) const {
  const auto address = AddressOfPath(runtime_.log.token_sealer(), path);
  if (!address.has_value()) return MessageNotFound("");
  Found found{*address};
  const WorkspaceId workspace = address->message.workspace;
  found.caller = runtime::ActiveCallerOf(*runtime_.authorizer, workspace, kActor);
  const std::string contact(ParentOf(found.name()));
  const bool unsubscribes = address->kind == AddressKind::kUnsubscribe;
  if (found.caller == nullptr || (!unsubscribes && runtime_.keys.IsDestroyed(workspace, contact))) {
    return MessageNotFound("");
  }
  KITH_ASSIGN_OR_RETURN(found.message,
                        runtime_.transact.Fold<MessageAggregate>(workspace, found.name()));
  KITH_ASSIGN_OR_RETURN(found.contact,
                        runtime_.transact.Fold<ContactAggregate>(workspace, contact));
  if (address->kind == AddressKind::kOpen) {
    KITH_RETURN_IF_ERROR(CheckEngaging(found.facts(), found.name()));
  }
  if (found.message->lifecycle != Lifecycle::kActive) return MessageNotFound(found.name());
  return found;
}

absl::StatusOr<v1::Message> MessagePages::Read(const Found& found) const {
  KITH_ASSIGN_OR_RETURN(std::optional<v1::Message> message,
                        reader_.ReadQueued(found.caller->workspace, found.name()));
  if (!message.has_value() || message->erased()) return MessageNotFound(found.name());
  return *std::move(message);
}

void MessagePages::TakeOpen(const Found& found, const WebRequest& request, Answer answer) {
  if (!Asks(request)) return answer(runtime::NotAllowedAnswer(prefix(), "GET, HEAD"));
  NoteOpen(found, request);
  answer(Pixel());
}

void MessagePages::NoteOpen(const Found& found, const WebRequest& request) {
  if (request.asks_not_to_be_followed || !IsWithin(found, request, AddressKind::kOpen)) return;
  auto command = std::make_unique<v1::RecordMessageOpenedRequest>();
  command->set_name(found.name());
  command->set_automatic(CauseOf(request));
  const bool is_automatic = IsAutomatic(*found.message, command->automatic());
  CountOne(is_automatic ? automatic_opens_ : opens_);
  switch (TellingOpen(found.facts(), is_automatic, *found.caller->settings)) {
    case Telling::kNot:
      return;
    case Telling::kEach:
      return Record(found, std::move(command));
    case Telling::kCounted:
      return Count(found, is_automatic ? PageCounts{.automatic_opens = 1} : PageCounts{.opens = 1});
  }
}

void MessagePages::TakeClick(const Found& found, const WebRequest& request, Answer answer) {
  if (!Asks(request)) return answer(runtime::NotAllowedAnswer(prefix(), "GET, HEAD"));
  const absl::StatusOr<v1::Message> message = Read(found);
  if (!message.ok()) return answer(Refused(message.status()));
  const std::vector<std::string> links = LinksIn(message->html());
  const int link = found.address.link;
  if (link < 0 || static_cast<size_t>(link) >= links.size()) return answer(NotThere());
  const std::string& target = links[static_cast<size_t>(link)];
  // Who was deleted reads their mail still; nothing is noted of them.
  const bool is_noted = CheckEngaging(found.facts(), found.name()).ok() &&
                        !request.asks_not_to_be_followed &&
                        IsWithin(found, request, AddressKind::kClick);
  if (!is_noted) return answer(LeadTo(target));
  auto command = std::make_unique<v1::RecordMessageClickedRequest>();
  command->set_name(found.name());
  command->set_link(link);
  command->set_link_count(static_cast<int>(links.size()));
  command->set_automatic(CauseOf(request));
  const bool is_automatic = IsAutomatic(*found.message, command->automatic());
  const Telling telling = TellingClick(found.facts(), is_automatic, *found.caller->settings);
  const bool is_of_somebody = !is_automatic && telling != Telling::kNot;
  CountOne(is_automatic ? automatic_clicks_ : clicks_);
  if (telling == Telling::kEach) Record(found, std::move(command));
  if (telling == Telling::kCounted) {
    Count(found, is_automatic ? PageCounts{.automatic_clicks = 1} : PageCounts{.clicks = 1});
  }
  answer(LeadTo(is_of_somebody ? TargetOf(found, target) : target));
}

void MessagePages::TakeUnsubscribe(const Found& found, const WebRequest& request, Answer answer) {
  const bool is_post = request.method == "POST";
  if (!is_post && !Asks(request)) {
    return answer(runtime::NotAllowedAnswer(prefix(), "GET, HEAD, POST"));
  }
  // Of who was erased nobody knows the address, and nothing is sent to them.
  const absl::StatusOr<v1::Message> message = Read(found);
  const bool is_erased = IsError(message.status(), v1::MESSAGES_ERROR_MESSAGE_NOT_FOUND);
  if (!message.ok() && !is_erased) return answer(Refused(message.status()));
  const std::string address = is_erased ? "" : message->address();
  if (!is_post) {
    // A look at it changes nothing: programs that read mail look at every link.
    return answer(AskPage(address, found.caller->settings->display_name, request.path));
  }
  if (is_erased) return answer(Unsubscribed(address));
  if (!IsWithin(found, request, AddressKind::kUnsubscribe)) {
    return answer(Notice(429, "Too often", "Please try again in an hour."));
  }
  CountOne(unsubscribes_);
  auto command = std::make_unique<v1::RecordMessageUnsubscribedRequest>();
  command->set_name(found.name());
  command->set_email(address);
  runtime::StartOwnCommand(
      runtime_.transact, runtime_.keys, methods_, found.caller, std::move(command), "",
      [told = Unsubscribed(address), answer = std::move(answer)](
          const absl::Status& status, const google::protobuf::Message&) mutable {
        // Of who is erased meanwhile it is as of who was before.
        const bool is_done = status.ok() || IsError(status, v1::MESSAGES_ERROR_PERSON_ERASED);
        answer(is_done ? std::move(told) : Refused(status));
      });
}

std::string MessagePages::TargetOf(const Found& found, const std::string& link) const {
  const WorkspaceId workspace = found.caller->workspace;
  const projections::View& view = runtime_.views.Find(kSiteDirectory);
  const std::string origin = OriginOf(link);
  bool is_ours = false;
  int looked_at = 0;
  const absl::Status read = projections::DirectoryRows<visitors::v1::Site>().Scan(
      view.At(view.position()), workspace, projections::KeyRange::Prefix(""),
      [&](const visitors::v1::Site& site) {
        const auto& origins = site.allowed_origins();
        is_ours = std::any_of(origins.begin(), origins.end(), [&](const std::string& one) {
          return absl::AsciiStrToLower(one) == origin;
        });
        return !is_ours && ++looked_at < kSitesMax;
      });
  if (!read.ok() || !is_ours) return link;
  return WithParameter(link, runtime::kClickParameter,
                       runtime::SealNameUntil(runtime_.log.token_sealer(), runtime::kClickPurpose,
                                              workspace, found.contact->resource.name(),
                                              runtime_.clock.Now() + runtime::kClickLifetime));
}

bool MessagePages::IsAutomatic(const MessageState& message, v1::AutomaticCause said) const {
  return CauseBy(message.resource, said, runtime_.clock.Now()) != v1::AUTOMATIC_CAUSE_UNSPECIFIED;
}

bool MessagePages::IsWithin(const Found& found, const WebRequest& request, AddressKind kind) {
  const int64_t most = kind == AddressKind::kOpen    ? kOpensPerAddress
                       : kind == AddressKind::kClick ? kClicksPerAddress
                                                     : kUnsubscribesPerAddress;
  const std::string key =
      absl::StrCat(found.caller->workspace.value(), " ", found.name(), " ", static_cast<int>(kind));
  const absl::Duration now = runtime_.clock.Elapsed();
  // Of one address first, or it could use up what all have.
  const bool is_within = limits_.Take(absl::StrCat(key, " ", request.address), most, now) &&
                         limits_.Take(key, kPerMessage, now);
  if (!is_within) CountOne(beyond_);
  return is_within;
}

void MessagePages::Record(const Found& found,
                          std::unique_ptr<google::protobuf::Message> command) const {
  runtime::StartOwnCommand(runtime_.transact, runtime_.keys, methods_, found.caller,
                           std::move(command), "",
                           [](const absl::Status&, const google::protobuf::Message&) {});
}

void MessagePages::Tell(WorkspaceId workspace, const std::string& message, const PageCounts& counts,
                        absl::AnyInvocable<void()> done) const {
  auto caller = runtime::ActiveCallerOf(*runtime_.authorizer, workspace, kActor);
  if (caller == nullptr) return done();
  auto command = std::make_unique<v1::CountMessageTrafficRequest>();
  command->set_name(message);
  v1::MessageTraffic& traffic = *command->mutable_traffic();
  traffic.set_opens(counts.opens);
  traffic.set_automatic_opens(counts.automatic_opens);
  traffic.set_clicks(counts.clicks);
  traffic.set_automatic_clicks(counts.automatic_clicks);
  runtime::StartOwnCommand(
      runtime_.transact, runtime_.keys, methods_, std::move(caller), std::move(command), "",
      [done = std::move(done)](const absl::Status&, const google::protobuf::Message&) mutable {
        done();
      });
}

void MessagePages::AddMetrics(MetricPage& page) const {
  const auto count = [&](absl::string_view result, const std::atomic<int64_t>& counter) {
    page.Counter("kith_message_page_requests_total",
                 "What messages that were sent led to on the HTTP port, by what came of it.",
                 static_cast<double>(counter.load(std::memory_order_relaxed)),
                 {{"result", std::string(result)}});
  };
  count("opened", opens_);
  count("opened_by_program", automatic_opens_);
  count("clicked", clicks_);
  count("clicked_by_program", automatic_clicks_);
  count("unsubscribed", unsubscribes_);
  count("beyond_limit", beyond_);
  count("not_found", not_found_);
}

}  // namespace kith::messages
