#include "services/runtime/resources/merge_methods.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "kith/type/v1/merge.pb.h"
#include "projections/tables/fold_resource.h"
#include "projections/tables/merged_names.h"
#include "services/core/acyclic_links.h"
#include "services/core/field_of.h"
#include "services/core/merge.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/runtime/resources/link_chains.h"
#include "services/runtime/resources/table_reads.h"
#include "services/runtime/resources/visibility.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

std::string TextIn(const Message& message, const FieldDescriptor* field) {
  return message.GetReflection()->GetString(message, field);
}

std::vector<std::string> TextsIn(const Message& message, const FieldDescriptor* field) {
  std::vector<std::string> texts;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    texts.push_back(message.GetReflection()->GetRepeatedString(message, field, i));
  }
  return texts;
}

// Its revision, as its etag tells it.
int64_t RevisionIn(const Message& resource) {
  int64_t revision = 0;
  KITH_CHECK(
      absl::SimpleAtoi(TextIn(resource, FieldOf(*resource.GetDescriptor(), "etag")), &revision));
  return revision;
}

// What a merge is asked for, as both its command and its preview have it.
struct MergeFields {
  explicit MergeFields(const Descriptor& request)
      : name(FieldOf(request, "name")),
        merged(FieldOf(request, "merged")),
        picks(FieldOf(request, "picks")) {
    KITH_CHECK(merged->is_repeated() && picks->message_type() == type::v1::MergePick::descriptor());
  }

  std::vector<MergeChoice> ChoicesIn(const Message& request) const {
    std::vector<MergeChoice> choices;
    for (int i = 0; i < request.GetReflection()->FieldSize(request, picks); ++i) {
      const auto& pick = static_cast<const type::v1::MergePick&>(
          request.GetReflection()->GetRepeatedMessage(request, picks, i));
      choices.push_back({pick.field(), pick.from()});
    }
    return choices;
  }

  const FieldDescriptor* name;
  const FieldDescriptor* merged;
  const FieldDescriptor* picks;
};

absl::Status WithItself(const std::string& name, const std::string& survivor, int index) {
  return RejectState(
      type::v1::ERROR_MERGE_WITH_ITSELF,
      absl::StrCat(name,
                   name == survivor ? " is the record that stays" : " means the record that stays",
                   ". Leave it out of those that are merged into it."),
      survivor, {{"name", survivor}, {"field", absl::StrCat("merged[", index, "]")}});
}

absl::Status IsErased(const std::string& name) {
  return RejectState(type::v1::ERROR_RECORD_ERASED,
                     "Personal data of this record was erased: it is neither merged nor unmerged.",
                     name, {{"name", name}});
}

absl::Status MergedFurther(const std::string& name, const std::string& survivor,
                           const std::string& further) {
  return RejectState(type::v1::ERROR_MERGED_FURTHER,
                     absl::StrCat(name, " was merged into ", survivor, ", which was merged into ",
                                  further, " since. Unmerge ", survivor, " first."),
                     survivor, {{"name", name}, {"survivor", survivor}, {"further", further}});
}

absl::Status ManyNames(size_t size) {
  return RejectState(
      type::v1::ERROR_MERGE_TOO_LARGE,
      absl::StrCat("The record would have ", size, " names, and has at most ", kRecordNamesMax,
                   ". Merge fewer records."),
      "merged",
      {{"field", "merged"}, {"size", absl::StrCat(size)}, {"most", absl::StrCat(kRecordNamesMax)}});
}

bool IsErasedIn(const Message& resource) {
  const FieldDescriptor* const erased = resource.GetDescriptor()->FindFieldByName("erased");
  return erased != nullptr && resource.GetReflection()->GetBool(resource, erased);
}

// What is merged: the records as they are, the one that stays first. Each once.
struct Merged {
  std::vector<const Message*> records;
  std::vector<std::string> names;                // theirs
  std::vector<std::string> called;               // what the request calls them
  std::vector<std::vector<MergedRecord>> inner;  // what was merged into each; may be empty

