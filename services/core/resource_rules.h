// ResourceRules: what a resource has of its own beside its protos: what follows from its fields,
// what they must not be, what it claims, and the errors it is refused with. Everything else is the
// same for all of them, see services/core/standard_command.h.
//
//   struct ContactAggregate : ResourceAggregate<v1::Contact, v1::ContactEvent> {
//     static constexpr absl::string_view kCategory = "contacts";
//   };
//   const ResourceRules& Rules() {
//     static const auto& rules = *new ResourceRules(
//         ResourceRulesBuilder<ContactAggregate>()
//             .NotFound(v1::CONTACTS_ERROR_CONTACT_NOT_FOUND)
//             .LinkNotFound(v1::CONTACTS_ERROR_LINKED_RECORD_NOT_FOUND)
//             .Complete(CompleteFields)
//             .Check(CheckFields)
//             .Claim("contacts.external_id", ExternalIdKeys)
//             .IdentifiedBy("external_ids", "contacts.external_id")
//             .Build());
//     return rules;
//   }
//
// Its functions are pure. Immutable once built; any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/standard_events.h"
#include "google/protobuf/generated_enum_reflection.h"
#include "google/protobuf/message.h"
#include "kith/type/v1/merge.pb.h"
#include "services/core/access.h"
#include "services/core/acyclic_links.h"
#include "services/core/aggregate_type.h"
#include "services/core/collection.h"
#include "services/core/decider.h"
#include "services/core/held_links.h"
#include "services/core/lifecycle.h"
#include "services/core/linked_record.h"

namespace kith {

// What commands on a resource are decided on. As a LinkedRecord it is what those of others are.
template <class Resource_>
struct ResourceState : LinkedRecord {
  using Resource = Resource_;
  Resource resource;  // as Get answers it; as it was last, also after it was deleted
};

// An aggregate derived from it has a kCategory of its own.
template <class Resource_, class EventMessage>
struct ResourceAggregate {
  using Resource = Resource_;
  using State = ResourceState<Resource_>;
  using Event = EventMessage;
};

template <class Resource, class EventMessage>
ResourceState<Resource> Evolve(ResourceState<Resource> state,
                               const Recorded<EventMessage>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource);
  if constexpr (requires { state.resource.merged_into(); }) {
    state.merged_into = state.resource.merged_into();
  }
  return state;
}

// A value that a resource claims: it is found by it, and where the workspace wants that, it is the
// only live one that has it.
struct ClaimRule {
  std::string purpose;  // persisted inside the hashes of the log's tags
  // In an order that `taken` knows.
  std::function<std::vector<std::string>(const google::protobuf::Message&)> values;
  // Whether a new value may be no other live resource's; null: never.
  std::function<bool(const Settings&)> is_unique;
  // The refusal of the value, which stands at `index` of `values`, and which `holder` has.
  std::function<absl::Status(const google::protobuf::Message& holder, size_t index,
                             absl::string_view value)>
      taken;
  // The refusal of the last live resource that has a value, and gives it up; null: it may.
  std::function<absl::Status(absl::string_view name)> last;
};

// Records of a category may be named by those only who may do something.
struct LinkAuthority {
  absl::string_view category;
  // `field` of a request names `record`, which is there. Null grants may do everything.
  std::function<absl::Status(const LinkedRecord& record, absl::string_view field,
                             const Grants* grants)>
      check;
};

// For ClaimRule::is_unique.
inline bool IsAlwaysUnique(const Settings&) { return true; }

// What a resource claims, computed once for all that look at it: in the order of its rules.
class ClaimValues {
 public:
  ClaimValues(const std::vector<ClaimRule>& rules, const google::protobuf::Message& resource);

  const std::vector<std::string>& operator[](size_t claim) const { return values_[claim]; }
  // Aborts where no claim has this purpose.
  const std::vector<std::string>& Of(absl::string_view purpose) const;

 private:
  const std::vector<ClaimRule>& rules_;
  std::vector<std::vector<std::string>> values_;
};

// A resource as it is now. Borrows it.
struct ResourceNow {
  Lifecycle lifecycle = Lifecycle::kAbsent;
  const google::protobuf::Message* resource = nullptr;
};

