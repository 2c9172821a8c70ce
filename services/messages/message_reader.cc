#include "services/messages/message_reader.h"

#include <string>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "kith/messages/v1/message_events.pb.h"
#include "kith/messages/v1/messages_errors.pb.h"
#include "projections/messages/message_directory.h"
#include "projections/tables/query.h"
#include "projections/tables/row_filter.h"
#include "services/core/links.h"
#include "services/core/resource_name.h"
#include "services/messages/mail_links.h"
#include "services/messages/message.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/requests/method.h"
#include "services/runtime/requests/validate.h"
#include "services/runtime/resources/owned_records.h"
#include "services/runtime/resources/table_reads.h"
#include "services/runtime/resources/under_contact.h"

namespace kith::messages {
namespace {

using projections::Expression;

constexpr absl::string_view kLatestFirst = "create_time desc";
constexpr absl::string_view kContactsRead = "contacts.read";

}  // namespace

const std::string& ReadPermission() {
  return runtime::MethodOf<v1::GetMessageRequest>().permission;
}

absl::StatusOr<std::optional<v1::Message>> MessageReader::ReadQueued(WorkspaceId workspace,
                                                                     absl::string_view name) const {
  const auto cursor = log_.ReadStream(
      workspace, name, Revision(1), eventstore::Direction::kForwards, eventstore::ReadTier::kDisk);
  KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record, cursor->Next());
  if (record == nullptr) return std::nullopt;
  KITH_ASSIGN_OR_RETURN(const auto event, registry_.Decode(std::move(record), keys_));
  const eventstore::EventHeader& header = event->header();
  return RenderQueued({static_cast<const v1::MessageEvent&>(*event->event), header.revision,
                       header.occur_time, header.record_time, event->erased});
}

absl::Status MessageReader::Get(const runtime::ReadContext& context,
                                const v1::GetMessageRequest& request, v1::Message* response) const {
  const std::string& name = request.name();
  KITH_ASSIGN_OR_RETURN(const bool is_seen,
                        runtime_.owned->Sees(context, ParentOf(name), ReadPermission()));
  if (!is_seen) return MessageNotFound(name);
  KITH_RETURN_IF_ERROR(
      runtime::GetRow(context, MessageDirectory::Messages(), name, MessageNotFound, response));
  KITH_ASSIGN_OR_RETURN(const std::optional<v1::Message> queued,
                        ReadQueued(context.workspace(), name));
  if (!queued.has_value()) return MessageNotFound(name);
  response->set_address(queued->address());
  response->set_subject(queued->subject());
  response->set_text(queued->text());
  response->set_html(queued->html());
  response->set_calendar(queued->calendar());
  response->set_erased(queued->erased());
  if (response->tracked()) {
    for (std::string& link : LinksIn(queued->html())) response->add_links(std::move(link));
  }
  return absl::OkStatus();
}

absl::Status MessageReader::List(const runtime::ReadContext& context,
                                 const v1::ListMessagesRequest& request,
                                 v1::ListMessagesResponse* response) const {
  const std::string& contact = request.parent();
  Expression within{Expression::Kind::kAll, {}, {}};
  if (contact.empty()) {
    const runtime::Reach reach(context.caller, ReadPermission(), kContactsRead);
    if (!reach.is_everything()) {
      return runtime::ViolationError("parent", "must be set: you do not see all contacts");
    }
  } else {
    KITH_ASSIGN_OR_RETURN(const bool is_seen,
                          runtime_.owned->Sees(context, contact, ReadPermission()));
    if (!is_seen) {
      const LinkedRecord hidden;
      const LinkedRecord* const records[] = {&hidden};
      return CheckLinks(v1::MESSAGES_ERROR_LINKED_RECORD_NOT_FOUND, {{"parent", contact}}, records);
    }
    KITH_ASSIGN_OR_RETURN(within,
                          runtime::UnderContact(context, context.SnapshotOf(contacts_), contact));
  }
  const absl::string_view order = request.order_by().empty() ? kLatestFirst : request.order_by();
  KITH_RETURN_IF_ERROR(projections::CheckClearQuery(
      MessageDirectory::Messages().core().declaration(), request.filter(), order));
  KITH_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                        runtime::ListRows(context, MessageDirectory::Messages().core(),
                                          {.filter = request.filter(),
                                           .order_by = order,
                                           .page_size = request.page_size(),
                                           .may_be_short = true,
                                           .within = contact.empty() ? nullptr : &within},
                                          [&] { return response->add_messages(); }));
  return absl::OkStatus();
}

}  // namespace kith::messages
