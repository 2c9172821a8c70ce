#include "services/scoring_models/score_reads.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "google/protobuf/message.h"
#include "kith/scoring_models/v1/scores_service.pb.h"
#include "kith/scoring_models/v1/scoring_models_errors.pb.h"
#include "projections/scoring_models/score_rows.h"
#include "projections/scoring_models/score_rules.h"
#include "projections/scoring_models/scoring_model_directory.h"
#include "projections/tables/merged_names.h"
#include "services/core/date.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/runtime/admission/not_granted.h"
#include "services/runtime/calls/part_read.h"
#include "services/runtime/calls/read_permission.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/link_aliases.h"
#include "services/runtime/resources/not_there.h"
#include "services/runtime/resources/visibility.h"
#include "services/scoring_models/score_commands.h"
#include "services/scoring_models/scoring_model.h"

namespace kith::scoring_models {
namespace {

using eventstore::ReadTier;
using google::protobuf::Message;
using projections::Expression;
using runtime::ReadContext;

constexpr absl::string_view kMostFirst = "score desc";

Expression Compares(const char* field, projections::Operator op, std::string literal) {
  Expression one{Expression::Kind::kComparison, {}, {}};
  one.comparison.field = field;
  one.comparison.op = op;
  one.comparison.literal = std::move(literal);
  return one;
}

// A score with all that it is made of.
struct FoundScore {
  v1::ModelRow row;
  v1::KeptScore kept;
  v1::RecordMatches matches;
  v1::Score score;
  v1::ScoringModel rules;  // those by which it is scored
};

class ScoreReads {
 public:
  ScoreReads(std::vector<runtime::ResourceType> resources, const runtime::Runtime& runtime,
             const runtime::MethodTable& methods)
      : resources_(std::move(resources)),
        runtime_(runtime),
        methods_(methods),
        aliases_(resources_, ScoreTable().core().declaration().fields, nullptr, runtime) {}

  absl::Status Get(const ReadContext& context, const v1::GetScoreRequest& request,
                   v1::Score* response) const {
    KITH_ASSIGN_OR_RETURN(FoundScore found, Find(context, request.model(), request.record()));
    *response = std::move(found.score);
    return absl::OkStatus();
  }

  // Of models that are there: a record that none has scored yet has none.
  absl::Status Query(const ReadContext& context, const v1::QueryRecordScoresRequest& request,
                     v1::QueryRecordScoresResponse* response) const {
    const std::string& record = request.record();
    KITH_RETURN_IF_ERROR(runtime::ReadRecord(context, methods_, record).status());
    const projections::ViewSnapshot& scores =
        context.SnapshotOf(runtime_.views.Find(ScoresOf(eventstore::CategoryOf(record))));
    std::vector<std::string> models;
    KITH_RETURN_IF_ERROR(ModelTable().Scan(scores, context.workspace(),
                                           projections::KeyRange::Prefix(""),
                                           [&](const v1::ModelRow& row) {
                                             models.push_back(row.model().name());
                                             return true;
                                           }));
    for (const std::string& model : models) {
      absl::StatusOr<FoundScore> found = Find(context, model, record);
      if (found.ok()) {
        *response->add_scores() = std::move(found->score);
      } else if (!IsError(found.status(), v1::SCORING_MODELS_ERROR_NOT_SCORED_YET) &&
                 !IsError(found.status(), v1::SCORING_MODELS_ERROR_SCORING_MODEL_NOT_FOUND)) {
        return found.status();
      }
    }
    return absl::OkStatus();
  }

