#include "projections/received_mails/mail_threads.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "kith/messages/v1/message_events.pb.h"
#include "projections/received_mails/reviewed_mails.h"
#include "services/core/received_mail.h"
#include "services/core/resource_name.h"

namespace kith::received_mails {
namespace {

using eventstore::RecordedEvent;
using projections::ViewBatch;
using v1::MailThreadRow;
using v1::ThreadMailRow;

constexpr absl::string_view kThreads = "mailThreads/";
// Of those that a mail refers to so many may be the one that it answers, the nearest.
constexpr int kReferencesMax = 20;

// A mail as an event tells it.
struct ThreadedMail {
  ThreadMailRow row;             // its thread not yet known
  std::string id;                // its own; empty where it has none
  std::vector<std::string> ids;  // its own and those that it refers to
};

const messages::v1::MessageSent* SentIn(const RecordedEvent& event) {
  const auto* const message =
      google::protobuf::DynamicCastToGenerated<messages::v1::MessageEvent>(event.event.get());
  return message != nullptr && message->has_message_sent() ? &message->message_sent() : nullptr;
}

void AddId(const std::string& id, ThreadedMail& mail) {
  if (!id.empty()) mail.ids.push_back(id);
}

std::optional<ThreadedMail> MailIn(const RecordedEvent& event) {
  ThreadedMail mail;
  *mail.row.mutable_create_time() = ToTimestamp(event.header().occur_time);
  if (const auto* const sent = SentIn(event)) {
    mail.row.set_name(sent->name());
    mail.row.set_contact(std::string(ParentOf(sent->name())));
    mail.id = MessageIdOf(sent->message_id());
    AddId(mail.id, mail);
    return mail;
  }
  if (const auto* const received = ReceivedIn(event)) {
    const v1::ReceivedMail& told = received->received_mail();
    mail.row.set_name(received->name());
    mail.row.set_contact(told.contact());
    mail.row.set_interaction(told.interaction());
    mail.id = told.message_id();
    AddId(mail.id, mail);
    for (const std::string& id : told.references()) AddId(id, mail);
    const int far = std::max(0, told.references_size() - kReferencesMax);
    for (int i = far; i < told.references_size(); ++i) {
      mail.row.add_references(told.references(i));
    }
    return mail;
  }
  return std::nullopt;
}

// It has a mail of this time.
void MoveTimes(const google::protobuf::Timestamp& time, v1::MailThread& thread) {
  const absl::Time at = FromTimestamp(time);
  if (!thread.has_create_time() || at < FromTimestamp(thread.create_time())) {
    *thread.mutable_create_time() = time;
  }
  if (!thread.has_last_mail_time() || at > FromTimestamp(thread.last_mail_time())) {
    *thread.mutable_last_mail_time() = time;
  }
}

// Folds one mail into the rows.
class ThreadFold {
 public:
  ThreadFold(WorkspaceId workspace, ViewBatch& batch) : workspace_(workspace), batch_(batch) {}

  absl::Status Add(ThreadedMail mail) {
    KITH_RETURN_IF_ERROR(FindThreads(mail.ids));
    MailThreadRow thread;
    if (found_.empty()) {
      thread.mutable_thread()->set_name(absl::StrCat(kThreads, IdOf(mail.row.name())));
      thread.set_begin_position(batch_.position().value());
    } else {
      thread = found_.front();
    }
    for (size_t i = 1; i < found_.size(); ++i) {
      KITH_RETURN_IF_ERROR(Join(std::move(found_[i]), thread));
    }
    MoveTimes(mail.row.create_time(), *thread.mutable_thread());
    thread.mutable_thread()->set_mail_count(thread.thread().mail_count() + 1);
    KITH_RETURN_IF_ERROR(MailThreads::Threads().Put(batch_, workspace_, thread));
    for (const std::string& id : new_ids_) {
      v1::MailIdRow row;
      row.set_message_id(id);
      row.set_thread(thread.thread().name());
      KITH_RETURN_IF_ERROR(MailThreads::Ids().Put(batch_, workspace_, row));
    }
    KITH_RETURN_IF_ERROR(NoteOwnId(mail));
    mail.row.set_thread(thread.thread().name());
    mail.row.set_position(batch_.position().value());
    return MailThreads::Mails().Put(batch_, workspace_, mail.row);
  }

