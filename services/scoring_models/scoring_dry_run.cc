#include "services/scoring_models/scoring_dry_run.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "google/protobuf/message.h"
#include "kith/scoring_models/v1/scoring_models_service.pb.h"
#include "projections/scoring_models/score_rows.h"
#include "projections/scoring_models/score_rules.h"
#include "projections/scoring_models/scored_event.h"
#include "projections/scoring_models/scoring_model_directory.h"
#include "projections/tables/merged_names.h"
#include "projections/tables/page_token.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/reads/moments.h"
#include "services/runtime/resources/collections.h"
#include "services/runtime/resources/find_type.h"
#include "services/scoring_models/scoring_model_fields.h"

namespace kith::scoring_models {
namespace {

using eventstore::ReadTier;
using google::protobuf::Message;
using runtime::ReadContext;

// Of so many events and records one page looks at no further one.
constexpr int kEventsMax = 20'000;
constexpr int kRecordsMax = 10'000;
constexpr int kPageDefault = 50;
constexpr int kPageMax = 1'000;

using Matched = absl::flat_hash_map<std::string, v1::RecordMatches>;
// Of messages, since when clicks of before were a program's. What is looked at is ever older.
using Retracted = absl::flat_hash_map<std::string, absl::Time>;

bool IsRetracted(const ScoredEvent& happened, const Retracted& retracted) {
  if (happened.engagement != v1::MAIL_CLICKED) return false;
  const auto since = retracted.find(happened.match.interaction());
  return since != retracted.end() && FromTimestamp(happened.match.occur_time()) >= since->second;
}

class ScoringDryRun {
 public:
  ScoringDryRun(std::vector<runtime::ResourceType> resources, const runtime::Runtime& runtime)
      : resources_(std::move(resources)), runtime_(runtime) {
    facts_.collections = runtime::CollectionsOf(resources_);
  }

  absl::Status Run(const ReadContext& context, const v1::DryRunScoringModelRequest& request,
                   v1::DryRunScoringModelResponse* response) const {
    // It tells of every record, whoever may see it, and of what is personal in it.
    KITH_RETURN_IF_ERROR(runtime::CheckReachesAll(context.caller, "events.read"));
    KITH_RETURN_IF_ERROR(CheckFields(request.definition(), facts_));
    std::string after;
    const uint64_t query =
        projections::QueryDigest({request.definition().SerializeAsString(), request.model(),
                                  request.only_changes() ? "changes" : "all"});
    if (!context.page_token.empty()) {
      KITH_ASSIGN_OR_RETURN(projections::PageToken token,
                            projections::DecodePageToken(context.page_token));
      if (token.query != query) {
        return projections::InvalidPageToken("The page token is of another dry run.");
      }
      after = std::move(token.resume_key);
    }
    KITH_ASSIGN_OR_RETURN(const Matched matched,
                          MatchesOf(context, request.definition(), response));
    KITH_ASSIGN_OR_RETURN(const std::string next, Tell(context, request, matched, after, response));
    if (!next.empty()) {
      response->set_next_page_token(
          projections::EncodePageToken({context.view().position(), query, 0, next, std::nullopt}));
    }
    return absl::OkStatus();
  }

  // Those of all that may be scored: which of it is known when the request is read.
  runtime::ReadViews Views() const {
    runtime::ReadViews views;
    for (int target = 1; !CollectionOf(static_cast<v1::ScoreTarget>(target)).empty(); ++target) {
      const auto* const type = TypeOf(static_cast<v1::ScoreTarget>(target));
      if (type == nullptr) continue;
      views.push_back(&runtime_.views.Find(type->directory->name()));
      views.push_back(&runtime_.views.Find(ScoresOf(type->rules->category)));
    }
    return views;
  }

 private:
  const runtime::ResourceType* TypeOf(v1::ScoreTarget target) const {
    return runtime::FindType(resources_, CollectionOf(target));
  }

