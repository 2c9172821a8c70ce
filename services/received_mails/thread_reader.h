// ThreadReader: tells mail threads: which mails are in one as a view has it, and what these say as
// the log, and the methods that read interactions and messages, tell it to the caller.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kith/received_mails/v1/mail_thread.pb.h"
#include "kith/received_mails/v1/mail_thread_rows.pb.h"
#include "kith/received_mails/v1/mail_threads_service.pb.h"
#include "projections/received_mails/mail_threads.h"
#include "services/received_mails/received_mail_reader.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/runtime.h"

namespace kith::received_mails {

// Any thread that may touch the disk. Borrows what it is made of. Its reads are of the view
// MailThreads first, and of those that GetInteraction and GetMessage read.
class ThreadReader {
 public:
  ThreadReader(const runtime::Runtime& runtime, const runtime::MethodTable& methods)
      : methods_(methods), mails_(runtime) {}

  // RECEIVED_MAILS_ERROR_MAIL_THREAD_NOT_FOUND, also where the caller sees none of its mails.
  absl::Status Get(const runtime::ReadContext& context, const v1::GetMailThreadRequest& request,
                   v1::MailThread* response) const;
  // ERROR_PERMISSION_DENIED where the caller does not see all contacts.
  absl::Status List(const runtime::ReadContext& context, const v1::ListMailThreadsRequest& request,
                    v1::ListMailThreadsResponse* response) const;
  // As Get; ERROR_INVALID_PAGE_TOKEN.
  absl::Status Read(const runtime::ReadContext& context, const v1::ReadMailThreadRequest& request,
                    v1::ReadMailThreadResponse* response) const;

 private:
  // The thread that a request names, as the caller may see it.
  absl::StatusOr<v1::MailThread> Find(const runtime::ReadContext& context,
                                      const std::string& name) const;
  // Leaves of the thread's count and times what the caller may see, and names the last mail of it;
  // of a thread with many mails the latest thousand are looked at.
  absl::Status TakeSeen(const runtime::ReadContext& context, v1::MailThread& thread) const;
  // What the mail that TakeSeen named says of itself, as far as the caller may read it.
  absl::Status TellLast(const runtime::ReadContext& context, v1::MailThread& thread) const;
  // Which mail it answers, where the caller sees that one.
  absl::Status TellParent(const runtime::ReadContext& context, const v1::ThreadMailRow& row,
                          MailTree& tree, v1::MailThreadItem& item) const;
  // What the mail says, as far as the caller may read it.
  absl::Status Fill(const runtime::ReadContext& context, const v1::ThreadMailRow& row,
                    v1::MailThreadItem* item) const;

  const runtime::MethodTable& methods_;
  const ReceivedMailReader mails_;
};

}  // namespace kith::received_mails