  absl::Status Explain(const ReadContext& context, const v1::ExplainScoreRequest& request,
                       v1::ScoreExplanation* response) const {
    KITH_ASSIGN_OR_RETURN(FoundScore found, Find(context, request.model(), request.record()));
    std::map<std::pair<std::string, std::string>, bool> seen;
    for (const TallyLine& line :
         TallyOf(found.rules, found.matches, DayOf(context.read_time)).lines) {
      v1::ScoreLine& told = *response->add_lines();
      told.set_rule(line.rule->id());
      told.set_display_name(line.rule->display_name());
      told.set_group(line.rule->group());
      told.set_apart(line.apart);
      told.set_points(line.rule->points());
      told.set_points_now(line.points_now);
      told.set_counted_points(line.counted);
      if (line.match == nullptr) continue;
      *told.mutable_occur_time() = line.match->occur_time();
      const std::string& interaction = line.match->interaction();
      const std::string parent(ParentOf(interaction));
      const std::string part(eventstore::CategoryOf(interaction));
      const auto [known, is_new] = seen.try_emplace({parent, part}, false);
      if (is_new) {
        KITH_ASSIGN_OR_RETURN(known->second, SeesParts(context, parent, part));
      }
      if (known->second) told.set_interaction(interaction);
    }
    if (found.kept.overridden()) {
      KITH_RETURN_IF_ERROR(TellOverride(context, found.kept, response->mutable_score_override()));
    }
    *response->mutable_score() = std::move(found.score);
    return absl::OkStatus();
  }

  absl::Status List(const ReadContext& context, const v1::ListScoresRequest& request,
                    v1::ListScoresResponse* response) const {
    KITH_ASSIGN_OR_RETURN(const v1::ScoringModel model, ReadModel(context, request.model()));
    const runtime::ResourceType* const type =
        runtime::FindType(resources_, CollectionOf(model.target()));
    if (type == nullptr) return RecordNotFound(request.model());
    const runtime::Visibility visibility(*type);
    const std::string& permission = visibility.access().read_permission();
    if (!context.caller.grants.Contain(permission)) {
      return runtime::NotGranted(context.caller, permission);
    }
    const projections::ViewSnapshot& scores = SnapshotOf(context, model);
    KITH_ASSIGN_OR_RETURN(const auto row, ModelTable().Get(scores, context.workspace(),
                                                           request.model(), ReadTier::kDisk));
    response->set_incomplete(!row.has_value() || row->is_new());
    const int64_t valid_from = row.has_value() ? row->valid_from() : 0;
    Expression within{Expression::Kind::kAll, {}, {}};
    within.parts.push_back(Compares("model", projections::Operator::kEqual, request.model()));
    within.parts.push_back(
        Compares("version", projections::Operator::kGreaterEqual, absl::StrCat(valid_from)));
    if (auto seen = visibility.Within(context.caller); seen.has_value()) {
      within.parts.push_back(*std::move(seen));
    }
    projections::ListQuery query{
        .filter = request.filter(),
        .order_by = request.order_by().empty() ? kMostFirst : absl::string_view(request.order_by()),
        .page_token = context.page_token,
        .page_size = request.page_size(),
        .may_be_short = true,
        .as_of = context.as_of,
        .within = &within};
    query.moment.now = context.read_time;
    const projections::NameOfAlias name_of = aliases_.NamesIn(context, request.filter());
    query.name_of = &name_of;
    if (!request.filter().empty()) {
      KITH_ASSIGN_OR_RETURN(const auto settings, context.SettingsThen());
      query.moment.zone = TimeZoneOf(settings->time_zone).value_or(absl::UTCTimeZone());
    }
    if (request.has_summary()) {
      query.summarise = &request.summary();
      query.summary = response->mutable_summary();
    }
    KITH_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                          ScoreTable().List(scores, context.workspace(), query,
                                            [&] { return response->add_scores(); }));
    if (context.keys.AnyDestroyed()) HideErased(context, *response->mutable_scores());
    return absl::OkStatus();
  }

  // Those that one record's scores are read from, in every order of binding methods.
  runtime::ReadViews ViewsOfRecords() const {
    runtime::ReadViews views = {&runtime_.views.Find(ScoringModelDirectory::kName)};
    for (int target = 1; !CollectionOf(static_cast<v1::ScoreTarget>(target)).empty(); ++target) {
      const absl::string_view collection = CollectionOf(static_cast<v1::ScoreTarget>(target));
      const runtime::ResourceType* const type = runtime::FindType(resources_, collection);
      if (type == nullptr) continue;
      views.push_back(&runtime_.views.Find(ScoresOf(collection)));
      views.push_back(&runtime_.views.Find(type->directory->name()));
    }
    return views;
  }