  // What the rules match of the latest events, by record.
  absl::StatusOr<Matched> MatchesOf(const ReadContext& context, const v1::ScoringModel& model,
                                    v1::DryRunScoringModelResponse* response) const {
    Matched matched;
    const uint64_t kinds = KindsOf(model);
    if (kinds == 0) return matched;
    const std::string prefix = absl::StrCat(CollectionOf(model.target()), "/");
    KITH_ASSIGN_OR_RETURN(const Sequence last,
                          runtime::SequenceAt(context.log, context.workspace(),
                                              context.view().position(), ReadTier::kDisk));
    const auto cursor =
        context.log.ReadWorkspace(context.workspace(), last, eventstore::Direction::kBackwards);
    Retracted retracted;
    int looked_at = 0;
    while (true) {
      KITH_ASSIGN_OR_RETURN(auto record, cursor->Next());
      if (record == nullptr) break;
      if (looked_at == kEventsMax) {
        response->set_events_left_out(true);
        break;
      }
      ++looked_at;
      if (!LooksAtCategory(kinds, eventstore::CategoryOf(record->header.stream))) continue;
      KITH_ASSIGN_OR_RETURN(const auto event, runtime_.registry.DecodeClear(std::move(record)));
      const auto happened = ScoredEventOf(*event, prefix);
      if (!happened.has_value() || !LooksAt(kinds, *happened)) continue;
      if (happened->retracts_since.has_value()) {
        absl::Time& since =
            retracted.try_emplace(happened->match.interaction(), absl::InfiniteFuture())
                .first->second;
        since = std::min(since, *happened->retracts_since);
      }
      if (IsRetracted(*happened, retracted)) continue;
      for (const v1::ScoringRule& rule : model.rules()) {
        if (!Matches(rule, *happened, event->header().record_time)) continue;
        for (const std::string& about : happened->records) {
          AddMatch(rule, happened->match, matched[about]);
        }
      }
    }
    response->set_events_looked_at(looked_at);
    return matched;
  }

  // A page of records behind `after`; the name of the last one where more follow.
  absl::StatusOr<std::string> Tell(const ReadContext& context,
                                   const v1::DryRunScoringModelRequest& request,
                                   const Matched& matched, const std::string& after,
                                   v1::DryRunScoringModelResponse* response) const {
    const v1::ScoringModel& model = request.definition();
    const auto* const type = TypeOf(model.target());
    KITH_CHECK(type != nullptr);  // CheckFields has it
    const projections::TableCore& table = type->directory->table();
    const projections::ViewSnapshot& records =
        context.SnapshotOf(runtime_.views.Find(type->directory->name()));
    const projections::ViewSnapshot& scores =
        context.SnapshotOf(runtime_.views.Find(ScoresOf(type->rules->category)));
    const std::string& compared = request.model().empty() ? model.name() : request.model();
    const int page =
        request.page_size() <= 0 ? kPageDefault : std::min(request.page_size(), kPageMax);
    projections::KeyRange range = projections::KeyRange::Prefix("");
    if (!after.empty()) range.from = after + '\0';
    const std::unique_ptr<Message> row(type->rules->resource->New());
    const projections::MergedNames names(*type->rules->resource);
    std::string last;
    std::string next;
    int looked_at = 0;
    absl::Status failed;
    KITH_RETURN_IF_ERROR(table.Scan(records, context.workspace(), range, *row, [&] {
      if (looked_at == kRecordsMax || response->scores_size() == page) {
        next = last;
        return false;
      }
      ++looked_at;
      last = table.declaration().key(*row);
      std::optional<v1::Score> before;
      v1::KeptScore kept;
      failed = ReadPresent(context, scores, compared, last, before, kept);
      if (!failed.ok()) return false;
      const auto found = matched.find(last);
      v1::RecordMatches matches = found == matched.end() ? v1::RecordMatches() : found->second;
      failed = AddMerged(context.workspace(), model, names, records, last, matched, matches);
      if (!failed.ok()) return false;
      failed = AddNamed(context.workspace(), model, scores, *row, matched, matches);
      if (!failed.ok()) return false;
      matches.set_record(last);
      *matches.mutable_facts() = FactsOf(model, table.declaration(), *row, context.read_time);
      const std::string no_etag;
      const v1::Score score =
          ScoreOn({model, 0, no_etag, 0}, matches, kept, DayOf(context.read_time));
      AddScore(model, before, score, request.only_changes(), response);
      return true;
    }));
    KITH_RETURN_IF_ERROR(failed);
    return next;
  }

