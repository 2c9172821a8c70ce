#include "services/core/merge.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/timestamp.pb.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/merge_key.h"
#include "services/core/merge_lists.h"
#include "services/core/reject.h"
#include "services/core/update_mask.h"

namespace kith {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr uint32_t kItemsDefault = 100;  // of a list whose proto says no number

const options::v1::FieldRules& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field);
}

std::unique_ptr<Message> CopyOf(const Message& message) {
  std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  return copy;
}

const std::string& TextOf(const Message& message, const FieldDescriptor& field,
                          std::string& scratch) {
  return message.GetReflection()->GetStringReference(message, &field, &scratch);
}

absl::Status TooLarge(const FieldDescriptor& field, int size, uint32_t most) {
  const std::string& path = field.name();
  return RejectState(
      type::v1::ERROR_MERGE_TOO_LARGE,
      absl::StrCat("Together they would have ", size, " ", path, ", and a record has at most ",
                   most, ". Remove some of them first, or merge fewer records."),
      path, {{"field", path}, {"size", absl::StrCat(size)}, {"most", absl::StrCat(most)}});
}

// Merges one record into another, field by field.
class Merger {
 public:
  Merger(const ResourceRules& rules, const Message& record, const Message& other,
         absl::Span<const MergeChoice> choices)
      : rules_(rules),
        record_(record),
        other_(other),
        choices_(choices),
        name_(ResourceNameOf(record)),
        other_name_(ResourceNameOf(other)),
        after_(CopyOf(record)) {}