  const std::string& NameOf(const std::string& asked) const {
    const auto at = std::find(called.begin(), called.end(), asked);
    return at == called.end() ? asked : names[static_cast<size_t>(at - called.begin())];
  }
};

// Of what the request names, in its order. `find` answers the record that a name means; null where
// none is there.
template <class Find>
absl::StatusOr<Merged> FindMerged(const ResourceRules& rules, const MergeFields& fields,
                                  const Message& request, Find find) {
  Merged merged;
  std::vector<std::string> asked = TextsIn(request, fields.merged);
  asked.insert(asked.begin(), TextIn(request, fields.name));
  for (size_t i = 0; i < asked.size(); ++i) {
    KITH_ASSIGN_OR_RETURN(const Message* const record, find(asked[i]));
    if (record == nullptr) return ResourceNotFound(rules, asked[i]);
    const std::string name = ResourceNameOf(*record);
    if (i > 0 && name == merged.names.front()) {
      if (asked[i] != name && asked[i] != asked.front()) continue;  // it was merged into it before
      return WithItself(asked[i], name, static_cast<int>(i) - 1);
    }
    if (IsErasedIn(*record)) return IsErased(name);
    merged.called.push_back(asked[i]);
    merged.names.push_back(name);
    merged.records.push_back(record);
    merged.inner.emplace_back();
  }
  return merged;
}

// With the names that the records have in place of those that the request has.
absl::StatusOr<std::vector<MergeChoice>> ChoicesOf(const ResourceRules& rules,
                                                   const MergeFields& fields,
                                                   const Message& request, const Merged& merged) {
  std::vector<MergeChoice> choices = fields.ChoicesIn(request);
  for (MergeChoice& choice : choices) choice.from = merged.NameOf(choice.from);
  KITH_RETURN_IF_ERROR(CheckChoices(rules, choices, merged.names));
  return choices;
}

// Those of a part of a record: what it does not have, another part has.
std::vector<MergeChoice> ChoicesFor(const Message& part, absl::Span<const MergeChoice> choices) {
  std::vector<MergeChoice> kept;
  const std::string name = ResourceNameOf(part);
  for (const MergeChoice& choice : choices) {
    const FieldPath at = FieldPathOf(*part.GetDescriptor(), choice.field);
    const bool has = at.key.empty() ? part.GetReflection()->HasField(part, at.field)
                                    : FindMapValue(part, *at.field, at.key) != nullptr;
    // Nobody else gives it either.
    kept.push_back({choice.field, choice.from == name && !has ? std::string("-") : choice.from});
  }
  return kept;
}

// A step for each part of those that are merged; a record that is named twice is merged once.
struct Steps {
  std::vector<size_t> of;  // its index in Merged
  std::vector<MergeStep> steps;
  std::vector<std::string> sources;  // of each
};
absl::StatusOr<Steps> MergeAll(const ResourceRules& rules, const Settings& settings,
                               const Merged& merged, absl::Span<const MergeChoice> choices) {
  Steps all;
  const Message* record = merged.records.front();
  for (size_t i = 1; i < merged.records.size(); ++i) {
    const auto first = std::find(merged.names.begin(), merged.names.end(), merged.names[i]);
    if (first != merged.names.begin() + static_cast<std::ptrdiff_t>(i)) continue;
    const std::vector<RecordPart> parts = PartsOf(rules, *merged.records[i], merged.inner[i]);
    for (size_t part = 0; part < parts.size(); ++part) {
      const Message& given = *parts[part].part;
      const std::vector<MergeChoice> chosen =
          part == 0 ? std::vector<MergeChoice>(choices.begin(), choices.end())
                    : ChoicesFor(given, choices);
      KITH_ASSIGN_OR_RETURN(MergeStep step, MergeInto(rules, settings, *record, given, chosen));
      if (part > 0 && step.changed.paths().empty() && step.flags.empty()) continue;
      all.of.push_back(i);
      all.steps.push_back(std::move(step));
      all.sources.push_back(parts[part].source);
      record = all.steps.back().after.get();
    }
  }
  return all;
}

