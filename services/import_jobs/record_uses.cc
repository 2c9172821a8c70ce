#include "services/import_jobs/record_uses.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/message.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/import_jobs/import_job_changes.h"
#include "services/core/reject.h"
#include "services/runtime/resources/not_known_yet.h"

namespace kith::import_jobs {
namespace {

using google::protobuf::Message;
using projections::Field;
using projections::TableDeclaration;
using runtime::Loader;

constexpr int kPageRows = 100;
// So many that were taken back a moment ago are looked past.
constexpr int kGoneMax = 1'000;
// What is not known where a read model is behind.
constexpr absl::string_view kUses = "Who names what the import made";

absl::Status StillLinked(const std::string& record, absl::string_view category) {
  return RejectState(type::v1::ERROR_STILL_LINKED,
                     absl::StrCat("It stays: some of the ", category,
                                  " name it, and were not taken back with it. Change or delete "
                                  "them first."),
                     record);
}

}  // namespace

RecordUses::RecordUses(const std::vector<runtime::ResourceType>& types,
                       const runtime::Runtime& runtime)
    : log_(runtime.log), changes_(runtime.views.Find(ImportJobChanges::kName)) {
  for (const runtime::ResourceType& type : types) {
    const TableDeclaration& table = type.directory->table().declaration();
    std::vector<size_t> known;
    for (const auto& index : table.indexes) {
      const size_t first = index.fields.front();
      const bool is_known = std::find(known.begin(), known.end(), first) != known.end();
      if (index.current || is_known || table.fields[first].links.empty()) continue;
      known.push_back(first);
      sources_.push_back({type, &table.fields[first], &runtime.views.Find(type.directory->name())});
    }
  }
}

absl::Status RecordUses::CheckUnused(Loader& load, const v1::ImportJobChange& change) const {
  std::vector<const Source*> sources;
  Position known = log_.head();
  for (const Source& source : sources_) {
    if (!source.field->MayHoldName(change.record())) continue;
    sources.push_back(&source);
    known = std::min(known, source.directory->position());
  }
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> since,
                        runtime::StreamsSince(log_, load.workspace(), known, kUses));
  for (const Source* const source : sources) {
    const std::string category(source->type.rules->category);
    for (const std::string& name : since) {
      if (eventstore::CategoryOf(name) != category) continue;
      KITH_ASSIGN_OR_RETURN(const bool is_use, IsUse(*source, load, name, change));
      if (is_use) return StillLinked(change.record(), category);
    }
    KITH_RETURN_IF_ERROR(CheckSource(*source, load, change));
  }
  return absl::OkStatus();
}

absl::Status RecordUses::CheckUnusedThen(WorkspaceId workspace, const v1::ImportJobChange& change,
                                         Goes goes) const {
  for (const Source& source : sources_) {
    if (!source.field->MayHoldName(change.record())) continue;
    int looked_at = 0;
    bool is_used = false;
    KITH_RETURN_IF_ERROR(ForEachNaming(source, workspace, change.record(),
                                       [&](const std::string& name) -> absl::StatusOr<bool> {
                                         if (name == change.record() || name == change.import_job())
                                           return true;
                                         KITH_ASSIGN_OR_RETURN(const bool is_gone, goes(name));
                                         is_used = !is_gone;
                                         return !is_used && ++looked_at < kGoneMax;
                                       }));
    if (is_used) return StillLinked(change.record(), source.type.rules->category);
  }
  return absl::OkStatus();
}

absl::Status RecordUses::ForEachNaming(const Source& source, WorkspaceId workspace,
                                       const std::string& record, Goes visit) const {
  const projections::ViewSnapshot snapshot = source.directory->At(source.directory->position());
  const std::string filter = absl::StrCat(source.field->name, " = \"", record, "\"");
  const std::unique_ptr<Message> row(source.type.rules->resource->New());
  std::string page_token;
  do {
    std::vector<std::string> names;
    KITH_ASSIGN_OR_RETURN(
        page_token, source.type.directory->table().List(
                        snapshot, workspace,
                        {.filter = filter, .page_token = page_token, .page_size = kPageRows},
                        [&](absl::string_view bytes) {
                          if (!row->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
                            return false;
                          names.push_back(ResourceNameOf(*row));
                          return true;
                        }));
    for (const std::string& name : names) {
      KITH_ASSIGN_OR_RETURN(const bool goes_on, visit(name));
      if (!goes_on) return absl::OkStatus();
    }
  } while (!page_token.empty());
  return absl::OkStatus();
}

absl::Status RecordUses::CheckSource(const Source& source, Loader& load,
                                     const v1::ImportJobChange& change) const {
  int looked_at = 0;
  return ForEachNaming(source, load.workspace(), change.record(),
                       [&](const std::string& name) -> absl::StatusOr<bool> {
                         KITH_ASSIGN_OR_RETURN(const bool is_use,
                                               IsUse(source, load, name, change));
                         if (is_use) {
                           return StillLinked(change.record(), source.type.rules->category);
                         }
                         if (++looked_at >= kGoneMax) return runtime::NotKnownYet(kUses);
                         return true;
                       });
}

absl::StatusOr<bool> RecordUses::IsUse(const Source& source, Loader& load, const std::string& name,
                                       const v1::ImportJobChange& change) const {
  if (name == change.record() || name == change.import_job()) return false;
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadItself(*source.type.aggregate, name));
  const ResourceNow now = source.type.now_of(state);
  if (now.lifecycle != Lifecycle::kActive) return false;
  KITH_ASSIGN_OR_RETURN(const projections::LiteralValues wanted,
                        source.field->ValuesFor(change.record(), projections::Moment()));
  const std::vector<std::string> held = source.field->ValuesOf(*now.resource);
  if (std::find(held.begin(), held.end(), wanted.first) == held.end()) return false;
  KITH_ASSIGN_OR_RETURN(
      const std::optional<v1::ImportJobChange> own,
      ReadChange(changes_.At(changes_.position()), load.workspace(), change.import_job(), name));
  const bool is_looked_at_later =
      own.has_value() && own->created() && own->sequence() < change.sequence();
  return !is_looked_at_later;
}

}  // namespace kith::import_jobs