  absl::Status Run() {
    const Descriptor& type = *record_.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (!IsMerged(field)) continue;
      if (field.is_map()) {
        TakeKeys(field);
      } else if (field.is_repeated()) {
        KITH_RETURN_IF_ERROR(Join(field));
      } else {
        TakeOne(field);
      }
    }
    TakeCreation(type);
    return absl::OkStatus();
  }

  std::unique_ptr<Message> TakeAfter() { return std::move(after_); }
  std::vector<std::string> TakeFlags() { return std::move(flags_); }
  std::unique_ptr<Message> TakeJoined() { return std::move(joined_); }

 private:
  // Of whom the caller wants the field; empty where they do not say.
  absl::string_view ChoiceOf(absl::string_view path) const {
    for (const MergeChoice& choice : choices_) {
      if (choice.field == path) return choice.from;
    }
    return "";
  }

  void TakeKeys(const FieldDescriptor& map) {
    for (const auto& [key, value] : EntriesIn(other_, map)) {
      const absl::string_view choice = ChoiceOf(absl::StrCat(map.name(), ".", key));
      const bool is_free = choice.empty() && FindMapValue(record_, map, key) == nullptr;
      if (is_free || choice == other_name_) MutableMapValue(*after_, map, key).CopyFrom(*value);
    }
    for (const MergeChoice& choice : choices_) {  // what it has not may be picked as well
      const FieldPath path = FieldPathOf(*record_.GetDescriptor(), choice.field);
      if (path.field != &map || choice.from != other_name_) continue;
      if (FindMapValue(other_, map, path.key) == nullptr) EraseMapValue(*after_, map, path.key);
    }
  }

  void TakeOne(const FieldDescriptor& field) {
    const Reflection& reflection = *record_.GetReflection();
    bool has = reflection.HasField(record_, &field);
    if (has && IsOneOfThem(record_, field)) {
      reflection.ClearField(after_.get(), &field);
      has = false;
    }
    if (IsOneOfThem(other_, field)) return;
    const absl::string_view choice = ChoiceOf(field.name());
    const bool other_has = reflection.HasField(other_, &field);
    const bool takes =
        choice.empty() ? other_has && (!has || rules_.merge->prefers_other(field, record_, other_))
                       : choice == other_name_;
    if (!takes) return;
    FieldMask one;
    one.add_paths(field.name());
    ApplyFields(other_, one, after_.get());
  }

  // It names one of those that are merged: nothing is its own parent.
  bool IsOneOfThem(const Message& record, const FieldDescriptor& field) const {
    if (RulesOf(field).resource().empty()) return false;
    std::string scratch;
    const std::string& named = TextOf(record, field, scratch);
    return named == name_ || named == other_name_;
  }

  absl::Status Join(const FieldDescriptor& field) {
    const MergeList there(*rules_.merge, field, record_);
    const MergeList further(*rules_.merge, field, other_);
    const bool has_primary = further.has_messages() && HasPrimary(record_, field);
    for (int i = 0; i < further.size(); ++i) {
      const int same = there.Find(further.key(i));
      if (same >= 0) {
        if (further.has_messages()) JoinElement(field, same, further.element(i));
        continue;
      }
      AddElement(other_, field, i, *after_);
      if (has_primary) ClearPrimary(field);
    }
    const int size = after_->GetReflection()->FieldSize(*after_, &field);
    const uint32_t said = RulesOf(field).max_items();
    const uint32_t most = said == 0 ? kItemsDefault : said;
    return size > there.size() && static_cast<uint32_t>(size) > most ? TooLarge(field, size, most)
                                                                     : absl::OkStatus();
  }

  void JoinElement(const FieldDescriptor& list, int index, const Message& element) {
    if (!IsWhole(element)) {
      JoinFlags(list, index, element);
      JoinTexts(list, index, element);
      return;
    }
    Message& there = *after_->GetReflection()->MutableRepeatedMessage(after_.get(), &list, index);
    if (!IsStricter(element, there)) return;
    there.CopyFrom(element);
    JoinedElement(list, index).CopyFrom(element);
    flags_.push_back(absl::StrCat(list.name(), ".", index));
  }

  // What is true of either is true: that the person wants no mail there, that it comes back.
  void JoinFlags(const FieldDescriptor& list, int index, const Message& element) {
    Message& there = *after_->GetReflection()->MutableRepeatedMessage(after_.get(), &list, index);
    const Descriptor& type = *element.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor* const flag = type.field(i);
      if (flag->is_repeated() || flag->cpp_type() != FieldDescriptor::CPPTYPE_BOOL) continue;
      if (flag->name() == kPrimary || !element.GetReflection()->GetBool(element, flag)) continue;
      if (there.GetReflection()->GetBool(there, flag)) continue;
      there.GetReflection()->SetBool(&there, flag, true);
      flags_.push_back(absl::StrCat(list.name(), ".", index, ".", flag->name()));
    }
  }

  // Where the one that was there says nothing: why the person wants no mail, what a number is.
  void JoinTexts(const FieldDescriptor& list, int index, const Message& element) {
    Message& there = *after_->GetReflection()->MutableRepeatedMessage(after_.get(), &list, index);
    const Descriptor& type = *element.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& text = *type.field(i);
      if (text.is_repeated() || text.cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
      if (RulesOf(text).output_only()) continue;
      const std::string said = element.GetReflection()->GetString(element, &text);
      if (said.empty() || !there.GetReflection()->GetString(there, &text).empty()) continue;
      there.GetReflection()->SetString(&there, &text, said);
      Message& joined = JoinedElement(list, index);
      joined.GetReflection()->SetString(&joined, &text, said);
    }
  }

  Message& JoinedElement(const FieldDescriptor& list, int index) {
    if (joined_ == nullptr) joined_.reset(record_.New());
    const Reflection& reflection = *joined_->GetReflection();
    while (reflection.FieldSize(*joined_, &list) <= index) {
      reflection.AddMessage(joined_.get(), &list);
    }
    return *reflection.MutableRepeatedMessage(joined_.get(), &list, index);
  }

  // Of the last element.
  void ClearPrimary(const FieldDescriptor& list) {
    const FieldDescriptor* const primary = list.message_type()->FindFieldByName(kPrimary);
    const Reflection& reflection = *after_->GetReflection();
    const int last = reflection.FieldSize(*after_, &list) - 1;
    Message& added = *reflection.MutableRepeatedMessage(after_.get(), &list, last);
    added.GetReflection()->ClearField(&added, primary);
  }

  void TakeCreation(const Descriptor& type) {
    const FieldDescriptor* const field = type.FindFieldByName("create_time");
    if (field == nullptr || !other_.GetReflection()->HasField(other_, field)) return;
    const auto time_in = [field](const Message& record) {
      return FromTimestamp(static_cast<const google::protobuf::Timestamp&>(
          record.GetReflection()->GetMessage(record, field)));
    };
    if (time_in(other_) >= time_in(record_)) return;
    after_->GetReflection()
        ->MutableMessage(after_.get(), field)
        ->CopyFrom(other_.GetReflection()->GetMessage(other_, field));
  }

  const ResourceRules& rules_;
  const Message& record_;
  const Message& other_;
  const absl::Span<const MergeChoice> choices_;
  const std::string name_;
  const std::string other_name_;
  std::unique_ptr<Message> after_;
  std::vector<std::string> flags_;
  std::unique_ptr<Message> joined_;  // null where nothing is
};

