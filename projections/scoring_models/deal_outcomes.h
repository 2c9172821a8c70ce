// DealOutcomes: how many deals were won and lost, by what they were like: for each pipeline and
// team, and for everybody's, by source, product and type, and by the stage in which they were lost.
//
// The view is based on the deal list, and keeps of a closed deal what it is counted by, so that
// reopening it, or changing it, takes back exactly that. A closed deal that is deleted stays
// counted: it was won or lost all the same. Nothing of an open deal is kept.
#pragma once

#include <string>
#include <vector>

#include "kith/scoring_models/v1/prediction.pb.h"
#include "kith/scoring_models/v1/prediction_rows.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::scoring_models {

// The fields of a deal that it is counted by, beside its stage.
inline constexpr const char* kCountedFields[] = {"source", "product", "type"};
inline constexpr char kStageField[] = "stage";

class DealOutcomes final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "deal_outcomes";

  // By pipeline, team, field and value: CountKey.
  static const projections::Table<v1::OutcomeCount>& Counts();
  static std::string CountKey(const std::string& pipeline, const std::string& team,
                              const std::string& field, const std::string& value);
  // By user.
  static const projections::Table<v1::UserTeam>& Teams();

  absl::string_view name() const override { return kName; }
  int version() const override { return 1; }
  std::string base() const override { return "deal_list"; }
  std::vector<std::string> categories() const override { return {"users"}; }
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

// The text that a field of a deal is counted by; empty where it has none.
std::string CountedText(const google::protobuf::Message& deal, const char* field);

}  // namespace kith::scoring_models
