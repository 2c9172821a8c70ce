#include "services/received_mails/thread_reader.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/received_mails/v1/received_mails_errors.pb.h"
#include "projections/received_mails/mail_threads.h"
#include "projections/tables/query.h"
#include "projections/tables/row_filter.h"
#include "services/core/reject.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/calls/part_read.h"
#include "services/runtime/resources/table_reads.h"

namespace kith::received_mails {
namespace {

using projections::Expression;
using runtime::ReadContext;
using v1::ThreadMailRow;

constexpr absl::string_view kLatestFirst = "create_time desc";
constexpr absl::string_view kLastMailFirst = "last_mail_time desc";
constexpr int kPageSizeMax = 100;
constexpr int kLookedAtMax = 1000;
constexpr size_t kSaidBytesMax = 1 << 20;

absl::Status ThreadNotFound(const std::string& name) {
  return RejectResource(v1::RECEIVED_MAILS_ERROR_MAIL_THREAD_NOT_FOUND,
                        absl::StrCat("No mail thread is, or has, ", name, "."), name);
}

// Those of the thread and of what became a part of it.
Expression MailsOf(const v1::MailThread& thread) {
  Expression any{Expression::Kind::kAny, {}, {}};
  const auto add = [&](const std::string& name) {
    Expression one{Expression::Kind::kComparison, {}, {}};
    one.comparison.field = "thread";
    one.comparison.literal = name;
    any.parts.push_back(std::move(one));
  };
  add(thread.name());
  for (const std::string& name : thread.joined_threads()) add(name);
  if (any.parts.size() == 1) return std::move(any.parts.front());
  return any;
}

// A page of them, and the token of the next.
absl::StatusOr<std::string> ListMails(const ReadContext& context, const v1::MailThread& thread,
                                      int page_size, std::deque<ThreadMailRow>& rows) {
  Expression within{Expression::Kind::kAll, {}, {}};
  within.parts.push_back(MailsOf(thread));
  return runtime::ListRows(context, MailThreads::Mails().core(),
                           {.order_by = kLatestFirst, .page_size = page_size, .within = &within},
                           [&]() -> google::protobuf::Message* { return &rows.emplace_back(); });
}

// Which mail is the last, and whom it is with.
void NameLast(const ThreadMailRow& row, v1::MailThread& thread) {
  thread.set_last_mail(row.name());
  thread.set_contact(row.contact());
  *thread.mutable_last_mail_time() = row.create_time();
}

// Whether it was sent from here.
bool IsMessage(absl::string_view name) { return absl::StartsWith(name, "contacts/"); }

// What another method answers about a record; not set where the caller is told nothing.
template <class Record>
absl::StatusOr<std::optional<Record>> ReadIfSeen(const ReadContext& context,
                                                 const runtime::MethodTable& methods,
                                                 const std::string& name) {
  auto read = runtime::ReadRecord(context, methods, name);
  if (absl::IsNotFound(read.status()) || absl::IsPermissionDenied(read.status())) {
    return std::nullopt;
  }
  KITH_RETURN_IF_ERROR(read.status());
  auto* const record = google::protobuf::DynamicCastToGenerated<Record>(read->get());
  KITH_CHECK(record != nullptr);
  return std::move(*record);
}

}  // namespace

absl::Status ThreadReader::TakeSeen(const ReadContext& context, v1::MailThread& thread) const {
  const bool reads_all = ReadsAll(context.caller);
  ReadContext first = context;
  first.page_token = "";
  std::deque<ThreadMailRow> rows;
  KITH_RETURN_IF_ERROR(ListMails(first, thread, reads_all ? 1 : kLookedAtMax, rows).status());
  if (reads_all) {
    if (!rows.empty()) NameLast(rows.front(), thread);
    return absl::OkStatus();
  }
  absl::flat_hash_map<std::string, bool> asked;
  thread.set_mail_count(0);
  for (const ThreadMailRow& row : rows) {  // the latest first
    const auto [seen, is_new] = asked.try_emplace(row.contact(), false);
    if (is_new) {
      KITH_ASSIGN_OR_RETURN(seen->second, mails_.Sees(context, row.contact()));
    }
    if (!seen->second) continue;
    if (thread.mail_count() == 0) NameLast(row, thread);
    *thread.mutable_create_time() = row.create_time();
    thread.set_mail_count(thread.mail_count() + 1);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::MailThread> ThreadReader::Find(const ReadContext& context,
                                                  const std::string& name) const {
  KITH_ASSIGN_OR_RETURN(
      std::optional<v1::MailThread> thread,
      FindThread(context.view(), context.workspace(), name, eventstore::ReadTier::kDisk));
  if (!thread.has_value()) return ThreadNotFound(name);
  KITH_ASSIGN_OR_RETURN(const std::optional<ThreadMailRow> mail,
                        MailThreads::Mails().Get(context.view(), context.workspace(), name,
                                                 eventstore::ReadTier::kDisk));
  bool is_seen = false;
  if (mail.has_value()) {
    KITH_ASSIGN_OR_RETURN(is_seen, mails_.Sees(context, mail->contact()));
  } else {
    KITH_RETURN_IF_ERROR(TakeSeen(context, *thread));
    is_seen = thread->mail_count() > 0;
  }
  if (!is_seen) return ThreadNotFound(name);
  return *std::move(thread);
}

absl::Status ThreadReader::Get(const ReadContext& context, const v1::GetMailThreadRequest& request,
                               v1::MailThread* response) const {
  KITH_ASSIGN_OR_RETURN(*response, Find(context, request.name()));
  // By its own name it was found by what is seen of it.
  if (!absl::StartsWith(request.name(), "mailThreads/")) {
    KITH_RETURN_IF_ERROR(TakeSeen(context, *response));
  }
  return TellLast(context, *response);
}

absl::Status ThreadReader::List(const ReadContext& context,
                                const v1::ListMailThreadsRequest& request,
                                v1::ListMailThreadsResponse* response) const {
  KITH_RETURN_IF_ERROR(runtime::CheckReachesAll(context.caller, ReadPermission()));
  Expression whole{Expression::Kind::kComparison, {}, {}};
  whole.comparison.field = "part_of";
  Expression within{Expression::Kind::kAll, {}, {std::move(whole)}};
  std::deque<v1::MailThreadRow> rows;
  const absl::string_view order =
      request.order_by().empty() ? kLastMailFirst : absl::string_view(request.order_by());
  KITH_RETURN_IF_ERROR(projections::CheckClearQuery(MailThreads::Threads().core().declaration(),
                                                    request.filter(), order));
  KITH_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      runtime::ListRows(context, MailThreads::Threads().core(),
                        {.filter = request.filter(),
                         .order_by = order,
                         .page_size = request.page_size(),
                         .may_be_short = true,
                         .within = &within},
                        [&]() -> google::protobuf::Message* { return &rows.emplace_back(); }));
  size_t bytes = 0;
  for (v1::MailThreadRow& row : rows) {
    v1::MailThread& thread = *response->add_mail_threads();
    thread = std::move(*row.mutable_thread());
    if (bytes >= kSaidBytesMax) continue;
    KITH_RETURN_IF_ERROR(TakeSeen(context, thread));
    KITH_RETURN_IF_ERROR(TellLast(context, thread));
    bytes += thread.ByteSizeLong();
  }
  return absl::OkStatus();
}

absl::Status ThreadReader::Read(const ReadContext& context,
                                const v1::ReadMailThreadRequest& request,
                                v1::ReadMailThreadResponse* response) const {
  KITH_ASSIGN_OR_RETURN(const v1::MailThread thread, Find(context, request.name()));
  std::deque<ThreadMailRow> rows;
  KITH_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      ListMails(context, thread, std::min(request.page_size(), kPageSizeMax), rows));
  MailTree tree(context.view(), context.workspace(), eventstore::ReadTier::kDisk);
  size_t bytes = 0;
  for (const ThreadMailRow& row : rows) {
    KITH_ASSIGN_OR_RETURN(const bool is_seen, mails_.Sees(context, row.contact()));
    if (!is_seen) continue;
    v1::MailThreadItem& item = *response->add_items();
    item.set_name(row.name());
    *item.mutable_create_time() = row.create_time();
    item.set_contact(row.contact());
    KITH_RETURN_IF_ERROR(TellParent(context, row, tree, item));
    if (bytes >= kSaidBytesMax) continue;
    KITH_RETURN_IF_ERROR(Fill(context, row, &item));
    bytes += item.ByteSizeLong();
  }
  return absl::OkStatus();
}

absl::Status ThreadReader::TellLast(const ReadContext& context, v1::MailThread& thread) const {
  if (IsMessage(thread.last_mail())) {
    KITH_ASSIGN_OR_RETURN(const std::optional<messages::v1::Message> message,
                          ReadIfSeen<messages::v1::Message>(context, methods_, thread.last_mail()));
    if (!message.has_value()) return absl::OkStatus();
    thread.set_subject(message->subject());
    thread.set_user(message->sender());
    thread.set_erased(message->erased());
    return absl::OkStatus();
  }
  KITH_ASSIGN_OR_RETURN(
      const std::optional<v1::ReceivedMail> mail,
      mails_.ReadUnlessErased(context.workspace(), thread.last_mail(), thread.contact()));
  if (!mail.has_value()) return absl::OkStatus();
  thread.set_subject(mail->subject());
  if (mail->has_sender()) *thread.mutable_sender() = mail->sender();
  thread.set_erased(mail->erased());
  return absl::OkStatus();
}

absl::Status ThreadReader::TellParent(const ReadContext& context, const ThreadMailRow& row,
                                      MailTree& tree, v1::MailThreadItem& item) const {
  KITH_ASSIGN_OR_RETURN(const std::optional<ThreadMailRow> parent, tree.ParentOf(row));
  if (!parent.has_value()) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const bool is_seen, mails_.Sees(context, parent->contact()));
  if (is_seen) item.set_parent(parent->name());
  return absl::OkStatus();
}