// What the record claims of that, and claims no more, and the other way round.
std::vector<Claim> ClaimsBetween(const ResourceRules& rules, const Message& before,
                                 const Message& after) {
  const ClaimValues had(rules.claims, before);
  const ClaimValues has(rules.claims, after);
  std::vector<Claim> claims;
  for (size_t i = 0; i < rules.claims.size(); ++i) {
    const auto add = [&](const std::vector<std::string>& some,
                         const std::vector<std::string>& others) {
      for (const std::string& value : some) {
        if (std::find(others.begin(), others.end(), value) != others.end()) continue;
        claims.push_back({rules.claims[i].purpose, value});
      }
    };
    add(had[i], has[i]);
    add(has[i], had[i]);
  }
  return claims;
}

// Those that were merged into the record, and into those; each becomes a condition.
absl::Status AddMerged(const ResourceType& type, const Message& resource, Loader& load,
                       std::vector<MergedRecord>& all) {
  const FieldDescriptor* const merged = resource.GetDescriptor()->FindFieldByName("merged");
  if (merged == nullptr) return absl::OkStatus();
  for (const std::string& name : TextsIn(resource, merged)) {
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadItself(*type.aggregate, name));
    const Message& record = *type.now_of(state).resource;
    all.push_back({name, &record});
    if (all.size() >= kRecordNamesMax) return ManyNames(all.size() + 1);
    KITH_RETURN_IF_ERROR(AddMerged(type, record, load, all));
  }
  return absl::OkStatus();
}

// Merge<Plural>.
class MergeHandler final : public CommandHandler {
 public:
  MergeHandler(const ResourceType& type, const Descriptor& request,
               std::shared_ptr<const ServerFacts> facts)
      : type_(type), facts_(std::move(facts)), fields_(request), etag_(FieldOf(request, "etag")) {}

