#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/cli/load/load_kind.h"

namespace kith::cli {

const std::vector<LoadKindEntry>& LoadKinds() {
  static const auto& kinds = *new std::vector<LoadKindEntry>{
      {"record", "RecordInteraction with a contact", 128, false, true, NewRecordLoad},
      {"ingest", "IngestInteractions, 500 in a message; counts interactions", 4, false, false,
       NewIngestLoad},
      {"capture", "CaptureInteraction with a contact, told by its address", 128, false, true,
       NewCaptureLoad},
      {"capture-many",
       "BatchCaptureInteractions, 500 with contacts told by their addresses; counts interactions",
       4, false, true, NewCaptureManyLoad},
      {"capture-stream",
       "IngestCaptures, 500 in a message, with contacts told by their addresses; counts "
       "interactions",
       4, false, false, NewCaptureStreamLoad},
      {"move-deal", "MoveDeal, each call another deal", 128, false, true, NewMoveDealLoad},
      {"update-contact", "UpdateContact, its company", 128, false, true, NewUpdateContactLoad},
      {"lag", "how long after a write a view answers with it", 1, false, false, NewLagLoad},
      {"get", "GetContact", 128, true, true, NewGetContactLoad},
      {"get-deal", "GetDeal", 128, true, true, NewGetDealLoad},
      {"list", "ListDeals, 50 of a stage by closing date", 8, true, true, NewListDealsLoad},
      {"list-either", "ListDeals, 50 of two stages by closing date", 8, true, true,
       NewListEitherLoad},
      {"list-by-amount", "ListDeals, 50 open ones by amount", 8, true, true, NewListByAmountLoad},
      {"list-by-name", "ListContacts, 50 by what their display names begin with", 8, true, true,
       NewListByNameLoad},
      {"list-by-score", "ListScores, 50 of the first model, the most first", 8, false, true,
       NewListByScoreLoad},
      {"find-contact", "ListContacts, 50 by a word of their names", 8, true, true,
       NewFindContactLoad},
      {"find-nobody", "ListContacts, by a word that no name has", 8, true, true, NewFindNobodyLoad},
      {"board", "GetPipelineBoard", 8, true, true, NewBoardLoad},
      {"forecast", "QueryForecast, by month and category", 8, true, true, NewForecastLoad},
      {"events", "SubscribeEvents, from the first to the last; counts events", 1, false, false,
       NewEventsLoad},
  };
  return kinds;
}

absl::StatusOr<const LoadKindEntry*> FindLoadKind(absl::string_view name) {
  for (const LoadKindEntry& entry : LoadKinds()) {
    if (entry.name == name) return &entry;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("kith bench takes what to call: ",
                   absl::StrJoin(LoadKinds(), ", ", [](std::string* text, const auto& entry) {
                     absl::StrAppend(text, entry.name);
                   })));
}

}  // namespace kith::cli