// What follows from the fields alone, as what they are called together. What is there already is
// not touched, as it is given as what was there before.
void Complete(const ResourceRules& rules, const Settings& settings, Message& record) {
  const std::unique_ptr<Message> before = CopyOf(record);
  rules.complete(*before, settings, record);
}

// Without what every event changes, or what says that it is merged.
FieldMask ContentOf(const FieldMask& differing) {
  FieldMask content;
  for (const std::string& path : differing.paths()) {
    if (path == "name" || path == "etag" || path == "update_time" || path == "delete_time" ||
        path == "erased" || path == "merged" || path == "merged_into" || path == "resolved_from") {
      continue;
    }
    content.add_paths(path);
  }
  return content;
}

bool IsSame(const Message& one, const Message& other) {
  return one.SerializeAsString() == other.SerializeAsString();
}

// Makes of a list what the change makes of another: what it adds, takes out and changes.
void ChangeList(const MergeRule& rule, const FieldDescriptor& field, const Message& before,
                const Message& after, Message& target) {
  const MergeList was(rule, field, before);
  const MergeList is(rule, field, after);
  for (int i = 0; i < was.size(); ++i) {
    if (is.Find(was.key(i)) >= 0) continue;
    const int there = MergeList(rule, field, target).Find(was.key(i));
    if (there >= 0) RemoveElement(field, there, target);
  }
  for (int i = 0; i < is.size(); ++i) {
    const int there = MergeList(rule, field, target).Find(is.key(i));
    const int then = was.Find(is.key(i));
    if (then < 0) {
      if (there < 0) AddElement(after, field, i, target);
    } else if (there >= 0 && is.has_messages() && !IsSame(was.element(then), is.element(i))) {
      target.GetReflection()
          ->MutableRepeatedMessage(&target, &field, there)
          ->CopyFrom(is.element(i));
    }
  }
}

// The same of elements that both have, which are changed wherever they came from.
void ChangeShared(const MergeRule& rule, const FieldDescriptor& field, const Message& before,
                  const Message& after, Message& target) {
  const MergeList was(rule, field, before);
  const MergeList is(rule, field, after);
  if (!is.has_messages()) return;
  for (int i = 0; i < is.size(); ++i) {
    const int then = was.Find(is.key(i));
    const int there = MergeList(rule, field, target).Find(is.key(i));
    if (then < 0 || there < 0) continue;
    if (IsSame(was.element(then), is.element(i))) continue;
    Message& element = *target.GetReflection()->MutableRepeatedMessage(&target, &field, there);
    const FieldDescriptor* const primary = field.message_type()->FindFieldByName(kPrimary);
    const bool was_primary =
        primary != nullptr && element.GetReflection()->GetBool(element, primary);
    element.CopyFrom(is.element(i));
    if (primary != nullptr) element.GetReflection()->SetBool(&element, primary, was_primary);
  }
}

// At most one element of a list is primary, and where it has any the first that is.
void KeepOnePrimary(const FieldDescriptor& list, Message& record) {
  const FieldDescriptor* const primary = list.message_type()->FindFieldByName(kPrimary);
  if (primary == nullptr) return;
  const Reflection& reflection = *record.GetReflection();
  bool found = false;
  for (int i = 0; i < reflection.FieldSize(record, &list); ++i) {
    Message& element = *reflection.MutableRepeatedMessage(&record, &list, i);
    if (!element.GetReflection()->GetBool(element, primary)) continue;
    if (found) element.GetReflection()->ClearField(&element, primary);
    found = true;
  }
  if (found || reflection.FieldSize(record, &list) == 0) return;
  Message& first = *reflection.MutableRepeatedMessage(&record, &list, 0);
  first.GetReflection()->SetBool(&first, primary, true);
}

// Makes of `target` what the update made of another record.
void ApplyUpdate(const ResourceRules& rules, const Message& before, const Message& after,
                 Message& target) {
  FieldMask taken;
  const FieldMask content = ContentOf(DifferingFields(before, after));
  for (const std::string& path : content.paths()) {
    const FieldPath at = FieldPathOf(*before.GetDescriptor(), path);
    if (at.field == nullptr || !IsMerged(*at.field)) continue;
    if (!IsList(*at.field)) {
      taken.add_paths(path);
      continue;
    }
    ChangeList(*rules.merge, *at.field, before, after, target);
    if (at.field->message_type() != nullptr) KeepOnePrimary(*at.field, target);
  }
  ApplyFields(after, taken, &target);
}