  // What was matched under the other names of a record.
  static absl::Status AddMerged(WorkspaceId workspace, const v1::ScoringModel& model,
                                const projections::MergedNames& merged,
                                const projections::ViewSnapshot& records, const std::string& record,
                                const Matched& matched, v1::RecordMatches& matches,
                                bool with_own = false) {
    KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          merged.AllOf(records, workspace, record, ReadTier::kDisk));
    for (const std::string& name : names) {
      const auto found = matched.find(name);
      if (found == matched.end() || (name == record && !with_own)) continue;
      AddMatches(model, found->second, matches);
    }
    return absl::OkStatus();
  }

  // What the contact did that a record names, as a lead does.
  static absl::Status AddNamed(WorkspaceId workspace, const v1::ScoringModel& model,
                               const projections::ViewSnapshot& scores, const Message& row,
                               const Matched& matched, v1::RecordMatches& matches) {
    const auto* const field = row.GetDescriptor()->FindFieldByName("contact");
    const std::string contact = field == nullptr ? "" : row.GetReflection()->GetString(row, field);
    if (contact.empty()) return absl::OkStatus();
    return AddMerged(workspace, model, ContactNames(), scores, contact, matched, matches, true);
  }

  // What a record has by the model that is compared with; nothing where that is none.
  static absl::Status ReadPresent(const ReadContext& context,
                                  const projections::ViewSnapshot& scores, const std::string& model,
                                  const std::string& record, std::optional<v1::Score>& score,
                                  v1::KeptScore& kept) {
    if (model.empty()) return absl::OkStatus();
    const std::string key = ScoreKey(model, record);
    KITH_ASSIGN_OR_RETURN(score,
                          ScoreTable().Get(scores, context.workspace(), key, ReadTier::kDisk));
    KITH_ASSIGN_OR_RETURN(auto found,
                          KeptTable().Get(scores, context.workspace(), key, ReadTier::kDisk));
    if (found.has_value()) kept = *std::move(found);
    return absl::OkStatus();
  }

  static void AddScore(const v1::ScoringModel& model, const std::optional<v1::Score>& before,
                       const v1::Score& score, bool only_changes,
                       v1::DryRunScoringModelResponse* response) {
    v1::DryRunScore told;
    told.set_record(score.record());
    told.set_owner(score.owner());
    if (before.has_value()) told.set_score_before(before->score());
    told.set_score(score.score());
    for (const v1::ScoreThreshold& threshold : model.thresholds()) {
      const int64_t was = before.has_value() ? ScoreIn(*before, threshold.group()) : 0;
      if (was < threshold.value() && ScoreIn(score, threshold.group()) >= threshold.value()) {
        told.add_crossed(threshold.id());
      }
    }
    const bool changes = !told.crossed().empty() || told.score_before() != told.score();
    if (changes || !only_changes) *response->add_scores() = std::move(told);
  }

  const std::vector<runtime::ResourceType> resources_;
  const runtime::Runtime& runtime_;
  ServerFacts facts_;
};

}  // namespace

void BindDryRun(std::vector<runtime::ResourceType> resources, const runtime::Runtime& runtime,
                runtime::MethodTable& methods) {
  const auto dry_run = std::make_shared<const ScoringDryRun>(std::move(resources), runtime);
  methods.Read(
      runtime::MethodOf<v1::DryRunScoringModelRequest>(), ScoringModelDirectory::kName,
      runtime::ReadKind::kScan,
      [dry_run](const ReadContext& context, const Message& request, Message* response) {
        return dry_run->Run(context, static_cast<const v1::DryRunScoringModelRequest&>(request),
                            static_cast<v1::DryRunScoringModelResponse*>(response));
      },
      [dry_run](const Message&) { return dry_run->Views(); });
}

}  // namespace kith::scoring_models
