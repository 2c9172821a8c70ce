#include "projections/engine/view_batch.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"

namespace kith::projections {
namespace {

// Entries written in one piece of work.
constexpr size_t kPieceEntries = 20'000;
// A batch of so many rows is one of a view that is being built.
constexpr size_t kManyRows = 10'000;
// Rows kept parsed; when there are more, all are parsed anew.
constexpr size_t kParsedMax = 64;

}  // namespace

ViewBatch::ViewBatch(ViewFamilies families, ViewCheckpoints checkpoints, size_t recent_bytes,
                     uint8_t told_table)
    : families_(std::move(families)),
      checkpoints_(checkpoints),
      kept_(families_.rows->NewBatch()),
      recent_(recent_bytes),
      told_table_(told_table) {}

absl::StatusOr<std::optional<std::string>> ViewBatch::Get(absl::string_view key) {
  if (const EventRows::Row* const row = event_.Find(key); row != nullptr) return *row;
  const size_t hash = RecentRows::HashOf(key);
  if (const auto found = earlier_.find(key, hash); found != earlier_.end()) return found->second;
  if (const RecentRows::Row* const row = recent_.Find(key, hash); row != nullptr) return *row;
  auto stored =
      families_.rows->Get(key, Position(position_.value() - 1), eventstore::ReadTier::kDisk);
  if (stored.ok()) {
    recent_.Add(key, *stored);
  } else if (read_error_.ok()) {
    read_error_ = stored.status();
  }
  return stored;
}

absl::StatusOr<ViewBatch::SharedRow> ViewBatch::GetParsed(
    absl::string_view key, const google::protobuf::Message& prototype) {
  const bool is_changed = event_.Find(key) != nullptr;
  if (const auto found = parsed_.find(key); found != parsed_.end() && !is_changed) {
    return found->second;
  }
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> bytes, Get(key));
  std::shared_ptr<google::protobuf::Message> row;
  if (bytes.has_value()) {
    row.reset(prototype.New());
    if (!row->ParseFromString(*bytes)) {
      return absl::DataLossError("a row of the view store does not parse");
    }
  }
  if (is_changed) return row;
  if (parsed_.size() >= kParsedMax) parsed_.clear();
  parsed_.emplace(key, row);
  return row;
}

void ViewBatch::Put(absl::string_view key, std::string value) {
  KITH_CHECK(!key.empty() && key[0] != '\0');
  event_.Put(key, std::move(value));
}

void ViewBatch::Delete(absl::string_view key) {
  KITH_CHECK(!key.empty() && key[0] != '\0');
  event_.Put(key, std::nullopt);
}

void ViewBatch::AddEntry(IndexKind kind, absl::string_view entry) {
  KITH_CHECK(families_.index != nullptr);
  event_entries_.emplace_back(LiveKey(kind, entry), true);
}

void ViewBatch::RemoveEntry(IndexKind kind, absl::string_view entry) {
  KITH_CHECK(families_.index != nullptr);
  event_entries_.emplace_back(LiveKey(kind, entry), false);
}

void ViewBatch::Begin(Position position, absl::Span<const RowChange> changes) {
  KITH_CHECK(position > position_ && event_.empty() && event_entries_.empty());
  position_ = position;
  changes_ = changes;
}

void ViewBatch::Keep() {
  const bool is_new = position_ > checkpoints_.rows;
  for (EventRows::Written& written : event_.rows()) {
    if (!parsed_.empty()) parsed_.erase(written.key);
    if (!is_new) {
      recent_.Update(written.key, std::move(written.row));
      continue;
    }
    if (written.row.has_value()) {
      kept_->Put(written.key, position_, *written.row);
    } else {
      kept_->Delete(written.key, position_);
    }
    earlier_.insert_or_assign(std::move(written.key), std::move(written.row));
  }
  if (build_ != nullptr) {
    for (const auto& [key, added] : event_entries_) build_->Turn(key, added, position_);
  } else if (position_ > checkpoints_.index) {
    for (auto& [key, added] : event_entries_) kept_entries_.Turn(std::move(key), added, position_);
  }
  EndEvent();
}

void ViewBatch::Discard() {
  told_.clear();
  EndEvent();
}

void ViewBatch::EndEvent() {
  event_.Clear();
  event_entries_.clear();
  changes_ = {};
}

absl::Status ViewBatch::Write(Position folded, bool with_checkpoint) {
  KITH_CHECK(event_.empty() && event_entries_.empty());
  const absl::Status written = families_.rows->Write(*kept_);
  kept_->Clear();
  const size_t rows = earlier_.size();
  for (auto& [key, value] : earlier_) recent_.Update(key, std::move(value));
  earlier_.clear();
  if (rows >= kManyRows) earlier_.reserve(rows);  // the next batch will have as many
  read_error_ = absl::OkStatus();
  KITH_RETURN_IF_ERROR(written);
  checkpoints_.rows = std::max(checkpoints_.rows, folded);
  return WriteEntries(folded, with_checkpoint);
}

bool ViewBatch::has_kept() const {
  return !kept_->empty() || !kept_entries_.empty() || (build_ != nullptr && build_->bytes() > 0);
}

size_t ViewBatch::kept_bytes() const {
  // Rows stand in what is to be written, and for who asks for them.
  return 2 * kept_->bytes() + kept_entries_.bytes() + (build_ == nullptr ? 0 : build_->bytes());
}

absl::StatusOr<bool> ViewBatch::FinishSome(Position folded) {
  KITH_ASSIGN_OR_RETURN(const bool done, build_->FinishSome(folded, kPieceEntries));
  if (!done) return false;
  build_ = nullptr;
  checkpoints_.index = folded;
  return true;
}

absl::Status ViewBatch::WriteEntries(Position folded, bool with_checkpoint) {
  if (build_ != nullptr) return build_->Spill();
  if (folded <= checkpoints_.index) return absl::OkStatus();
  if (families_.index != nullptr) {
    if (kept_entries_.empty() && !with_checkpoint) return absl::OkStatus();
    KITH_RETURN_IF_ERROR(families_.index->Write(kept_entries_, folded));
    kept_entries_.Clear();
  }
  checkpoints_.index = folded;
  return absl::OkStatus();
}

}  // namespace kith::projections