  Decision Run(Loader& load, const Message& request, const CommandContext& context) const override {
    const ResourceRules& rules = *type_.rules;
    const auto find = [&](const std::string& name) -> absl::StatusOr<const Message*> {
      KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type_.aggregate, name));
      const ResourceNow now = type_.now_of(state);
      return now.lifecycle == Lifecycle::kActive ? now.resource : nullptr;
    };
    KITH_ASSIGN_OR_RETURN(Merged merged, FindMerged(rules, fields_, request, find));
    size_t names = merged.names.size();
    for (size_t i = 0; i < merged.records.size(); ++i) {
      KITH_RETURN_IF_ERROR(AddMerged(type_, *merged.records[i], load, merged.inner[i]));
      names += merged.inner[i].size();
    }
    if (names > kRecordNamesMax) return ManyNames(names);
    const Message& survivor = *merged.records.front();
    KITH_RETURN_IF_ERROR(CheckEtag(TextIn(request, etag_),
                                   TextIn(survivor, FieldOf(*survivor.GetDescriptor(), "etag"))));
    KITH_ASSIGN_OR_RETURN(const auto choices, ChoicesOf(rules, fields_, request, merged));
    KITH_ASSIGN_OR_RETURN(const Steps all, MergeAll(rules, context.settings, merged, choices));
    if (all.steps.empty()) return NoChange();
    KITH_RETURN_IF_ERROR(CheckMade(load, merged, *all.steps.back().after, context));
    return ChangesOf(merged, all, choices);
  }

  std::vector<std::string> Concerns(const Message& request) const override {
    std::vector<std::string> concerned = TextsIn(request, fields_.merged);
    concerned.push_back(TextIn(request, fields_.name));
    return concerned;
  }

  absl::Status Render(Rendering& after, const Message& request, Message* response) const override {
    const std::string name = TextIn(request, fields_.name);
    KITH_ASSIGN_OR_RETURN(const void* const state, after.LoadState(*type_.aggregate, name));
    WriteReply(*type_.rules, *type_.now_of(state).resource, response);
    TellResolved(name, response);
    return absl::OkStatus();
  }

 private:
  // Whether the record may be what the merge makes of it.
  absl::Status CheckMade(Loader& load, const Merged& merged, const Message& after,
                         const CommandContext& context) const {
    const ResourceRules& rules = *type_.rules;
    const Message& survivor = *merged.records.front();
    KITH_RETURN_IF_ERROR(rules.check(after, ClaimValues(rules.claims, after), *facts_));
    KITH_RETURN_IF_ERROR(rules.authorise(survivor, after, context.grants));
    ResourceChange change{StandardMethod::kUpdate};
    change.name = merged.names.front();
    change.after.reset(after.New());
    change.after->CopyFrom(after);
    for (const FieldDescriptor* const link : rules.acyclic_links) {
      change.acyclic.push_back({link, link->name()});
    }
    return CheckChains(type_, change, load, merged.names);
  }

  Decision ChangesOf(const Merged& merged, const Steps& all,
                     absl::Span<const MergeChoice> choices) const {
    const ResourceRules& rules = *type_.rules;
    const std::string& survivor = merged.names.front();
    const google::protobuf::FieldMask kept = ChosenFrom(choices, survivor);
    Changes changes;
    const Message* before = merged.records.front();
    for (size_t i = 0; i < all.steps.size(); ++i) {
      const MergeStep& step = all.steps[i];
      const Message& other = *merged.records[all.of[i]];
      std::unique_ptr<Message> event(rules.event->New());
      WriteMerged(
          survivor,
          {merged.names[all.of[i]], all.sources[i], RevisionIn(other), step.changed,
           step.values.get(), step.flags, ChosenFrom(choices, merged.names[all.of[i]]), kept},
          *event);
      changes = std::move(changes).Add(
          {survivor, std::move(event), ClaimsBetween(rules, *before, *step.after)});
      before = step.after.get();
    }
    for (size_t i = 0; i < all.of.size(); ++i) {
      const size_t at = all.of[i];
      if (i > 0 && all.of[i - 1] == at) continue;  // another part of the same
      const Message& other = *merged.records[at];
      std::unique_ptr<Message> event(rules.event->New());
      WriteMergedInto(merged.names[at], *rules.resource->GetDescriptor(), survivor, *event);
      changes = std::move(changes).Add(
          {merged.names[at], std::move(event), ClaimsBetween(rules, other, *rules.resource)});
    }
    return changes;
  }

  const ResourceType& type_;
  const std::shared_ptr<const ServerFacts> facts_;
  const MergeFields fields_;
  const FieldDescriptor* const etag_;
};

// Unmerge<Resource>.
class UnmergeHandler final : public CommandHandler {
 public:
  UnmergeHandler(const ResourceType& type, const Descriptor& request)
      : type_(type), name_(FieldOf(request, "name")), etag_(FieldOf(request, "etag")) {}

  Decision Run(Loader& load, const Message& request, const CommandContext& context) const override {
    const ResourceRules& rules = *type_.rules;
    const std::string name = TextIn(request, name_);
    KITH_ASSIGN_OR_RETURN(const void* const meant, load.LoadState(*type_.aggregate, name));
    const ResourceNow now = type_.now_of(meant);
    if (now.lifecycle != Lifecycle::kActive) return ResourceNotFound(rules, name);
    KITH_RETURN_IF_ERROR(
        CheckEtag(TextIn(request, etag_),
                  TextIn(*now.resource, FieldOf(*now.resource->GetDescriptor(), "etag"))));
    if (ResourceNameOf(*now.resource) == name) return NoChange();
    KITH_ASSIGN_OR_RETURN(const Message* const other, Itself(load, name));
    const std::string survivor = TextIn(*other, FieldOf(*other->GetDescriptor(), "merged_into"));
    if (survivor != ResourceNameOf(*now.resource)) {
      KITH_ASSIGN_OR_RETURN(const Message* const between, Itself(load, survivor));
      return MergedFurther(name, survivor,
                           TextIn(*between, FieldOf(*between->GetDescriptor(), "merged_into")));
    }
    if (IsErasedIn(*now.resource)) return IsErased(survivor);
    KITH_ASSIGN_OR_RETURN(const Unmerging made, Make(load, *now.resource, name, context));
    KITH_RETURN_IF_ERROR(CheckFree(load, survivor, *made.taken_out, context));
    return ChangesOf(*now.resource, *other, made, load);
  }

