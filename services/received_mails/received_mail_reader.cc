#include "services/received_mails/received_mail_reader.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/log.h"
#include "eventstore/base/status_macros.h"
#include "kith/received_mails/v1/received_mail_events.pb.h"
#include "kith/received_mails/v1/received_mails_errors.pb.h"
#include "projections/received_mails/received_mail_directory.h"
#include "projections/tables/query.h"
#include "projections/tables/row_filter.h"
#include "services/core/links.h"
#include "services/core/personal.h"
#include "services/core/reject.h"
#include "services/received_mails/received_mail.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/requests/method.h"
#include "services/runtime/requests/validate.h"
#include "services/runtime/resources/owned_records.h"
#include "services/runtime/resources/table_reads.h"
#include "services/runtime/resources/under_contact.h"

namespace kith::received_mails {
namespace {

using projections::Expression;

constexpr absl::string_view kLatestFirst = "create_time desc";
constexpr absl::string_view kContactsRead = "contacts.read";
constexpr size_t kPieceBytesMax = 1 << 20;
// So much is told of what the mails of a page say, and so much is read for it: long texts, too.
constexpr size_t kListToldBytesMax = 1 << 20;
constexpr size_t kListReadBytesMax = 16 << 20;

std::string AttachmentOf(const v1::ReadMailAttachmentRequest& request) {
  return absl::StrCat("attachment ", request.number(), " of ", request.name());
}

absl::Status NoSuchAttachment(const v1::ReadMailAttachmentRequest& request,
                              const v1::ReceivedMail& mail) {
  return RejectResource(v1::RECEIVED_MAILS_ERROR_ATTACHMENT_NOT_FOUND,
                        absl::StrCat("There is no ", AttachmentOf(request), ": it has ",
                                     mail.attachments_size(), "."),
                        request.name());
}

absl::Status NotStored(const v1::ReadMailAttachmentRequest& request,
                       const v1::MailAttachment& attachment) {
  return RejectState(v1::RECEIVED_MAILS_ERROR_ATTACHMENT_NOT_STORED,
                     absl::StrCat("What ", AttachmentOf(request), " holds was not kept: ",
                                  v1::AttachmentState_Name(attachment.state()), "."),
                     request.name(), {{"state", v1::AttachmentState_Name(attachment.state())}});
}

absl::Status Lost(const v1::ReadMailAttachmentRequest& request) {
  return Reject(v1::RECEIVED_MAILS_ERROR_ATTACHMENT_LOST,
                absl::StrCat("What ", AttachmentOf(request),
                             " holds is gone from the server's disk, or damaged there."),
                {{"number", absl::StrCat(request.number())}});
}

// What became of a mail after it was received.
void TellBecome(const v1::ReceivedMail& row, v1::ReceivedMail& mail) {
  mail.set_outcome(row.outcome());
  mail.set_keep_reason(row.keep_reason());
  mail.set_contact(row.contact());
  mail.set_interaction(row.interaction());
}

}  // namespace

const std::string& ReadPermission() {
  return runtime::MethodOf<v1::GetReceivedMailRequest>().permission;
}

bool ReadsAll(const runtime::Caller& caller) {
  return runtime::Reach(caller, ReadPermission(), kContactsRead).is_everything();
}

absl::StatusOr<bool> ReceivedMailReader::Sees(const runtime::ReadContext& context,
                                              const std::string& contact) const {
  if (contact.empty()) return ReadsAll(context.caller);
  return runtime_.owned->Sees(context, contact, ReadPermission());
}

absl::StatusOr<std::shared_ptr<const eventstore::RecordedEvent>> ReceivedMailReader::ReadEvent(
    WorkspaceId workspace, absl::string_view name) const {
  const auto cursor = log_.ReadStream(
      workspace, name, Revision(1), eventstore::Direction::kForwards, eventstore::ReadTier::kDisk);
  KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record, cursor->Next());
  if (record == nullptr) return nullptr;
  return registry_.Decode(std::move(record), keys_);
}

absl::StatusOr<std::optional<v1::ReceivedMail>> ReceivedMailReader::ReadWhole(
    WorkspaceId workspace, absl::string_view name) const {
  KITH_ASSIGN_OR_RETURN(const auto event, ReadEvent(workspace, name));
  if (event == nullptr) return std::nullopt;
  const eventstore::EventHeader& header = event->header();
  return RenderReceived({static_cast<const v1::ReceivedMailEvent&>(*event->event), header.revision,
                         header.occur_time, header.record_time, event->erased});
}

void ReceivedMailReader::HideErased(WorkspaceId workspace, const std::string& contact,
                                    v1::ReceivedMail& mail) const {
  if (contact.empty() || !keys_.IsDestroyed(workspace, contact)) return;
  v1::ReceivedMail clear = SplitPersonal(std::move(mail)).clear;
  clear.set_erased(true);
  mail = std::move(clear);
}

absl::StatusOr<std::optional<v1::ReceivedMail>> ReceivedMailReader::ReadUnlessErased(
    WorkspaceId workspace, absl::string_view name, const std::string& contact) const {
  KITH_ASSIGN_OR_RETURN(std::optional<v1::ReceivedMail> mail, ReadWhole(workspace, name));
  if (mail.has_value()) HideErased(workspace, contact, *mail);
  return mail;
}