absl::Status ThreadReader::Fill(const ReadContext& context, const ThreadMailRow& row,
                                v1::MailThreadItem* item) const {
  if (IsMessage(row.name())) {
    KITH_ASSIGN_OR_RETURN(std::optional<messages::v1::Message> message,
                          ReadIfSeen<messages::v1::Message>(context, methods_, row.name()));
    if (!message.has_value()) return absl::OkStatus();
    item->set_subject(message->subject());
    item->set_user(message->sender());
    *item->mutable_message() = *std::move(message);
    return absl::OkStatus();
  }
  KITH_ASSIGN_OR_RETURN(std::optional<v1::ReceivedMail> mail,
                        mails_.ReadUnlessErased(context.workspace(), row.name(), row.contact()));
  if (mail.has_value()) {
    item->set_subject(mail->subject());
    if (mail->has_sender()) *item->mutable_sender() = mail->sender();
    *item->mutable_received_mail() = *std::move(mail);
  }
  if (row.interaction().empty()) return absl::OkStatus();
  v1::ReceivedMail& told = *item->mutable_received_mail();
  told.set_outcome(v1::RECORDED);  // also where it waited for a review
  told.set_contact(row.contact());
  told.set_interaction(row.interaction());
  KITH_ASSIGN_OR_RETURN(
      std::optional<interactions::v1::Interaction> interaction,
      ReadIfSeen<interactions::v1::Interaction>(context, methods_, row.interaction()));
  if (interaction.has_value()) *item->mutable_interaction() = *std::move(interaction);
  return absl::OkStatus();
}

}  // namespace kith::received_mails