// Moves what is personal and the same in `source` from `rest` to `part`.
void MoveShared(const MergeRule& rule, const Message& source, Message& rest, Message& part) {
  const Descriptor& type = *rest.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!RulesOf(field).personal() || !IsMerged(field)) continue;
    if (field.is_map()) {
      for (const auto& [key, value] : EntriesIn(source, field)) {
        const Message* const there = FindMapValue(rest, field, key);
        if (there == nullptr || there->SerializeAsString() != value->SerializeAsString()) continue;
        TakeMapValue(rest, field, key, part);
        EraseMapValue(rest, field, key);
      }
      continue;
    }
    if (field.is_repeated()) {
      const MergeList of_source(rule, field, source);
      for (int at = 0; at < rest.GetReflection()->FieldSize(rest, &field);) {
        if (of_source.Find(MergeList(rule, field, rest).key(at)) < 0) {
          ++at;
          continue;
        }
        AddElement(rest, field, at, part);
        RemoveElement(field, at, rest);
      }
      continue;
    }
    FieldMask one;
    one.add_paths(field.name());
    if (!rest.GetReflection()->HasField(rest, &field)) continue;
    const FieldMask differing = DifferingFields(rest, source);
    const auto& paths = differing.paths();
    if (std::find(paths.begin(), paths.end(), field.name()) != paths.end()) continue;
    ApplyFields(rest, one, &part);
    rest.GetReflection()->ClearField(&rest, &field);
  }
}

std::string TextIn(const Message& payload, const char* name) {
  const FieldDescriptor* const field = payload.GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? "" : payload.GetReflection()->GetString(payload, field);
}

std::vector<std::string> TextsIn(const Message& payload, const char* name) {
  std::vector<std::string> texts;
  const FieldDescriptor* const field = payload.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return texts;
  for (int i = 0; i < payload.GetReflection()->FieldSize(payload, field); ++i) {
    texts.push_back(payload.GetReflection()->GetRepeatedString(payload, field, i));
  }
  return texts;
}

const Message& PayloadOf(const Message& event) {
  const auto* const member = event.GetReflection()->GetOneofFieldDescriptor(
      event, event.GetDescriptor()->FindOneofByName("event"));
  KITH_CHECK(member != nullptr);
  return event.GetReflection()->GetMessage(event, member);
}

void AddChoices(const Message& payload, const char* mask, const std::string& from,
                std::vector<MergeChoice>& choices) {
  const FieldDescriptor* const field = payload.GetDescriptor()->FindFieldByName(mask);
  if (field == nullptr) return;
  const auto& paths =
      static_cast<const FieldMask&>(payload.GetReflection()->GetMessage(payload, field));
  for (const std::string& path : paths.paths()) choices.push_back({path, from});
}

// Goes through the history of the one that stays, and makes of it what it would be without the
// other.
class Unmerger {
 public:
  Unmerger(const ResourceRules& rules, const Settings& settings,
           absl::Span<const Happening> history, const std::vector<std::string>& names,
           const std::function<const Message*(absl::string_view)>& record_of)
      : rules_(rules),
        settings_(settings),
        history_(history),
        names_(names),
        record_of_(record_of),
        now_(rules.resource->New()),
        without_(rules.resource->New()) {}

  absl::StatusOr<Unmerging> Run() {
    FindEnds();
    const Message* const other = record_of_(names_.front());
    KITH_CHECK(other != nullptr);
    taken_out_ = CopyOf(*other);
    for (size_t i = 0; i < history_.size(); ++i) KITH_RETURN_IF_ERROR(Take(i));
    Complete(rules_, settings_, *without_);
    Unmerging unmerging;
    unmerging.changed = ContentOf(DifferingFields(*now_, *without_));
    unmerging.survivor = std::move(without_);
    unmerging.updates = std::move(updates_);
    unmerging.taken_out = std::move(taken_out_);
    return unmerging;
  }

 private:
  const Descriptor& type() const { return *rules_.resource->GetDescriptor(); }