absl::Status ReceivedMailReader::Get(const runtime::ReadContext& context,
                                     const v1::GetReceivedMailRequest& request,
                                     v1::ReceivedMail* response) const {
  const std::string& name = request.name();
  KITH_ASSIGN_OR_RETURN(std::optional<v1::ReceivedMail> mail, ReadWhole(context.workspace(), name));
  if (!mail.has_value()) return ReceivedMailNotFound(name);
  // What it was at the moment of the read, if it was there.
  v1::ReceivedMail row;
  const absl::Status there =
      runtime::GetRow(context, ReceivedMailDirectory::Mails(), name, ReceivedMailNotFound, &row);
  if (there.ok()) TellBecome(row, *mail);
  KITH_ASSIGN_OR_RETURN(const bool is_seen, Sees(context, mail->contact()));
  // Who may not see everything is not told that it came later.
  const bool is_told = there.ok() || context.caller.member == nullptr;
  if (!is_seen || !is_told) return ReceivedMailNotFound(name);
  KITH_RETURN_IF_ERROR(there);
  HideErased(context.workspace(), mail->contact(), *mail);
  *response = *std::move(mail);
  return absl::OkStatus();
}

absl::Status ReceivedMailReader::ReadAttachment(const runtime::ReadContext& context,
                                                const v1::ReadMailAttachmentRequest& request,
                                                v1::ReadMailAttachmentResponse* response) const {
  v1::GetReceivedMailRequest get;
  get.set_name(request.name());
  if (request.number() < 1) return runtime::ViolationError("number", "must be 1 or more");
  v1::ReceivedMail mail;
  KITH_RETURN_IF_ERROR(Get(context, get, &mail));
  if (request.number() < 1 || request.number() > mail.attachments_size()) {
    return NoSuchAttachment(request, mail);
  }
  const int index = request.number() - 1;
  const v1::MailAttachment& attachment = mail.attachments(index);
  if (attachment.state() != v1::STORED) return NotStored(request, attachment);
  if (request.offset() < 0 || request.offset() > attachment.size_bytes()) {
    return runtime::ViolationError("offset", absl::StrCat("must be 0 to ", attachment.size_bytes(),
                                                          ", the attachment's size"));
  }
  *response->mutable_attachment() = attachment;
  if (attachment.size_bytes() == 0) return absl::OkStatus();

  KITH_ASSIGN_OR_RETURN(const auto event, ReadEvent(context.workspace(), request.name()));
  KITH_CHECK(event != nullptr);
  const v1::MailReceived& received =
      static_cast<const v1::ReceivedMailEvent&>(*event->event).mail_received();
  if (blobs_ == nullptr || index >= received.blobs_size()) return Lost(request);
  const auto content = blobs_->Get(context.workspace(), received.person(), received.blobs(index));
  if (absl::IsDataLoss(content.status())) {
    Log(LogLevel::kError, content.status().message(), {{"mail", request.name()}});
    return Lost(request);
  }
  KITH_RETURN_IF_ERROR(content.status());
  if (!content->has_value()) return NoSuchAttachment(request, v1::ReceivedMail());
  const auto offset = static_cast<size_t>(request.offset());
  response->set_content((*content)->substr(offset, kPieceBytesMax));
  const size_t end = offset + response->content().size();
  if (end < (*content)->size()) response->set_next_offset(static_cast<int64_t>(end));
  return absl::OkStatus();
}

absl::Status ReceivedMailReader::List(const runtime::ReadContext& context,
                                      const v1::ListReceivedMailsRequest& request,
                                      v1::ListReceivedMailsResponse* response) const {
  const std::string& contact = request.parent();
  Expression within{Expression::Kind::kAll, {}, {}};
  if (contact.empty()) {
    if (!ReadsAll(context.caller)) {
      return runtime::ViolationError("parent", "must be set: you do not see all contacts");
    }
  } else {
    KITH_ASSIGN_OR_RETURN(const bool is_seen, Sees(context, contact));
    if (!is_seen) {
      const LinkedRecord hidden;
      const LinkedRecord* const records[] = {&hidden};
      return CheckLinks(v1::RECEIVED_MAILS_ERROR_LINKED_RECORD_NOT_FOUND, {{"parent", contact}},
                        records);
    }
    KITH_ASSIGN_OR_RETURN(within, runtime::UnderContact(context, context.view(1), contact));
  }
  const absl::string_view order = request.order_by().empty() ? kLatestFirst : request.order_by();
  KITH_RETURN_IF_ERROR(projections::CheckClearQuery(
      ReceivedMailDirectory::Mails().core().declaration(), request.filter(), order));
  KITH_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                        runtime::ListRows(context, ReceivedMailDirectory::Mails().core(),
                                          {.filter = request.filter(),
                                           .order_by = order,
                                           .page_size = request.page_size(),
                                           .may_be_short = true,
                                           .within = contact.empty() ? nullptr : &within},
                                          [&] { return response->add_received_mails(); }));
  size_t told = 0;
  size_t read = 0;
  for (v1::ReceivedMail& row : *response->mutable_received_mails()) {
    if (told >= kListToldBytesMax || read >= kListReadBytesMax) break;
    KITH_ASSIGN_OR_RETURN(const std::optional<v1::ReceivedMail> mail,
                          ReadUnlessErased(context.workspace(), row.name(), row.contact()));
    if (!mail.has_value()) continue;
    read += mail->ByteSizeLong();
    told += mail->subject().size() + mail->sender().ByteSizeLong();
    row.set_subject(mail->subject());
    if (mail->has_sender()) *row.mutable_sender() = mail->sender();
    row.set_erased(mail->erased());
  }
  return absl::OkStatus();
}

}  // namespace kith::received_mails
