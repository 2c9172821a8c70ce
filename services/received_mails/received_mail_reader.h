// ReceivedMailReader: tells received mails: what became of them as a view has it, and what they say
// as the log does, where it is gone when the person is erased.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/blobs/blob_store.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "kith/received_mails/v1/received_mail.pb.h"
#include "kith/received_mails/v1/received_mails_service.pb.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/runtime.h"

namespace kith::received_mails {

// Any thread that may touch the disk. Borrows what it is made of.
class ReceivedMailReader {
 public:
  explicit ReceivedMailReader(const runtime::Runtime& runtime)
      : log_(runtime.log),
        registry_(runtime.registry),
        keys_(runtime.keys),
        runtime_(runtime),
        blobs_(runtime.blobs) {}

  // The mail with what is personal, as it was received; nullopt where there is none.
  absl::StatusOr<std::optional<v1::ReceivedMail>> ReadWhole(WorkspaceId workspace,
                                                            absl::string_view name) const;
  // The same, without what is personal where the contact whom it is with by now was erased: a mail
  // that waited in a capture review is sealed for that, and is the contact's since somebody said
  // so.
  absl::StatusOr<std::optional<v1::ReceivedMail>> ReadUnlessErased(
      WorkspaceId workspace, absl::string_view name, const std::string& contact) const;
  // Whether the caller sees the contact that a mail is with, as OwnedRecords::Sees does. One that
  // is with nobody is seen by who sees all contacts.
  absl::StatusOr<bool> Sees(const runtime::ReadContext& context, const std::string& contact) const;

  // RECEIVED_MAILS_ERROR_RECEIVED_MAIL_NOT_FOUND, also where the caller does not see it.
  absl::Status Get(const runtime::ReadContext& context, const v1::GetReceivedMailRequest& request,
                   v1::ReceivedMail* response) const;
  // The same errors; RECEIVED_MAILS_ERROR_ATTACHMENT_NOT_FOUND, _NOT_STORED, _LOST;
  // ERROR_INVALID_FIELD.
  absl::Status ReadAttachment(const runtime::ReadContext& context,
                              const v1::ReadMailAttachmentRequest& request,
                              v1::ReadMailAttachmentResponse* response) const;
  // RECEIVED_MAILS_ERROR_LINKED_RECORD_NOT_FOUND where the caller does not see the contact;
  // ERROR_INVALID_FIELD where they name none and do not see all; ERROR_INVALID_PAGE_TOKEN,
  // ERROR_INVALID_FILTER.
  absl::Status List(const runtime::ReadContext& context,
                    const v1::ListReceivedMailsRequest& request,
                    v1::ListReceivedMailsResponse* response) const;

 private:
  // Takes away what is personal where the contact was erased.
  void HideErased(WorkspaceId workspace, const std::string& contact, v1::ReceivedMail& mail) const;
  // The event by which it was received; null where there is none.
  absl::StatusOr<std::shared_ptr<const eventstore::RecordedEvent>> ReadEvent(
      WorkspaceId workspace, absl::string_view name) const;

  const eventstore::EventLog& log_;
  const eventstore::EventRegistry& registry_;
  const eventstore::KeyStore& keys_;
  const runtime::Runtime& runtime_;
  const eventstore::BlobStore* const blobs_;  // null: none are kept
};

// "received_mails.read".
const std::string& ReadPermission();
// Whether the caller reads mails whomever they are with, and those that are with nobody.
bool ReadsAll(const runtime::Caller& caller);

}  // namespace kith::received_mails