// Another resource that one comes into being in, as a deal does in a pipeline: it must be there,
// and is a condition of the creation. Or others of its own kind beside which it does, all that ever
// claimed the same value: that no further one does is a condition.
struct WithinRule {
  const AggregateType* type = nullptr;  // null: it stands by itself, or beside others
  std::string purpose;                  // of the claim of the others; empty: there are none
  // Its name, or the value, of what a caller wants to create.
  std::function<std::string(const google::protobuf::Message& wanted)> name;
  // Puts the new one in its place there, or refuses it. The state is that of the other resource, or
  // a vector of ResourceNow.
  std::function<absl::Status(const void* state, google::protobuf::Message& after)> place;
};

// What a record has that another may have as well, and which means then that they may be the same.
struct Likeness {
  type::v1::MatchReason reason;
  std::vector<std::pair<std::string, std::string>> fields;  // of its list, and their values
};

// How records are merged. Its functions are pure.
struct MergeRule {
  // Under which elements of a list of messages are the same, as an address is however it is
  // labelled. What is not `primary` of the two alike is joined.
  std::function<std::string(const google::protobuf::FieldDescriptor& list,
                            const google::protobuf::Message& element)>
      key;
  // Whether of a field with one value, which both have, `other` has the one that is to stay.
  std::function<bool(const google::protobuf::FieldDescriptor& field,
                     const google::protobuf::Message& one, const google::protobuf::Message& other)>
      prefers_other;
  std::function<std::vector<Likeness>(const google::protobuf::Message& record)> likenesses;
};

// A text that says what a record was called when the resource began to name it.
struct NamedAfterRule {
  const google::protobuf::FieldDescriptor* text;
  const google::protobuf::FieldDescriptor* link;  // to records with a display_name
};

// A list whose elements each name a record: who may not see that record is not told of the element.
struct SeenElementsRule {
  const google::protobuf::FieldDescriptor* list;
  const google::protobuf::FieldDescriptor* link;  // of the elements
};

struct ResourceRules {
  absl::string_view category;
  const google::protobuf::Message* resource = nullptr;  // empty ones
  const google::protobuf::Message* event = nullptr;
  const google::protobuf::EnumValueDescriptor* not_found = nullptr;
  const google::protobuf::EnumValueDescriptor* link_not_found = nullptr;  // null: it links nothing
  const google::protobuf::EnumValueDescriptor* exists = nullptr;  // null: clients choose no ids
  StandardEvent (*fold)(const Happening&, google::protobuf::Message&) = FoldStandardEvent;
  // Fields that grow with its history: told by reads, and neither by replies to commands nor by
  // revisions.
  std::vector<const google::protobuf::FieldDescriptor*> told_by_reads;
  std::vector<SeenElementsRule> seen_elements;  // told by reads alone
  // Who is a user and names no owner of what they create owns it.
  const google::protobuf::FieldDescriptor* owned_by_creator = nullptr;
  WithinRule within;
  std::vector<NamedAfterRule> named_after;
  std::optional<MergeRule> merge;  // nullopt: its records cannot be merged
  std::function<void(const google::protobuf::Message& before, const Settings& settings,
                     google::protobuf::Message& after)>
      complete;
  std::function<absl::Status(const google::protobuf::Message& after, const ClaimValues& values,
                             const ServerFacts& facts)>
      check;
  std::vector<ClaimRule> claims;  // those of held_links last
  std::vector<HeldLink> held_links;
  std::vector<const google::protobuf::FieldDescriptor*> acyclic_links;
  // Whether whoever calls may make `after` of `before`.
  std::function<absl::Status(const google::protobuf::Message& before,
                             const google::protobuf::Message& after, const CommandContext& context)>
      authorise;
  // The refusal to delete one that is the owner of these records, at least, or of some that the
  // caller does not see; null: it is deleted.
  std::function<absl::Status(absl::string_view name, const std::vector<std::string>& records,
                             bool are_some_hidden)>
      owns;
  std::vector<LinkAuthority> link_authorities;
  // Whether `record`, which is there, may begin to be named in a field of another; null: it may.
  std::function<absl::Status(const google::protobuf::Message& record, absl::string_view field)>
      may_be_named;
  // One that is there in every workspace without an event; null for other names. The function is
  // null where there are none.
  std::function<const LinkedRecord*(absl::string_view name)> built_in;
  const google::protobuf::EnumValueDescriptor* built_in_stays = nullptr;  // what refuses a change
  // What an update that may create finds its resource by: a field of the resource and its claim.
  // Null: nothing.
  const google::protobuf::FieldDescriptor* identity = nullptr;
  size_t identity_claim = 0;

