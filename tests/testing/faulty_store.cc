#include "tests/testing/faulty_store.h"

#include <vector>

#include "absl/types/span.h"
#include "eventstore/base/status_macros.h"

namespace kith::testing {
namespace {

using projections::EntriesVisitor;
using projections::IndexBuild;
using projections::IndexFamily;
using projections::KeyRange;
using projections::KeysVisitor;
using projections::SpanVisitor;
using projections::VersionedBatch;
using projections::VersionedFamily;
using projections::VersionedStore;

class FaultyFamily final : public VersionedFamily {
 public:
  FaultyFamily(std::string name, std::shared_ptr<VersionedFamily> family, Faults& faults)
      : name_(std::move(name)), family_(std::move(family)), faults_(faults) {}

  absl::StatusOr<std::optional<std::string>> Get(absl::string_view key, Position at,
                                                 eventstore::ReadTier tier) const override {
    KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kRead, name_));
    return family_->Get(key, at, tier);
  }
  absl::Status ScanEach(absl::Span<const KeyRange> ranges, Position at,
                        KeysVisitor visit) const override {
    KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kRead, name_));
    return family_->ScanEach(ranges, at, visit);
  }
  std::unique_ptr<VersionedBatch> NewBatch() override { return family_->NewBatch(); }
  absl::Status Write(VersionedBatch& batch) override {
    KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kWrite, name_));
    KITH_RETURN_IF_ERROR(family_->Write(batch));
    return faults_.At(StoreStep::kWritten, name_);
  }
  absl::Status Flush(bool wait) override {
    const absl::Status fault = faults_.At(StoreStep::kFlush, name_);
    if (absl::IsCancelled(fault)) return absl::OkStatus();
    KITH_RETURN_IF_ERROR(fault);
    return family_->Flush(wait);
  }
  absl::Status Damage() const override { return family_->Damage(); }

 private:
  const std::string name_;
  const std::shared_ptr<VersionedFamily> family_;
  Faults& faults_;
};

class FaultyBuild final : public IndexBuild {
 public:
  FaultyBuild(std::string name, std::unique_ptr<IndexBuild> build, Faults& faults)
      : name_(std::move(name)), build_(std::move(build)), faults_(faults) {}

  void Turn(absl::string_view key, bool added, Position at) override {
    build_->Turn(key, added, at);
  }
  size_t bytes() const override { return build_->bytes(); }
  absl::Status Spill() override {
    KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kWrite, name_));
    return build_->Spill();
  }
  absl::StatusOr<bool> FinishSome(Position checkpoint, size_t entries_max) override {
    KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kWrite, name_));
    KITH_ASSIGN_OR_RETURN(const bool done, build_->FinishSome(checkpoint, entries_max));
    if (done) KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kWritten, name_));
    return done;
  }

 private:
  const std::string name_;
  const std::unique_ptr<IndexBuild> build_;
  Faults& faults_;
};

class FaultyIndex final : public IndexFamily {
 public:
  FaultyIndex(std::string name, std::shared_ptr<IndexFamily> family, Faults& faults)
      : name_(std::move(name)), family_(std::move(family)), faults_(faults) {}

  absl::StatusOr<Position> Checkpoint() const override {
    KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kRead, name_));
    return family_->Checkpoint();
  }
  absl::Status ScanEach(absl::Span<const KeyRange> ranges, Position at,
                        EntriesVisitor visit) const override {
    KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kRead, name_));
    return family_->ScanEach(ranges, at, visit);
  }
  absl::Status ScanCurrentEach(absl::Span<const KeyRange> ranges,
                               EntriesVisitor visit) const override {
    KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kRead, name_));
    return family_->ScanCurrentEach(ranges, visit);
  }
  absl::Status ScanSpans(SpanVisitor visit) const override {
    KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kRead, name_));
    return family_->ScanSpans(visit);
  }
  absl::Status Write(const projections::IndexChanges& changes, Position checkpoint) override {
    KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kWrite, name_));
    KITH_RETURN_IF_ERROR(family_->Write(changes, checkpoint));
    return faults_.At(StoreStep::kWritten, name_);
  }
  std::unique_ptr<IndexBuild> Build() override {
    return std::make_unique<FaultyBuild>(name_, family_->Build(), faults_);
  }
  absl::Status Flush(bool wait) override {
    const absl::Status fault = faults_.At(StoreStep::kFlush, name_);
    if (absl::IsCancelled(fault)) return absl::OkStatus();
    KITH_RETURN_IF_ERROR(fault);
    return family_->Flush(wait);
  }
  absl::Status Damage() const override { return family_->Damage(); }

 private:
  const std::string name_;
  const std::shared_ptr<IndexFamily> family_;
  Faults& faults_;
};

class FaultyStore final : public VersionedStore {
 public:
  FaultyStore(std::unique_ptr<VersionedStore> store, Faults& faults)
      : store_(std::move(store)), faults_(faults) {}

  absl::StatusOr<std::optional<projections::StoreIdentity>> Identity() const override {
    return store_->Identity();
  }
  absl::Status SetIdentity(const projections::StoreIdentity& identity) override {
    return store_->SetIdentity(identity);
  }
  std::vector<std::string> FamilyNames() const override { return store_->FamilyNames(); }
  absl::Status CreateMissing(const std::vector<std::string>& families) override {
    return store_->CreateMissing(families);
  }
  absl::StatusOr<std::shared_ptr<VersionedFamily>> OpenOrCreate(absl::string_view name) override {
    KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kCreate, name));
    KITH_ASSIGN_OR_RETURN(auto family, store_->OpenOrCreate(name));
    return std::make_shared<FaultyFamily>(std::string(name), std::move(family), faults_);
  }
  absl::StatusOr<std::shared_ptr<IndexFamily>> OpenOrCreateIndex(absl::string_view name) override {
    KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kCreate, name));
    KITH_ASSIGN_OR_RETURN(auto family, store_->OpenOrCreateIndex(name));
    return std::make_shared<FaultyIndex>(std::string(name), std::move(family), faults_);
  }
  absl::Status Drop(absl::string_view name) override {
    KITH_RETURN_IF_ERROR(faults_.At(StoreStep::kDrop, name));
    return store_->Drop(name);
  }
  void Resume() override { store_->Resume(); }

 private:
  const std::unique_ptr<VersionedStore> store_;
  Faults& faults_;
};

}  // namespace

std::unique_ptr<VersionedStore> NewFaultyStore(std::unique_ptr<VersionedStore> store,
                                               Faults& faults) {
  return std::make_unique<FaultyStore>(std::move(store), faults);
}

}  // namespace kith::testing
