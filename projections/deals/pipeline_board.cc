#include "projections/deals/pipeline_board.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "eventstore/base/proto_time.h"
#include "projections/deals/board_group.h"
#include "projections/deals/board_rows.h"
#include "projections/deals/deal_list.h"
#include "projections/deals/pipeline_list.h"
#include "projections/store/key_codec.h"

namespace kith::deals {
namespace {

// What the board shows of a deal; changes of other fields change no row of it.
bool AreShownAlike(const v1::Deal& a, const v1::Deal& b) {
  return a.stage() == b.stage() && a.status() == b.status() && a.owner() == b.owner() &&
         a.has_amount() == b.has_amount() && a.amount().units() == b.amount().units() &&
         a.amount().nanos() == b.amount().nanos() &&
         a.amount().currency_code() == b.amount().currency_code() &&
         a.has_probability() == b.has_probability() && a.probability() == b.probability() &&
         FromTimestamp(a.stage_enter_time()) == FromTimestamp(b.stage_enter_time());
}

// In a row's key: those of all owners, and those of none.
constexpr absl::string_view kAll = "";
constexpr absl::string_view kNobody = "-";

absl::string_view RowOwner(absl::string_view owner) { return owner.empty() ? kNobody : owner; }

// The owners whose board shows the deal: all together, and the deal's own.
std::array<absl::string_view, 2> OwnersOf(const v1::Deal& deal) {
  return {kAll, RowOwner(deal.owner())};
}

// What of a deal a row is about: it in its stage, among the deals of all owners or of one.
struct Place {
  absl::string_view owner;
  const v1::Deal* before = nullptr;  // it stood there
  const v1::Deal* after = nullptr;   // it stands there
};
using Places = absl::InlinedVector<Place, 4>;

// The places where a deal stood and stands, of which one may be null.
Places PlacesOf(const v1::Deal* before, const v1::Deal* after) {
  Places places;
  if (before != nullptr) {
    for (const absl::string_view owner : OwnersOf(*before)) places.push_back({owner, before});
  }
  if (after == nullptr) return places;
  for (const absl::string_view owner : OwnersOf(*after)) {
    const auto same = std::find_if(places.begin(), places.end(), [&](const Place& place) {
      return place.owner == owner && place.before != nullptr && before->stage() == after->stage();
    });
    if (same == places.end()) {
      places.push_back({owner, nullptr, after});
    } else {
      same->after = after;
    }
  }
  return places;
}

// Counts the deal where it stands, and no more where it stood. A group without deals has no row.
absl::Status CountDeal(projections::ViewBatch& batch, WorkspaceId workspace, const Place& place) {
  const std::string& stage = (place.after != nullptr ? place.after : place.before)->stage();
  const std::string key = projections::KeyOf(stage, place.owner);
  return BoardGroups().Change(batch, workspace, key, [&](v1::BoardGroup& group) {
    group.set_stage(stage);
    group.set_owner(std::string(place.owner));
    if (place.before != nullptr) AddDeal(*place.before, -1, group);
    if (place.after != nullptr) AddDeal(*place.after, 1, group);
    return group.count() > 0;
  });
}

// Under which an open deal's touch stands; empty of one that is not there, or closed and does not
// rot.
std::string TouchKeyOf(const v1::Deal* deal, absl::string_view owner) {
  if (deal == nullptr || deal->status() != v1::OPEN) return "";
  return TouchKey(deal->stage(), owner, FromTimestamp(deal->last_activity_time()), deal->name());
}

void NoteTouch(projections::ViewBatch& batch, WorkspaceId workspace, const Place& place) {
  const std::string before = TouchKeyOf(place.before, place.owner);
  const std::string after = TouchKeyOf(place.after, place.owner);
  if (!before.empty() && before != after) BoardTouches().Erase(batch, workspace, before);
  if (after.empty()) return;
  v1::BoardTouch touch;
  touch.set_stage(place.after->stage());
  touch.set_owner(std::string(place.owner));
  *touch.mutable_touch_time() = place.after->last_activity_time();
  touch.set_deal(place.after->name());
  BoardTouches().Set(batch, workspace, touch);
}

// Brings every row in line with what became of one deal.
absl::Status ApplyChange(const projections::RowChange& change, projections::ViewBatch& batch) {
  const auto* const before = change.before<v1::Deal>();
  const auto* const after = change.after<v1::Deal>();
  const bool alike = before != nullptr && after != nullptr && AreShownAlike(*before, *after);
  const bool touched = !alike || FromTimestamp(before->last_activity_time()) !=
                                     FromTimestamp(after->last_activity_time());
  if (!touched) return absl::OkStatus();
  for (const Place& place : PlacesOf(before, after)) {
    if (!alike) KITH_RETURN_IF_ERROR(CountDeal(batch, change.workspace(), place));
    NoteTouch(batch, change.workspace(), place);
  }
  return absl::OkStatus();
}

// The owners, as rows have them, whose groups are added up.
std::vector<std::string> RowOwnersOf(const BoardQuery& query) {
  if (!query.owners.has_value()) return {std::string(kAll)};
  std::vector<std::string> owners;
  for (const std::string& owner : *query.owners) owners.emplace_back(RowOwner(owner));
  return owners;
}

// An open deal of the stage that nobody touched since then rots.
absl::Time FreshSince(const BoardQuery& query, const v1::Stage& stage) {
  return query.read_time - absl::Hours(24) * stage.rot_days();
}

bool IsRotting(const BoardQuery& query, const v1::Stage& stage, const v1::Deal& deal) {
  return stage.rot_days() > 0 && stage.kind() == v1::OPEN_STAGE && deal.status() == v1::OPEN &&
         FromTimestamp(deal.last_activity_time()) < FreshSince(query, stage);
}

// What stands in a stage, of all owners that are asked for.
struct Standing {
  const v1::Stage* stage = nullptr;
  v1::BoardGroup all;
  int64_t rotting = 0;
};

// Where the open deals of a group stand that rot: that were touched before this time, and with them
// the others of that day.
struct Touched {
  projections::KeyRange keys;
  absl::Time fresh_since;
  Standing* standing = nullptr;
};

// Adds up the groups of a stage, and says where those of its deals stand that may rot.
absl::Status AddGroups(const projections::ViewSnapshot& snapshot, const BoardQuery& query,
                       const std::vector<std::string>& owners, Standing& standing,
                       std::vector<Touched>& touched) {
  const v1::Stage& stage = *standing.stage;
  const bool rots = stage.rot_days() > 0 && stage.kind() == v1::OPEN_STAGE;
  const absl::Time fresh_since = FreshSince(query, stage);
  for (const std::string& owner : owners) {
    std::string key = projections::KeyOf(stage.name(), owner);
    KITH_ASSIGN_OR_RETURN(const auto group, BoardGroups().Get(snapshot, query.workspace, key,
                                                              eventstore::ReadTier::kDisk));
    if (!group.has_value()) continue;
    AddGroup(*group, standing.all);
    if (!rots) continue;
    std::string end = projections::KeyOf(stage.name(), owner, TouchDay(fresh_since) + 1);
    touched.push_back({{.from = std::move(key), .to = std::move(end)}, fresh_since, &standing});
  }
  return absl::OkStatus();
}

// Counts the open deals that nobody touched for longer than their stage's `rot_days` days of 24
// hours: of all stages and owners at once, because a scan is dear to begin.
absl::Status CountRotting(const projections::ViewSnapshot& snapshot, const BoardQuery& query,
                          const std::vector<Touched>& touched) {
  std::vector<projections::KeyRange> keys;
  keys.reserve(touched.size());
  for (const Touched& one : touched) keys.push_back(one.keys);
  return BoardTouches().ScanEach(snapshot, query.workspace, keys,
                                 [&](size_t range, const v1::BoardTouch& row) {
                                   const Touched& place = touched[range];
                                   if (FromTimestamp(row.touch_time()) < place.fresh_since)
                                     ++place.standing->rotting;
                                   return true;
                                 });
}

// Counts the deals that the query names beside the owners.
void AddFurther(const BoardQuery& query, Standing& standing) {
  for (const v1::Deal& deal : query.further) {
    if (deal.stage() != standing.stage->name()) continue;
    AddDeal(deal, 1, standing.all);
    if (IsRotting(query, *standing.stage, deal)) ++standing.rotting;
  }
}

absl::StatusOr<v1::BoardStage> Shown(const BoardQuery& query, const Standing& standing) {
  const v1::Stage& stage = *standing.stage;
  const v1::BoardGroup& all = standing.all;
  v1::BoardStage shown;
  shown.set_stage(stage.name());
  shown.set_display_name(stage.display_name());
  shown.set_probability(stage.probability());
  shown.set_color(stage.color());
  if (all.count() == 0) return shown;

  shown.set_count(all.count());
  KITH_ASSIGN_OR_RETURN(auto amounts, AmountsOf(all));
  for (auto& money : amounts) *shown.add_amount() = std::move(money);
  KITH_ASSIGN_OR_RETURN(auto weighted, WeightedAmountsOf(all, stage.probability()));
  for (auto& money : weighted) *shown.add_weighted_amount() = std::move(money);
  *shown.mutable_average_age() = ToDuration(AverageAgeOf(all, query.read_time));
  shown.set_rotting_count(standing.rotting);
  return shown;
}

}  // namespace

std::string PipelineBoard::base() const { return std::string(DealList::kName); }

absl::Status PipelineBoard::Apply(const eventstore::RecordedEvent&,
                                  projections::ViewBatch& batch) const {
  for (const projections::RowChange& change : batch.changes()) {
    KITH_RETURN_IF_ERROR(ApplyChange(change, batch));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<v1::PipelineBoard>> ReadPipelineBoard(
    const projections::ViewSnapshot& snapshot, const projections::ViewSnapshot& pipelines,
    const BoardQuery& query) {
  KITH_ASSIGN_OR_RETURN(const auto pipeline,
                        PipelineList::Pipelines().Get(pipelines, query.workspace, query.pipeline,
                                                      eventstore::ReadTier::kDisk));
  if (!pipeline.has_value()) return std::nullopt;
  v1::PipelineBoard board;
  board.set_pipeline(pipeline->name());
  *board.mutable_read_time() = ToTimestamp(query.read_time);
  const std::vector<std::string> owners = RowOwnersOf(query);
  std::vector<Standing> standings(static_cast<size_t>(pipeline->stages_size()));
  std::vector<Touched> touched;
  for (size_t i = 0; i < standings.size(); ++i) {
    standings[i].stage = &pipeline->stages(static_cast<int>(i));
    KITH_RETURN_IF_ERROR(AddGroups(snapshot, query, owners, standings[i], touched));
  }
  KITH_RETURN_IF_ERROR(CountRotting(snapshot, query, touched));
  for (Standing& standing : standings) {
    AddFurther(query, standing);
    KITH_ASSIGN_OR_RETURN(*board.add_stages(), Shown(query, standing));
  }
  return board;
}

}  // namespace kith::deals