  // Of its names: "contacts/{contact}".
  const std::string& pattern() const {
    return resource->GetDescriptor()->options().GetExtension(options::v1::resource).pattern();
  }
};

// What its custom fields hold is claimed where they are unique.
void AddCustomClaim(ResourceRules& rules);

// Each name that the field has is claimed.
void AddClaim(const HeldLink& link, ResourceRules& rules);

// The name of a resource, which every one has.
std::string ResourceNameOf(const google::protobuf::Message& resource);

// Says in a reply that the resource was asked for by another name, which means it.
void TellResolved(absl::string_view asked, google::protobuf::Message* reply);

// As a command's reply tells it.
void WriteReply(const ResourceRules& rules, const google::protobuf::Message& resource,
                google::protobuf::Message* reply);

// It is there in every workspace, and stays as it is.
absl::Status BuiltInStays(const ResourceRules& rules, absl::string_view name);

// The id that a creation chose is another's, or was.
absl::Status ResourceExists(const ResourceRules& rules, absl::string_view name);

// The same for a resource that never was and for one that was deleted.
absl::Status ResourceNotFound(const ResourceRules& rules, absl::string_view name);

template <class Aggregate>
class ResourceRulesBuilder {
 public:
  using Resource = typename Aggregate::Resource;

  ResourceRulesBuilder() {
    rules_.category = Aggregate::kCategory;
    rules_.resource = &Resource::default_instance();
    rules_.event = &Aggregate::Event::default_instance();
    rules_.complete = [](const auto&, const Settings&, auto&) {};
    rules_.check = [](const auto&, const auto&, const auto&) { return absl::OkStatus(); };
    rules_.authorise = [](const auto&, const auto&, const CommandContext&) {
      return absl::OkStatus();
    };
  }