  // Which merges ended, and which names went with them.
  void FindEnds() {
    for (size_t i = 0; i < history_.size(); ++i) {
      if (KindOf(history_[i].event, type()) != StandardEvent::kUnmerged) continue;
      const Message& payload = PayloadOf(history_[i].event);
      ends_[TextIn(payload, "merged")] = i;
      for (const std::string& name : TextsIn(payload, "names")) gone_[name] = i;
    }
  }

  // The merge at this place ended later.
  bool Ends(const std::string& merged, size_t at) const {
    const auto end = ends_.find(merged);
    return end != ends_.end() && end->second > at;
  }
  // What was asked for under this name at this place went with another record.
  bool IsGone(const std::string& origin, size_t at) const {
    const auto end = gone_.find(origin);
    return end != gone_.end() && end->second > at;
  }
  bool IsOfTheOther(absl::string_view name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }

  absl::Status Take(size_t at) {
    const Happening& happening = history_[at];
    const std::unique_ptr<Message> before = CopyOf(*now_);
    const StandardEvent kind = rules_.fold(happening, *now_);
    const Message& payload = PayloadOf(happening.event);
    switch (kind) {
      case StandardEvent::kUpdated:
        TakeUpdate(TextIn(payload, "origin"), at, *before);
        return absl::OkStatus();
      case StandardEvent::kMerged:
        return TakeMerge(payload, at, *before);
      case StandardEvent::kUnmerged:
        return absl::OkStatus();
      case StandardEvent::kCreated:
      case StandardEvent::kDeleted:
      case StandardEvent::kUndeleted:
      case StandardEvent::kMergedInto:
      case StandardEvent::kUnmergedFrom:
      case StandardEvent::kOther:
        rules_.fold(happening, *without_);
        return absl::OkStatus();
    }
    KITH_UNREACHABLE();
  }

  void TakeUpdate(const std::string& origin, size_t at, const Message& before) {
    if (!origin.empty() && IsGone(origin, at)) return;
    if (!origin.empty() && is_merged_ && IsOfTheOther(origin)) return TakeLater(origin, before);
    ApplyUpdate(rules_, before, *now_, *without_);
    if (!is_merged_) return;
    TakeBack(before);
    TakeShared(before);
  }

  // What is set back to what the other one gave is that one's again, as where an import is taken
  // back: without the other one it is what it was when that was merged.
  void TakeBack(const Message& before) {
    FieldMask taken_back;
    const FieldMask content = ContentOf(DifferingFields(before, *now_));
    const FieldMask differing = DifferingFields(*given_, *now_);
    for (const std::string& path : content.paths()) {
      if (Names(given_paths_, path) && !Names(differing, path)) taken_back.add_paths(path);
    }
    ApplyFields(*given_without_, taken_back, without_.get());
  }

  static bool Names(const FieldMask& mask, const std::string& path) {
    return std::find(mask.paths().begin(), mask.paths().end(), path) != mask.paths().end();
  }

  // The other one is merged at this place, into what was `before`; or a further part of it.
  void NoteGiven(const Message& before) {
    is_merged_ = true;
    given_ = CopyOf(*now_);
    given_without_ = CopyOf(*without_);
    const FieldMask content = ContentOf(DifferingFields(before, *now_));
    for (const std::string& path : content.paths()) {
      const FieldPath field = FieldPathOf(type(), path);
      const bool is_one = field.field != nullptr && IsMerged(*field.field) && !IsList(*field.field);
      if (is_one) given_paths_.add_paths(path);
    }
  }

  // It was the other's.
  void TakeLater(const std::string& origin, const Message& before) {
    const std::unique_ptr<Message> was = CopyOf(*taken_out_);
    ApplyUpdate(rules_, before, *now_, *taken_out_);
    Note(origin == names_.front() ? "" : origin, *was);
  }

  // What is said of an address is said of it wherever it came from.
  void TakeShared(const Message& before) {
    const std::unique_ptr<Message> was = CopyOf(*taken_out_);
    const FieldMask content = ContentOf(DifferingFields(before, *now_));
    for (const std::string& path : content.paths()) {
      const FieldPath field = FieldPathOf(type(), path);
      if (field.field == nullptr || !IsMerged(*field.field) || !IsList(*field.field)) continue;
      ChangeShared(*rules_.merge, *field.field, before, *now_, *taken_out_);
    }
    Note("", *was);
  }