  std::vector<std::string> Concerns(const Message& request) const override {
    return {TextIn(request, name_)};
  }

  absl::Status Render(Rendering& after, const Message& request, Message* response) const override {
    KITH_ASSIGN_OR_RETURN(const void* const state,
                          after.LoadState(*type_.aggregate, TextIn(request, name_)));
    WriteReply(*type_.rules, *type_.now_of(state).resource, response);
    return absl::OkStatus();
  }

 private:
  // The record of this name, though it is merged. Lives as long as the loader.
  absl::StatusOr<const Message*> Itself(Loader& load, const std::string& name) const {
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadItself(*type_.aggregate, name));
    return type_.now_of(state).resource;
  }

  absl::StatusOr<Unmerging> Make(Loader& load, const Message& survivor, const std::string& name,
                                 const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const Loader::TaggedEvents events,
                          load.EventsOf(ResourceNameOf(survivor)));
    std::vector<Happening> history;
    for (const auto& event : events) history.push_back(projections::HappeningOf(*event));
    // Those that are merged are as they were when they were merged.
    std::vector<std::pair<std::string, const Message*>> records;
    for (const std::string& each :
         TextsIn(survivor, FieldOf(*survivor.GetDescriptor(), "merged"))) {
      KITH_ASSIGN_OR_RETURN(const Message* const record, Itself(load, each));
      records.emplace_back(each, record);
    }
    const auto record_of = [&](absl::string_view wanted) -> const Message* {
      for (const auto& [each, record] : records) {
        if (each == wanted) return record;
      }
      return nullptr;
    };
    KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesOf(type_, name, load));
    return PlanUnmerge(*type_.rules, context.settings, history, names, record_of);
  }

  // No third record took meanwhile what the one claims that is taken out.
  absl::Status CheckFree(Loader& load, const std::string& survivor, const Message& taken_out,
                         const CommandContext& context) const {
    const std::string name = ResourceNameOf(taken_out);
    const ClaimValues wanted(type_.rules->claims, taken_out);
    for (size_t claim = 0; claim < type_.rules->claims.size(); ++claim) {
      const ClaimRule& rule = type_.rules->claims[claim];
      if (rule.is_unique == nullptr || !rule.is_unique(context.settings)) continue;
      for (size_t i = 0; i < wanted[claim].size(); ++i) {
        const std::string& value = wanted[claim][i];
        KITH_ASSIGN_OR_RETURN(const std::vector<const void*> states,
                              load.LoadTaggedStates(*type_.aggregate, rule.purpose, value));
        for (const void* const state : states) {
          const ResourceNow holder = type_.now_of(state);
          if (holder.lifecycle != Lifecycle::kActive) continue;
          const std::string holder_name = ResourceNameOf(*holder.resource);
          if (holder_name == survivor || holder_name == name) continue;
          const std::vector<std::string> held = rule.values(*holder.resource);
          if (std::find(held.begin(), held.end(), value) == held.end()) continue;
          if (load.Hides(type_.rules->category, state)) {
            const std::unique_ptr<Message> nobody(holder.resource->New());
            return rule.taken(*nobody, i, value);
          }
          return rule.taken(*holder.resource, i, value);
        }
      }
    }
    return absl::OkStatus();
  }

  Decision ChangesOf(const Message& survivor, const Message& other, const Unmerging& made,
                     Loader& load) const {
    const ResourceRules& rules = *type_.rules;
    const std::string stays = ResourceNameOf(survivor);
    const std::string name = ResourceNameOf(other);
    KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesOf(type_, name, load));
    std::unique_ptr<Message> unmerged(rules.event->New());
    WriteUnmerged(stays, names, made.changed, *made.survivor, *unmerged);
    std::unique_ptr<Message> back(rules.event->New());
    WriteUnmergedFrom(name, *rules.resource->GetDescriptor(), stays, *back);
    Changes changes =
        Changes()
            .Add({stays, std::move(unmerged), ClaimsBetween(rules, survivor, *made.survivor)})
            .Add({name, std::move(back), ClaimsBetween(rules, *rules.resource, other)});
    const Message* before = &other;
    for (const LaterUpdate& update : made.updates) {
      std::unique_ptr<Message> event(rules.event->New());
      WriteUpdated(name, update.changed, *update.after, *event);
      if (!update.origin.empty()) WriteOrigin(update.origin, *event);
      changes = std::move(changes).Add(
          {name, std::move(event), ClaimsBetween(rules, *before, *update.after)});
      before = update.after.get();
    }
    return changes;
  }

  const ResourceType& type_;
  const FieldDescriptor* const name_;
  const FieldDescriptor* const etag_;
};

