#include "services/runtime/resources/merge_methods.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/tables/fold_resource.h"
#include "services/core/acyclic_links.h"
#include "services/core/field_of.h"
#include "services/core/held_links.h"
#include "services/core/merge.h"
#include "services/core/owner_field.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/runtime/admission/finding.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/link_chains.h"
#include "services/runtime/resources/merge_reads.h"
#include "services/runtime/resources/merge_request.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

std::string TextIn(const Message& message, const FieldDescriptor* field) {
  return message.GetReflection()->GetString(message, field);
}

// Its revision, as its etag tells it.
int64_t RevisionIn(const Message& resource) {
  int64_t revision = 0;
  KITH_CHECK(
      absl::SimpleAtoi(TextIn(resource, FieldOf(*resource.GetDescriptor(), "etag")), &revision));
  return revision;
}

absl::Status MergedFurther(const std::string& name, const std::string& survivor,
                           const std::string& further) {
  return RejectState(type::v1::ERROR_MERGED_FURTHER,
                     absl::StrCat(name, " was merged into ", survivor, ", which was merged into ",
                                  further, " since. Unmerge ", survivor, " first."),
                     survivor, {{"name", name}, {"survivor", survivor}, {"further", further}});
}

// The record that stays is not what is taken out.
absl::Status NameOneThatIsMerged(const std::string& merged) {
  return RejectField("name",
                     absl::StrCat("is the record that stays, into which others were merged: name "
                                  "the one that is to be taken out, as ",
                                  merged));
}