 private:
  // The threads that the ids belong to, the oldest first, and the ids that belong to none.
  absl::Status FindThreads(const std::vector<std::string>& ids) {
    for (const std::string& id : ids) {
      KITH_ASSIGN_OR_RETURN(const std::optional<v1::MailIdRow> row,
                            MailThreads::Ids().Get(batch_, workspace_, id));
      if (!row.has_value()) {
        new_ids_.push_back(id);
        continue;
      }
      KITH_ASSIGN_OR_RETURN(MailThreadRow thread, Get(row->thread()));
      if (!thread.part_of().empty()) {
        KITH_ASSIGN_OR_RETURN(thread, Get(std::string(thread.part_of())));
      }
      const bool is_known = std::any_of(
          found_.begin(), found_.end(),
          [&](const MailThreadRow& one) { return one.thread().name() == thread.thread().name(); });
      if (!is_known) found_.push_back(std::move(thread));
    }
    std::sort(found_.begin(), found_.end(), [](const MailThreadRow& a, const MailThreadRow& b) {
      return a.begin_position() < b.begin_position();
    });
    return absl::OkStatus();
  }

  // Whoever refers to an id means the first mail that has it.
  absl::Status NoteOwnId(const ThreadedMail& mail) {
    if (mail.id.empty()) return absl::OkStatus();
    KITH_ASSIGN_OR_RETURN(std::optional<v1::MailIdRow> row,
                          MailThreads::Ids().Get(batch_, workspace_, mail.id));
    if (!row.has_value() || !row->mail().empty()) return absl::OkStatus();
    row->set_mail(mail.row.name());
    return MailThreads::Ids().Put(batch_, workspace_, *row);
  }

  absl::StatusOr<MailThreadRow> Get(const std::string& name) {
    KITH_ASSIGN_OR_RETURN(std::optional<MailThreadRow> row,
                          MailThreads::Threads().Get(batch_, workspace_, name));
    if (!row.has_value()) return absl::InternalError("a thread of a mail is not there");
    return *std::move(row);
  }

  // The younger one becomes a part of `thread`, and so do its parts.
  absl::Status Join(MailThreadRow younger, MailThreadRow& thread) {
    v1::MailThread& whole = *thread.mutable_thread();
    v1::MailThread& part = *younger.mutable_thread();
    if (whole.joined_threads_size() + part.joined_threads_size() + 1 > kJoinedThreadsMax) {
      return absl::OkStatus();
    }
    for (const std::string& name : part.joined_threads()) {
      KITH_ASSIGN_OR_RETURN(MailThreadRow row, Get(name));
      row.set_part_of(whole.name());
      KITH_RETURN_IF_ERROR(MailThreads::Threads().Put(batch_, workspace_, row));
      whole.add_joined_threads(name);
    }
    whole.add_joined_threads(part.name());
    whole.set_mail_count(whole.mail_count() + part.mail_count());
    MoveTimes(part.create_time(), whole);
    MoveTimes(part.last_mail_time(), whole);
    part.clear_joined_threads();
    younger.set_part_of(whole.name());
    return MailThreads::Threads().Put(batch_, workspace_, younger);
  }

  const WorkspaceId workspace_;
  ViewBatch& batch_;
  std::vector<MailThreadRow> found_;
  std::vector<std::string> new_ids_;
};

// Somebody said who the person of a mail is.
absl::Status Resolve(const captures::v1::CaptureReviewResolved& resolved, WorkspaceId workspace,
                     ViewBatch& batch) {
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> name,
                        MailInReview(resolved.name(), workspace, batch));
  if (!name.has_value()) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(std::optional<ThreadMailRow> mail,
                        MailThreads::Mails().Get(batch, workspace, *name));
  if (!mail.has_value()) return absl::OkStatus();
  mail->set_contact(resolved.contact());
  mail->set_interaction(resolved.interaction());
  return MailThreads::Mails().Put(batch, workspace, *mail);
}

}  // namespace

const projections::Table<MailThreadRow>& MailThreads::Threads() {
  static const auto& table = *new projections::Table<MailThreadRow>(
      projections::TableBuilder<MailThreadRow>(1)
          .Key([](const MailThreadRow& row) { return row.thread().name(); })
          .Field("name", {.path = "thread.name"})
          .Field("part_of")
          .Field("joined_threads", {.path = "thread.joined_threads"})
          .Field("mail_count", {.path = "thread.mail_count"})
          .Field("create_time", {.path = "thread.create_time"})
          .Field("last_mail_time", {.path = "thread.last_mail_time"})
          .Index(1, {"part_of", "last_mail_time"})
          .Build());
  return table;
}