  // With those of the records that a filter names by what people call them.
  runtime::ReadViews ViewsFor(const Message& request) const {
    runtime::ReadViews views = Views();
    const auto* const list =
        google::protobuf::DynamicCastToGenerated<v1::ListScoresRequest>(&request);
    if (list == nullptr) return views;
    for (projections::View* const view : aliases_.ViewsFor(list->filter())) {
      if (std::find(views.begin(), views.end(), view) == views.end()) views.push_back(view);
    }
    return views;
  }

  // Those of the scores of what may be asked for, and of the methods that say whether the caller
  // sees the record and what interactions were recorded under.
  runtime::ReadViews Views() const {
    runtime::ReadViews views;
    const auto add = [&](projections::View* view) {
      if (std::find(views.begin(), views.end(), view) == views.end()) views.push_back(view);
    };
    for (const absl::string_view collection : {"contacts", "companies", "deals", "leads"}) {
      const runtime::BoundMethod* const get = runtime::FindGet(methods_, collection);
      if (get == nullptr) continue;
      for (projections::View* const view : get->views()) add(view);
    }
    for (int target = 1; !CollectionOf(static_cast<v1::ScoreTarget>(target)).empty(); ++target) {
      const absl::string_view collection = CollectionOf(static_cast<v1::ScoreTarget>(target));
      if (runtime::FindType(resources_, collection) != nullptr)
        add(&runtime_.views.Find(ScoresOf(collection)));
    }
    return views;
  }

 private:
  const projections::ViewSnapshot& SnapshotOf(const ReadContext& context,
                                              const v1::ScoringModel& model) const {
    return context.SnapshotOf(runtime_.views.Find(ScoresOf(CollectionOf(model.target()))));
  }

  absl::StatusOr<v1::ScoringModel> ReadModel(const ReadContext& context,
                                             const std::string& name) const {
    KITH_ASSIGN_OR_RETURN(
        auto model, ScoringModelDirectory::ScoringModels().Get(context.view(), context.workspace(),
                                                               name, ReadTier::kDisk));
    if (!model.has_value())
      return runtime::NotThere(context, name, ResourceNotFound(Rules(), name));
    return *std::move(model);
  }

  // Who was erased is scored no more.
  static void HideErased(const ReadContext& context,
                         google::protobuf::RepeatedPtrField<v1::Score>& scores) {
    const auto end = std::remove_if(scores.begin(), scores.end(), [&](const v1::Score& score) {
      return context.keys.IsDestroyed(context.workspace(), score.record());
    });
    scores.erase(end, scores.end());
  }

  // Of a record that the caller sees.
  absl::StatusOr<FoundScore> Find(const ReadContext& context, const std::string& name,
                                  const std::string& asked) const {
    KITH_ASSIGN_OR_RETURN(const v1::ScoringModel model, ReadModel(context, name));
    if (eventstore::CategoryOf(asked) != CollectionOf(model.target()) ||
        context.keys.IsDestroyed(context.workspace(), asked)) {
      return RecordNotFound(asked);
    }
    KITH_ASSIGN_OR_RETURN(const auto meant, runtime::ReadRecord(context, methods_, asked));
    const std::string record = ResourceNameOf(*meant);
    const projections::ViewSnapshot& scores = SnapshotOf(context, model);
    const WorkspaceId workspace = context.workspace();
    const std::string key = ScoreKey(name, record);
    KITH_ASSIGN_OR_RETURN(auto row, ModelTable().Get(scores, workspace, name, ReadTier::kDisk));
    KITH_ASSIGN_OR_RETURN(auto score, ScoreTable().Get(scores, workspace, key, ReadTier::kDisk));
    if (!row.has_value() || !score.has_value() || score->version() < row->valid_from()) {
      return RejectState(v1::SCORING_MODELS_ERROR_NOT_SCORED_YET,
                         "The record is being scored by this model for the first time. Ask again "
                         "in a moment.",
                         record, {{"model", name}});
    }
    KITH_ASSIGN_OR_RETURN(auto kept, KeptTable().Get(scores, workspace, key, ReadTier::kDisk));
    FoundScore found;
    found.row = *std::move(row);
    if (kept.has_value()) found.kept = *std::move(kept);
    const std::vector<RuleSet> sets = RuleSetsOf(found.row);
    const RuleSet* const rules = FindRuleSet(sets, score->version());
    if (rules == nullptr) {
      // Of rules that were replaced before every record had its turn: it stands until it has.
      found.score = *std::move(score);
      return found;
    }
    found.rules = rules->model;
    const projections::MergedNames merged(*meant, projections::kPolicyNamesTable);
    KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          merged.AllOf(scores, workspace, record, ReadTier::kDisk));
    KITH_ASSIGN_OR_RETURN(found.matches, ReadAllMatches(scores, workspace, *rules, names));
    // As of the moment asked about, also where its points are others only since its day came.
    found.score = ScoreOn(*rules, found.matches, found.kept, DayOf(context.read_time));
    *found.score.mutable_update_time() = score->update_time();
    *found.score.mutable_reached() = score->reached();
    return found;
  }