  // Something became of the one that is taken out.
  void Note(const std::string& origin, const Message& was) {
    Complete(rules_, settings_, *taken_out_);
    FieldMask changed = ContentOf(DifferingFields(was, *taken_out_));
    if (changed.paths().empty()) return;
    updates_.push_back({origin, std::move(changed), CopyOf(*taken_out_)});
  }

  absl::Status TakeMerge(const Message& payload, size_t at, const Message& before) {
    const std::string merged = TextIn(payload, "merged");
    if (Ends(merged, at)) return absl::OkStatus();
    if (merged == names_.front()) {
      NoteGiven(before);
      return absl::OkStatus();
    }
    const Message* const other = record_of_(merged);
    if (other == nullptr) return absl::OkStatus();
    std::vector<MergeChoice> choices;
    AddChoices(payload, "picked", merged, choices);
    AddChoices(payload, "kept", ResourceNameOf(*without_), choices);
    KITH_ASSIGN_OR_RETURN(MergeStep step, MergeInto(rules_, settings_, *without_, *other, choices));
    without_ = std::move(step.after);
    return absl::OkStatus();
  }

  const ResourceRules& rules_;
  const Settings& settings_;
  const absl::Span<const Happening> history_;
  const std::vector<std::string>& names_;
  const std::function<const Message*(absl::string_view)>& record_of_;
  std::unique_ptr<Message> now_;        // as it was
  std::unique_ptr<Message> without_;    // as it would have been
  std::unique_ptr<Message> taken_out_;  // the other, with what was changed of it since
  bool is_merged_ = false;              // the other, at this place of the history
  // Of the merge of the other: fields with one value, and keys of maps, that changed; the record
  // with these, and as it would have been without.
  FieldMask given_paths_;
  std::unique_ptr<Message> given_;
  std::unique_ptr<Message> given_without_;
  std::vector<LaterUpdate> updates_;
  std::map<std::string, size_t> ends_;  // of each that was merged once: the last time it was not
  std::map<std::string, size_t> gone_;  // the same of all names that went
};

}  // namespace

absl::StatusOr<MergeStep> MergeInto(const ResourceRules& rules, const Settings& settings,
                                    const Message& record, const Message& other,
                                    absl::Span<const MergeChoice> choices) {
  Merger merger(rules, record, other, choices);
  KITH_RETURN_IF_ERROR(merger.Run());
  MergeStep step;
  step.after = merger.TakeAfter();
  step.flags = merger.TakeFlags();
  step.joined = merger.TakeJoined();
  Complete(rules, settings, *step.after);
  step.values.reset(record.New());
  const FieldMask content = ContentOf(DifferingFields(record, *step.after));
  for (const std::string& path : content.paths()) {
    const FieldPath at = FieldPathOf(*record.GetDescriptor(), path);
    if (at.field == nullptr) continue;
    if (!IsList(*at.field)) {
      FieldMask one;
      one.add_paths(path);
      ApplyFields(*step.after, one, step.values.get());
      step.changed.add_paths(path);
      continue;
    }
    const int known = record.GetReflection()->FieldSize(record, at.field);
    const int size = step.after->GetReflection()->FieldSize(*step.after, at.field);
    for (int i = known; i < size; ++i) AddElement(*step.after, *at.field, i, *step.values);
    if (size > known) step.changed.add_paths(path);  // else only elements were joined
  }
  return step;
}

std::vector<RecordPart> PartsOf(const ResourceRules& rules, const Message& record,
                                absl::Span<const MergedRecord> merged) {
  std::vector<RecordPart> parts;
  parts.push_back({ResourceNameOf(record), CopyOf(record)});
  for (const MergedRecord& each : merged) {
    Message& rest = *parts.front().part;
    std::unique_ptr<Message> part(record.New());
    MoveShared(*rules.merge, *each.record, rest, *part);
    if (part->ByteSizeLong() == 0) continue;
    // It is merged as the record is.
    FieldMask name;
    name.add_paths("name");
    ApplyFields(record, name, part.get());
    parts.push_back({each.name, std::move(part)});
  }
  return parts;
}

absl::StatusOr<Unmerging> PlanUnmerge(
    const ResourceRules& rules, const Settings& settings, absl::Span<const Happening> history,
    const std::vector<std::string>& names,
    const std::function<const Message*(absl::string_view name)>& record_of) {
  return Unmerger(rules, settings, history, names, record_of).Run();
}

}  // namespace kith