const projections::Table<v1::MailIdRow>& MailThreads::Ids() {
  static const auto& table = *new projections::Table<v1::MailIdRow>(
      projections::TableBuilder<v1::MailIdRow>(2)
          .Key([](const v1::MailIdRow& row) { return row.message_id(); })
          .Build());
  return table;
}

const projections::Table<ThreadMailRow>& MailThreads::Mails() {
  static const auto& table = *new projections::Table<ThreadMailRow>(
      projections::TableBuilder<ThreadMailRow>(3)
          .Key([](const ThreadMailRow& row) { return row.name(); })
          .Field("thread")
          .Field("create_time")
          .Index(1, {"thread", "create_time"})
          .Build());
  return table;
}

bool MailThreads::Takes(const RecordedEvent& event) const {
  return SentIn(event) != nullptr || ReceivedIn(event) != nullptr || ResolvedIn(event) != nullptr;
}

absl::Status MailThreads::Apply(const RecordedEvent& event, ViewBatch& batch) const {
  const WorkspaceId workspace = event.header().workspace;
  if (const auto* const resolved = ResolvedIn(event)) return Resolve(*resolved, workspace, batch);
  if (const auto* const received = ReceivedIn(event)) {
    KITH_RETURN_IF_ERROR(NoteReview(*received, workspace, batch));
  }
  std::optional<ThreadedMail> mail = MailIn(event);
  if (!mail.has_value()) return absl::OkStatus();
  return ThreadFold(workspace, batch).Add(*std::move(mail));
}

absl::StatusOr<std::optional<v1::MailThread>> FindThread(const projections::ViewSnapshot& snapshot,
                                                         WorkspaceId workspace,
                                                         absl::string_view name,
                                                         eventstore::ReadTier tier) {
  std::string thread(name);
  if (!absl::StartsWith(name, kThreads)) {
    KITH_ASSIGN_OR_RETURN(const std::optional<ThreadMailRow> mail,
                          MailThreads::Mails().Get(snapshot, workspace, name, tier));
    if (!mail.has_value()) return std::nullopt;
    thread = mail->thread();
  }
  KITH_ASSIGN_OR_RETURN(std::optional<MailThreadRow> row,
                        MailThreads::Threads().Get(snapshot, workspace, thread, tier));
  if (row.has_value() && !row->part_of().empty()) {
    const std::string whole = row->part_of();
    KITH_ASSIGN_OR_RETURN(row, MailThreads::Threads().Get(snapshot, workspace, whole, tier));
  }
  if (!row.has_value()) return std::nullopt;
  return std::move(*row->mutable_thread());
}

absl::StatusOr<std::optional<ThreadMailRow>> MailTree::ParentOf(const ThreadMailRow& mail) {
  KITH_ASSIGN_OR_RETURN(const ThreadMailRow* const parent, NearestOf(mail));
  if (parent == nullptr) return std::nullopt;
  bool is_first = true;
  absl::flat_hash_set<std::string> passed;
  // A circle that it is no part of is left to those that are.
  for (const ThreadMailRow* above = parent;
       above != nullptr && passed.insert(above->name()).second;) {
    if (above->name() == mail.name()) {
      if (is_first) return std::nullopt;
      break;
    }
    if (passed.size() > kAnswersDeepMax) return std::nullopt;
    is_first = is_first && mail.position() < above->position();
    KITH_ASSIGN_OR_RETURN(above, NearestOf(*above));
  }
  return std::optional<ThreadMailRow>(*parent);
}

absl::StatusOr<const ThreadMailRow*> MailTree::NearestOf(const ThreadMailRow& mail) {
  const auto [known, is_new] = nearest_.try_emplace(mail.name());
  std::optional<ThreadMailRow>& nearest = known->second;
  for (int i = mail.references_size() - 1; is_new && i >= 0 && !nearest.has_value(); --i) {
    KITH_ASSIGN_OR_RETURN(const std::optional<v1::MailIdRow> id,
                          MailThreads::Ids().Get(snapshot_, workspace_, mail.references(i), tier_));
    if (!id.has_value() || id->mail().empty() || id->mail() == mail.name()) continue;
    KITH_ASSIGN_OR_RETURN(nearest,
                          MailThreads::Mails().Get(snapshot_, workspace_, id->mail(), tier_));
  }
  return nearest.has_value() ? &*nearest : nullptr;
}

}  // namespace kith::received_mails
