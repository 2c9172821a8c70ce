#include "services/runtime/resources/standard_handler.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "eventstore/base/custom_maps.h"
#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/custom_fields.h"
#include "services/core/field_of.h"
#include "services/core/owner_field.h"
#include "services/runtime/admission/field_groups.h"
#include "services/runtime/admission/finding.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/resources/collections.h"
#include "services/runtime/resources/condition_fields.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/link_chains.h"
#include "services/runtime/resources/linking_records.h"
#include "services/runtime/resources/merge_methods.h"
#include "services/runtime/resources/owned_records.h"
#include "services/runtime/resources/visibility.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

using ResourceTypes = std::vector<ResourceType>;

// Of the records of an owner who cannot be deleted, so many are looked for.
constexpr size_t kOwnedNamedMax = 101;

// Where a request has such a resource; null where it has none.
const FieldDescriptor* ResourceIn(const Descriptor& request, const Descriptor& resource) {
  for (int i = 0; i < request.field_count(); ++i) {
    if (request.field(i)->message_type() == &resource) return request.field(i);
  }
  return nullptr;
}

// A command of the standard, on any resource.
class StandardHandler final : public CommandHandler {
 public:
  StandardHandler(const ResourceTypes& types, const ResourceType& type, StandardMethod method,
                  const Descriptor& request, const StandardFacts& facts, const Runtime& runtime)
      : types_(types),
        type_(type),
        facts_(facts),
        command_(*type.rules, method, request, *facts.server),
        linking_(types, type, runtime),
        conditions_(types, *type.rules->resource->GetDescriptor()),
        runtime_(runtime),
        sent_(ResourceIn(request, *type.rules->resource->GetDescriptor())),
        takes_custom_((method == StandardMethod::kCreate || method == StandardMethod::kUpdate) &&
                      !CustomMapsOf(*type.rules->resource->GetDescriptor()).empty()) {}

