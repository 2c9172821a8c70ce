// MessagePages: what a message that was sent leads to on the HTTP port, for whoever has it.
//
//   GET  /m/o/{token}   an image of one pixel, which tells that the message was opened
//   GET  /m/c/{token}   leads on to a link of the message, and tells that it was followed
//   GET  /m/u/{token}   a page with a button; POST unsubscribes, by the button or at one click as
//                       mail programs do (RFC 8058)
//   GET  /m/style.css   how they look
//
// A link leads to what stands in the message that was sent, and nowhere else. Where that is a page
// of one of the workspace's sites, and the click is noted as somebody's, its address has a
// parameter by which the site's script says for an hour who came, where they agreed to be followed
// (services/visitors/visitor_pages.h). Of a message that is
// not there, or whose contact was deleted or erased, nothing is told: 404. But the links to who was
// deleted lead on, and nothing is noted, as they have the mail still; and who unsubscribes is told
// that it is done, whatever became of the contact, as it is the address that wants no more.
// What people wait for, the image and the link, is answered before it is recorded. Of a browser
// that asks not to be followed nothing is noted. How often one address may open a message is
// counted in memory, and what is beyond is answered and not noted.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "eventstore/base/metrics.h"
#include "kith/messages/v1/messages_service.pb.h"
#include "services/messages/message_address.h"
#include "services/messages/message_engagement.h"
#include "services/messages/message_reader.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/told_counts.h"
#include "services/runtime/calls/web_limits.h"
#include "services/runtime/calls/web_pages.h"
#include "services/runtime/runtime.h"

namespace kith::messages {

// What is counted of a message and not told one by one.
struct PageCounts {
  int64_t opens = 0;
  int64_t automatic_opens = 0;
  int64_t clicks = 0;
  int64_t automatic_clicks = 0;

  PageCounts& operator+=(const PageCounts& more);
};

// Thread-safe.
class MessagePages final : public runtime::WebPages {
 public:
  // Borrows both.
  MessagePages(const runtime::Runtime& runtime, const runtime::MethodTable& methods)
      : runtime_(runtime),
        methods_(methods),
        reader_(runtime),
        further_(runtime.clock, absl::Hours(1),
                 [this](WorkspaceId workspace, const std::string& message, const PageCounts& counts,
                        absl::AnyInvocable<void()> done) {
                   Tell(workspace, message, counts, std::move(done));
                 }) {}

  absl::string_view prefix() const override { return kPagesPrefix; }
  size_t body_bytes_max() const override { return 4 << 10; }
  void Take(runtime::WebRequest request,
            absl::AnyInvocable<void(runtime::WebAnswer)> answer) override;

 private:
  using Answer = absl::AnyInvocable<void(runtime::WebAnswer)>;
  // A message that is there, and who records what becomes of it.
  struct Found {
    MessageAddress address;
    std::shared_ptr<const runtime::Caller> caller;
    std::shared_ptr<const MessageState> message;
    std::shared_ptr<const ContactAggregate::State> contact;

    const std::string& name() const { return address.message.name; }
    EngagementFacts facts() const { return {*message, *contact}; }
  };
  absl::StatusOr<Found> Find(absl::string_view path) const;
  // The message with what it says; MESSAGES_ERROR_MESSAGE_NOT_FOUND where that is gone.
  absl::StatusOr<v1::Message> Read(const Found& found) const;
  void TakeOpen(const Found& found, const runtime::WebRequest& request, Answer answer);
  void NoteOpen(const Found& found, const runtime::WebRequest& request);
  void TakeClick(const Found& found, const runtime::WebRequest& request, Answer answer);
  void TakeUnsubscribe(const Found& found, const runtime::WebRequest& request, Answer answer);

  // Where a link leads: to a page of a site of the workspace with what names whose mail it was, for
  // the site's script.
  std::string TargetOf(const Found& found, const std::string& link) const;
  // As it is decided when it is recorded, but for links that are followed at once.
  bool IsAutomatic(const MessageState& message, v1::AutomaticCause said) const;
  // Whether the request is within what its address may do with the message in an hour.
  bool IsWithin(const Found& found, const runtime::WebRequest& request, AddressKind kind);
  void Record(const Found& found, std::unique_ptr<google::protobuf::Message> command) const;
  void Count(const Found& found, const PageCounts& counts) {
    further_.Add(found.caller->workspace, found.name(), counts);
  }
  // See ToldCounts::Tell.
  void Tell(WorkspaceId workspace, const std::string& message, const PageCounts& counts,
            absl::AnyInvocable<void()> done) const;
  void AddMetrics(MetricPage& page) const;

  const runtime::Runtime& runtime_;
  const runtime::MethodTable& methods_;
  const MessageReader reader_;
  runtime::WindowLimits limits_{absl::Hours(1)};
  std::atomic<int64_t> opens_ = 0;
  std::atomic<int64_t> automatic_opens_ = 0;
  std::atomic<int64_t> clicks_ = 0;
  std::atomic<int64_t> automatic_clicks_ = 0;
  std::atomic<int64_t> unsubscribes_ = 0;
  std::atomic<int64_t> beyond_ = 0;
  std::atomic<int64_t> not_found_ = 0;
  runtime::ToldCounts<PageCounts> further_;
  const MetricSource metrics_{[this](MetricPage& page) { AddMetrics(page); }};
};

}  // namespace kith::messages
