// MailThreads: which mails answer each other, those that came in and those that were sent.
//
// By their ids alone, as in a forest of disjoint sets: each id of a mail, its own and those that it
// refers to, belongs to a thread, whether a mail with it ever came or not. So it does not matter
// which of them comes first, nor whether references lead in a circle. A mail whose ids belong to
// several threads joins the oldest, and the others become parts of it, unless it would have more
// than kJoinedThreadsMax: then they stay apart. A mail without ids is a thread of its own.
//
// Tables:
//   1  MailThreadRow, by name, with an index by what it is a part of and time: threads, and those
//      that were one
//   2  MailIdRow, by the id as MessageIdOf has it: with the first mail that has it
//   3  ThreadMailRow, by name, with an index by thread and time: the mails, each under the thread
//      that it came into; those of the parts of a thread are its own
// and that of reviewed_mails.h.
// Pure functions, any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "kith/received_mails/v1/mail_thread_rows.pb.h"
#include "projections/engine/projection.h"
#include "projections/engine/view_snapshot.h"
#include "projections/tables/table.h"

namespace kith::received_mails {

inline constexpr int kJoinedThreadsMax = 100;
inline constexpr size_t kAnswersDeepMax = 1'000;

class MailThreads final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "mail_threads";

  // By index: part_of with last_mail_time.
  static const projections::Table<v1::MailThreadRow>& Threads();
  static const projections::Table<v1::MailIdRow>& Ids();
  // By index: thread with create_time.
  static const projections::Table<v1::ThreadMailRow>& Mails();

  absl::string_view name() const override { return kName; }
  int version() const override { return 3; }
  std::vector<std::string> categories() const override {
    return {"receivedMails", "captureReviews", "messages"};
  }
  bool Takes(const eventstore::RecordedEvent& event) const override;
  bool reads_personal() const override { return false; }
  bool has_indexes() const override { return true; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

// The thread of this name, or the one that it became a part of; or that of a mail of this name.
// nullopt where there is none.
absl::StatusOr<std::optional<v1::MailThread>> FindThread(const projections::ViewSnapshot& snapshot,
                                                         WorkspaceId workspace,
                                                         absl::string_view name,
                                                         eventstore::ReadTier tier);

// Which mail of a thread answers which: the tree that its mails are. Reads of one moment, each mail
// once. One thread.
class MailTree {
 public:
  // Borrows the snapshot.
  MailTree(const projections::ViewSnapshot& snapshot, WorkspaceId workspace,
           eventstore::ReadTier tier)
      : snapshot_(snapshot), workspace_(workspace), tier_(tier) {}

  // The mail that this one answers: the nearest of those that it refers to and that are there. Not
  // set where there is none, or that would lead back to it and it was told first, or it stands more
  // than kAnswersDeepMax deep.
  absl::StatusOr<std::optional<v1::ThreadMailRow>> ParentOf(const v1::ThreadMailRow& mail);

 private:
  // Whatever leads back; null where there is none.
  absl::StatusOr<const v1::ThreadMailRow*> NearestOf(const v1::ThreadMailRow& mail);

  const projections::ViewSnapshot& snapshot_;
  const WorkspaceId workspace_;
  const eventstore::ReadTier tier_;
  // By the name of a mail, what it refers to.
  std::map<std::string, std::optional<v1::ThreadMailRow>> nearest_;
};

}  // namespace kith::received_mails