  template <class Enum>
  ResourceRulesBuilder& NotFound(Enum value) {
    rules_.not_found = google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(value);
    return *this;
  }
  template <class Enum>
  ResourceRulesBuilder& LinkNotFound(Enum value) {
    rules_.link_not_found = google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(value);
    return *this;
  }
  // Clients may choose the ids of new ones; `value` refuses one that is there or was.
  template <class Enum>
  ResourceRulesBuilder& Exists(Enum value) {
    rules_.exists = google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(value);
    return *this;
  }
  // What else than standard events makes of it: fold(happening, resource) folds these, too.
  template <StandardEvent (*fold)(const Happening&, Resource&)>
  ResourceRulesBuilder& FoldedBy() {
    rules_.fold = [](const Happening& happening, google::protobuf::Message& resource) {
      return fold(happening, static_cast<Resource&>(resource));
    };
    return *this;
  }
  // Its field `owner` is the user who creates it, where they name none.
  ResourceRulesBuilder& OwnedByCreator() {
    rules_.owned_by_creator = Resource::descriptor()->FindFieldByName("owner");
    KITH_CHECK(rules_.owned_by_creator != nullptr);
    return *this;
  }
  ResourceRulesBuilder& ToldByReads(const char* field) {
    rules_.told_by_reads.push_back(Resource::descriptor()->FindFieldByName(field));
    return *this;
  }
  // Of the elements of a list, each of which names a record in `link`, who reads is told those
  // whose records they may see.
  ResourceRulesBuilder& ToldToWhoSees(const char* list, const char* link) {
    ToldByReads(list);
    const google::protobuf::FieldDescriptor* const field = rules_.told_by_reads.back();
    rules_.seen_elements.push_back({field, field->message_type()->FindFieldByName(link)});
    return *this;
  }
  // Where `link` begins to name a record and the caller says nothing in `text`, or does not change
  // it, that is what the record is called; it stays when the record is renamed or named no more.
  ResourceRulesBuilder& NamedAfter(const char* text, const char* link) {
    rules_.named_after.push_back({Resource::descriptor()->FindFieldByName(text),
                                  Resource::descriptor()->FindFieldByName(link)});
    return *this;
  }
  // It comes into being in name(wanted), a resource of `Other`, where place(state, after) puts it.
  template <class Other, class Name, class Place>
  ResourceRulesBuilder& Within(Name name, Place place) {
    rules_.within = {&kAggregateType<Other>, "",
                     [name](const google::protobuf::Message& wanted) {
                       return std::string(name(static_cast<const Resource&>(wanted)));
                     },
                     [place](const void* state, google::protobuf::Message& after) -> absl::Status {
                       return place(*static_cast<const typename Other::State*>(state),
                                    static_cast<Resource&>(after));
                     }};
    return *this;
  }
  // place(others, after) puts a new one beside those that ever had the claim's value(wanted),
  // deleted ones among them.
  template <class Value, class Place>
  ResourceRulesBuilder& Beside(absl::string_view purpose, Value value, Place place) {
    rules_.within = {nullptr, std::string(purpose),
                     [value](const google::protobuf::Message& wanted) {
                       return std::string(value(static_cast<const Resource&>(wanted)));
                     },
                     [place](const void* others, google::protobuf::Message& after) -> absl::Status {
                       return place(*static_cast<const std::vector<ResourceNow>*>(others),
                                    static_cast<Resource&>(after));
                     }};
    return *this;
  }
  // What follows from what a caller set: complete(before, settings, after) changes `after`, which
  // is `before` with the caller's values. `before` is empty where the resource comes into being;
  // `after` has its name.
  template <class Function>
  ResourceRulesBuilder& Complete(Function complete) {
    rules_.complete = [complete](const google::protobuf::Message& before, const Settings& settings,
                                 google::protobuf::Message& after) {
      complete(static_cast<const Resource&>(before), settings, static_cast<Resource&>(after));
    };
    return *this;
  }
  // Every rule that no single field can state, all violations at once: check(after), check(after,
  // what it claims), or check(after, what the server has), is their error.
  template <class Function>
  ResourceRulesBuilder& Check(Function check) {
    rules_.check = [check](const google::protobuf::Message& after, const ClaimValues& values,
                           const ServerFacts& facts) -> absl::Status {
      const auto& typed = static_cast<const Resource&>(after);
      if constexpr (requires { check(typed, values); }) {
        return check(typed, values);
      } else if constexpr (requires { check(typed, facts); }) {
        return check(typed, facts);
      } else {
        return check(typed);
      }
    };
    return *this;
  }
  // values(resource) are what it is found by.
  template <class Values>
  ResourceRulesBuilder& Claim(absl::string_view purpose, Values values) {
    rules_.claims.push_back({std::string(purpose), Untyped(values), nullptr, nullptr, nullptr});
    return *this;
  }
  // The same, and last(name) refuses the live resource that is the last to have a value, and would
  // give it up.
  template <class Values, class Last>
  ResourceRulesBuilder& KeptClaim(absl::string_view purpose, Values values, Last last) {
    rules_.claims.push_back({std::string(purpose), Untyped(values), nullptr, nullptr, last});
    return *this;
  }
  // The same as Claim, and where is_unique(settings), taken(holder, index) refuses a new one that
  // another live resource has.
  template <class Values, class IsUnique, class Taken>
  ResourceRulesBuilder& UniqueClaim(absl::string_view purpose, Values values, IsUnique is_unique,
                                    Taken taken) {
    rules_.claims.push_back(
        {std::string(purpose), Untyped(values), is_unique,
         [taken](const google::protobuf::Message& holder, size_t index, absl::string_view) {
           return taken(static_cast<const Resource&>(holder), index);
         },
         nullptr});
    return *this;
  }

