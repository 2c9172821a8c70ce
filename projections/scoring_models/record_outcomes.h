// RecordOutcomes: how many records were won and lost, by what they were like: for each team, and
// for everybody's, by the fields of their kind, and by how far those that were lost had come.
//
// Such a view is based on the list of its records, and keeps of a closed one what it is counted by,
// so that reopening it, or changing it, takes back exactly that. A closed record that is deleted
// stays counted: it was won or lost all the same. Nothing of an open one is kept. Leads and deals
// are counted: lead_outcomes.h, deal_outcomes.h.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "kith/scoring_models/v1/prediction.pb.h"
#include "kith/scoring_models/v1/prediction_rows.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::scoring_models {

// What records are counted by.
struct CountedField {
  // A text or an enum, or a list of texts, of which each counts: "source", "first_touch.campaign".
  const char* path;
  // Of how many closed records a value must be known before it says something.
  int64_t records_min = 1;
};

class RecordOutcomes : public projections::Projection {
 public:
  // By pipeline, team, field and value: CountKey.
  static const projections::Table<v1::OutcomeCount>& Counts();
  static std::string CountKey(const std::string& pipeline, const std::string& team,
                              const std::string& field, const std::string& value);
  // By user.
  static const projections::Table<v1::UserTeam>& Teams();

  absl::string_view name() const final { return name_; }
  int version() const final { return version_; }
  std::string base() const final { return base_; }
  std::vector<std::string> categories() const final { return {"users"}; }
  bool reads_personal() const final { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const final;

 protected:
  using Message = google::protobuf::Message;

  // How a record stands, as its kind says it.
  enum class Outcome { kOpen, kWon, kLost };
  struct Standing {
    Outcome outcome = Outcome::kOpen;
    std::string record;
    std::string pipeline;  // whose records are counted apart; empty: there are none
    std::string owner;
    std::string lost_at;  // how far it had come; empty where this change does not tell
  };

  // `name` and `version` as Projection has them; `reach` is what the field is called that says how
  // far a record came. Borrows the fields.
  RecordOutcomes(absl::string_view name, int version, std::string base,
                 absl::Span<const CountedField> fields, const char* reach)
      : name_(name), version_(version), base_(std::move(base)), fields_(fields), reach_(reach) {}

 private:
  // `before` is null of a record that was not there. Pure.
  virtual Standing StandingOf(const Message* before, const Message& after) const = 0;

  v1::CountedRecord CountedAs(const Standing& standing, const Message& record, std::string team,
                              const v1::CountedRecord* known) const;
  absl::Status Follow(const Message* before, const Message* after, WorkspaceId workspace,
                      projections::ViewBatch& batch) const;

  const absl::string_view name_;
  const int version_;
  const std::string base_;
  const absl::Span<const CountedField> fields_;
  const char* const reach_;
};

// The texts that a field of a record is counted by; none where it is empty. Any thread.
std::vector<std::string> CountedTexts(const google::protobuf::Message& record, const char* path);

}  // namespace kith::scoring_models
