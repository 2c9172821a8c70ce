// RocksIndexBuild: an IndexBuild whose entries become RocksDB's own files, taken in together. The
// inside of rocks_index_family.cc; nobody else includes it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "projections/store/index_family.h"
#include "projections/store/rocks_families.h"
#include "projections/store/table_files.h"
#include "projections/store/turn_sorter.h"

namespace kith::projections {

class RocksIndexBuild final : public IndexBuild {
 public:
  explicit RocksIndexBuild(std::shared_ptr<OpenFamily> family)
      : family_(std::move(family)), sorter_(family_->database().sorting_folder) {}

  void Turn(absl::string_view key, bool added, Position at) override {
    sorter_.Add(key, added, at);
  }
  size_t bytes() const override { return sorter_.bytes(); }
  absl::Status Spill() override { return sorter_.Spill(); }
  absl::StatusOr<bool> FinishSome(Position checkpoint, size_t entries_max) override;

 private:
  absl::Status PutEntry();

  const std::shared_ptr<OpenFamily> family_;
  TurnSorter sorter_;
  // Entries that are there, and those that were, in other stretches of keys: both come in order.
  std::unique_ptr<TableFiles> live_;
  std::unique_ptr<TableFiles> closed_;
};

}  // namespace kith::projections