  Decision Run(Loader& load, const Message& request, const CommandContext& asked) const override {
    CommandContext context = asked;
    if (takes_custom_) {
      const Message& sent = request.GetReflection()->GetMessage(request, sent_);
      KITH_ASSIGN_OR_RETURN(context.custom_fields,
                            facts_.custom_fields->Load(load, *type_.rules, sent));
    }
    ResourceNow now;
    if (command_.MayCreate(request) && type_.rules->identity != nullptr) {
      KITH_RETURN_IF_ERROR(CheckIdentity(load.caller(), request, *type_.rules->identity));
      const bool finds = !command_.IdentityIn(request).empty();
      if (finds) KITH_RETURN_IF_ERROR(CheckFinds(load.caller(), ReadPermissionOf(type_)));
    }
    KITH_ASSIGN_OR_RETURN(const std::string name, NameOf(load, request));
    if (!name.empty()) {
      if (IsBuiltIn(name)) return BuiltInStays(*type_.rules, name);
      KITH_ASSIGN_OR_RETURN(now, NowNamed(load, name, request));
    }
    KITH_RETURN_IF_ERROR(CheckMeant(load.caller(), now, request, context));
    KITH_RETURN_IF_ERROR(CheckOwnsNothing(load, name, now));
    std::vector<ResourceNow> others;
    KITH_ASSIGN_OR_RETURN(const void* const within, LoadWithin(load, now, request, others));
    KITH_ASSIGN_OR_RETURN(ResourceChange change, Plan(load, now, within, request, context));
    if (takes_custom_ && change.method == StandardMethod::kUpdate) {
      KITH_RETURN_IF_ERROR(CheckKept(load.caller(), *now.resource, change.changed));
    }
    KITH_ASSIGN_OR_RETURN(const Linked linked, LoadLinks(load, change));
    KITH_RETURN_IF_ERROR(CheckSeenChains(type_, change, linked.records, load));
    command_.TakeNames(linked.now, change);
    KITH_ASSIGN_OR_RETURN(const Holders holders, LoadHolders(load, change.name, change.unique));
    if (change.method == StandardMethod::kCreate && change.name != name) {
      load.ExpectAbsent(change.name);  // its id was drawn
    }
    ClaimOwner(now, change);
    const bool is_deleted = change.is_any && change.method == StandardMethod::kDelete;
    const std::string deleted = is_deleted ? change.name : "";
    Decision decision = command_.Decide(std::move(change), linked.records, holders, context);
    if (!decision.ok() || !is_deleted) return decision;
    KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesOf(type_, deleted, load));
    KITH_ASSIGN_OR_RETURN(std::vector<Change> unlinked, linking_.Unlink(load, names, context));
    for (Change& each : unlinked) decision = (*std::move(decision)).Add(std::move(each));
    return decision;
  }

  std::vector<std::string> Concerns(const Message& request) const override {
    std::vector<std::string> concerned;
    if (command_.MayCreate(request)) concerned = command_.IdentityIn(request);
    std::string name = command_.NameIn(request);
    if (!name.empty()) concerned.push_back(std::move(name));
    // Those that come into being beside each other find their places one after another.
    if (command_.method() == StandardMethod::kCreate && !type_.rules->within.purpose.empty()) {
      concerned.push_back(command_.WithinOf({}, request));
    }
    return concerned;
  }

  absl::Status Render(Rendering& after, const Message& request, Message* response) const override {
    if (command_.method() == StandardMethod::kDelete) return absl::OkStatus();
    const std::string name = command_.NameIn(request);
    if (name.empty() && command_.method() == StandardMethod::kUpdate) {
      KITH_ASSIGN_OR_RETURN(const std::vector<ResourceNow> holders, LoadMatches(after, request));
      WriteReply(*type_.rules, *command_.Matched(request, holders).resource, response);
      return absl::OkStatus();
    }
    KITH_ASSIGN_OR_RETURN(const void* const state, command_.method() == StandardMethod::kCreate
                                                       ? after.LoadWrittenState(*type_.aggregate)
                                                       : after.LoadState(*type_.aggregate, name));
    WriteReply(*type_.rules, *type_.now_of(state).resource, response);
    TellResolved(name, response);
    return absl::OkStatus();
  }

 private:
  // The records of links, in their order.
  struct Linked {
    std::vector<const LinkedRecord*> records;
    std::vector<ResourceNow> now;
  };

  // What the request asks for, where what is saved may ask for the workspace's custom fields.
  absl::StatusOr<ResourceChange> Plan(Loader& load, const ResourceNow& now, const void* within,
                                      const Message& request, const CommandContext& context) const {
    const ServerFacts* facts = nullptr;
    if (sent_ != nullptr) {
      const Message& sent = request.GetReflection()->GetMessage(request, sent_);
      KITH_ASSIGN_OR_RETURN(
          facts, conditions_.FactsFor(load, sent, *facts_.server, *facts_.custom_fields));
    }
    if (facts == nullptr) return command_.Plan(now, within, request, context);
    return StandardCommand(*type_.rules, command_.method(), *request.GetDescriptor(), *facts)
        .Plan(now, within, request, context);
  }

  // Of what is there already, what the request means to change.
  absl::Status CheckMeant(const Caller& caller, const ResourceNow& now, const Message& request,
                          const CommandContext& context) const {
    if (command_.Creates(now, request)) return absl::OkStatus();
    if (command_.MayCreate(request)) KITH_RETURN_IF_ERROR(CheckUpdate(caller, request));
    return takes_custom_ ? CheckCustomUpdate(caller, *context.custom_fields, request)
                         : absl::OkStatus();
  }

  // Of one that is to be deleted, and may not be while records are its own. Those of which the
  // deletion takes the owner are not.
  absl::Status CheckOwnsNothing(Loader& load, const std::string& name,
                                const ResourceNow& now) const {
    if (type_.rules->owns == nullptr || command_.method() != StandardMethod::kDelete ||
        now.lifecycle != Lifecycle::kActive) {
      return absl::OkStatus();
    }
    google::protobuf::RepeatedPtrField<std::string> collections;
    for (const ResourceType& type : types_) {
      const FieldDescriptor* const owner = OwnerFieldOf(*type.rules->resource->GetDescriptor());
      const bool stays =
          owner != nullptr && owner->options().GetExtension(options::v1::field).on_delete() ==
                                  options::v1::ON_DELETE_UNSPECIFIED;
      if (stays) *collections.Add() = std::string(type.rules->category);
    }
    KITH_ASSIGN_OR_RETURN(const OwnedRecords::Found found,
                          runtime_.owned->Find(load, name, collections, kOwnedNamedMax));
    if (found.names.empty() && !found.are_some_hidden) return absl::OkStatus();
    return type_.rules->owns(name, found.names, found.are_some_hidden);
  }

  // Where it becomes a user's, that is claimed, for OwnedRecords to find.
  void ClaimOwner(const ResourceNow& now, ResourceChange& change) const {
    if (!change.is_any || change.after == nullptr) return;
    const Message* const before = change.method == StandardMethod::kUpdate ? now.resource : nullptr;
    auto claim = OwnerClaim(type_.rules->category, before, *change.after);
    if (claim.has_value()) change.claims.push_back(*std::move(claim));
  }

  // What it comes into being in: a state, or who else is there, put into `others`; null: in
  // nothing.
  absl::StatusOr<const void*> LoadWithin(Loader& load, const ResourceNow& now,
                                         const Message& request,
                                         std::vector<ResourceNow>& others) const {
    const std::string place = command_.WithinOf(now, request);
    if (place.empty()) return static_cast<const void*>(nullptr);
    const WithinRule& rule = type_.rules->within;
    if (rule.type != nullptr) return load.LoadState(*rule.type, place);
    KITH_ASSIGN_OR_RETURN(others, LoadClaiming(load, rule.purpose, place));
    return static_cast<const void*>(&others);
  }

  bool IsBuiltIn(absl::string_view name) const {
    return type_.rules->built_in != nullptr && type_.rules->built_in(name) != nullptr;
  }

  // What has the name. An id that is taken is so whoever asks: where the request may choose one,
  // what the caller may not see is refused as what is created twice.
  absl::StatusOr<ResourceNow> NowNamed(Loader& load, const std::string& name,
                                       const Message& request) const {
    const bool creates = command_.method() == StandardMethod::kCreate;
    if (!creates && !(command_.MayCreate(request) && type_.rules->exists != nullptr)) {
      KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type_.aggregate, name));
      return type_.now_of(state);
    }
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadAny(*type_.aggregate, name));
    const ResourceNow now = type_.now_of(state);
    const bool is_hidden =
        now.lifecycle != Lifecycle::kAbsent && !creates && load.Hides(type_.rules->category, state);
    if (is_hidden) return ResourceExists(*type_.rules, name);
    return now;
  }

  // What the request is about; empty where it comes into being.
  absl::StatusOr<std::string> NameOf(Loader& load, const Message& request) const {
    if (!command_.MayCreate(request) || type_.rules->identity == nullptr) {
      return command_.NameIn(request);
    }
    KITH_ASSIGN_OR_RETURN(std::vector<ResourceNow> holders, LoadMatches(load, request));
    const std::string named = command_.NameIn(request);
    if (!named.empty()) {
      // The one that the name means is no other one.
      KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type_.aggregate, named));
      const ResourceNow now = type_.now_of(state);
      std::erase_if(holders, [&](const ResourceNow& holder) {
        return now.lifecycle != Lifecycle::kAbsent &&
               ResourceNameOf(*holder.resource) == ResourceNameOf(*now.resource);
      });
    }
    return command_.Match(request, holders);
  }

  // All that ever claimed what the request identifies its resource by: for a Loader or a Rendering.
  template <class From>
  absl::StatusOr<std::vector<ResourceNow>> LoadMatches(From& from, const Message& request) const {
    std::vector<ResourceNow> holders;
    for (const std::string& value : command_.IdentityIn(request)) {
      KITH_ASSIGN_OR_RETURN(
          const std::vector<const void*> states,
          from.LoadTaggedStates(*type_.aggregate, command_.identity().purpose, value));
      for (const void* const state : states) holders.push_back(NowOf(from, state));
    }
    return holders;
  }

  // All that ever claimed the value, whoever may see them.
  absl::StatusOr<std::vector<ResourceNow>> LoadClaiming(Loader& load, const std::string& purpose,
                                                        const std::string& value) const {
    KITH_ASSIGN_OR_RETURN(const std::vector<const void*> states,
                          load.LoadTaggedStates(*type_.aggregate, purpose, value));
    std::vector<ResourceNow> claiming;
    for (const void* const state : states) claiming.push_back(type_.now_of(state));
    return claiming;
  }

  // As it is now; without its name where the caller may not be told it: somebody has the value.
  ResourceNow NowOf(Loader& load, const void* state, bool is_told = true) const {
    const ResourceNow now = type_.now_of(state);
    if (is_told && !load.Hides(type_.rules->category, state)) return now;
    const std::shared_ptr<Message> nameless(now.resource->New());
    nameless->CopyFrom(*now.resource);
    nameless->GetReflection()->ClearField(&*nameless, FieldOf(*nameless->GetDescriptor(), "name"));
    load.Keep(nameless);
    return {now.lifecycle, nameless.get()};
  }
  ResourceNow NowOf(Rendering&, const void* state) const { return type_.now_of(state); }

  // What comes back names what it named, whoever may see that.
  absl::StatusOr<Linked> LoadLinks(Loader& load, const ResourceChange& change) const {
    Linked linked;
    for (const Link& link : change.links) {
      // A request whose links are of other patterns is refused before.
      const ResourceType& type = TypeOf(types_, eventstore::CategoryOf(link.record));
      const LinkedRecord* const built_in =
          type.rules->built_in == nullptr ? nullptr : type.rules->built_in(link.record);
      if (built_in != nullptr) {
        linked.records.push_back(built_in);
        linked.now.emplace_back();
        continue;
      }
      KITH_ASSIGN_OR_RETURN(const void* const state,
                            change.method == StandardMethod::kUndelete
                                ? load.LoadAny(*type.aggregate, link.record)
                                : load.LoadState(*type.aggregate, link.record));
      linked.records.push_back(static_cast<const LinkedRecord*>(state));
      linked.now.push_back(type.now_of(state));
      const ResourceNow& now = linked.now.back();
      if (type.rules->may_be_named == nullptr || now.lifecycle != Lifecycle::kActive) continue;
      KITH_RETURN_IF_ERROR(type.rules->may_be_named(*now.resource, link.field));
    }
    return linked;
  }

  // The append happens only if nobody claims or releases one of the values meanwhile.
  absl::StatusOr<Holders> LoadHolders(Loader& load, absl::string_view name,
                                      const std::vector<ResourceChange::Unique>& unique) const {
    const bool hides_who = HidesPersonal(load.caller(), *type_.rules->resource->GetDescriptor());
    Holders holders;
    for (const ResourceChange::Unique& one : unique) {
      KITH_ASSIGN_OR_RETURN(const std::vector<const void*> states,
                            load.LoadTaggedStates(*type_.aggregate, one.rule->purpose, one.value));
      holders.emplace_back();
      for (const void* const state : states) {
        const bool is_told = !hides_who || ResourceNameOf(*type_.now_of(state).resource) == name;
        holders.back().push_back(NowOf(load, state, is_told));
      }
    }
    return holders;
  }

  const ResourceTypes& types_;
  const ResourceType& type_;
  const StandardFacts facts_;  // of all handlers
  const StandardCommand command_;
  const LinkingRecords linking_;
  const ConditionFields conditions_;
  const Runtime& runtime_;
  const FieldDescriptor* const sent_;  // the record in a request; null where it has none
  const bool takes_custom_;            // it sets values of custom fields
};

}  // namespace

std::unique_ptr<CommandHandler> MakeStandardHandler(const ResourceTypes& types,
                                                    const ResourceType& type, StandardMethod method,
                                                    const Descriptor& request,
                                                    const StandardFacts& facts,
                                                    const Runtime& runtime) {
  return std::make_unique<StandardHandler>(types, type, method, request, facts, runtime);
}

std::unique_ptr<CommandHandler> MakeStandardHandler(const ResourceTypes& types,
                                                    const ResourceType& type, StandardMethod method,
                                                    const Descriptor& request,
                                                    const Runtime& runtime) {
  const auto server = std::make_shared<ServerFacts>();
  server->collections = CollectionsOf(types);
  return MakeStandardHandler(types, type, method, request, {server, CustomFieldSets::Open(runtime)},
                             runtime);
}

}  // namespace kith::runtime