absl::Status ManyNames(size_t size) {
  return RejectState(
      type::v1::ERROR_MERGE_TOO_LARGE,
      absl::StrCat("The record would have ", size, " names, and has at most ", kRecordNamesMax,
                   ". Merge fewer records."),
      "merged",
      {{"field", "merged"}, {"size", absl::StrCat(size)}, {"most", absl::StrCat(kRecordNamesMax)}});
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
    KITH_ASSIGN_OR_RETURN(const MergeSteps all, MergeAll(rules, context.settings, merged, choices));
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
    KITH_RETURN_IF_ERROR(rules.authorise(survivor, after, context));
    ResourceChange change{StandardMethod::kUpdate};
    change.name = merged.names.front();
    change.after.reset(after.New());
    change.after->CopyFrom(after);
    for (const FieldDescriptor* const link : rules.acyclic_links) {
      change.acyclic.push_back({link, link->name()});
    }
    return CheckChains(type_, change, load, merged.names);
  }

  Decision ChangesOf(const Merged& merged, const MergeSteps& all,
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
      WriteMerged(survivor,
                  {merged.names[all.of[i]], all.sources[i], RevisionIn(other), step.changed,
                   step.values.get(), step.flags, ChosenFrom(choices, merged.names[all.of[i]]),
                   kept, step.joined.get()},
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
  UnmergeHandler(const std::vector<ResourceType>& types, const ResourceType& type,
                 const Descriptor& request)
      : types_(types),
        type_(type),
        name_(FieldOf(request, "name")),
        etag_(FieldOf(request, "etag")) {}

  Decision Run(Loader& load, const Message& request, const CommandContext& context) const override {
    const ResourceRules& rules = *type_.rules;
    const std::string name = TextIn(request, name_);
    KITH_ASSIGN_OR_RETURN(const void* const meant, load.LoadState(*type_.aggregate, name));
    const ResourceNow now = type_.now_of(meant);
    if (now.lifecycle != Lifecycle::kActive) return ResourceNotFound(rules, name);
    KITH_RETURN_IF_ERROR(
        CheckEtag(TextIn(request, etag_),
                  TextIn(*now.resource, FieldOf(*now.resource->GetDescriptor(), "etag"))));
    if (ResourceNameOf(*now.resource) == name) {
      const std::vector<std::string> merged =
          TextsIn(*now.resource, FieldOf(*now.resource->GetDescriptor(), "merged"));
      return merged.empty() ? NoChange() : NameOneThatIsMerged(merged.front());
    }
    KITH_ASSIGN_OR_RETURN(const Message* const other, Itself(load, name));
    const std::string survivor = TextIn(*other, FieldOf(*other->GetDescriptor(), "merged_into"));
    if (survivor != ResourceNameOf(*now.resource)) {
      KITH_ASSIGN_OR_RETURN(const Message* const between, Itself(load, survivor));
      return MergedFurther(name, survivor,
                           TextIn(*between, FieldOf(*between->GetDescriptor(), "merged_into")));
    }
    if (IsErasedIn(*now.resource)) return RecordErased(survivor);
    KITH_ASSIGN_OR_RETURN(const Unmerging made, Make(load, *now.resource, name, context));
    KITH_RETURN_IF_ERROR(CheckFree(load, survivor, *made.taken_out, context));
    KITH_RETURN_IF_ERROR(CheckFree(load, survivor, *made.survivor, context));
    KITH_RETURN_IF_ERROR(CheckOwner(load, nullptr, *made.taken_out));
    KITH_RETURN_IF_ERROR(CheckOwner(load, now.resource, *made.survivor));
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
    KITH_ASSIGN_OR_RETURN(const Loader::StreamEvents events,
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

  // No third record took meanwhile what `part` claims: the one that is taken out, or the one that
  // stays, as it is then.
  absl::Status CheckFree(Loader& load, const std::string& survivor, const Message& part,
                         const CommandContext& context) const {
    const std::string name = ResourceNameOf(part);
    const ClaimValues wanted(type_.rules->claims, part);
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
          if (load.Hides(type_.rules->category, state) ||
              HidesPersonal(load.caller(), *type_.rules->resource->GetDescriptor())) {
            const std::unique_ptr<Message> nobody(holder.resource->New());
            return rule.taken(*nobody, i, value);
          }
          return rule.taken(*holder.resource, i, value);
        }
      }
    }
    return absl::OkStatus();
  }

  // Whether a user who gets it with this may own anything, as where it is undeleted.
  absl::Status CheckOwner(Loader& load, const Message* before, const Message& after) const {
    const std::optional<Claim> owner = OwnerClaim(type_.rules->category, before, after);
    if (!owner.has_value()) return absl::OkStatus();
    const ResourceType& users = TypeOf(types_, eventstore::CategoryOf(owner->value));
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadAny(*users.aggregate, owner->value));
    const ResourceNow now = users.now_of(state);
    const FieldDescriptor& field = *OwnerFieldOf(*after.GetDescriptor());
    if (now.lifecycle != Lifecycle::kActive) {
      const HeldLink link{&field, options::v1::ON_DELETE_REFUSE, ""};
      const NamedRecord missing[] = {{&link, owner->value}};
      return LinkedRecordDeleted(ResourceNameOf(after), missing);
    }
    if (users.rules->may_be_named == nullptr) return absl::OkStatus();
    return users.rules->may_be_named(*now.resource, field.name());
  }

  // What it claims as it is `made`, and its owner's claim where it is theirs after all of this.
  std::vector<Claim> ClaimsOf(const Message* before, const Message& made,
                              const Message& after) const {
    const ResourceRules& rules = *type_.rules;
    std::vector<Claim> claims =
        ClaimsBetween(rules, before != nullptr ? *before : *rules.resource, made);
    auto owner = OwnerClaim(rules.category, before, after);
    if (owner.has_value()) claims.push_back(*std::move(owner));
    return claims;
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
            .Add({stays, std::move(unmerged), ClaimsOf(&survivor, *made.survivor, *made.survivor)})
            .Add({name, std::move(back), ClaimsOf(nullptr, other, *made.taken_out)});
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

  const std::vector<ResourceType>& types_;
  const ResourceType& type_;
  const FieldDescriptor* const name_;
  const FieldDescriptor* const etag_;
};

}  // namespace

bool BindMerge(const std::vector<ResourceType>& types, const ResourceType& type,
               const MethodDescriptor& method, std::shared_ptr<const ServerFacts> facts,
               MethodTable& methods) {
  const Descriptor& request = *method.input_type();
  const Method& compiled = MethodTaking(&request);
  if (method.name() == absl::StrCat("Unmerge", type.rules->resource->GetDescriptor()->name())) {
    methods.Command(compiled, std::make_unique<UnmergeHandler>(types, type, request));
    return true;
  }
  if (!absl::StartsWith(method.name(), "Merge")) {
    return BindMergeRead(type, method, std::move(facts), methods);
  }
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