// PreviewMerge<Plural>.
class MergePreview {
 public:
  MergePreview(const ResourceType& type, const Descriptor& request, const Descriptor& reply,
               std::shared_ptr<const ServerFacts> facts)
      : type_(type),
        facts_(std::move(facts)),
        visibility_(type),
        names_(*type.rules->resource),
        fields_(request),
        taken_(FieldOf(reply, "taken")) {
    for (int i = 0; i < reply.field_count(); ++i) {
      if (reply.field(i)->message_type() == type.rules->resource->GetDescriptor()) {
        made_ = reply.field(i);
      }
    }
    KITH_CHECK(made_ != nullptr && taken_->message_type() == type::v1::MergedField::descriptor());
  }

  absl::Status Run(const ReadContext& context, const Message& request, Message* response) const {
    const ResourceRules& rules = *type_.rules;
    std::vector<std::unique_ptr<Message>> rows;
    const auto find = [&](const std::string& name) -> absl::StatusOr<const Message*> {
      KITH_ASSIGN_OR_RETURN(
          const std::string meant,
          names_.SurvivorOf(context.view(), context.workspace(), name, context.tier));
      KITH_ASSIGN_OR_RETURN(
          const std::optional<std::string> bytes,
          type_.directory->table().Get(context.view(), context.workspace(), meant, context.tier));
      if (!bytes.has_value()) return static_cast<const Message*>(nullptr);
      rows.emplace_back(rules.resource->New());
      if (!rows.back()->ParseFromString(*bytes)) return projections::MalformedRow();
      const Message* const row = rows.back().get();
      return visibility_.Hides(context.caller, *row) ? nullptr : row;
    };
    KITH_ASSIGN_OR_RETURN(const Merged merged, FindMerged(rules, fields_, request, find));
    KITH_ASSIGN_OR_RETURN(const auto choices, ChoicesOf(rules, fields_, request, merged));
    KITH_ASSIGN_OR_RETURN(const auto settings, context.SettingsThen());
    KITH_ASSIGN_OR_RETURN(const Steps all, MergeAll(rules, *settings, merged, choices));
    const Message& after = all.steps.empty() ? *merged.records.front() : *all.steps.back().after;
    KITH_RETURN_IF_ERROR(rules.check(after, ClaimValues(rules.claims, after), *facts_));
    const auto& answer = *response->GetReflection();
    Message& made = *answer.MutableMessage(response, made_);
    made.CopyFrom(after);
    const FieldDescriptor* const names = FieldOf(*made.GetDescriptor(), "merged");
    for (const size_t at : all.of) made.GetReflection()->AddString(&made, names, merged.names[at]);
    for (size_t i = 0; i < all.steps.size(); ++i) {
      for (const std::string& path : all.steps[i].changed.paths()) {
        auto& told = static_cast<type::v1::MergedField&>(*answer.AddMessage(response, taken_));
        told.set_field(path);
        told.set_from(merged.names[all.of[i]]);
      }
    }
    return absl::OkStatus();
  }