  // authorise(before, after, grants): whether who may do `grants`, null for everything, may make
  // the one of the other; or authorise(before, after, context).
  template <class Function>
  ResourceRulesBuilder& Authorise(Function authorise) {
    rules_.authorise = [authorise](const google::protobuf::Message& before,
                                   const google::protobuf::Message& after,
                                   const CommandContext& context) -> absl::Status {
      const auto& from = static_cast<const Resource&>(before);
      const auto& to = static_cast<const Resource&>(after);
      if constexpr (std::is_invocable_v<Function, const Resource&, const Resource&,
                                        const CommandContext&>) {
        return authorise(from, to, context);
      } else {
        return authorise(from, to, context.grants);
      }
    };
    return *this;
  }
  // owns(name, records, are_some_hidden): see ResourceRules.
  template <class Function>
  ResourceRulesBuilder& KeptWhileOwner(Function owns) {
    rules_.owns = owns;
    return *this;
  }
  // The same of naming a record of `Linked`, of this category: check(linked, field, grants).
  template <class Linked, class Function>
  ResourceRulesBuilder& AuthoriseLink(absl::string_view category, Function check) {
    rules_.link_authorities.push_back(
        {category,
         [check](const LinkedRecord& record, absl::string_view field, const Grants* grants) {
           return check(static_cast<const ResourceState<Linked>&>(record).resource, field, grants);
         }});
    return *this;
  }
  // check(record, field): whether records of others may begin to name it in this field of theirs,
  // "deal.owner".
  template <class Function>
  ResourceRulesBuilder& MayBeNamed(Function check) {
    rules_.may_be_named = [check](const google::protobuf::Message& record,
                                  absl::string_view field) -> absl::Status {
      return check(static_cast<const Resource&>(record), field);
    };
    return *this;
  }
  // These are there in every workspace, without an event, and `stays` refuses to change them. The
  // resource's directory puts their rows where a workspace comes into being.
  template <class Enum>
  ResourceRulesBuilder& BuiltIn(const std::vector<Resource>& all, Enum stays) {
    auto states = std::make_shared<std::map<std::string, ResourceState<Resource>, std::less<>>>();
    for (const Resource& one : all) {
      ResourceState<Resource>& state = (*states)[one.name()];
      state.lifecycle = Lifecycle::kActive;
      state.resource = one;
    }
    rules_.built_in = [states](absl::string_view name) -> const LinkedRecord* {
      const auto found = states->find(name);
      return found == states->end() ? nullptr : &found->second;
    };
    rules_.built_in_stays = google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(stays);
    return *this;
  }

  // Its records can be merged: key(list, element), prefers_other(field, one, other) and
  // likenesses(record) as MergeRule has them.
  template <class Key, class PrefersOther, class Likenesses>
  ResourceRulesBuilder& Mergeable(Key key, PrefersOther prefers_other, Likenesses likenesses) {
    rules_.merge = MergeRule{key,
                             [prefers_other](const google::protobuf::FieldDescriptor& field,
                                             const google::protobuf::Message& one,
                                             const google::protobuf::Message& other) {
                               return prefers_other(field, static_cast<const Resource&>(one),
                                                    static_cast<const Resource&>(other));
                             },
                             [likenesses](const google::protobuf::Message& record) {
                               return likenesses(static_cast<const Resource&>(record));
                             }};
    return *this;
  }

  // By this field of it, which has the claim named here, an update finds a resource that it does
  // not name.
  ResourceRulesBuilder& IdentifiedBy(const char* field, absl::string_view purpose) {
    rules_.identity = Resource::descriptor()->FindFieldByName(field);
    while (rules_.claims[rules_.identity_claim].purpose != purpose) ++rules_.identity_claim;
    return *this;
  }

  ResourceRules Build() {
    AddCustomClaim(rules_);
    rules_.held_links = HeldLinksOf(rules_.category, *Resource::descriptor());
    for (const HeldLink& link : rules_.held_links) AddClaim(link, rules_);
    rules_.acyclic_links = AcyclicLinksOf(*Resource::descriptor());
    return std::move(rules_);
  }

 private:
  template <class Values>
  static auto Untyped(Values values) {
    return [values](const google::protobuf::Message& resource) {
      return values(static_cast<const Resource&>(resource));
    };
  }

  ResourceRules rules_;
};

}  // namespace kith
