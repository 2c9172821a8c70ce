#include "services/cli/import/importer.h"

#include <utility>

#include "eventstore/base/check.h"
#include "kith/import_jobs/v1/import_jobs_service.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/server_error.h"

namespace kith::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What a call made of the row's record: one at its first revision came into being by it.
RowOutcome OutcomeOf(const Message& reply, bool repeated) {
  if (const auto* const imported =
          google::protobuf::DynamicCastToGenerated<import_jobs::v1::ImportRecordResponse>(&reply)) {
    switch (imported->outcome()) {
      case import_jobs::v1::ROW_CREATED:
        return RowOutcome::kCreated;
      case import_jobs::v1::ROW_UPDATED:
        return RowOutcome::kUpdated;
      default:
        return RowOutcome::kUnchanged;
    }
  }
  if (repeated) return RowOutcome::kUnchanged;
  const FieldDescriptor* const etag = reply.GetDescriptor()->FindFieldByName("etag");
  const std::string revision = etag == nullptr ? "" : reply.GetReflection()->GetString(reply, etag);
  const bool is_first = revision.empty() || revision == "1";
  return is_first ? RowOutcome::kCreated : RowOutcome::kUpdated;
}

// The resource's name in a reply: its own, or that of the message it holds.
std::string NameOf(const Message& reply) {
  const FieldDescriptor* name = reply.GetDescriptor()->FindFieldByName("name");
  return name == nullptr ? "" : reply.GetReflection()->GetString(reply, name);
}

absl::Status Explained(const absl::Status& status) {
  if (ReasonOf(status) != "REQUEST_ID_REUSED") return status;
  return absl::Status(status.code(),
                      "it was imported before with other content, which an import does not change");
}

}  // namespace

Importer::~Importer() {
  MutexLock lock(mutex_);
  KITH_CHECK(in_flight_ == 0);
}

bool Importer::Submit(const CsvRow& row, absl::StatusOr<std::vector<PlannedCall>> calls,
                      std::vector<uint64_t> keys) {
  const uint64_t number = submitted_++;
  if (!calls.ok()) {
    MutexLock lock(mutex_);
    Put(number, {&row, std::move(calls).status(), RowOutcome::kUnchanged, ""});
    return true;
  }
  KITH_CHECK(!calls->empty());
  {
    MutexLock lock(mutex_);
    while (!IsFree(keys)) changed_.Wait(mutex_);
    if (stopped_) return false;
    keys_.insert(keys.begin(), keys.end());
    ++in_flight_;
  }
  auto running = std::make_shared<Running>();
  running->row = &row;
  running->number = number;
  running->keys = std::move(keys);
  running->calls = *std::move(calls);
  SendNext(std::move(running));
  return true;
}

void Importer::Note(const CsvRow& row, RowOutcome outcome) {
  const uint64_t number = submitted_++;
  MutexLock lock(mutex_);
  Put(number, {&row, absl::OkStatus(), outcome, ""});
}

bool Importer::IsFree(const std::vector<uint64_t>& keys) const {
  for (const uint64_t key : keys) {
    if (keys_.contains(key)) return false;
  }
  return in_flight_ < in_flight_max_;
}

std::vector<Importer::Result> Importer::TakeResults() {
  MutexLock lock(mutex_);
  std::vector<Result> known;
  while (!results_.empty() && results_.front().has_value()) {
    known.push_back(*std::move(results_.front()));
    results_.pop_front();
    ++told_;
  }
  return known;
}

void Importer::Finish() {
  MutexLock lock(mutex_);
  while (in_flight_ > 0) changed_.Wait(mutex_);
}

void Importer::SendNext(std::shared_ptr<Running> running) {
  PlannedCall& call = running->calls[running->next];
  if (running->next > 0) {
    if (const absl::Status set =
            SetField(call.request.get(), call.method->positional, running->name);
        !set.ok()) {
      End(*running, set);
      return;
    }
  }
  running->response = NewMessage(*call.method->descriptor->output_type());
  Message* const response = running->response.get();
  client_.CallTogether(*call.method, *call.request, response,
                       [this, running = std::move(running)](absl::Status status, ReplyInfo info) {
                         OnReply(running, std::move(status), info);
                       });
}

void Importer::OnReply(std::shared_ptr<Running> running, absl::Status status, ReplyInfo info) {
  if (!status.ok()) {
    End(*running, WithColumns(Explained(status), running->calls[running->next]));
    return;
  }
  const RowOutcome outcome = OutcomeOf(*running->response, info.repeated);
  if (running->next == 0) {
    running->name = NameOf(*running->response);
    running->outcome = outcome;
  } else if (running->outcome == RowOutcome::kUnchanged && outcome != RowOutcome::kUnchanged) {
    running->outcome = RowOutcome::kUpdated;
  }
  if (++running->next < running->calls.size()) {
    SendNext(std::move(running));
  } else {
    End(*running, absl::OkStatus());
  }
}

void Importer::End(const Running& running, absl::Status status) {
  // Notified under the mutex: once it is let go with nothing in flight, the importer may be gone.
  MutexLock lock(mutex_);
  --in_flight_;
  for (const uint64_t key : running.keys) keys_.erase(key);
  stopped_ |= ConcernsEveryCall(status);
  Put(running.number, {running.row, std::move(status), running.outcome, running.name});
  changed_.NotifyOne();
}

void Importer::Put(uint64_t number, Result result) {
  const size_t place = number - told_;
  if (results_.size() <= place) results_.resize(place + 1);
  results_[place] = std::move(result);
}

}  // namespace kith::cli