 private:
  const ResourceType& type_;
  const std::shared_ptr<const ServerFacts> facts_;
  const Visibility visibility_;
  const projections::MergedNames names_;
  const MergeFields fields_;
  const FieldDescriptor* made_ = nullptr;
  const FieldDescriptor* const taken_;
};

// Find<Resource>Duplicates.
class DuplicateFinder {
 public:
  DuplicateFinder(const ResourceType& type, const Descriptor& request, const Descriptor& reply)
      : type_(type),
        visibility_(type),
        names_(*type.rules->resource),
        name_(FieldOf(request, "name")),
        duplicates_(FieldOf(reply, "duplicates")),
        are_more_(FieldOf(reply, "are_more")),
        reasons_(FieldOf(*duplicates_->message_type(), "reasons")) {
    const Descriptor& one = *duplicates_->message_type();
    for (int i = 0; i < one.field_count(); ++i) {
      if (one.field(i)->message_type() == type.rules->resource->GetDescriptor()) {
        record_ = one.field(i);
      }
    }
    KITH_CHECK(record_ != nullptr);
  }

  absl::Status Run(const ReadContext& context, const Message& request, Message* response) const {
    const std::string asked = TextIn(request, name_);
    KITH_ASSIGN_OR_RETURN(
        const std::string name,
        names_.SurvivorOf(context.view(), context.workspace(), asked, context.tier));
    KITH_ASSIGN_OR_RETURN(
        const std::optional<std::string> bytes,
        type_.directory->table().Get(context.view(), context.workspace(), name, context.tier));
    const std::unique_ptr<Message> record(type_.rules->resource->New());
    if (bytes.has_value() && !record->ParseFromString(*bytes)) return projections::MalformedRow();
    if (!bytes.has_value() || visibility_.Hides(context.caller, *record)) {
      return ResourceNotFound(*type_.rules, asked);
    }
    std::vector<Found> all;
    bool are_more = false;
    for (const Likeness& likeness : type_.rules->merge->likenesses(*record)) {
      KITH_RETURN_IF_ERROR(AddAlike(context, likeness, name, all, are_more));
    }
    std::stable_sort(all.begin(), all.end(), IsBetter);
    const auto& answer = *response->GetReflection();
    for (const Found& each : all) {
      if (answer.FieldSize(*response, duplicates_) == kDuplicatesMax) {
        are_more = true;
        break;
      }
      Message& told = *answer.AddMessage(response, duplicates_);
      const auto& reflection = *told.GetReflection();
      reflection.MutableMessage(&told, record_)->CopyFrom(*each.record);
      for (const int reason : each.reasons) reflection.AddEnumValue(&told, reasons_, reason);
    }
    answer.SetBool(response, are_more_, are_more);
    return absl::OkStatus();
  }

 private:
  static constexpr int kDuplicatesMax = 50;

  struct Found {
    std::unique_ptr<Message> record;
    std::vector<int> reasons;
  };

  // How much it says, and since when.
  static bool IsBetter(const Found& a, const Found& b) {
    const auto fields_of = [](const Message& record) {
      std::vector<const FieldDescriptor*> set;
      record.GetReflection()->ListFields(record, &set);
      return set.size();
    };
    const size_t of_a = fields_of(*a.record);
    const size_t of_b = fields_of(*b.record);
    // Ids are drawn in the order of time.
    return of_a != of_b ? of_a > of_b : ResourceNameOf(*a.record) < ResourceNameOf(*b.record);
  }

