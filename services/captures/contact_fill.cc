#include "services/captures/contact_fill.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "eventstore/base/money_text.h"
#include "eventstore/base/proto_time.h"
#include "google/type/date.pb.h"
#include "google/type/money.pb.h"
#include "kith/options/v1/options.pb.h"
#include "kith/type/v1/custom_value.pb.h"
#include "services/core/consents.h"
#include "services/core/contact_points.h"
#include "services/core/field_of.h"
#include "services/core/money.h"

namespace kith::captures {
namespace {

using contacts::v1::Contact;
using google::protobuf::FieldDescriptor;
using interactions::v1::Interaction;

// Whose a contact is, where it first came from, and whom it is shared with, a capture does not say.
const std::set<std::string>& NeverFilled() {
  static const auto& fields =
      *new std::set<std::string>{"name", "etag", "owner", "source", "viewers", "editors"};
  return fields;
}

int ItemsMax(const FieldDescriptor& field) {
  const uint32_t max = field.options().GetExtension(options::v1::field).max_items();
  return max == 0 ? 100 : static_cast<int>(max);
}

// Adds those whose key none has, as far as they fit; says whether there were any.
template <class Element, class KeyOf>
bool AddMissing(const Elements<Element>& wanted, const FieldDescriptor& field, KeyOf key_of,
                Elements<Element>& held) {
  bool added = false;
  for (const Element& one : wanted) {
    const bool is_held = std::any_of(held.begin(), held.end(), [&](const Element& other) {
      return key_of(one) == key_of(other);
    });
    if (is_held || held.size() >= ItemsMax(field)) continue;
    *held.Add() = one;
    added = true;
  }
  return added;
}

std::string KeyOf(const contacts::v1::EmailAddress& email) {
  return EmailKey(email.address()).value_or(email.address());
}
std::string KeyOf(const contacts::v1::PhoneNumber& phone) {
  return phone.e164().empty() ? phone.raw() : phone.e164();
}
std::string KeyOf(const contacts::v1::ExternalId& id) {
  return absl::StrCat(id.system(), absl::string_view("\0", 1), id.id());
}
std::string KeyOf(const contacts::v1::SocialProfile& profile) {
  return absl::StrCat(profile.network(), absl::string_view("\0", 1), profile.profile());
}
std::string KeyOf(const contacts::v1::Consent& consent) { return ConsentKey(consent); }

// A list of these has what the person adds to it; nullopt for another field.
std::optional<bool> FillList(const FieldDescriptor& field, const Contact& person, Contact& after) {
  const auto key_of = [](const auto& one) { return KeyOf(one); };
  const auto same = [](const std::string& one) { return one; };
  switch (field.number()) {
    case Contact::kEmailsFieldNumber: {
      Elements<contacts::v1::EmailAddress> emails = person.emails();
      if (!after.emails().empty()) {
        for (auto& email : emails) email.set_primary(false);
      }
      return AddMissing(emails, field, key_of, *after.mutable_emails());
    }
    case Contact::kPhonesFieldNumber: {
      Elements<contacts::v1::PhoneNumber> phones = person.phones();
      if (!after.phones().empty()) {
        for (auto& phone : phones) phone.set_primary(false);
      }
      return AddMissing(phones, field, key_of, *after.mutable_phones());
    }
    case Contact::kExternalIdsFieldNumber:
      return AddMissing(person.external_ids(), field, key_of, *after.mutable_external_ids());
    case Contact::kTagsFieldNumber:
      return AddMissing(person.tags(), field, same, *after.mutable_tags());
    case Contact::kSocialProfilesFieldNumber:
      return AddMissing(person.social_profiles(), field, key_of, *after.mutable_social_profiles());
    case Contact::kConsentsFieldNumber:
      return AddMissing(person.consents(), field, key_of, *after.mutable_consents());
    case Contact::kCardPropertiesFieldNumber:
      return AddMissing(person.card_properties(), field, same, *after.mutable_card_properties());
    default:
      return std::nullopt;
  }
}

// Custom fields that the contact has no value of; the paths of those.
std::vector<std::string> FillMap(const FieldDescriptor& field, const Contact& person,
                                 Contact& after) {
  std::vector<std::string> paths;
  const bool is_personal = field.number() == Contact::kPersonalCustomFieldNumber;
  const auto& wanted = is_personal ? person.personal_custom() : person.custom();
  auto& held = is_personal ? *after.mutable_personal_custom() : *after.mutable_custom();
  for (const auto& [key, value] : wanted) {
    if (!held.insert({key, value}).second) continue;
    paths.push_back(absl::StrCat(field.name(), ".", key));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool Names(const google::protobuf::FieldMask& mask, absl::string_view path) {
  return std::find(mask.paths().begin(), mask.paths().end(), path) != mask.paths().end();
}

// "Job title" of "job_title".
std::string LabelOf(absl::string_view name) {
  std::string label = absl::StrReplaceAll(name, {{"_", " "}});
  if (!label.empty()) label[0] = absl::ascii_toupper(static_cast<unsigned char>(label[0]));
  return label;
}

std::string TextOf(const google::type::Date& date) {
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

// Empty where there is none; of an amount, too, which AmountIn reads.
std::string TextOf(const type::v1::CustomValue& value) {
  switch (value.value_case()) {
    case type::v1::CustomValue::kText:
      return value.text();
    case type::v1::CustomValue::kNumber:
      return absl::StrCat(value.number());
    case type::v1::CustomValue::kDate:
      return TextOf(value.date());
    case type::v1::CustomValue::kTime:
      return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", FromTimestamp(value.time()),
                              absl::UTCTimeZone());
    case type::v1::CustomValue::kBoolean:
      return value.boolean() ? "true" : "false";
    case type::v1::CustomValue::kChoice:
      return value.choice();
    case type::v1::CustomValue::kChoices:
      return absl::StrJoin(value.choices().values(), ", ");
    case type::v1::CustomValue::kUrl:
      return value.url();
    case type::v1::CustomValue::kEmail:
      return value.email();
    case type::v1::CustomValue::kRecord:
      return value.record();
    case type::v1::CustomValue::kMoney:
    case type::v1::CustomValue::VALUE_NOT_SET:
      return "";
  }
  return "";
}

std::string TextOf(const contacts::v1::PostalAddress& address) {
  std::vector<std::string> parts;
  for (const std::string* const part : {&address.street(), &address.postal_code(), &address.city(),
                                        &address.region(), &address.country()}) {
    if (!part->empty()) parts.push_back(*part);
  }
  return absl::StrJoin(parts, ", ");
}

// "newsletter BY_EMAIL: GIVEN".
std::string TextOf(const contacts::v1::Consent& consent) {
  const bool has_channel = consent.channel() != contacts::v1::CONSENT_CHANNEL_UNSPECIFIED;
  const std::string channel =
      has_channel ? absl::StrCat(" ", contacts::v1::ConsentChannel_Name(consent.channel())) : "";
  return absl::StrCat(consent.purpose(), channel, ": ",
                      contacts::v1::ConsentState_Name(consent.state()));
}

// Of a field with one value.
std::string TextOf(const Contact& contact, const FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *contact.GetReflection();
  if (!reflection.HasField(contact, &field)) return "";
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(contact, &field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return "yes";
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.GetEnum(contact, &field)->name();
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return field.number() == Contact::kBirthdayFieldNumber ? TextOf(contact.birthday()) : "";
    default:
      return "";
  }
}

// An amount, also one that is still the text of one.
std::optional<google::type::Money> AmountIn(const type::v1::CustomValue& value) {
  if (value.value_case() == type::v1::CustomValue::kMoney) return value.money();
  google::type::Money amount;
  const bool is_amount = value.value_case() == type::v1::CustomValue::kText &&
                         ParseMoneyText(value.text(), &amount) && MoneyDefect(amount).empty();
  return is_amount ? std::make_optional(std::move(amount)) : std::nullopt;
}

bool IsSame(const google::type::Money& one, const google::type::Money& other) {
  return one.currency_code() == other.currency_code() && one.units() == other.units() &&
         one.nanos() == other.nanos();
}

// What an interaction is told of a person, a line a value. Borrows it.
class Rest {
 public:
  explicit Rest(Interaction& interaction)
      : interaction_(interaction),
        begin_(interaction.kind() == interactions::v1::EMAIL ? "\n\n" : "\n") {}

  // Nothing where the text is empty, or there is no room.
  void Tell(const std::string& label, const std::string& text) {
    static const size_t bytes_max = FieldOf(*Interaction::descriptor(), "body")
                                        ->options()
                                        .GetExtension(options::v1::field)
                                        .max_bytes();
    if (text.empty()) return;
    std::string& body = *interaction_.mutable_body();
    const std::string line = absl::StrCat(body.empty() ? "" : begin_, label, ": ", text);
    if (body.size() + line.size() > bytes_max) return;
    absl::StrAppend(&body, line);
    begin_ = "\n";
  }
  void TellAmount(const std::string& label, const google::type::Money& amount) {
    static const int items_max = ItemsMax(*FieldOf(*Interaction::descriptor(), "amounts"));
    if (interaction_.amounts_size() >= items_max) return;
    *interaction_.add_amounts() = amount;
    Tell(label, absl::StrCat("see amount ", interaction_.amounts_size()));
  }
  // Those of `wanted` whose key none of `held` has.
  template <class Element, class KeyOf, class TextOf>
  void TellMissing(const std::string& label, const Elements<Element>& wanted,
                   const Elements<Element>& held, KeyOf key_of, TextOf text_of) {
    for (const Element& one : wanted) {
      const bool is_held = std::any_of(held.begin(), held.end(), [&](const Element& other) {
        return key_of(one) == key_of(other);
      });
      if (!is_held) Tell(label, text_of(one));
    }
  }

 private:
  Interaction& interaction_;
  absl::string_view begin_;  // of the next line
};

void TellLists(const Contact& person, const Contact& contact, Rest& rest) {
  const auto key_of = [](const auto& one) { return KeyOf(one); };
  const auto itself = [](const std::string& one) { return one; };
  rest.TellMissing("E-mail address", person.emails(), contact.emails(), key_of,
                   [](const auto& one) { return one.address(); });
  rest.TellMissing("Telephone number", person.phones(), contact.phones(), key_of,
                   [](const auto& one) { return one.raw(); });
  rest.TellMissing(
      "Address", person.addresses(), contact.addresses(),
      [](const auto& one) { return TextOf(one); }, [](const auto& one) { return TextOf(one); });
  rest.TellMissing("External id", person.external_ids(), contact.external_ids(), key_of,
                   [](const auto& one) { return absl::StrCat(one.system(), ":", one.id()); });
  rest.TellMissing(
      "Company", person.companies(), contact.companies(),
      [](const auto& one) { return one.company(); }, [](const auto& one) { return one.company(); });
  rest.TellMissing("Tag", person.tags(), contact.tags(), itself, itself);
  rest.TellMissing("Social profile", person.social_profiles(), contact.social_profiles(), key_of,
                   [](const auto& one) { return absl::StrCat(one.network(), " ", one.profile()); });
  rest.TellMissing(
      "Consent", person.consents(), contact.consents(), [](const auto& one) { return TextOf(one); },
      [](const auto& one) { return TextOf(one); });
  rest.TellMissing("Card property", person.card_properties(), contact.card_properties(), itself,
                   itself);
}

using CustomValues = google::protobuf::Map<std::string, type::v1::CustomValue>;
void TellCustom(absl::string_view map, const CustomValues& wanted, const CustomValues& held,
                const google::protobuf::FieldMask& filled, Rest& rest) {
  const std::map<std::string, type::v1::CustomValue> in_order(wanted.begin(), wanted.end());
  for (const auto& [key, value] : in_order) {
    if (Names(filled, absl::StrCat(map, ".", key))) continue;
    const auto known = held.find(key);
    if (const std::optional<google::type::Money> amount = AmountIn(value)) {
      const bool is_held = known != held.end() && known->second.has_money() &&
                           IsSame(known->second.money(), *amount);
      if (!is_held) rest.TellAmount(LabelOf(key), *amount);
      continue;
    }
    const std::string text = TextOf(value);
    if (known == held.end() || TextOf(known->second) != text) rest.Tell(LabelOf(key), text);
  }
}

}  // namespace

std::optional<contacts::v1::UpdateContactRequest> FillOf(const Contact& contact,
                                                         const Contact& person) {
  contacts::v1::UpdateContactRequest update;
  Contact& after = *update.mutable_contact();
  after = contact;
  const google::protobuf::Reflection& reflection = *contact.GetReflection();
  for (int i = 0; i < Contact::descriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *Contact::descriptor()->field(i);
    const bool is_ours = field.options().GetExtension(options::v1::field).output_only();
    if (is_ours || NeverFilled().contains(field.name())) continue;
    if (field.is_map()) {
      for (const std::string& path : FillMap(field, person, after)) {
        update.mutable_update_mask()->add_paths(path);
      }
      continue;
    }
    if (const std::optional<bool> filled = FillList(field, person, after)) {
      if (*filled) update.mutable_update_mask()->add_paths(field.name());
      continue;
    }
    const auto is_set = [&](const Contact& one) {
      return field.is_repeated() ? reflection.FieldSize(one, &field) > 0
                                 : reflection.HasField(one, &field);
    };
    if (is_set(contact) || !is_set(person)) continue;
    Contact only;
    only.CopyFrom(person);
    reflection.SwapFields(&after, &only, {&field});
    update.mutable_update_mask()->add_paths(field.name());
  }
  if (update.update_mask().paths().empty()) return std::nullopt;
  after.clear_etag();
  return update;
}

void TellRest(const Contact& person, const Contact& contact,
              const google::protobuf::FieldMask& filled, Interaction& interaction) {
  Rest rest(interaction);
  for (int i = 0; i < Contact::descriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *Contact::descriptor()->field(i);
    const bool is_ours = field.options().GetExtension(options::v1::field).output_only();
    if (is_ours || field.is_repeated() || NeverFilled().contains(field.name())) continue;
    if (Names(filled, field.name())) continue;
    const std::string text = TextOf(person, field);
    if (text != TextOf(contact, field)) rest.Tell(LabelOf(field.name()), text);
  }
  TellLists(person, contact, rest);
  TellCustom("custom", person.custom(), contact.custom(), filled, rest);
  TellCustom("personal_custom", person.personal_custom(), contact.personal_custom(), filled, rest);
}

}  // namespace kith::captures