  // Whether the caller may be told which "interactions" or "messages" there are under a record.
  // Visitors are under none.
  absl::StatusOr<bool> SeesParts(const ReadContext& context, const std::string& parent,
                                 const std::string& part) const {
    if (parent.empty()) return false;
    const std::string permission = absl::StrCat(part, ".read");
    if (!context.caller.grants.Contain(permission)) return false;
    const runtime::ResourceType* const type =
        runtime::FindType(resources_, eventstore::CategoryOf(parent));
    if (type == nullptr) return false;
    const auto record = runtime::ReadRecord(context, methods_, parent);
    if (!record.ok()) return false;
    return runtime::Visibility(*type).access().MayRead(context.caller, **record, permission);
  }

  // What was said as it was set by hand, which is gone when the person is erased.
  absl::Status TellOverride(const ReadContext& context, const v1::KeptScore& kept,
                            v1::ScoreOverride* response) const {
    response->set_score(kept.score());
    const auto cursor = context.log.ReadWorkspace(
        context.workspace(), Sequence(static_cast<uint64_t>(kept.override_sequence())),
        eventstore::Direction::kForwards);
    KITH_ASSIGN_OR_RETURN(auto record, cursor->Next());
    if (record == nullptr) return absl::OkStatus();
    KITH_ASSIGN_OR_RETURN(const auto event,
                          runtime_.registry.Decode(std::move(record), context.keys));
    const auto& happened = static_cast<const v1::ScoreEvent&>(*event->event);
    response->set_reason(happened.score_override_set().personal().reason());
    *response->mutable_set_time() = ToTimestamp(event->header().record_time);
    response->set_etag(EtagOf(event->header().revision));
    return absl::OkStatus();
  }

  const std::vector<runtime::ResourceType> resources_;
  const runtime::Runtime& runtime_;
  const runtime::MethodTable& methods_;
  const runtime::LinkAliases aliases_;  // of a list's filter
};

// Binds a read of the models and of what else scores are told by.
template <class Request, class Response>
void Bind(std::shared_ptr<const ScoreReads> reads,
          absl::Status (ScoreReads::*run)(const ReadContext&, const Request&, Response*) const,
          runtime::MethodTable& methods) {
  methods.Read(
      runtime::MethodOf<Request>(), ScoringModelDirectory::kName, runtime::ReadKind::kScan,
      [reads, run](const ReadContext& context, const Message& request, Message* response) {
        return (*reads.*run)(context, static_cast<const Request&>(request),
                             static_cast<Response*>(response));
      },
      [reads](const Message& request) { return reads->ViewsFor(request); });
}

}  // namespace

void BindReads(std::vector<runtime::ResourceType> resources, const runtime::Runtime& runtime,
               runtime::MethodTable& methods) {
  const auto reads = std::make_shared<const ScoreReads>(std::move(resources), runtime, methods);
  Bind(reads, &ScoreReads::Get, methods);
  Bind(reads, &ScoreReads::List, methods);
  Bind(reads, &ScoreReads::Explain, methods);
  methods.Read(runtime::MethodOf<v1::QueryRecordScoresRequest>(), reads->ViewsOfRecords(),
               runtime::ReadKind::kScan,
               [reads](const ReadContext& context, const Message& request, Message* response) {
                 return reads->Query(context,
                                     static_cast<const v1::QueryRecordScoresRequest&>(request),
                                     static_cast<v1::QueryRecordScoresResponse*>(response));
               });
}

}  // namespace kith::scoring_models