  absl::Status AddAlike(const ReadContext& context, const Likeness& likeness,
                        const std::string& name, std::vector<Found>& all, bool& are_more) const {
    using projections::Expression;
    Expression alike{Expression::Kind::kAll, {}, {}};
    for (const auto& [field, value] : likeness.fields) {
      Expression one{Expression::Kind::kComparison, {}, {}};
      one.comparison.field = field;
      one.comparison.literal = value;
      alike.parts.push_back(std::move(one));
    }
    const std::string filter = projections::FilterText(alike);
    const std::optional<Expression> within = visibility_.Within(context.caller);
    std::vector<std::unique_ptr<Message>> rows;
    const auto add = [&]() -> Message* {
      rows.emplace_back(type_.rules->resource->New());
      return rows.back().get();
    };
    projections::ListQuery query;
    query.filter = filter;
    query.page_size = kDuplicatesMax;
    query.within = within.has_value() ? &*within : nullptr;
    KITH_ASSIGN_OR_RETURN(const std::string more,
                          ListRows(context, type_.directory->table(), query, add));
    are_more = are_more || !more.empty();
    for (std::unique_ptr<Message>& row : rows) {
      const std::string found = ResourceNameOf(*row);
      if (found == name) continue;
      auto known = std::find_if(all.begin(), all.end(), [&](const Found& each) {
        return ResourceNameOf(*each.record) == found;
      });
      if (known == all.end()) {
        all.push_back({std::move(row), {}});
        known = all.end() - 1;
      }
      std::vector<int>& reasons = known->reasons;
      if (std::find(reasons.begin(), reasons.end(), int{likeness.reason}) == reasons.end()) {
        reasons.push_back(likeness.reason);
      }
    }
    return absl::OkStatus();
  }

  const ResourceType& type_;
  const Visibility visibility_;
  const projections::MergedNames names_;
  const FieldDescriptor* const name_;
  const FieldDescriptor* const duplicates_;
  const FieldDescriptor* const are_more_;
  const FieldDescriptor* const reasons_;
  const FieldDescriptor* record_ = nullptr;
};

}  // namespace

bool BindMerge(const ResourceType& type, const MethodDescriptor& method,
               std::shared_ptr<const ServerFacts> facts, MethodTable& methods) {
  const Descriptor& request = *method.input_type();
  const std::string& one = type.rules->resource->GetDescriptor()->name();
  const Method& compiled = MethodTaking(&request);
  if (method.name() == absl::StrCat("Unmerge", one)) {
    methods.Command(compiled, std::make_unique<UnmergeHandler>(type, request));
    return true;
  }
  if (absl::StartsWith(method.name(), "PreviewMerge")) {
    const auto preview = std::make_shared<const MergePreview>(type, request, *method.output_type(),
                                                              std::move(facts));
    methods.Read(compiled, type.directory->name(), ReadKind::kScan,
                 [preview](const ReadContext& context, const Message& asked, Message* response) {
                   return preview->Run(context, asked, response);
                 });
    return true;
  }
  if (method.name() == absl::StrCat("Find", one, "Duplicates")) {
    const auto finder =
        std::make_shared<const DuplicateFinder>(type, request, *method.output_type());
    methods.Read(compiled, type.directory->name(), ReadKind::kScan,
                 [finder](const ReadContext& context, const Message& asked, Message* response) {
                   return finder->Run(context, asked, response);
                 });
    return true;
  }
  if (!absl::StartsWith(method.name(), "Merge")) return false;
  methods.Command(compiled, std::make_unique<MergeHandler>(type, request, std::move(facts)));
  return true;
}

absl::StatusOr<std::vector<std::string>> NamesOf(const ResourceType& type, const std::string& name,
                                                 Loader& load) {
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadItself(*type.aggregate, name));
  std::vector<MergedRecord> merged;
  KITH_RETURN_IF_ERROR(AddMerged(type, *type.now_of(state).resource, load, merged));
  std::vector<std::string> names = {name};
  for (MergedRecord& each : merged) names.push_back(std::move(each.name));
  return names;
}

}  // namespace kith::runtime
